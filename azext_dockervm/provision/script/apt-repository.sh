# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# Docker's own repository for apt: download.docker.com/linux/debian and /ubuntu, a suite for each release.

apt_key=9DC858229FC7DD38854AE2D88D81803C0EBFCD88     # docs.docker.com, "Install Docker Engine on Ubuntu"

add_apt_repository() {
    distribution=$(os_release ID)
    suite=$(os_release VERSION_CODENAME)
    case $distribution in debian | ubuntu) ;; *) refuse_repository "$(os_release PRETTY_NAME)" ;; esac
    refuse_beside "$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' docker.io docker-cli docker-buildx \
        docker-compose docker-compose-v2 docker-doc podman-docker containerd runc 2>/dev/null |
        sed -n 's/^installed //p' | tr '\n' ' ')"
    url=$repository/$distribution
    folder=$root/etc/apt/sources.list.d
    # Two sources of one repository, each with a key of its own, stop apt.
    if grep -lsF "$url" "$root/etc/apt/sources.list" "$folder"/* | grep -qv '/dockervm-docker\.sources$'; then return 0; fi
    if ! command -v gpg >/dev/null || ! command -v curl >/dev/null; then
        apt_get install --no-install-recommends gpg curl || return 1
    fi
    fetch_docker_key "$url/gpg" "${repository_key:-$apt_key}" --no-armor || return 1
    put_package_file "$root/etc/apt/keyrings/dockervm-docker.gpg" cat "$work/key"
    put_package_file "$folder/dockervm-docker.sources" printf '%s\n' '# Written by az dockervm.' 'Types: deb' "URIs: $url" \
        "Suites: $suite" 'Components: stable' "Signed-By: $root/etc/apt/keyrings/dockervm-docker.gpg"
    [ -z "$other_sources" ] || copy_sources
    if update_lists "$folder/dockervm-docker.sources"; then return 0; fi
    if grep -qF "$url $suite Release' does not have" "$work/log"; then refuse_repository "$distribution $suite"; fi
    return 1
}
