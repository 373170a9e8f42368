# shellcheck shell=sh
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
        fail docker-start-failed 'docker.service failed to start'
    fi
}
