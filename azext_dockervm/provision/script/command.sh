# shellcheck shell=sh disable=SC2154  # set in other parts
# Commands whose output goes to the log.

run_logged() { "$@" >>"$work/log" 2>&1 </dev/null; }

# Descriptors 3 (answer) and 9 (lock) must not live on in a service: the answer would never end, nor the lock.
run_systemctl() {
    have systemctl || return 127
    (exec 3>&- 9>&- && run_logged systemctl "$@")
}
