# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# Docker's own package repository. Its key is pinned: what is fetched must be that one and no other.

docker_extras='containerd.io docker-buildx-plugin docker-compose-plugin'
package_files=''        # what was written for the package manager

os_release() { sed -n "s/^$1=[\"']\{0,1\}\([^\"']*\).*/\1/p" "$root/etc/os-release"; }

# refuse_repository DISTRIBUTION: for good, what is not there will not come.
refuse_repository() {
    fail no-docker-repository "Docker's own package repository has nothing for ${1:-this system}${newline}leave \
--docker-channel out, or take another image"
}

# refuse_beside NAMES: packages that are installed and that Docker's own can't stand beside.
refuse_beside() {
    [ -z "$1" ] || fail other-packages "Docker's own packages can't stand beside these, which are kept: $1${newline}remove \
them, then the same command again; or leave --docker-channel out"
}

# fetch_docker_key URL FINGERPRINT FORM: makes $work/key, if that is all that the file holds. FORM is an option of gpg's.
fetch_docker_key() {
    home=$work/gnupg
    rm -rf "$home"
    make_private_folder "$home"
    run_logged curl -fsSL --retry 2 --connect-timeout 20 --max-time 120 -o "$work/fetched" "$1" || return 1
    ask_gpg --import "$work/fetched" || true
    keys=$(ask_gpg --with-colons --fingerprint --list-keys | sed -n '/^pub:/,/^fpr:/s/^fpr:*\([0-9A-F]*\):.*/\1/p')
    [ "$keys" = "$2" ] || fail wrong-key "what is at $1 is not Docker's key, $2, alone${newline}it holds: ${keys:-no key}\
${newline}no package repository was added"
    ask_gpg "$3" --export "$2" >"$work/key"
}

ask_gpg() { gpg --homedir "$home" --batch --no-tty --quiet "$@" 2>>"$work/log" </dev/null 8>&-; }

# put_package_file PATH COMMAND...: it goes again where the installation fails.
put_package_file() {
    undo=remove_package_files
    package_files="$package_files $1"
    put_in=$1
    shift
    replace_file with_output "$put_in" 644 "$@"
}

remove_package_files() {
    # shellcheck disable=SC2086  # paths of our own, without blanks
    rm -f $package_files
}

# Whatever comes later.
keep_package_files() {
    undo=''
    changed=''
}
