# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# The server's key. A new one beside one in use waits under another name: the engine must be able to restart at any
# moment.

server_key=$tls_dir/server-key.pem
next_key=$tls_dir/server-key-next.pem

is_key() { [ -s "$1" ] && openssl pkey -in "$1" -passin pass: -noout >/dev/null 2>&1; }
