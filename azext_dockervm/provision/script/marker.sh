# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# What was begun on this machine: lines `run ID`, of the action boot, `instance ID`, where run commands have taken over,
# and `formatting LUN DISK`. It lasts: a machine that is reset has it, and so has each copy of its disk, which is another instance.

marker=$root/var/lib/dockervm/closed
door_dir=$run_dir/door      # is there while a door may stand

# Sets $instance: cloud-init's name for this machine; empty where it has none.
read_instance() {
    instance=''
    if [ -r "$root/var/lib/cloud/data/instance-id" ]; then
        instance=$(tr -cd 'A-Za-z0-9._-' <"$root/var/lib/cloud/data/instance-id")
    fi
}

# is_noted LINE
is_noted() { grep -qsxF -e "$1" "$marker"; }

# note LINE: on the disk when it returns. An older sync takes no names.
note() {
    is_noted "$1" || error=$({
        (umask 022 && mkdir -p "${marker%/*}") && printf '%s\n' "$1" >>"$marker" &&
            { sync "$marker" "${marker%/*}" || sync; }
    } 2>&1)
}

stop_door() { if [ -d "$door_dir" ] && have systemctl; then systemctl stop dockervm-door.service >/dev/null 2>&1 || true; fi; }
