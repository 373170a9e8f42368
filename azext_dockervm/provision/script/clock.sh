# shellcheck shell=sh disable=SC2154  # set in other parts
# The clock, and waiting.

# Seconds since boot: the clock of a fresh machine may jump when it is set for the first time.
now() {
    if [ -r /proc/uptime ]; then
        read -r uptime _ </proc/uptime
        echo "${uptime%%.*}"
    else
        date +%s
    fi
}

seconds_left() {
    left=$((deadline - $(now)))
    [ "$left" -gt 0 ] || left=0
    echo "$left"
}

# retry_for SECONDS COMMAND...: until it succeeds.
retry_for() {
    end=$(($(now) + $1))
    shift
    until "$@"; do
        [ "$(now)" -lt "$end" ] || return 1
        short_pause
    done
}

# A sleep that takes no fractions is an old one.
short_pause() { sleep 0.2 2>/dev/null || sleep 1; }
