# shellcheck shell=sh disable=SC2154  # set in other parts
# The command line that the Docker VM extension's handler has written into the packaged docker.service. An upgrade of
# Docker puts the package's own file there again, and the listener would be gone; a drop-in outlives it.

kept_command=${drop_in%/*}/dockervm-extension.conf      # sorts before dockervm.conf, which hides it

# Where the handler's line is gone, or never was, what is kept of it stays as it is.
keep_extension_command() {
    unit=$(unit_file docker.service) || return 0
    line=$(sed -n 's#^[[:space:]]*ExecStart=\(.* --tlscert=/etc/docker/cert.pem .*\)#\1#p' "$unit" | tail -n 1)
    [ -z "$line" ] || replace_file with_output "$kept_command" 644 print_kept_command
}

print_kept_command() {
    printf '%s\n' '# Written by az dockervm: what the Docker VM extension has written into docker.service, which an upgrade replaces.' \
        '[Service]' 'ExecStart=' "ExecStart=$line"
}
