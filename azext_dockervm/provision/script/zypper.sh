# shellcheck shell=sh
# Packages on SUSE.

zypper_install() {
    run_logged env "ZYPP_LOCK_TIMEOUT=$(seconds_left)" zypper --non-interactive --gpg-auto-import-keys \
        install --no-recommends docker openssl ca-certificates
}
