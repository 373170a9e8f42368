# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# Docker's own repository for dnf and yum: download.docker.com/linux/rhel, /centos and /fedora, a folder for each release.

rpm_key=060A61C51B558A7F742B77AAC52FEB6B621E9F35     # docs.docker.com, "Install Docker Engine on RHEL"

add_rpm_repository() {
    distribution=$(os_release ID)
    case $distribution in
        rhel | centos | fedora) ;;
        almalinux | rocky | ol) distribution=rhel ;;    # built from its sources
        *) refuse_repository "$(os_release PRETTY_NAME)" ;;
    esac
    release=$(os_release VERSION_ID)
    release=${release%%.*}      # no $releasever: that of a RHEL which is held at 9.4 is 9.4
    refuse_beside "$(rpm -q --queryformat '%{NAME}\n' docker docker-common podman-docker containerd runc moby-engine \
        moby-cli moby-containerd 2>/dev/null | grep -v ' ' | tr '\n' ' ')"
    if ! command -v gpg >/dev/null || ! command -v curl >/dev/null; then
        run_logged ask_rpm_manager install gnupg2 curl || return 1
    fi
    fetch_docker_key "$repository/$distribution/gpg" "${repository_key:-$rpm_key}" --armor || return 1
    keyring=$root/etc/pki/rpm-gpg/RPM-GPG-KEY-dockervm-docker
    wanted=''
    put_package_file "$keyring" cat "$work/key"
    put_rpm_repository
    rpm_offers docker-ce && return 0
    if grep -qF "404 for $repository/" "$work/log"; then refuse_repository "$distribution $release"; fi
    return 1
}

put_rpm_repository() { put_package_file "$root/etc/yum.repos.d/dockervm-docker.repo" print_rpm_repository; }

# With a version, nothing of another one is taken from here, neither now nor by a later upgrade.
print_rpm_repository() {
    printf '%s\n' '# Written by az dockervm.' '[dockervm-docker]' "name=Docker's own packages" \
        "baseurl=$repository/$distribution/$release/\$basearch/stable" gpgcheck=1 "gpgkey=file://$keyring"
    [ -z "$wanted" ] || printf 'includepkgs=%s\n' "docker-ce-[0-9]*:${prefix}[!A-Za-z0-9]* docker-ce-cli-[0-9]*:${prefix}[!A-Za-z0-9]* \
docker-ce-rootless-extras containerd.io docker-buildx-plugin docker-compose-plugin"
}
