# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# Docker's packages, by whichever package manager there is, and the user who may use the engine's socket.

# What an action wants installed besides Docker: commands.
extras_are_installed=true
choose_extras=true

read_user() {
    user=${DOCKERVM_USER:-}
    case $user in -* | *[!A-Za-z0-9._-]*) fail bad-input 'DOCKERVM_USER is not a valid user name' ;; esac
}

docker_is_installed() { have dockerd && unit_file docker.service >/dev/null && ! packages_are_half_installed; }

# Somebody else's installation (the user's own custom data) may be between unpacking and configuring.
packages_are_half_installed() {
    have dpkg-query || return 1
    dpkg-query -W -f '${db:Status-Status}\n' docker.io docker-ce containerd containerd.io runc 2>/dev/null |
        grep -qvxE 'installed|not-installed|config-files'
}

install_docker() {
    refuse_other_docker
    if docker_is_installed && openssl_is_installed && "$extras_are_installed"; then
        log 'Docker is already installed'
    elif have apt-get; then
        manager=$found
        install_with_retries apt_install
    elif find_rpm_manager; then
        case ${manager##*/} in
            zypper) install_with_retries zypper_install ;;
            *) install_with_retries rpm_install ;;
        esac
    else
        fail no-package-manager 'packages are missing, and none of apt-get, tdnf, dnf, yum and zypper was found'
    fi
    keep_package_files
    refuse_other_docker     # what somebody else has installed meanwhile
    have dockerd || fail install-failed 'the packages were installed, but dockerd was not found'
    openssl_is_installed || fail openssl-missing 'openssl was not found, and the package manager did not install it'
    add_user_to_docker_group
}

add_user_to_docker_group() {
    [ -n "$user" ] && have usermod || return 0
    run_logged usermod -aG docker "$user" || log "could not add the user $user to the group docker"
}
