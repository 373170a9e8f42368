# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# Packages on Red Hat's family of distributions and on Azure Linux: tdnf, dnf or yum.

# `docker` is podman's look-alike on Red Hat's distributions, and is no engine: only names that are one are taken.
rpm_install() {
    packages='openssl ca-certificates'
    if ! docker_is_installed; then
        if rpm_offers docker-ce; then
            packages="$packages docker-ce docker-ce-cli containerd.io"
        elif rpm_offers moby-engine; then
            packages="$packages moby-engine"
            for client in moby-cli docker-cli; do
                if rpm_offers "$client"; then packages="$packages $client"; fi
            done
        else
            # An unreachable mirror offers nothing either; that is worth another round.
            if run_logged "$manager" -y makecache; then
                permanent_error='no-docker-package no package repository of this host offers docker-ce or moby-engine'
            fi
            return 1
        fi
    fi
    "$choose_extras" '' || return 1
    # shellcheck disable=SC2086  # a list of names
    run_logged "$manager" -y install $packages
}

rpm_offers() { "$manager" -q list "$1" 2>/dev/null </dev/null | grep -q "^$1[. ]"; }
