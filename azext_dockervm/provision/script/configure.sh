# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# The action configure: the settings of an engine that is set up already. What would change is told; it is changed only where
# that is asked for. Containers run on, unless live-restore is off.

action=configure

read_action_input() {
    read_engine_port
    read_proxies
    read_container_metadata
    applies=${DOCKERVM_APPLY:-}
}

perform_action() {
    have dockerd || fail docker-missing 'Docker is not installed'
    read_engine_settings
    { [ -n "$certificate_on_disk" ] && [ -f "$root$ca_file" ]; } || fail not-set-up 'the engine has no certificates'
    choose_expected_certificate
    read_given_settings
    case $command in *' --tls'*) leave_listener_out ;; esac
    tell_changes
    [ -n "$applies" ] || return 0
    if [ -n "$changes" ]; then change_settings; else log 'the settings are as asked for'; fi
    undo=''
    set_container_metadata
}

metadata_state() { if [ -e "$metadata_unit" ]; then echo closed; else echo open; fi; }

change_settings() {
    refuse_changed_settings
    for file in "$settings_file" "$written_file" "$proxy_file" "$proxy_drop_in" "$apt_proxy_file"; do
        back_up "$file"
    done
    changed=''
    undo=restore_engine
    write_settings
    write_proxies
    [ -n "$uses_proxy" ] || rm -f "$proxy_file" "$proxy_drop_in" "$apt_proxy_file"
    validate_settings
    start_engine
    check_engine
    look_at_mirrors
}

# Sets $changes; a password in a proxy's URL is not told. What a hand has changed is told as such.
tell_changes() {
    printf '%s\n' "$daemon_json" >"$work/asked"
    if [ -f "$settings_file" ]; then cat "$settings_file" >"$work/had"; else : >"$work/had"; fi
    if [ -f "$proxy_file" ]; then cat "$proxy_file" >>"$work/had"; fi
    if [ -n "$uses_proxy" ]; then print_proxies >>"$work/asked"; fi
    changes=$(differences "$work/had" "$work/asked" | redact | head -c 2400)
    [ -z "$changes" ] || fields="$fields$(printf '%s\n' "$changes" | sed 's/^/detail: /')$newline"
    case $container_metadata in
        '' | "$(metadata_state)") ;;
        *) fields="${fields}detail: - container-metadata: $(metadata_state)$newline"
            fields="${fields}detail: + container-metadata: $container_metadata$newline" ;;
    esac
    ! changed_by_hand || add_field by-hand "${settings_file#"$root"}"
}
