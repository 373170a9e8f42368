# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# Whether this host's own firewall shuts a port to others, told by its rules: from the host itself every port is open,
# since what goes over the loopback is let through.

# names_port PORT RULE: whether a rule's ports (22 or 22,4000:5000 or { 22, 4000-5000 }) have it.
names_port() {
    for ports in $(printf '%s\n' "${2#*dport}" | tr -c '0-9:\n-' ' ' | tr : -); do
        if is_port "${ports%%-*}" && is_port "${ports##*-}" && [ "$1" -ge "${ports%%-*}" ] && [ "$1" -le "${ports##*-}" ]; then
            return 0
        fi
    done
    return 1
}

# rules_shut PORT, by rules as iptables-save or `iptables -S` prints them: 0 they shut it, 1 they do not, 2 one of them
# names it and lets somebody in, which is its owner's decision. What chains that INPUT jumps to refuse is not looked into.
rules_shut() {
    table=filter
    verdict=''
    policy=1
    while IFS= read -r rule || [ -n "$rule" ]; do
        case $rule in \**) table=${rule#\*} ;; esac
        [ "$table" = filter ] || continue
        case $rule in
            '-A DOCKER'* | '-A FORWARD '* | '-A OUTPUT '*) ;;
            '-A '*dport*ACCEPT*) ! names_port "$1" "$rule" || return 2 ;;
            '-P INPUT DROP'* | ':INPUT DROP'*) policy=0 ;;
            '-A INPUT -j ACCEPT'*) verdict=${verdict:-1} ;;
            '-A INPUT -j DROP'* | '-A INPUT -j REJECT'*) verdict=${verdict:-0} ;;
        esac
    done
    return "${verdict:-$policy}"
}

# read_rules TOOL: sets $rules to those in the kernel; fails where the tool is not there.
read_rules() { have "$1" && rules=$("$1" -w -S 2>/dev/null); }

# iptables_shut TOOL PORT
iptables_shut() { read_rules "$1" && printf '%s\n' "$rules" | rules_shut "$2"; }

# chain_that_shuts PORT: the chain of nftables, if there is one, by rules as `nft -s list ruleset` prints them. Each table has
# a say of its own. What iptables and firewalld have made there is theirs to open.
chain_that_shuts() {
    shut=''
    { cat && echo 'table end {'; } | while read -r rule; do
        case $rule in
            'table '*)
                if [ -n "$shut" ] && [ -z "$named" ]; then echo "$shut" && break; fi
                shut=''
                table=${rule#table }
                table=${table% \{}
                chain=''
                named=''
                ended=yes ;;    # of this chain no verdict matters: packets do not come to it first, or one was before
            'chain '*)
                chain=${rule#chain }
                chain="$table ${chain% \{}"
                ended=yes ;;
            elements* | *dport*accept*)
                case $chain in *' DOCKER'*) ;; *) ! names_port "$1" "$rule" || named=yes ;; esac ;;
            'type filter hook input '*)
                case $chain in
                    ip6\ * | bridge\ * | netdev\ * | *' firewalld '*) ;;
                    'ip filter INPUT') have iptables || ended='' ;;
                    *) ended='' ;;
                esac
                case $ended$rule in type*'policy drop;'*) shut=$chain ;; esac ;;
            accept)
                if [ -z "$ended" ] && [ "$shut" = "$chain" ]; then shut=''; fi
                ended=yes ;;
            drop | 'counter drop' | reject* | 'counter reject'*) [ -n "$ended" ] || shut=$chain ;;
        esac
    done
}

# Sets $shut_by to the chain that shuts PORT; fails where none does.
nftables_shut() {
    have nft && shut_by=$(nft -s list ruleset 2>/dev/null | chain_that_shuts "$1") && [ -n "$shut_by" ]
}
