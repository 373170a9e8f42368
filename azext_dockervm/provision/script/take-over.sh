# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# What a run command does before it waits for the lock: from here on the action boot of this machine does no more than it
# has begun. What it installs goes on to its end, with the lock.

before_lock=take_over

# A full disk does not keep a run command from its work: the action boot can't note its own beginning there.
take_over() {
    read_instance
    [ -z "$instance" ] || note "instance $instance" || log "could not note that run commands have taken over: $error"
    stop_door
}
