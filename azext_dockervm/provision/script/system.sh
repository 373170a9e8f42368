# shellcheck shell=sh disable=SC2154  # set in other parts
# What is there on this system.

# have TOOL; its path is in $found. In a private folder the real system's own tools count as missing: nothing outside
# the folder is changed.
have() {
    found=$(command -v "$1") || return 1
    [ -n "$root" ] || return 0
    case $found in
        /usr/* | /bin/* | /sbin/*) return 1 ;;
    esac
}

# unit_file NAME: the path of a systemd unit.
unit_file() {
    for folder in etc run usr/lib lib; do
        if [ -f "$root/$folder/systemd/system/$1" ]; then
            echo "$root/$folder/systemd/system/$1"
            return 0
        fi
    done
    return 1
}
