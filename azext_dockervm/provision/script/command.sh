# shellcheck shell=sh disable=SC2154  # set in other parts
# Commands whose output goes to the log.

run_logged() { "$@" >>"$work/log" 2>&1 </dev/null 8>&-; }

# Descriptors 3 (answer) and 9 (lock) must not live on in a service: the answer would never end, nor the lock. 8 (orders
# to the door) is closed for whatever may take long: the door ends with this script, also where that is killed.
run_systemctl() {
    have systemctl || return 127
    (exec 3>&- 8>&- 9>&- && run_logged systemctl "$@")
}
