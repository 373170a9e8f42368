# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# Logins to registries.

logins=${DOCKERVM_LOGINS:-}
logged_in=''

read_logins() {
    logins=$(decode "$logins") || fail bad-input 'DOCKERVM_LOGINS is not valid base64'
    case $logins in *[!A-Za-z0-9+/=.:_[:space:]-]*) fail bad-input 'DOCKERVM_LOGINS has a word that is none' ;; esac
}

log_in_to_registries() {
    # shellcheck disable=SC2086  # a list of words
    set -- $logins
    while [ "$#" -ge 3 ]; do
        log_in "$1" "$2" "$3"
        shift 3
    done
    add_logins
}

add_logins() { [ -z "$logged_in" ] || add_field logins "${logged_in# }"; }

# log_in REGISTRY USER PASSWORD: the latter two in base64. The password goes through a pipe: ps shows none.
log_in() {
    make_folder "$root/root"
    name=$(decode "$2")
    begin_log
    attempt=1
    until decode "$3" | as_root 60 docker login --username "$name" --password-stdin "$1" >>"$work/log" 2>&1; do
        if grep -qiE 'unauthorized|denied|incorrect username|forbidden|status: 40[13]' "$work/log"; then
            add_logins
            fail_hiding login-refused "the registry $1 refuses the login of $name"
        fi
        if [ "$attempt" = 3 ] || [ "$(seconds_left)" = 0 ]; then
            add_logins
            fail_hiding login-failed "$name could not log in to the registry $1"
        fi
        attempt=$((attempt + 1))
        sleep 5
    done
    logged_in="$logged_in $1"
}
