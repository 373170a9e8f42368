# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# Starting the engine.

# The unit allows three starts a minute; reset-failed clears the count.
restart_engine() {
    run_systemctl daemon-reload || return 1
    run_systemctl reset-failed docker.service || true
    run_systemctl restart docker.service
}

# Debian's package has enabled it; to do so once more makes systemd read all its files three times.
engine_is_enabled() { [ "$(systemctl is-enabled docker.service 2>/dev/null)" = enabled ]; }

start_engine() {
    have systemctl || fail no-systemd 'this host does not run systemd'
    engine_is_enabled || run_systemctl enable docker.service || log 'could not enable docker.service'
    if ! restart_engine; then
        add_engine_evidence
        add_log_evidence
        [ -z "${port:-}" ] || ! find_port_holder "$port" || fail_with_taken_port "$port"
        fail docker-start-failed 'docker.service failed to start'
    fi
}

# Any user of this host may take a port above 1023 while nothing listens there.

# find_port_holder PORT: sets $holder in words; fails where nobody but the engine has it. A socket that is bound and does not
# listen is shown by nothing but the engine's own failure.
find_port_holder() {
    holder='another program'
    if have ss; then
        listener=$(ss -ltnp "sport = :$1" 2>/dev/null | sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\),.*/\2 \1/p' | head -n 1)
        if [ -n "$listener" ]; then
            owner=$(stat -c %U "/proc/${listener%% *}" 2>/dev/null) || owner=unknown
            holder="${listener#* } (process ${listener%% *} of the user $owner)"
            case ${listener#* }:$owner in dockerd:root) ;; *) return 0 ;; esac
        fi
    fi
    have journalctl && journalctl -u docker -n 20 --no-pager -o cat 2>/dev/null | grep -qF ":$1: bind: address already in use"
}

fail_with_taken_port() {
    fail port-taken "port $1 is in use by $holder${newline}end it, or take another port, then the same command again"
}
