# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# The action restart: the engine with the files that it has, and the check that it works. On a host of the Docker VM
# extension also that an upgrade of Docker leaves it so.

action=restart

read_action_input() {
    read_engine_port
    read_container_metadata
}

# Modes as in write_engine_files: the extension's handler makes its files 0600.
perform_action() {
    keep_extension_command
    read_engine_settings
    [ -n "$certificate_on_disk" ] || [ -n "${DOCKERVM_CERT:-}" ] ||
        fail check-failed 'this host has no server certificate'
    choose_expected_certificate
    key_file=$(engine_setting tlskey)
    if [ "$ca_file $cert_file $key_file" = '/etc/docker/ca.pem /etc/docker/cert.pem /etc/docker/key.pem' ]; then
        set_mode 444 "$root$ca_file"
        set_mode 444 "$root$cert_file"
        set_mode 400 "$root$key_file"
    fi
    start_engine
    check_engine
    set_container_metadata
    add_field certificate "$expected"
}
