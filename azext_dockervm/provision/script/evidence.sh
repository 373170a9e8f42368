# shellcheck shell=sh disable=SC2154  # set in other parts
# Evidence for the details of a failure.

# add_evidence TITLE LINES BYTES, from standard input. Never a reason to fail: the disk may be full.
add_evidence() {
    { printf '%s:\n' "$1" && tail -n "$2" | tail -c "$3"; } >>"$work/evidence" || true
}

add_log_evidence() { [ ! -s "$work/log" ] || add_evidence 'last lines of the log' 14 1500 <"$work/log"; }

add_cloud_init_evidence() {
    if have cloud-init; then cloud-init status --long 2>/dev/null | add_evidence 'cloud-init' 8 500; fi
}

# fail_with_log REASON MESSAGE
fail_with_log() {
    add_log_evidence
    add_cloud_init_evidence
    fail "$1" "$2"
}
