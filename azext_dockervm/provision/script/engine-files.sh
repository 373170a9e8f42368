# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# The engine's files: certificates, key, daemon.json and a drop-in for its unit.

# The CIS Docker benchmark, 3.10 to 3.14: certificates 0444, the key 0400. dockerd reads them as root.
write_engine_files() {
    for file in "$tls_dir/ca.pem" "$tls_dir/server-cert.pem" "$server_key" "$settings_file" "$written_file" "$drop_in"; do
        back_up "$file"
    done
    changed=''
    undo=restore_engine
    replace_file with_output "$tls_dir/ca.pem" 444 cat "$work/ca.pem"
    replace_file with_output "$server_key" 400 cat "$key"
    replace_file with_output "$tls_dir/server-cert.pem" 444 cat "$work/cert.pem"
    write_settings
    replace_file with_output "$drop_in" 644 print_drop_in
}

# Any -H or --tls... of the packaged command line, or of the one that the Docker VM extension edited in place, would
# clash with daemon.json and stop the engine, so it is replaced. containerd's socket alone is carried over. Rules that are
# loaded at boot come first: loading them takes away those that the engine has made.
print_drop_in() {
    if have_socket_unit; then socket=docker.socket; else socket=''; fi
    packaged=$(unit_file docker.service) || packaged=/dev/null
    containerd=$(sed -n '/^[[:space:]]*[#;]/d; s/.*\(--containerd[= ][^ \\]*\).*/ \1/p' "$packaged" | head -n 1)
    printf '%s\n' '# Written by az dockervm. Listeners and certificates are in /etc/docker/daemon.json.' \
        '[Unit]' "Requires=$socket" 'Wants=network-online.target' \
        "After=network-online.target iptables.service nftables.service netfilter-persistent.service $socket" \
        '[Service]' 'ExecStart=' "ExecStart=$(command -v dockerd)$containerd"
}
