# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# Packages on SUSE.

# Statuses of zypper: up to 103, and 106 and 107, what was asked for is installed; 104 is that no repository offers it.
zypper_install() {
    [ "$channel" = distribution ] || refuse_repository "$(os_release PRETTY_NAME)"
    choose_version docker zypper_versions || return 1
    status=0
    packages="docker${wanted:+=$wanted} openssl ca-certificates"
    "$choose_extras" '' || return 1
    # shellcheck disable=SC2086  # a list of names
    run_logged ask_rpm_manager install --no-recommends $packages || status=$?
    case $status in
        0 | 10[0-367]) return 0 ;;
        104) grep -qE 'No repositories defined|Skipping repository' "$work/log" ||
            permanent_error="no-docker-package no package repository of this host offers docker${newline}SLES has it in a \
module: SUSEConnect --product sle-module-containers/VERSION/x86_64" ;;
    esac
    return 1
}

zypper_versions() {
    ask_rpm_manager search -s --match-exact "$1" 2>>"$work/log" | sed -n 's/^[^|]*|[^|]*| *package *| *\([^ |]*\).*/\1/p'
}
