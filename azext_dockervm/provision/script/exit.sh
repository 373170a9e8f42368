# shellcheck shell=sh disable=SC2154  # set in other parts
# The end of a run. Whatever ends it: there is an answer, a change is finished or taken back, nothing temporary stays.

at_end=true     # what the action does last: a function of the status

at_exit() {
    status=$?
    trap '' TERM INT HUP
    if [ -z "$answered" ]; then
        # dash leaves by `set -e` before it looks at the trap, when the signal ended the command too.
        case $status in
            129 | 130 | 143) (interrupted) || status=$? ;;
            *) (fail_with_log unexpected "the script stopped with status $status") || status=$? ;;
        esac
    fi
    remove_work
    "$at_end" "$status" || true
    exit "$status"
}

# Without the lock, the files there are another run's.
remove_work() { if [ -d "$work" ]; then remove_temporary_files && rm -rf "$work"; fi; }

interrupted() {
    add_log_evidence
    fail interrupted 'the script was stopped by a signal' 143
}
