# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# The action serve: the engine's certificates and settings, a restart, and the check that it works.

action=serve

read_action_input() {
    read_engine_port
    read_container_metadata
}

perform_action() {
    have dockerd || fail docker-missing "Docker is not installed; run the action 'request' first"
    check_given_files "${DOCKERVM_CERT:-}"
    if [ -n "${DOCKERVM_KEEP_SETTINGS:-}" ]; then keep_settings; else refuse_changed_settings; fi
    open_firewall "$port"
    [ -n "$settings_kept" ] || set_container_metadata
    write_engine_files
    validate_settings
    serve_given_files
    look_at_mirrors
}
