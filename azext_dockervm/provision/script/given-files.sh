# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# Certificates and settings that the host is given, and the engine that takes them.

# check_given_files CERTIFICATE, in base64. Everything is checked before anything is written: a wrong certificate must not
# take down a working engine. Sets $key, $daemon_json and $expected.
check_given_files() {
    save_given CA "${DOCKERVM_CA:-}" "$work/ca.pem"
    save_given CERT "$1" "$work/cert.pem"
    read_given_settings
    expected=$(fingerprint <"$work/cert.pem")
    [ -n "$expected" ] || fail bad-input 'DOCKERVM_CERT contains no certificate'
    [ -n "$(fingerprint <"$work/ca.pem")" ] || fail bad-input 'DOCKERVM_CA contains no certificate'
    run_logged openssl verify -CAfile "$work/ca.pem" "$work/cert.pem" || fail_with_log certificate-invalid \
        "the certificate is not of this authority, or not valid now by this host's clock ($(date -u +%Y-%m-%dT%H:%M:%SZ))"
    certified=$(openssl x509 -in "$work/cert.pem" -noout -pubkey)
    if is_key "$next_key" && [ "$certified" = "$(public_key "$next_key")" ]; then
        key=$next_key
    elif ! is_key "$server_key"; then
        fail key-missing "there is no server key in $tls_dir; run the action 'request' first"
    elif [ "$certified" = "$(public_key "$server_key")" ]; then
        key=$server_key
    else
        fail certificate-mismatch "the server certificate was not issued for this host's key"
    fi
}

# save_given NAME VALUE PATH
save_given() {
    given=$(decode "$2") || fail bad-input "DOCKERVM_$1 is not valid base64"
    replace_file with_output "$3" 600 printf '%s\n' "$given"
}

public_key() { openssl pkey -in "$1" -passin pass: -pubout 2>/dev/null; }

# The engine with the files that were written; if it does not work, they are taken back.
serve_given_files() {
    start_engine
    check_engine
    undo=''
    rm -f "$next_key"
    add_field certificate "$expected"
}
