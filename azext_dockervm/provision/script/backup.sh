# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# Changing files of the system, and the way back.

backups=''      # lines: + and the path of a file that has a backup, or - and that of one that was not there

# back_up PATH: for restore_backups. A second name needs no space, and neither does restoring it by a rename.
back_up() {
    backup=$(temporary_path "$1" backup)
    rm -f "$backup"
    if [ -e "$1" ] || [ -L "$1" ]; then
        ln "$1" "$backup" 2>/dev/null || error=$(cp -p "$1" "$backup" 2>&1) || fail_to_write "$1"
        backups="$backups+$1$newline"
    else
        backups="$backups-$1$newline"
    fi
}

restore_backups() {
    failures=0
    while [ -n "$backups" ]; do
        entry=${backups%%"$newline"*}
        backups=${backups#*"$newline"}
        path=${entry#?}
        backup=$(temporary_path "$path" backup)
        # Of one file's two names mv makes an error, or leaves both. dash, bash and busybox know -ef.
        # shellcheck disable=SC3013
        case $entry in
            -*) rm -f "$path" ;;
            *) { [ "$backup" -ef "$path" ] || mv -f "$backup" "$path"; } && rm -f "$backup" ;;
        esac || failures=1
    done
    [ "$failures" = 0 ] || log 'some of the earlier files could not be restored'
    return "$failures"
}
