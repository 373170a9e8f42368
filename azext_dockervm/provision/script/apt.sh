# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# Packages on Debian and Ubuntu.

other_sources=''        # options that make apt read a copy of the sources, with another mirror

# Recommended packages bring git, needrestart and more; what a host needs of them is named here. The docker command
# is a package of its own on Debian 13 and later. An engine from another archive is kept, not replaced.
apt_install() {
    if grep -q 'dpkg --configure -a' "$work/log.last" 2>/dev/null && have dpkg; then
        run_logged env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 dpkg --configure -a || true
    fi
    packages='openssl ca-certificates'
    if packages_are_half_installed; then apt_get --fix-broken install || return 1; fi
    # Where one mirror fails, the next round begins with the other.
    if [ -n "$other_sources" ]; then other_sources=''; else use_other_mirror "$work/log.last" || true; fi
    # With all mirrors out of reach the lists that are there may still do.
    lists_are_current=yes
    update_lists '' || { use_other_mirror "$work/log" && update_lists ''; } ||
        { lists_are_current='' && log 'could not refresh the package lists'; }
    if ! docker_is_installed || ! have docker; then
        case $channel in docker) choose_from_docker ;; *) choose_from_distribution ;; esac || return 1
    fi
    "$choose_extras" "$lists_are_current" || return 1
    # shellcheck disable=SC2086  # a list of names
    apt_get install --no-install-recommends --no-remove $packages
}

choose_from_distribution() {
    choose_apt_version docker.io || return 1
    packages="$packages docker.io${wanted:+=$wanted} iptables"
    apt_offers docker-cli || return 0
    case $newline$(apt_versions docker-cli)$newline in
        *"$newline$wanted$newline"*) packages="$packages docker-cli${wanted:+=$wanted}" ;;
        *) packages="$packages docker-cli" ;;
    esac
}

choose_from_docker() {
    add_apt_repository && choose_apt_version docker-ce || return 1
    packages="$packages docker-ce${wanted:+=$wanted} docker-ce-cli${wanted:+=$wanted} $docker_extras"
}

# choose_apt_version PACKAGE. Lists that are old may lack what is there by now.
choose_apt_version() {
    if ! choose_version "$1" apt_versions; then
        [ -n "$lists_are_current" ] || permanent_error=''
        return 1
    fi
    [ -z "$wanted" ] || pin_apt_version
}

apt_versions() { ask_apt_cache madison "$1" 2>/dev/null | cut -d '|' -f 2 | tr -d ' '; }

# So that no upgrade, unattended ones among them, leaves the version that was asked for. What fits it is taken: 28.5 gets
# 28.5.3. A hold would keep security updates away too.
pin_apt_version() {
    pattern=$(printf %s "$prefix" | sed 's/[.+]/\\&/g')
    put_package_file "$root/etc/apt/preferences.d/dockervm-docker.pref" printf '%s\n' '# Written by az dockervm.' \
        'Package: docker-ce docker-ce-cli docker.io docker-cli' "Pin: version /^([0-9]+:)?$pattern([^A-Za-z0-9].*)?\$/" \
        'Pin-Priority: 999'
}

# update_lists SOURCES: of that file alone, or all. Without the translations of descriptions, a third of what is to be fetched;
# those that are there stay. apt ends with 0 where a mirror is out of reach, unless it is 2.1.16 or newer and told
# otherwise. One that drops packets costs the time-out for each suite and each try.
update_lists() {
    lines_before=$(wc -l <"$work/log")
    apt_get update -o APT::Update::Error-Mode=any -o Acquire::Languages=none -o APT::Get::List-Cleanup=0 \
        -o Acquire::Retries=1 -o Acquire::http::Timeout=15 -o Acquire::https::Timeout=15 \
        ${1:+-o "Dir::Etc::SourceList=$1" -o Dir::Etc::SourceParts=-} || return 1
    ! tail -n "+$((lines_before + 1))" "$work/log" | grep -q 'index files failed to download'
}

# use_other_mirror LOG: where a mirror of Ubuntu's that the log says can't be fetched from has another one beside it. The
# sources are copied with the other's name, and stay as they are.
use_other_mirror() {
    swaps=''
    hosts=$(sed -n 's#.*Failed to fetch [a-z]*://\([a-z.]*\.ubuntu\.com\)/.*#\1#p' "$1" 2>/dev/null | sort -u)
    for host in $hosts; do
        case $host in
            azure.archive.ubuntu.com | azure.ports.ubuntu.com) other=${host#azure.} ;;
            archive.ubuntu.com | ports.ubuntu.com) other=azure.$host ;;
            # Both have that suite, too.
            security.ubuntu.com) case $swaps in *//azure.archive*) other=archive.ubuntu.com ;; *) other=azure.archive.ubuntu.com ;; esac ;;
            *) continue ;;
        esac
        swaps="$swaps -e s#://$host/#://$other/#"
        log "$host can not be fetched from; trying $other"
    done
    [ -n "$swaps" ] || return 1
    copy_sources
    other_sources="-o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts=$work/sources"
}

copy_sources() {
    make_private_folder "$work/sources"
    for file in "$root/etc/apt/sources.list" "$root"/etc/apt/sources.list.d/*.list "$root"/etc/apt/sources.list.d/*.sources; do
        # shellcheck disable=SC2086  # expressions of ours
        [ ! -f "$file" ] || sed $swaps "$file" >"$work/sources/${file##*/}" || fail_to_write "$work/sources"
    done
}

# NEEDRESTART_SUSPEND: needrestart would restart services, the agent that runs this script among them.
apt_get() {
    # shellcheck disable=SC2086  # options of ours
    run_logged env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get -y -q \
        -o "DPkg::Lock::Timeout=$(seconds_left)" -o Dpkg::Use-Pty=0 \
        -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
        -o Acquire::Retries=2 -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30 $other_sources "$@"
}

apt_offers() { have apt-cache && ask_apt_cache show "$1" >/dev/null 2>&1; }

ask_apt_cache() {
    # shellcheck disable=SC2086  # options of ours
    apt-cache $other_sources "$@"
}
