# shellcheck shell=sh disable=SC2154  # set in other parts
# The engine's TLS listener: that it presents the right certificate, and refuses clients without one.

read_engine_port() {
    port=${DOCKERVM_PORT:-4243}
    require_port PORT "$port"
}

connect_to_engine() { timeout 10 openssl s_client -connect "${DOCKERVM_ADDRESS:-127.0.0.1}:$port" "$@" 2>&1; }

# Sets $presented.
read_presented_certificate() {
    presented=$(connect_to_engine </dev/null | fingerprint)
    [ -n "$presented" ]
}

# With TLS 1.3 the refusal comes after the handshake, so a request has to be tried.
anonymous_client_is_refused() {
    reply=$(printf 'GET /_ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' |
        connect_to_engine -quiet) || true
    case $reply in
        *HTTP/1.*) return 1 ;;
        *alert* | *errno=104*) return 0 ;;
        *) return 1 ;;
    esac
}

# $expected is the certificate's fingerprint.
check_engine() {
    require_engine
    retry_for "$check_timeout" read_presented_certificate || true
    if [ "$presented" != "$expected" ]; then
        add_engine_evidence
        fail check-failed "port $port presents certificate ${presented:-none} instead of $expected"
    fi
    anonymous_client_is_refused || fail check-failed "port $port does not refuse a client without a certificate"
}
