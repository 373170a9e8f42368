# shellcheck shell=sh disable=SC2154  # set in other parts
# A file that is changed, and not replaced as a whole.

with_edited() {
    from=$1
    shift
    cp -p "$from" "$new" && "$@" <"$from" >"$new"
}
