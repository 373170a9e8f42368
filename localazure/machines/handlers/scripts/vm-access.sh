#!/bin/sh
# What the VMAccess handler does in the guest at `enable`; vm_access.py has checked the settings.
#   ACCESS_RESET        not empty: sshd's configuration becomes the distribution's own again
#   ACCESS_REMOVE       a user to remove with home, or empty
#   ACCESS_USER         a user to make or change, or empty
#   ACCESS_PASSWORD     its password, or empty
#   ACCESS_EXPIRATION   the day on which a new user's account ends, YYYY-MM-DD, or empty
#   ACCESS_KEY          a public key in OpenSSH's form to add, or empty
#   LOCALAZURE_ROOT     private folder that stands for / (fake machines)
# The last line of standard error is the handler's error.
set -u
root=${LOCALAZURE_ROOT:-}
sshd=$root/etc/ssh/sshd_config
sudoers=$root/etc/sudoers.d/waagent

fail() { echo "$*" >&2; exit 1; }
account() { grep "^$1:" "$root/etc/passwd" 2>/dev/null; }
uid_of() { account "$1" | cut -d: -f3; }
home_of() { account "$1" | cut -d: -f6; }

backup_sshd() { [ ! -f "$sshd" ] || cp -p "$sshd" "${sshd}_$(date -u +%Y-%m-%dT%H:%M:%SZ)"; }

reset_sshd() {
    backup_sshd
    [ ! -f "$root/usr/share/openssh/sshd_config" ] || cat "$root/usr/share/openssh/sshd_config" >"$sshd"
}

# Drop-ins are read first, and the first value counts: those that say something of it must say the same.
allow_passwords() {
    [ -n "$ACCESS_RESET" ] || backup_sshd
    for file in "$sshd" "$root"/etc/ssh/sshd_config.d/*.conf; do
        [ ! -f "$file" ] || sed -i 's/^PasswordAuthentication .*/PasswordAuthentication yes/' "$file"
    done
    grep -q '^PasswordAuthentication ' "$sshd" || sed -i '1i PasswordAuthentication yes' "$sshd"
}

forget_sudo() { [ ! -f "$sudoers" ] || sed -i "/^$1[[:space:]]/d" "$sudoers"; }

remove_user() {
    if [ -z "$(account "$1")" ]; then echo "DeleteAccount: $1 not found."; return; fi
    [ "$(uid_of "$1")" -ge 1000 ] || fail "Enable failed: Failed to remove user $1: it is a system user"
    forget_sudo "$1"
    userdel -f -r "$1" 2>&1 || true
    [ -z "$(account "$1")" ] || fail "Enable failed: Failed to remove user $1"
}

make_user() {
    failed='Enable failed: Failed to create the account or set the password with'
    if [ -z "$(account "$1")" ]; then
        useradd -m -s /bin/bash ${ACCESS_EXPIRATION:+-e "$ACCESS_EXPIRATION"} "$1" 2>&1 ||
            fail "$failed Failed to create user account: $1 (0x07)."
    elif [ "$(uid_of "$1")" -lt 1000 ]; then
        fail "$failed Failed to set password for system user: $1 (0x06)."
    else
        echo "CreateAccount: $1 already exists. Will update password."
    fi
    right='ALL = (ALL) NOPASSWD: ALL'
    if [ -n "$ACCESS_PASSWORD" ]; then
        printf '%s:%s\n' "$1" "$ACCESS_PASSWORD" | chpasswd || fail "$failed Failed to set password for $1"
        right='ALL = (ALL) ALL'
    fi
    forget_sudo "$1"
    mkdir -p "$root/etc/sudoers.d"
    (umask 227 && touch "$sudoers")
    printf '%s %s\n' "$1" "$right" >>"$sudoers"
}

add_key() {
    home=$root$(home_of "$1")
    mkdir -p "$home/.ssh" && chmod 700 "$home/.ssh"
    printf '%s\n' "$ACCESS_KEY" >>"$home/.ssh/authorized_keys"
    chmod 600 "$home/.ssh/authorized_keys"
    [ -n "$root" ] || chown -R "$1:" "$home/.ssh"
}

[ -z "$ACCESS_RESET" ] || reset_sshd
[ -z "$ACCESS_REMOVE" ] || remove_user "$ACCESS_REMOVE"
if [ -n "$ACCESS_USER" ]; then
    make_user "$ACCESS_USER"
    [ -z "$ACCESS_PASSWORD" ] || allow_passwords
    [ -z "$ACCESS_KEY" ] || add_key "$ACCESS_USER"
fi
if [ -n "$ACCESS_RESET$ACCESS_PASSWORD" ]; then systemctl restart ssh; fi
