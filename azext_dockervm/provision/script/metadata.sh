# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# Containers and what Azure tells a VM: the instance metadata service at 169.254.169.254, which gives tokens of the VM's
# identities to whoever asks, and WireServer at 168.63.129.16, which has the settings of extensions. The latter is the
# containers' name server too, so its other ports stay open. Packets of containers come in by PREROUTING, whatever their
# network; the host's own, and those of --network host, do not.

metadata_unit=$root/etc/systemd/system/dockervm-metadata.service
metadata_matches='-d 169.254.169.254
-d 168.63.129.16 -p tcp --dport 80
-d 168.63.129.16 -p tcp --dport 32526'
# Units that flush the rules of others when they are started, reloaded or stopped.
flushing_units='nftables iptables netfilter-persistent'

# Sets $container_metadata: open or closed; empty: the host keeps what it has.
read_container_metadata() {
    container_metadata=${DOCKERVM_CONTAINER_METADATA:-}
    case $container_metadata in
        '' | open | closed) ;;
        *) fail bad-input 'DOCKERVM_CONTAINER_METADATA is neither open nor closed' ;;
    esac
}

set_container_metadata() {
    case $container_metadata in
        closed) close_metadata ;;
        open) [ ! -e "$metadata_unit" ] || open_metadata ;;
    esac
}

# A table of our own where there is nftables: neither Docker nor firewalld's reload touches it.
close_metadata() {
    load_metadata_rules=load_by_iptables
    unload_metadata_rules=unload_by_iptables
    if have nft; then
        nft=$found
        if run_logged "$nft" "$(nft_rules)"; then
            load_metadata_rules=load_by_nft
            unload_metadata_rules=unload_by_nft
        fi
    fi
    if [ "$load_metadata_rules" = load_by_iptables ]; then
        have iptables || fail_with_log metadata-open 'this host has neither a working nft nor iptables, so containers can not \
be kept from the instance metadata service'
        iptables=$found
        tell_firewalld add || fail_with_log metadata-open 'firewalld does not take the rules that keep containers from the \
instance metadata service'
    fi
    replace_file with_output "$metadata_unit" 644 print_metadata_unit
    for unit in $flushing_units; do
        replace_file with_output "$(flushing_drop_in "$unit")" 644 print_flushing_drop_in
    done
    { run_systemctl enable "${metadata_unit##*/}" && run_systemctl restart "${metadata_unit##*/}"; } ||
        fail_with_log metadata-open 'the rules that keep containers from the instance metadata service can not be loaded'
}

open_metadata() {
    run_systemctl stop "${metadata_unit##*/}" || true
    run_systemctl disable "${metadata_unit##*/}" || true
    tell_firewalld remove || true
    rm -f "$metadata_unit"
    for unit in $flushing_units; do
        rm -f "$(flushing_drop_in "$unit")"
        rmdir "$root/etc/systemd/system/$unit.service.d" 2>/dev/null || true
    done
    run_systemctl daemon-reload || true
}

flushing_drop_in() { echo "$root/etc/systemd/system/$1.service.d/dockervm-metadata.conf"; }

print_metadata_unit() {
    printf '%s\n' '# Written by az dockervm: containers do not reach the instance metadata service. --container-metadata opens it.' \
        '[Unit]' 'Description=Keep containers from the instance metadata service' Before=docker.service \
        'After=nftables.service iptables.service netfilter-persistent.service firewalld.service' \
        '[Service]' Type=oneshot RemainAfterExit=yes
    "$load_metadata_rules" | sed 's/^/ExecStart=/'
    "$unload_metadata_rules" | sed 's/^/ExecStop=/'
    printf '%s\n' '[Install]' WantedBy=docker.service
}

# Whatever such a unit does, the rules are there afterwards. A unit that is not there has a drop-in without effect.
print_flushing_drop_in() {
    printf '%s\n' '# Written by az dockervm: see dockervm-metadata.service.' '[Service]'
    for setting in ExecStartPost ExecReload ExecStopPost; do "$load_metadata_rules" | sed "s/^-\{0,1\}/$setting=-/"; done
}

# Commands as units have them, a line each: a minus in front forgives a failure.

# In one transaction, however often. An older nft has no numbers for `raw`.
nft_rules() {
    printf %s 'add table ip dockervm; delete table ip dockervm; add table ip dockervm; ' \
        'add chain ip dockervm containers { type filter hook prerouting priority -300; }; ' \
        'add rule ip dockervm containers iif != lo ip daddr 169.254.169.254 drop; ' \
        'add rule ip dockervm containers iif != lo ip daddr 168.63.129.16 tcp dport { 80, 32526 } drop'
}

load_by_nft() { printf "%s '%s'\n" "$nft" "$(nft_rules)"; }

unload_by_nft() { echo "-$nft delete table ip dockervm"; }

load_by_iptables() {
    unload_by_iptables
    printf '%s\n' "$metadata_matches" | sed "s#.*#$iptables -w -t raw -I PREROUTING ! -i lo & -j DROP#"
}

unload_by_iptables() {
    printf '%s\n' "$metadata_matches" | sed "s#.*#-$iptables -w -t raw -D PREROUTING ! -i lo & -j DROP#"
}

# tell_firewalld add|remove: its reload flushes rules of iptables that it does not know.
tell_firewalld() {
    have firewall-cmd && run_logged firewall-cmd --state || return 0
    printf '%s\n' "$metadata_matches" | while read -r match; do
        for where in --permanent ''; do
            # shellcheck disable=SC2086  # words of ours
            run_logged firewall-cmd $where --direct "--$1-rule" ipv4 raw PREROUTING 0 ! -i lo $match -j DROP || exit 1
        done
    done
}
