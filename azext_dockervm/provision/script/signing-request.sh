# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# The server's key, which stays on the host, and a signing request for it.

subject=''      # the request's common name
names=''        # its subject alternative names, as openssl writes them
new_key=''      # 1: a new key beside a good one

# Sets $request.
make_request() {
    make_private_folder "$tls_dir"
    key=$server_key
    if ! is_key "$server_key"; then
        make_key "$server_key"
        add_field key new
    elif [ "$new_key" = 1 ]; then
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
