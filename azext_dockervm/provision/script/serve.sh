# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# The action serve: the engine's certificates and settings, a restart, and the check that it works.

action=serve

read_action_input() { read_engine_port; }

perform_action() {
    have dockerd || fail docker-missing "Docker is not installed; run the action 'request' first"
    check_given_files "${DOCKERVM_CERT:-}"
    open_firewall "$port"
    write_engine_files
    validate_engine_files
    serve_given_files
}
