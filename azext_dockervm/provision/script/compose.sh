# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# The action compose: what a host is to run. Logins to registries, and a Compose project.

action=compose

# Never in the environment of what this script starts.
unset DOCKERVM_LOGINS DOCKERVM_COMPOSE_FILE DOCKERVM_COMPOSE_ENV DOCKERVM_HIDDEN

read_action_input() {
    read_user
    read_wanted_docker
    read_proxies
    hidden=$(decode "$hidden") || fail bad-input 'DOCKERVM_HIDDEN is not valid base64'
    read_logins
    read_project
}

perform_action() {
    extras_are_installed=what_compose_needs_is_installed
    choose_extras=choose_what_compose_needs
    install_docker
    read_engine_version || start_engine
    require_engine
    log_in_to_registries
    [ -z "$project" ] || bring_project_up
}
