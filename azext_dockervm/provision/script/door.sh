# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# The door: a small server with mutual TLS on the engine's port, until the engine itself serves there. It hears orders by
# a FIFO, a line each, and ends with the script, whose descriptor 8 is the only one that writes there. No secret is in a
# file or on a command line. What it says comes from a process without rights, so all of it is checked here.

door_program=$root/run/dockervm-door/door.py    # readable by all: the door's user is made with it
door_seconds=$((30 * 60))
door=''         # yes once it was begun

# start_door PORT: it opens while this script goes on. Without it the script is a head start for run commands.
start_door() {
    if ! have systemd-run || ! find_python; then
        log 'the door needs systemd-run and Python'
        return 0
    fi
    make_private_folder "$door_dir"
    replace_file with_output "$door_program" 644 print_door_program
    rm -f "$door_dir/orders"
    error=$(mkfifo "$door_dir/orders" 2>&1) || fail_to_write "$door_dir/orders"
    replace_file with_output "$door_dir/said" 600 :
    # Read, too: so it waits for no reader, and a door that has ended does not end this script by SIGPIPE.
    exec 8<>"$door_dir/orders"
    door=yes
    {
        run_door "$1" <"$door_dir/orders" >>"$door_dir/said" 2>"$door_dir/log" || true
        echo ended >>"$door_dir/said"
    } 3>&- 8>&- 9>&- &
    tell run "$run_id"
    tell seconds "$door_seconds"
    tell authority "$DOCKERVM_CA"
    tell certificate "$DOCKERVM_DOOR_CERT"
    tell key "$door_key"
    door_key=''
    tell open "$1"
}

# Only a port below 1024 needs a right. What can't be had is told by systemd-run's end, and nothing is lost.
run_door() {
    capability=''
    [ "$1" -ge 1024 ] || capability=CAP_NET_BIND_SERVICE
    systemd-run --quiet --pipe --collect --unit=dockervm-door --property=RuntimeMaxSec="$((door_seconds + 30))" \
        --property=DynamicUser=yes --property=NoNewPrivileges=yes --property=CapabilityBoundingSet="$capability" \
        --property=AmbientCapabilities="$capability" --property=ProtectSystem=strict --property=ProtectHome=yes \
        --property=PrivateDevices=yes --property=PrivateTmp=yes --property=ProtectControlGroups=yes \
        --property=ProtectKernelModules=yes --property=ProtectKernelTunables=yes --property=LockPersonality=yes \
        --property=RestrictAddressFamilies='AF_INET AF_INET6' --property=RestrictNamespaces=yes \
        --property=RestrictRealtime=yes --property=SystemCallArchitectures=native --property=MemoryMax=128M \
        --property=TasksMax=64 --property=LimitCORE=0 --property=LimitFSIZE=1M "$python" -I "$door_program"
}

# Sets $python: what cloud-init runs on has all of the standard library, also where no python3 is on PATH (RHEL).
find_python() {
    shebang=''
    if program=$(command -v cloud-init); then IFS= read -r shebang <"$program" || true; fi
    # shellcheck disable=SC2086  # the interpreter and its options
    set -- ${shebang#\#!}
    case ${1:-} in */env) shift ;; esac
    case ${1:-} in *python*) ;; *) set -- python3 ;; esac
    python=$(command -v "$1") || python=$(command -v python3)
}

# tell WORD ARGUMENT...: by the shell's own printf, whose arguments ps does not see.
tell() { [ -z "$door" ] || printf '%s\n' "$*" >&8; }

# tell_text WORDS TEXT
tell_text() { tell "$1 $(printf '%s\n' "$2" | base64 | tr -d '\n')"; }

# door_is WORD...: whether one of them is the last that the door has said of itself.
door_is() {
    last=$(grep -oE '^(open|cannot|closed|ended)' "$door_dir/said" | tail -n 1)
    case " $* " in *" ${last:-starting} "*) ;; *) return 1 ;; esac
}

door_has_ended() { [ -z "$door" ] || door_is cannot ended; }

# Sets $certificate, in base64; fails where none has come.
read_certificate() {
    certificate=$(sed -n 's/^certificate \([A-Za-z0-9+/=]*\)$/\1/p' "$door_dir/said" | head -n 1)
    [ -n "$certificate" ]
}

# close_door PORT: for the engine.
close_door() {
    tell close
    retry_for 5 door_is closed ended || fail door-stuck "the door on port $1 does not close"
    if ! retry_for 5 port_is_free "$1"; then
        find_port_holder "$1" || true
        fail_with_taken_port "$1"
    fi
}

port_is_free() { ! port_listens "$1"; }

end_door() {
    [ -n "$door" ] || return 0
    exec 8>&-
    retry_for 5 door_is ended || stop_door
    { grep '^cannot ' "$door_dir/said"; cat "$door_dir/log"; } 2>/dev/null | tail -n 20 | redact |
        sed 's/^/dockervm: the door: /' >&2
    rm -rf "$door_dir" "${door_program%/*}"
}
