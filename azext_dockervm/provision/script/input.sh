# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# Input that every action takes. Each value is checked before anything is written.

read_input() {
    run_id=$(printf %s "${DOCKERVM_RUN_ID:-}" | tr -cd 'A-Za-z0-9._-' | head -c 64)
    timeout=${DOCKERVM_TIMEOUT:-1500}
    [ "${DOCKERVM_ACTION:-}" = "$action" ] || fail bad-input "this script holds only DOCKERVM_ACTION=$action"
    case $timeout in
        '' | 0* | *[!0-9]* | ???????*) fail bad-input 'DOCKERVM_TIMEOUT is not a valid number of seconds' ;;
    esac
    [ -n "$root" ] || [ "$(id -u)" = 0 ] || fail not-root 'this script must be run as root'
    deadline=$(($(now) + timeout))
    # An engine with many containers answers some seconds after its start.
    check_timeout=$((timeout < 40 ? timeout : 40))
}
