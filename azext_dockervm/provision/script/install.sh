# shellcheck shell=sh disable=SC2034  # read in other parts
# The action install: Docker's packages and a running engine; what cloud-init does at first boot, too.

action=install

read_action_input() {
    read_user
    read_wanted_docker
    read_docker_disk
    read_proxies
    read_container_metadata
    for_extension=$([ "${DOCKERVM_COMPOSE:-}" != 1 ] || echo yes)
}

perform_action() {
    if [ -n "$for_extension" ]; then
        refuse_conflicting_settings
        extras_are_installed=docker_and_compose_are_installed
        choose_extras=choose_compose_once
    fi
    use_docker_disk
    write_proxies
    install_docker
    set_container_metadata
    if [ -n "$for_extension" ] && [ -n "${DOCKERVM_DAEMON_JSON:-}" ]; then
        read_given_settings
        leave_listener_out
        refuse_changed_settings
        write_settings
        validate_settings
        # What runs has other settings yet; the extension's handler restarts it, if nothing does before.
        restart_engine || log 'could not restart the engine'
        look_at_mirrors
    fi
    # The package starts it; a second start would only disturb what runs.
    read_engine_version || start_engine
    require_engine
    [ -z "$for_extension" ] || prepare_for_extension
}
