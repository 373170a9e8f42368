# shellcheck shell=sh disable=SC2154  # set in other parts
# Packages on Debian and Ubuntu.

# Recommended packages bring git, needrestart and more; what a host needs of them is named here. The docker command
# is a package of its own on Debian 13 and later. An engine from another archive is kept, not replaced.
apt_install() {
    if grep -q 'dpkg --configure -a' "$work/log.last" 2>/dev/null && have dpkg; then
        run_logged env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 dpkg --configure -a || true
    fi
    packages='openssl ca-certificates'
    if packages_are_half_installed; then apt_get --fix-broken install || return 1; fi
    # With a mirror out of reach the lists that are there may still do.
    lists_are_current=yes
    update_lists || { lists_are_current='' && log 'could not refresh the package lists'; }
    if ! docker_is_installed || ! have docker; then
        packages="$packages docker.io iptables"
        if apt_offers docker-cli; then packages="$packages docker-cli"; fi
    fi
    "$choose_extras" "$lists_are_current" || return 1
    # shellcheck disable=SC2086  # a list of names
    apt_get install --no-install-recommends --no-remove $packages
}

# Without the translations of descriptions, a third of what is to be fetched; those that are there stay.
update_lists() { apt_get update -o Acquire::Languages=none -o APT::Get::List-Cleanup=0; }

# NEEDRESTART_SUSPEND: needrestart would restart services, the agent that runs this script among them.
apt_get() {
    run_logged env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get -y -q \
        -o "DPkg::Lock::Timeout=$(seconds_left)" -o Dpkg::Use-Pty=0 \
        -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
        -o Acquire::Retries=2 -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30 "$@"
}

apt_offers() { have apt-cache && apt-cache show "$1" >/dev/null 2>&1; }
