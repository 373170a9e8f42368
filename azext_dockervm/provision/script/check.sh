# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# The action check: whose the host is, and whether it works. It changes nothing.

action=check

read_action_input() { read_engine_port; }

perform_action() {
    read_engine_settings
    add_field authority "$(authority_fingerprints)"
    if [ -n "$certificate_on_disk" ]; then
        add_field certificate "$certificate_on_disk"
        expires=$(expiry_date "$root$cert_file")
        add_field expires "$expires"
    fi
    ports=$(engine_ports | tr '\n' ' ')
    case " $ports" in
        *" $port "*) engine_port=$port ;;
        *) engine_port=${ports%% *} ;;
    esac
    [ -z "$engine_port" ] || add_field port "$engine_port"
    check_docker_disk
    have dockerd || fail not-set-up 'Docker is not installed'
    openssl_is_installed || fail openssl-missing 'openssl is not installed'
    [ -n "$certificate_on_disk" ] || fail not-set-up 'the engine has no server certificate'
    openssl x509 -noout -checkend 0 <"$root$cert_file" >/dev/null 2>&1 ||
        fail certificate-expired "the server certificate expired at $expires"
    if [ -n "$engine_port" ] && [ "$engine_port" != "$port" ]; then
        fail check-failed "the engine is configured for port $engine_port, not $port"
    fi
    choose_expected_certificate
    check_engine
    if iptables_shut iptables "$port"; then shut_by=iptables; else nftables_shut "$port" || return 0; fi
    fail check-failed "the engine works, but this host's own firewall shuts port $port to others: $shut_by"
}

# Below this many KB free neither engine nor containers come far.
full_disk_kb=65536

check_docker_disk() {
    read_disk_uuid || return 0
    disk_is_there || fail_without_disk
    disk_is_mounted || fail docker-disk-unmounted "Docker's own disk is attached, but not mounted"
    free=$(df -Pk "$disk_folder" 2>/dev/null | tail -n 1 | tr -s ' ' | cut -d ' ' -f 4)
    case $free in '' | *[!0-9]*) return 0 ;; esac
    [ "$free" -ge "$full_disk_kb" ] || fail docker-disk-full "Docker's own disk is full: $free KB are free there"
}

# Of TCP listeners that can be reached from elsewhere.
engine_ports() {
    {
        printf '%s\n' "$command" | sed -e 's/ --host[= ] */ -H=/g' -e 's/ -H[= ]\{0,1\} */ -H=/g' | tr ' ' '\n' |
            sed -n 's/^-H=//p'
        printf '%s\n' "$settings" | tr '"' '\n' | grep '^tcp://' || true
    } | sed -n -e 's#^tcp://##' -e '/^127\./d' -e '/^localhost:/d' -e '/^\[::1\]/d' -e 's/^[^/]*:\([0-9][0-9]*\)$/\1/p'
}

authority_fingerprints() {
    [ -n "$uses_tls" ] || { echo none && return; }
    all=''
    if [ -f "$root$ca_file" ]; then all=$(fingerprints "$root$ca_file"); fi
    all=${all% }
    echo "${all:-unknown}"
}

# fingerprints PATH. At most 16: a bundle of the whole world must leave room.
fingerprints() {
    pem=''
    while read -r line; do
        pem="$pem$line$newline"
        case $line in *-END*) printf '%s' "$pem" | fingerprint && pem='' ;; esac
    done <"$1" | head -n 16 | tr '\n' ' '
}

# `Nov  5 15:24:47 2026 GMT` is how every openssl prints it; ISO 8601 is new in 3.0.
expiry_date() {
    openssl x509 -noout -enddate <"$1" 2>/dev/null | sed 's/^notAfter=//' | {
        read -r month day clock year _
        names=JanFebMarAprMayJunJulAugSepOctNovDec
        before=${names%%"$month"*}
        printf '%s-%02d-%02dT%sZ\n' "$year" "$((${#before} / 3 + 1))" "${day#0}" "$clock"
    }
}
