# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# Docker Compose, which the Docker VM extension's handler (Azure/azure-docker-extension 1.2.2) wants. It downloads
# Docker and Compose where `docker` is not on the PATH, or the file at this path does not exist.

compose_path() {
    if grep -qs CoreOS "$root/etc/lsb-release"; then
        echo "$root/opt/bin/docker-compose"
    elif [ -e "$root/etc/redhat-release" ] && [ ! -e "$root/etc/centos-release" ]; then
        echo "$root/usr/bin/docker-compose"
    else
        echo "$root/usr/local/bin/docker-compose"
    fi
}

# The client's plugin is the same program, and runs by itself.
compose_binary() {
    for file in "$root/usr/bin" "$root"/usr/lib*/docker/cli-plugins "$root"/usr/local/lib*/docker/cli-plugins; do
        file=$file/docker-compose
        [ ! -x "$file" ] || { echo "$file" && return; }
    done
    return 1
}

compose_is_installed() { [ -e "$(compose_path)" ] || compose_binary >/dev/null; }

docker_and_compose_are_installed() { have docker && compose_is_installed; }

# choose_compose LISTS_ARE_CURRENT: the first package of Compose that is offered joins those to be installed.
choose_compose() {
    if compose_is_installed; then return 0; fi
    lists_are_current=$1
    case ${manager##*/} in
        # Docker's own archive, Ubuntu, Debian.
        apt-get) offers=apt_offers && set -- docker-compose-plugin docker-compose-v2 docker-compose ;;
        *) offers=rpm_offers && set -- docker-compose-plugin moby-compose docker-compose ;;
    esac
    for name in "$@"; do
        if "$offers" "$name"; then
            packages="$packages $name"
            return 0
        fi
    done
    if [ -n "$lists_are_current" ] || { [ "$offers" = rpm_offers ] && all_repositories_were_read; }; then
        permanent_error="no-compose-package no package source of this host offers any of: $*"
    fi
    return 1
}
