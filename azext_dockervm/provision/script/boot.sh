# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# The action boot: what request and serve do, as cloud-init's user script, with the client asked through the door. Where
# there is no door, or run commands take over, it is a head start for them: it installs Docker.

action=boot

# Never in the environment of what this script starts, whatever brought it.
door_key=${DOCKERVM_DOOR_KEY:-}
unset DOCKERVM_DOOR_KEY

before_lock=begin_boot
tell_failure=tell_door_of_failure
at_end=end_boot
request=''      # the signing request, once it is made

read_action_input() {
    read_user
    read_wanted_docker
    read_docker_disk
    read_proxies
    read_ssh_port
    read_engine_port
    read_container_metadata
    new_key=1       # one that is here came with the disk's image, and other machines have it
    [ -n "$run_id" ] || fail bad-input 'DOCKERVM_RUN_ID is empty'
    for one in "${DOCKERVM_CA:-}" "${DOCKERVM_DOOR_CERT:-}" "$door_key"; do
        case $one in
            '' | *[!A-Za-z0-9+/=]*) fail bad-input 'one of DOCKERVM_CA, _DOOR_CERT and _DOOR_KEY is not valid base64' ;;
        esac
    done
}

# Each run once: neither after a reset nor on a copy of the disk, whose client is gone.
begin_boot() {
    read_instance
    [ -n "$instance" ] || fail no-instance 'cloud-init has given this machine no instance id'
    if is_noted "run $run_id" || taken_over; then
        log 'this run was begun before, or run commands have taken over'
        answer ok
        exit 0
    fi
    note "run $run_id" || fail_to_write "$marker"
}

taken_over() { is_noted "instance $instance"; }

perform_action() {
    ! taken_over || return 0
    open_firewall "$port"
    start_door "$port"
    tell state installing
    if openssl_is_installed; then
        offer_request
        note_silent_mirrors 3>&- 9>&- &
    fi
    use_docker_disk
    write_proxies
    install_docker
    if door_has_ended || taken_over; then return 0; fi
    [ -n "$request" ] || offer_request
    set_ssh_port
    set_container_metadata
    release_lock
    until read_certificate; do
        if door_has_ended || taken_over || [ "$(seconds_left)" = 0 ]; then return 0; fi
        short_pause
    done
    acquire_lock
    ! taken_over || return 0
    serve_certificate
}

# Beside the installation, since one that drops packets is waited for; there is time for the client to hear of it.
note_silent_mirrors() {
    look_at_mirrors
    [ -z "$silent_mirrors" ] || tell note "silent-mirrors $silent_mirrors"
}

offer_request() {
    make_request
    tell_text csr "$request"
}

# The lock is held by whoever works, never by who waits for the client.
release_lock() {
    remove_work
    exec 9>&-
}

serve_certificate() {
    tell state starting
    check_given_files "$certificate"
    refuse_changed_settings
    write_engine_files
    validate_settings
    close_door "$port"
    serve_given_files
    note "instance $instance" || log "could not note the end: $error"
}

# tell_door_of_failure REASON DETAILS
tell_door_of_failure() {
    [ -n "$door" ] || return 0
    tell_text "reason $1" "$(printf '%s\n' "$2" | sed 's/^detail: //')"
    tell state failed
    ! door_is closed || tell open "$port"
}

# end_boot STATUS. For ten minutes the client may ask why it failed; a machine that shuts down is not held up.
end_boot() {
    exec 9>&-
    case $1 in 0 | 129 | 130 | 143) ;; *) keep_door 600 ;; esac
    end_door
}

# keep_door SECONDS
keep_door() {
    until=$(($(now) + $1))
    trap 'until=0' TERM INT HUP
    until door_has_ended || taken_over || [ "$(now)" -ge "$until" ]; do sleep 1 8>&-; done
}
