# shellcheck shell=sh
# Port numbers in the input.

# require_port NAME VALUE
require_port() { is_port "$2" || fail bad-input "DOCKERVM_$1 is not a valid port number"; }

is_port() {
    case $1 in '' | 0* | *[!0-9]* | ??????*) return 1 ;; esac
    [ "$1" -ge 1 ] && [ "$1" -le 65535 ]
}
