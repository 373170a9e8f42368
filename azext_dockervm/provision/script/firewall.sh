# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# This host's own firewall, which must let a port through. The network security group guards the host. A port that stays
# shut ends the run: nothing on the host itself would notice, and an sshd that was moved there could not be reached.

# Where rules are kept by Azure Linux, Red Hat's iptables-services, and Debian's iptables-persistent.
ipv4_rules='/etc/systemd/scripts/ip4save /etc/sysconfig/iptables /etc/iptables/rules.v4'
ipv6_rules='/etc/systemd/scripts/ip6save /etc/sysconfig/ip6tables /etc/iptables/rules.v6'

# open_firewall PORT
open_firewall() {
    manages=''
    if have firewall-cmd && run_logged firewall-cmd --state; then
        manages=firewalld
        for where in --permanent ''; do
            # shellcheck disable=SC2086  # no argument when empty
            run_logged firewall-cmd $where --add-port="$1/tcp" ||
                fail_with_log firewall-shut "firewalld runs on this host and does not open port $1"
        done
    fi
    if have ufw && ufw status 2>/dev/null | grep -q '^Status: active'; then
        manages=ufw
        run_logged ufw allow "$1/tcp" || fail_with_log firewall-shut "ufw is active on this host and does not open port $1"
    fi
    [ -z "$manages" ] || return 0
    open_iptables "$1"
    if nftables_shut "$1"; then
        fail firewall-shut "nftables on this host shuts port $1 (chain $shut_by), and where its rules are kept is not \
known${newline}open it there and at once: nft insert rule $shut_by tcp dport $1 accept${newline}then the same command again"
    fi
}

# open_iptables PORT: in the files that are loaded at boot, and at once. Rules of which no file is known are left alone: a
# port that is open until the next boot would be found shut when nobody looks. Engine and sshd are reached by IPv4.
open_iptables() {
    # shellcheck disable=SC2086  # lists of paths
    for family in ip6tables iptables; do
        case $family in
            iptables) open_in_files "$1" $ipv4_rules ;;
            *) open_in_files "$1" $ipv6_rules ;;
        esac
        if iptables_shut "$family" "$1"; then
            if [ -n "$kept" ]; then
                open_now "$family" "$1" || fail_with_log firewall-shut "$family on this host does not open port $1"
            elif [ "$family" = iptables ]; then
                fail firewall-shut "iptables on this host shuts port $1, and where its rules are kept is not \
known${newline}open it there and at once: iptables -I INPUT -p tcp --dport $1 -j ACCEPT${newline}then the same command again"
            fi
        fi
    done
}

# open_in_files PORT FILE...: sets $kept where one of them is what decides.
open_in_files() {
    opened=$1
    kept=''
    shift
    for file in "$@"; do
        file=$root$file
        [ -f "$file" ] || continue
        state=0
        rules_shut "$opened" <"$file" || state=$?
        [ "$state" != 0 ] || replace_file with_edited "$file" "$file" with_port_rule "$opened"
        [ "$state" = 1 ] || kept=yes
    done
}

# Behind what is there, but in front of what shuts everybody out.
with_port_rule() {
    table=''
    while IFS= read -r rule || [ -n "$rule" ]; do
        case $table:$rule in
            filter:'-A INPUT -j DROP'* | filter:'-A INPUT -j REJECT'* | filter:COMMIT* | \
                filter:\[*]' -A INPUT -j DROP'* | filter:\[*]' -A INPUT -j REJECT'*)
                echo "-A INPUT -p tcp -m tcp --dport $1 -j ACCEPT"
                table='' ;;
            *:\**) table=${rule#\*} ;;
        esac
        printf '%s\n' "$rule"
    done
}

# open_now TOOL PORT, as in the files; $rules are the tool's.
open_now() {
    line=$(printf '%s\n' "$rules" | grep '^-A INPUT ' | grep -n -e '^-A INPUT -j DROP' -e '^-A INPUT -j REJECT') || line=''
    if [ -n "$line" ]; then set -- "$@" -I INPUT "${line%%:*}"; else set -- "$@" -A INPUT; fi
    tool=$1
    opened=$2
    shift 2
    run_logged "$tool" -w "$@" -p tcp -m tcp --dport "$opened" -j ACCEPT
}
