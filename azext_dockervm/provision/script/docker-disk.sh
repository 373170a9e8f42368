# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# Docker's own disk, as this host knows it: a mount unit of ours has the UUID of its file system. Folders of it are bound
# over those of dockerd and containerd, whose units do not start without them.

disk_folder=$root/var/lib/dockervm/disk
disk_unit=$root/etc/systemd/system/var-lib-dockervm-disk.mount

# Sets $disk_uuid; fails on a host without such a disk.
read_disk_uuid() {
    disk_uuid=$(sed -n 's#^What=/dev/disk/by-uuid/##p' "$disk_unit" 2>/dev/null)
    [ -n "$disk_uuid" ]
}

disk_is_there() { [ -e "$root/dev/disk/by-uuid/$disk_uuid" ]; }

# A mount unit is active whatever is mounted there. dash, bash and busybox know -ef.
disk_is_mounted() {
    # shellcheck disable=SC3013
    systemctl is-active --quiet "${disk_unit##*/}" && [ "$disk_folder/docker" -ef "$root/var/lib/docker" ] &&
        [ "$disk_folder/containerd" -ef "$root/var/lib/containerd" ]
}

fail_without_disk() {
    fail docker-disk-missing "Docker's own disk, with the file system $disk_uuid, is not attached to this host"
}
