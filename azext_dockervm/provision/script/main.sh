# shellcheck shell=sh disable=SC2154  # set in other parts
# The run. The action's own part defines what it reads and does.

main() {
    exec 3>&1 1>&2
    trap at_exit EXIT
    trap interrupted TERM INT HUP
    read_input
    read_action_input
    "$before_lock"
    acquire_lock
    perform_action
    answer ok
}

main
