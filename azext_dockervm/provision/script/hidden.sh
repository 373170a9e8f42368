# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# What no answer may hold, whatever a tool says of it: passwords, and the values of variables.

hidden=${DOCKERVM_HIDDEN:-}

# without TEXT WORD: each place of the word in the text becomes ***.
without() {
    rest=$1
    kept=''
    while :; do
        case $rest in *"$2"*) ;; *) break ;; esac
        kept="$kept${rest%%"$2"*}***"
        rest=${rest#*"$2"}
    done
    printf '%s' "$kept$rest"
}

# What comes next is told alone.
begin_log() { replace_file with_output "$work/log" 600 :; }

# The log's last lines stay: whole ones, before anything cuts a word that is to be hidden.
hide_in_log() {
    shown=$(tail -n 40 "$work/log")
    words=$hidden$newline
    while [ -n "$words" ]; do
        word=${words%%"$newline"*}
        words=${words#*"$newline"}
        [ -z "$word" ] || shown=$(without "$shown" "$word")
    done
    replace_file with_output "$work/log" 600 printf '%s\n' "$shown"
}

# fail_hiding REASON MESSAGE
fail_hiding() {
    hide_in_log
    add_log_evidence
    fail "$1" "$2"
}
