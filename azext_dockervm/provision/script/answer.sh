# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# The answer on standard output, the log on standard error, and how a run fails.

run_id=''
fields=''       # lines of the answer
answered=''
changed=''      # whether a file was replaced since undo was set
undo=''         # the function that takes the changes back
tell_failure=true       # to whom else a failure is told: a function of reason and details, a line each

log() { printf 'dockervm: %s\n' "$*" >&2; }

# add_field KEY VALUE
add_field() { fields="$fields$1: $2$newline"; }

# answer RESULT
answer() {
    trap '' TERM INT HUP
    {
        printf 'dockervm-begin\nrun: %s\naction: %s\nresult: %s\n' "$run_id" "$action" "$1"
        printf '%s' "$fields"
        printf 'dockervm-end\n'
    } >&3
    answered=yes
}

# Passwords of proxies and registries stand in URLs; keys in PEM blocks.
redact() {
    tr -cd '\11\12\40-\176' |
        sed -e 's#://[^/@ ]*@#://***@#g' -e '/PRIVATE KEY/d' -e '/^[[:space:]]*$/d' | cut -c1-220
}

# 3,500 bytes less the frame and the other fields.
detail_lines() {
    {
        printf '%s\n' "$1"
        if [ -s "$work/evidence" ]; then cat "$work/evidence"; fi
    } | redact | sed 's/^/detail: /' | head -c "$((3240 - ${#fields}))"
}

# fail REASON MESSAGE [STATUS]: takes back what was changed, answers, and ends the run.
fail() {
    trap '' TERM INT HUP
    log "failed: $1: $2"
    lines=$(detail_lines "$2")
    if [ -n "$undo" ] && [ -n "$changed" ]; then
        log 'restoring the earlier files'
        "$undo" || log 'could not restore all of the earlier state'
    fi
    undo=''
    add_field reason "$1"
    fields=$fields$lines$newline
    answer failed
    "$tell_failure" "$1" "$lines"
    exit "${3:-1}"
}
