# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# The action request: Docker's packages, the port of sshd, and a signing request for the server's key, which stays here.

action=request

read_action_input() {
    read_user
    read_ssh_port
    subject=${DOCKERVM_SUBJECT:-}
    names=${DOCKERVM_NAMES:-}
    # These two end up in an OpenSSL configuration file.
    case $subject in
        *[!A-Za-z0-9.*_-]*) fail bad-input 'DOCKERVM_SUBJECT contains characters that a host name cannot have' ;;
    esac
    case $names in *[!A-Za-z0-9.:,*_-]*) fail bad-input 'DOCKERVM_NAMES is not a list of DNS: and IP: names' ;; esac
}

perform_action() {
    install_docker
    set_ssh_port
    make_request
}

make_request() {
    make_private_folder "$tls_dir"
    key=$server_key
    if ! is_key "$server_key"; then
        make_key "$server_key"
        add_field key new
    elif [ "${DOCKERVM_NEW_KEY:-}" = 1 ]; then
        make_key "$next_key"
        key=$next_key
        add_field key new
    else
        add_field key kept
    fi
    is_key "$key" || fail_with_log openssl-failed 'openssl could not make a key'
    replace_file with_output "$work/request.cnf" 600 printf '%s\n' '[req]' 'prompt = no' 'distinguished_name = name' \
        '[name]' "CN = ${subject:-docker-host}" ${names:+'[extensions]' "subjectAltName = $names"}
    request=$(openssl req -new -sha256 -key "$key" -config "$work/request.cnf" ${names:+-reqexts extensions} \
        2>>"$work/log") || fail_with_log openssl-failed 'openssl could not make a signing request'
    fields="${fields}csr:$newline$request$newline"
}

make_key() {
    pem=$(openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 2>>"$work/log") ||
        fail_with_log openssl-failed 'openssl could not make a key'
    replace_file with_output "$1" 400 printf '%s\n' "$pem"
    pem=''
}
