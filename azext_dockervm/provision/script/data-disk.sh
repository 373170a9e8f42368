# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# A data disk by its LUN, and the file system on it. One is made on a blank disk only; what is there is never overwritten.

read_docker_disk() {
    lun=${DOCKERVM_DOCKER_LUN:-}
    case $lun in *[!0-9]* | ???* | 0?) fail bad-input 'DOCKERVM_DOCKER_LUN is not the LUN of a data disk' ;; esac
}

# Sets $device. The links are of azure-vm-utils, cloud-init and the agent; where an NVMe disk has none, its namespace is
# the LUN and two, by azure-vm-utils' README.
find_data_disk() {
    for device in "$root/dev/disk/azure/data/by-lun/$lun" "$root/dev/disk/azure/scsi1/lun$lun"; do
        [ ! -e "$device" ] || return 0
    done
    for block in "$root"/sys/block/nvme*n*; do
        device=$root/dev/${block##*/}
        if [ -e "$device" ] && [ "$(cat "$block/nsid" 2>/dev/null)" = "$((lun + 2))" ] &&
            grep -qs '^MSFT NVMe Accelerator' "$block/device/model"; then
            return 0
        fi
    done
    return 1
}

# at_most SECONDS: these, or as many as are left.
at_most() {
    left=$(seconds_left)
    echo "$((left < $1 ? left : $1))"
}

# Sets $disk_uuid, of the file system that is there or that is made.
read_or_make_file_system() {
    retry_for "$(at_most 120)" find_data_disk ||
        fail docker-disk-missing "this host sees no data disk at LUN $lun"
    have blkid || fail no-blkid 'blkid was not found, which tells what is on a disk'
    look_at_disk || make_file_system
}

# Fails for a blank disk. blkid's status: 0 something, 2 nothing or unreadable, else contradictions.
look_at_disk() {
    status=0
    seen=$(blkid -p -o export "$device" 2>/dev/null) || status=$?
    case $status in
        0) ;;
        2) if is_noted "$(formatting)" || disk_is_blank; then return 1; fi ;;
    esac
    disk_uuid=$(printf '%s\n' "$seen" | sed -n 's/^UUID=//p')
    type=$(printf '%s\n' "$seen" | sed -n -e 's/^TYPE=//p' -e 's/^PTTYPE=/a partition table, /p' | head -n 1)
    case $status:$type:$disk_uuid in 0:ext4:?* | 0:xfs:?* | 0:btrfs:?*) return 0 ;; esac
    fail docker-disk-not-blank "the data disk at LUN $lun is not blank, and holds no file system that Docker can use: \
${type:-unknown contents}${newline}it was left as it is; ext4, xfs or btrfs on the whole disk would be used"
}

# Azure's new disks read as zeros. What blkid does not know may be somebody's data all the same.
disk_is_blank() {
    [ "$(head -c 1048576 "$device" 2>/dev/null | wc -c)" -eq 1048576 ] &&
        [ "$(head -c 1048576 "$device" | tr -d '\000' | head -c 1 | wc -c)" -eq 0 ]
}

# What is noted before a disk is formatted, by the name that it bears everywhere: the superblock is written last, so a
# formatting that was killed leaves something that is neither a file system nor blank.
formatting() {
    block=$root/sys/class/block/$(basename "$(readlink -f "$device")")
    echo "formatting $lun $(cat "$block/wwid" "$block/device/wwid" 2>/dev/null | tr -cd 'A-Za-z0-9.-')"
}

# Nearly all that writes here is root, for whom ext4 would keep a twentieth.
make_file_system() {
    log "formatting the blank data disk at LUN $lun for Docker"
    note "$(formatting)" || fail_to_write "$marker"
    if have mkfs.ext4; then
        run_logged mkfs.ext4 -q -m 0 -L docker "$device"
    elif have mkfs.xfs; then
        run_logged mkfs.xfs -q -L docker "$device"
    else
        fail no-mkfs 'neither mkfs.ext4 nor mkfs.xfs was found'
    fi || fail_with_log docker-disk-failed "the data disk at LUN $lun could not be formatted"
    look_at_disk || fail docker-disk-failed "the data disk at LUN $lun is blank after it was formatted"
}
