# shellcheck shell=sh disable=SC2154  # set in other parts
# The docker client as root's, whose logins are in /root/.docker/config.json.

# as_root SECONDS COMMAND...: without what this script was given or its caller has set: Compose would take variables from it.
as_root() {
    seconds=$1
    shift
    set -- "HOME=$root/root" "$@"
    # In a private folder the stand-ins need their surroundings.
    [ -n "$root" ] || set -- -i "PATH=$PATH" "$@"
    timeout -k 20 "$seconds" env "$@" 3>&- 8>&- 9>&-
}
