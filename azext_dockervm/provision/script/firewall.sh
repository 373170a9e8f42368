# shellcheck shell=sh
# The firewall of the image (Red Hat, SUSE), which must let a port through. The network security group guards the host.

# open_firewall PORT
open_firewall() {
    if have firewall-cmd && run_logged firewall-cmd --state; then
        for where in --permanent ''; do
            # shellcheck disable=SC2086  # no argument when empty
            run_logged firewall-cmd $where --add-port="$1/tcp" || log "could not open port $1 in firewalld"
        done
    fi
    if have ufw && ufw status 2>/dev/null | grep -q '^Status: active'; then
        run_logged ufw allow "$1/tcp" || log "could not open port $1 in ufw"
    fi
}
