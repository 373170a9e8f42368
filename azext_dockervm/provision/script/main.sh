# shellcheck shell=sh
# The run. The action's own part defines what it reads and does.

main() {
    exec 3>&1 1>&2
    trap at_exit EXIT
    trap interrupted TERM INT HUP
    read_input
    read_action_input
    acquire_lock
    perform_action
    answer ok
}

main
