# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# The action compose: what a host is to run. Logins to registries, and a Compose project.

action=compose

# Never in the environment of what this script starts.
unset DOCKERVM_LOGINS DOCKERVM_COMPOSE_FILE DOCKERVM_COMPOSE_ENV DOCKERVM_HIDDEN

read_action_input() {
    read_user
    read_wanted_docker
    take_kept_proxies
    read_proxies
    hidden=$(decode "$hidden") || fail bad-input 'DOCKERVM_HIDDEN is not valid base64'
    read_logins
    read_project
}

# Those of a host that exists need not be typed again.
take_kept_proxies() {
    [ -z "${DOCKERVM_HTTP_PROXY:-}${DOCKERVM_HTTPS_PROXY:-}" ] && [ -f "$tls_dir/proxy.env" ] || return 0
    DOCKERVM_HTTP_PROXY=$(kept_proxy HTTP_PROXY)
    DOCKERVM_HTTPS_PROXY=$(kept_proxy HTTPS_PROXY)
    DOCKERVM_NO_PROXY=$(kept_proxy NO_PROXY)
}

# Quotes are a hand's.
kept_proxy() { sed -n "s/^$1=//p" "$tls_dir/proxy.env" | tr -d "\"'"; }

perform_action() {
    extras_are_installed=what_compose_needs_is_installed
    choose_extras=choose_what_compose_needs
    install_docker
    read_engine_version || start_engine
    require_engine
    log_in_to_registries
    [ -z "$project" ] || bring_project_up
}
