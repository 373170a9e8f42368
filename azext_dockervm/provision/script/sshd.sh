# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# The port of sshd. The old one works until the new one listens, and again if it never does.

ssh_config=$root/etc/ssh/sshd_config
ssh_drop_in=$root/etc/ssh/sshd_config.d/10-dockervm.conf
ssh_mark='# The port of sshd is set by az dockervm.'

read_ssh_port() {
    ssh_port=${DOCKERVM_SSH_PORT:-}
    [ -z "$ssh_port" ] || require_port SSH_PORT "$ssh_port"
}

set_ssh_port() {
    [ -n "$ssh_port" ] || return 0
    if [ "$ssh_port" = 22 ] && ! grep -qsF "$ssh_mark" "$ssh_drop_in" "$ssh_config"; then return 0; fi
    if ! have sshd || [ ! -f "$ssh_config" ]; then fail sshd-missing 'this host has no OpenSSH server'; fi
    openssl_is_installed || fail openssl-missing 'openssl is not installed, so the port cannot be checked'
    # sshd -t and -T want this folder; where systemd holds the socket it may not be there yet.
    make_folder "$root/run/sshd"
    ssh_service=$(unit_file ssh.service >/dev/null && echo ssh || echo sshd)
    ssh_socket=''
    if run_systemctl is-active --quiet "$ssh_service.socket"; then ssh_socket=$ssh_service.socket; fi
    ssh_socket_drop_in=$root/etc/systemd/system/$ssh_service.socket.d/zz-dockervm.conf
    old_ports=$(sshd -T -f "$ssh_config" 2>>"$work/log" | sed -n 's/^port //p' | tr '\n' ' ')
    other_ports=''
    in_use=$(port_listens "$ssh_port" && echo yes || echo no)
    if [ "$old_ports" = "$ssh_port " ] && [ "$in_use" = yes ]; then
        add_field ssh-port "$ssh_port"
        return 0
    fi
    for old_port in $old_ports; do
        if [ "$old_port" = "$ssh_port" ]; then in_use=no; else other_ports="$other_ports $old_port"; fi
    done
    [ "$in_use" = no ] || fail ssh-port-taken "port $ssh_port is already in use by another program"
    label_ssh_port
    open_firewall "$ssh_port"
    changed=''
    undo=restore_sshd
    # shellcheck disable=SC2086  # a list of numbers
    if ! move_sshd_to $other_ports "$ssh_port" || ! move_sshd_to "$ssh_port"; then
        add_log_evidence
        fail ssh-failed "sshd does not listen on port $ssh_port"
    fi
    undo=''
    add_field ssh-port "$ssh_port"
}

# sshd does not speak TLS; all that counts is whether the connection comes about.
port_listens() {
    ! timeout 5 openssl s_client -connect "${DOCKERVM_ADDRESS:-127.0.0.1}:$1" </dev/null 2>&1 | grep -q connect:errno
}

# move_sshd_to PORT...
move_sshd_to() {
    restore_backups || return 1
    write_ssh_ports "$@"
    restart_sshd && retry_for "$((check_timeout < 10 ? check_timeout : 10))" port_listens "$ssh_port"
}

# Ports add up over all files, so those elsewhere are commented out. Without an Include (OpenSSH before 8.2) ours stand
# at the top of sshd_config, before any Match.
write_ssh_ports() {
    for file in "$ssh_config" "$root"/etc/ssh/sshd_config.d/*.conf; do
        if [ -f "$file" ] && [ "$file" != "$ssh_drop_in" ]; then
            back_up "$file"
            replace_file with_edited "$file" "$file" \
                sed -e "/^$ssh_mark/d" -e 's/^[[:space:]]*[Pp][Oo][Rr][Tt][[:space:]=]/#&/'
        fi
    done
    lines=$(printf '%s\n' "$ssh_mark"; printf 'Port %s\n' "$@")
    if grep -qi '^[[:space:]]*include[[:space:]].*sshd_config\.d/' "$ssh_config"; then
        back_up "$ssh_drop_in"
        replace_file with_output "$ssh_drop_in" 644 printf '%s\n' "$lines"
    else
        replace_file with_output "$work/ssh_ports" 600 printf '%s\n' "$lines"
        replace_file with_edited "$ssh_config" "$ssh_config" cat "$work/ssh_ports" -
    fi
    if [ -n "$ssh_socket" ]; then
        back_up "$ssh_socket_drop_in"
        # Empty first: it clears the packaged port, those that Ubuntu's generator takes from sshd_config (addresses.conf),
        # and an administrator's (override.conf). Drop-ins add up by name whatever their folder, hence ours.
        lines=$(printf '[Socket]\nListenStream=\nBindIPv6Only=both\n'; printf 'ListenStream=%s\n' "$@")
        replace_file with_output "$ssh_socket_drop_in" 644 printf '%s\n' "$lines"
    fi
}

# Sessions live on: the unit ends the listening process only.
restart_sshd() {
    run_logged sshd -t -f "$ssh_config" && run_systemctl daemon-reload || return 1
    if [ -n "$ssh_socket" ]; then
        # A socket cannot start while the service that it starts runs by itself.
        run_systemctl stop "$ssh_service.service"
        run_systemctl restart "$ssh_socket"
    else
        run_systemctl restart "$ssh_service.service"
    fi
}

restore_sshd() {
    restore_backups || true
    restart_sshd
}
