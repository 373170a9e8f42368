# shellcheck shell=sh disable=SC2154  # set in other parts
# Installing packages on a fresh machine: mirrors and networks come up late, and locks are held for minutes.

permanent_error=''      # a reason and a message, where another round would not help

# An image that is paid for by use registers itself in its first minutes, one with an own subscription never does.
registration_seconds=600

# install_with_retries COMMAND. What still fails after six rounds without a lock in the way is given up.
install_with_retries() {
    round=1
    begun=$(now)
    pause=4
    while :; do
        log "installing Docker (round $round)"
        if "$@"; then return 0; fi
        [ -z "$permanent_error" ] || fail "${permanent_error%% *}" "${permanent_error#* }"
        left=$(seconds_left)    # looked at once: the last second must not turn a held lock into another reason
        if package_lock_was_held; then
            [ "$left" -gt 0 ] || fail_with_log lock-timeout \
                "another process held the package manager's lock for $timeout seconds"
        elif grep -qi 'no repositories defined\|no enabled repositories' "$work/log"; then
            if [ "$left" = 0 ] || [ "$(($(now) - begun))" -ge "$registration_seconds" ]; then
                fail_with_log no-repositories "this host's package manager has had no repositories for $(($(now) - begun)) \
seconds${newline}an image that registers itself (SLES: registercloudguest) tells why in /var/log/cloudregister; one with a \
subscription of your own is registered first"
            fi
        else
            [ "$round" -lt 6 ] || fail_with_log install-failed 'the package manager could not install Docker'
            round=$((round + 1))
        fi
        [ "$left" -gt 0 ] || fail_with_log install-failed "Docker was not installed within $timeout seconds"
        mv -f "$work/log" "$work/log.last"
        sleep "$pause" 8>&-
        [ "$pause" -ge 30 ] || pause=$((pause * 2))
    done
}

package_lock_was_held() {
    grep -qiE 'could not get lock|unable to (acquire|lock)|locked by|being used by|waiting for .* lock' "$work/log"
}
