# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# Docker Compose, which the Docker VM extension's handler wants too, and buildx, through which it builds: the docker
# client's plugins, in packages that each distribution calls otherwise.

# docker_plugin NAME: its path. The plugin is the same program as the command of that name, and runs by itself.
docker_plugin() {
    for file in "$root"/usr/lib*/docker/cli-plugins "$root"/usr/local/lib*/docker/cli-plugins "$root/usr/bin"; do
        file=$file/$1
        [ ! -x "$file" ] || { echo "$file" && return; }
    done
    return 1
}

# choose_offered NAME...: the first package that is offered joins those to be installed.
choose_offered() {
    case ${manager##*/} in
        apt-get) offers=apt_offers ;;
        zypper) offers=zypper_offers ;;
        *) offers=rpm_offers ;;
    esac
    for name in "$@"; do
        # Of Microsoft's archive for Debian and Ubuntu, beside an engine that is not.
        case $offers:$name in apt_offers:moby-*) continue ;; esac
        if "$offers" "$name"; then
            packages="$packages $name"
            return 0
        fi
    done
    return 1
}

zypper_offers() { run_logged ask_rpm_manager search --match-exact "$1"; }

# choose_compose LISTS_ARE_CURRENT. The names: Docker's own archive, Ubuntu, Azure Linux, Debian and SUSE.
choose_compose() {
    lists_are_current=$1
    set -- docker-compose-plugin docker-compose-v2 moby-compose docker-compose
    if choose_offered "$@"; then return 0; fi
    if [ -n "$lists_are_current" ] || { [ "$offers" = rpm_offers ] && all_repositories_were_read; }; then
        permanent_error="no-compose-package no package source of this host offers any of: $*"
    fi
    return 1
}
