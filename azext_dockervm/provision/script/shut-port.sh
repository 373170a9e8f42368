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

# may_let_in PORT RULE, one that accepts: whether a new connection to the port, from elsewhere and over IPv4, may be meant.
may_let_in() {
    case $2 in
        *'! -i '* | *'! -s '* | *' != '*) ;;
        *' -i lo '* | *iif*' lo '* | *iif*' "lo" '*) return 1 ;;
        *' -i docker'* | *' -i br-'* | *iif*' "docker'* | *iif*' "br-'*) return 1 ;;
        # Itself, and Azure's own address, of which its agent and its probes hear.
        *' -s 127.'* | *' -s 168.63.129.16/'* | *'saddr 127.'* | *'saddr 168.63.129.16 '*) return 1 ;;
        'ip6 '* | *' -s fe80:'* | *multicast* | *broadcast* | *' -d 224.'* | *'daddr 224.'*) return 1 ;;
    esac
    case $2 in
        *NEW* | *'ct state '*new*) ;;
        *ESTABLISHED* | *RELATED* | *established* | *related*) return 1 ;;
    esac
    case $2 in
        *tcp*) ;;
        *' -p '* | *protocol* | *l4proto* | *nexthdr* | *icmp* | *udp*) return 1 ;;
    esac
    case $2 in
        *'! --dport'* | *'dport != '*) ! names_port "$1" "$2" ;;
        *dport*) names_port "$1" "$2" ;;
        *sport* | *'! --tcp-flags'*) return 1 ;;
    esac
}

# rules_shut PORT, by rules as iptables-save or `iptables -S` prints them: 0 they shut it, 1 they do not, 2 one of them
# lets somebody in, by the port's number or by who it is, which is its owner's decision. What chains that INPUT jumps to
# refuse is not looked into, nor whether INPUT jumps there.
rules_shut() {
    table=filter
    verdict=''
    policy=1
    while IFS= read -r rule || [ -n "$rule" ]; do
        case $rule in
            \**) table=${rule#\*} ;;
            \[*) rule=${rule#*] } ;;    # counters
        esac
        [ "$table" = filter ] || continue
        case $rule in
            '-A DOCKER'* | '-A FORWARD '* | '-A OUTPUT '* | '-A ufw-'*-output\ * | '-A ufw-'*-forward\ *) ;;
            '-A ufw-user-limit'* | '-A ufw-skip-to-policy'*) ;;
            '-P INPUT DROP'* | ':INPUT DROP'*) policy=0 ;;
            '-A INPUT -j ACCEPT'*) verdict=${verdict:-1} ;;
            '-A INPUT -j DROP'* | '-A INPUT -j REJECT'*) verdict=${verdict:-0} ;;
            '-A '*'-j ACCEPT'* | '-A '*'-j ufw-user-limit-accept'*) ! may_let_in "$1" "$rule" || return 2 ;;
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
                base=''
                ended=yes ;;
            elements* | [0-9]*)         # long ones have lines that begin with an element
                ! names_port "$1" "dport $rule" || named=yes ;;
            'type filter hook input '*)
                base=yes
                case $chain in
                    ip6\ * | arp\ * | bridge\ * | netdev\ * | *' firewalld '*) ;;
                    'ip filter INPUT') have iptables || ended='' ;;
                    *) ended='' ;;
                esac
                case $ended$rule in type*'policy drop;'*) shut=$chain ;; esac ;;
            'type '*) chain='' ;;       # of packets that go elsewhere
            *accept*)
                case $base$rule:$chain in
                    *: | *' DOCKER'*) ;;
                    yesaccept:*)
                        if [ -z "$ended" ] && [ "$shut" = "$chain" ]; then shut=''; fi
                        ended=yes ;;
                    *) ! may_let_in "$1" "$rule" || named=yes ;;
                esac ;;
            drop | 'counter drop' | reject* | 'counter reject'*) [ -n "$ended" ] || shut=$chain ;;
        esac
    done
}

# Sets $shut_by to the chain that shuts PORT; fails where none does.
nftables_shut() {
    have nft && shut_by=$(nft -s list ruleset 2>/dev/null | chain_that_shuts "$1") && [ -n "$shut_by" ]
}
