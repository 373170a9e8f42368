# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# The managers of RPM packages: tdnf, dnf, yum or zypper.

# Sets $manager.
find_rpm_manager() { { have tdnf || have dnf || have yum || have zypper; } && manager=$found; }

# ask_rpm_manager COMMAND..., with nobody there to answer. A lock that others hold is an error: dnf and tdnf would wait for it
# without end, and the run be killed without a word.
ask_rpm_manager() {
    case ${manager##*/} in
        zypper) set -- env "ZYPP_LOCK_TIMEOUT=$(seconds_left)" "$manager" --non-interactive --gpg-auto-import-keys "$@" ;;
        tdnf) set -- "$manager" -y "$@" ;;
        *) set -- "$manager" -y --setopt=exit_on_lock=True "$@" ;;
    esac
    timeout -k 20 "$(($(seconds_left) + 1))" "$@" </dev/null 8>&-
}
