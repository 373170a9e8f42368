# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# Writing files. `set -e` is off in all that is called from a condition, so every write is checked where it is made. A
# file is replaced by a rename, and only when its successor is complete.

# temporary_path PATH KIND
temporary_path() { printf '%s/.%s.dockervm-%s' "${1%/*}" "${1##*/}" "$2"; }

# replace_file with_output PATH MODE COMMAND...  by what it prints (printf is the shell's own: ps does not see keys)
# replace_file with_edited PATH FROM COMMAND...  by another file, through the command; its mode and owner stay
# replace_file with_link PATH TARGET
replace_file() {
    make=$1
    target=$2
    shift 2
    make_folder "${target%/*}"
    new=$(temporary_path "$target" new)
    error=$({ rm -f "$new" && "$make" "$@" && mv -f "$new" "$target"; } 2>&1) || fail_to_write "$target"
    changed=yes
}

with_output() {
    mode=$1
    shift
    "$@" >"$new" && chmod "$mode" "$new"
}

# The folders above ours are the system's and stay readable.
make_folder() { error=$( (umask 022 && mkdir -p "$1") 2>&1) || fail_to_write "$1"; }

make_private_folder() {
    make_folder "$1"
    set_mode 700 "$1"
}

# set_mode MODE PATH
set_mode() { error=$(chmod "$1" "$2" 2>&1) || fail_to_write "$2"; }

# fail_to_write PATH; $error is what the tool printed.
fail_to_write() {
    free=$(df -Pk "${1%/*}/" 2>/dev/null | tail -n 1 | tr -s ' ' | cut -d ' ' -f 4) || free=''
    reason=write-failed
    case $error:$free in *'No space left'* | *:[0-9]) reason=disk-full ;; esac
    fail "$reason" "cannot write $1${newline}error: ${error:-unknown}${newline}${free:-unknown} KB are free there"
}

remove_temporary_files() {
    for folder in "$docker_dir" "$tls_dir" "${drop_in%/*}" "$root"/etc/systemd/system \
        "$root"/etc/systemd/system/containerd.service.d "$root"/etc/systemd/system/nftables.service.d \
        "$root"/etc/systemd/system/iptables.service.d "$root"/etc/systemd/system/netfilter-persistent.service.d "$root"/etc/ssh "$root"/etc/ssh/sshd_config.d \
        "$root"/etc/systemd/system/ssh*.socket.d "$root"/etc/systemd/scripts "$root"/etc/sysconfig \
        "$root"/etc/iptables "$root"/etc/apt/apt.conf.d "$root"/etc/apt/keyrings "$root"/etc/apt/sources.list.d \
        "$root"/etc/apt/preferences.d "$root"/etc/yum.repos.d "$root"/etc/pki/rpm-gpg "$root"/usr/bin \
        "$root"/usr/local/bin "$root"/opt/bin "$root"/var/lib/dockervm/compose/*; do
        rm -f "$folder"/.*.dockervm-*
    done
}
