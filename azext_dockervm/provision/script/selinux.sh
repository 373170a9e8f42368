# shellcheck shell=sh disable=SC2154  # set in other parts
# SELinux, which lets sshd listen only on ports of its own label.

label_ssh_port() {
    enforced=$(if have getenforce; then getenforce 2>/dev/null; fi) || enforced=''
    if [ "$enforced" = Enforcing ] && ! have semanage; then
        retry_for "$(($(seconds_left) < 120 ? $(seconds_left) : 120))" install_semanage || fail_with_log selinux-tools-missing \
            "SELinux lets sshd listen on labelled ports only, and semanage, which labels port $ssh_port, is missing \
here${newline}its package policycoreutils-python-utils could not be installed${newline}install it and try again, or leave \
sshd on port 22"
    fi
    have semanage || return 0
    run_logged semanage port -a -t ssh_port_t -p tcp "$ssh_port" ||
        run_logged semanage port -m -t ssh_port_t -p tcp "$ssh_port" || {
        [ "$enforced" != Enforcing ] ||
            fail_with_log selinux-label "SELinux lets sshd listen on labelled ports only, and semanage could not label $ssh_port"
        log "could not give port $ssh_port its SELinux label"
    }
}

# By its name in Red Hat's family since release 8, in SUSE and in Azure Linux; in release 7.
install_semanage() {
    find_rpm_manager || return 1
    for package in policycoreutils-python-utils policycoreutils-python; do
        if run_logged ask_rpm_manager install "$package" && have semanage; then return 0; fi
    done
    return 1
}
