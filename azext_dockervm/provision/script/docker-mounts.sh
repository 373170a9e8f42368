# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# Docker's own disk in use: units of ours that mount it, what Docker has on the system disk so far, and the engine's
# units, which wait for it. The user's /etc/fstab stays as it is.

units=$root/etc/systemd/system

# Before Docker's packages are installed: they start the engine. Once the disk's unit is written, the LUN counts no more.
use_docker_disk() {
    if ! read_disk_uuid; then
        [ -n "$lun" ] || return 0
        have systemctl || fail no-systemd 'this host does not run systemd'
        read_or_make_file_system
        write_disk_units
    fi
    if disk_is_mounted; then return 0; fi
    retry_for "$(at_most 60)" disk_is_there || fail_without_disk
    # From here on the engine can't start without the disk, so nothing new comes to what is copied.
    run_systemctl stop docker.socket docker.service containerd.service || true
    run_systemctl daemon-reload || true
    mount_by_unit dockervm-disk
    for folder in docker containerd; do
        fill_disk_folder "$folder"
        mount_by_unit "$folder"
    done
    disk_is_mounted || fail docker-disk-failed 'something else is mounted at /var/lib/docker or /var/lib/containerd'
    ! have restorecon || run_logged restorecon -R "$root/var/lib/docker" "$root/var/lib/containerd" || true
}

mount_by_unit() {
    run_systemctl start "var-lib-$1.mount" && return 0
    if have journalctl; then
        journalctl -u "var-lib-$1.mount" -n 8 --no-pager -o cat 2>/dev/null | add_evidence "journal of var-lib-$1.mount" 8 900
    fi
    fail_with_log docker-disk-failed "Docker's own disk could not be mounted at /var/lib/$1"
}

# The disk's own unit comes last: with it all others are there.
write_disk_units() {
    for service in docker containerd; do
        replace_file with_output "$units/$service.service.d/dockervm-disk.conf" 644 print_disk_drop_in "$service"
        replace_file with_output "$units/var-lib-$service.mount" 644 print_mount "$service" \
            RequiresMountsFor=/var/lib/dockervm/disk "What=/var/lib/dockervm/disk/$service" Type=none Options=bind
    done
    replace_file with_output "$disk_unit" 644 print_mount dockervm/disk 'After=local-fs-pre.target' \
        "What=/dev/disk/by-uuid/$disk_uuid"
}

# print_mount NAME IN-UNIT IN-MOUNT...: at /var/lib/NAME. By the usual dependencies all of the boot would wait for the disk.
print_mount() {
    where=/var/lib/$1
    in_unit=$2
    shift 2
    printf '%s\n' '# Written by az dockervm. Without this disk neither Docker nor containerd starts.' '[Unit]' \
        "Description=Docker's own disk at $where" DefaultDependencies=no "$in_unit" Conflicts=umount.target \
        Before=umount.target '[Mount]' "Where=$where" "$@"
}

# systemd's own unit that grows a file system is made for fstab alone by older ones; its program is there since 236.
print_disk_drop_in() {
    printf '%s\n' "# Written by az dockervm: Docker's data lies on a disk of its own." '[Unit]' \
        'RequiresMountsFor=/var/lib/docker /var/lib/containerd'
    [ "$1" = containerd ] || printf '%s\n' '[Service]' \
        'ExecStartPre=-/usr/lib/systemd/systemd-growfs /var/lib/dockervm/disk'
}

# fill_disk_folder NAME: of a disk that has none yet, from the system disk, where what is copied stays.
fill_disk_folder() {
    [ ! -d "$disk_folder/$1" ] || return 0
    log "making the folder $1 on Docker's own disk"
    from=$root/var/lib/$1
    copy=$disk_folder/$1.new
    error=$({
        rm -rf "$copy" && { [ -d "$from" ] || mkdir -m 711 "$from"; } && mkdir "$copy" &&
            cp -a "$from/." "$copy/" && sync && mv "$copy" "$disk_folder/$1"
    } 2>&1) || fail_to_write "$disk_folder/$1"
}
