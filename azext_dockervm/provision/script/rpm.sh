# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# Packages on Red Hat's family of distributions and on Azure Linux: tdnf, dnf or yum.

# `docker` is podman's look-alike on Red Hat's distributions, and is no engine: only names that are one are taken.
rpm_install() {
    packages='openssl ca-certificates'
    if ! docker_is_installed; then
        if [ "$channel" = docker ] && ! add_rpm_repository; then return 1; fi
        if rpm_offers docker-ce; then
            choose_version docker-ce rpm_versions || return 1
            if [ "$channel" = docker ]; then put_rpm_repository; fi
            version=${wanted:+-${wanted#*:}}
            packages="$packages docker-ce$version docker-ce-cli$version"
            case $channel in docker) packages="$packages $docker_extras" ;; *) packages="$packages containerd.io" ;; esac
        elif rpm_offers moby-engine; then
            choose_version moby-engine rpm_versions || return 1
            packages="$packages moby-engine${wanted:+-${wanted#*:}}"
            for client in moby-cli docker-cli; do
                if rpm_offers "$client"; then packages="$packages $client"; fi
            done
        else
            refuse_without_package 'docker-ce or moby-engine' "$red_hat_way"
            return 1
        fi
    fi
    "$choose_extras" '' || return 1
    # shellcheck disable=SC2086  # a list of names
    run_logged ask_rpm_manager install $packages
}

# A long line is broken by some managers.
rpm_versions() {
    name=$1
    case ${manager##*/} in tdnf) set -- list "$1" ;; *) set -- list --showduplicates "$1" ;; esac
    ask_rpm_manager -q "$@" 2>>"$work/log" | tr -s ' \n' '\n' | sed -n "/^$name\./{n;p;}"
}

rpm_offers() { ask_rpm_manager -q list "$1" 2>>"$work/log" | grep -q "^$1[. ]"; }

red_hat_way="Red Hat's distributions have none, Docker's own repository has: https://docs.docker.com/engine/install\
${newline}the same command again with --docker-channel docker adds it; or take an image of Ubuntu, Debian or Azure Linux"

# refuse_without_package NAMES WAY: for good, if all repositories have been read.
refuse_without_package() {
    if all_repositories_were_read; then
        permanent_error="no-docker-package no package repository of this host offers $1$newline$2"
    fi
}

# Whether what this round has found not offered is offered nowhere: of a repository out of reach, or while somebody else
# held the lock, nothing was found either.
all_repositories_were_read() {
    run_logged ask_rpm_manager makecache && ! package_lock_was_held &&
        ! grep -qiE 'ignoring repositories|failed to download metadata|no enabled repositories' "$work/log"
}
