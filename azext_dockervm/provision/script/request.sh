# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# The action request: Docker's packages, the port of sshd, and a signing request for the server's key, which stays here.

action=request

read_action_input() {
    read_user
    read_wanted_docker
    read_docker_disk
    read_proxies
    read_ssh_port
    subject=${DOCKERVM_SUBJECT:-}
    names=${DOCKERVM_NAMES:-}
    new_key=${DOCKERVM_NEW_KEY:-}
    # These two end up in an OpenSSL configuration file.
    case $subject in
        *[!A-Za-z0-9.*_-]*) fail bad-input 'DOCKERVM_SUBJECT contains characters that a host name cannot have' ;;
    esac
    case $names in *[!A-Za-z0-9.:,*_-]*) fail bad-input 'DOCKERVM_NAMES is not a list of DNS: and IP: names' ;; esac
}

perform_action() {
    use_docker_disk
    write_proxies
    install_docker
    set_ssh_port
    make_request
}
