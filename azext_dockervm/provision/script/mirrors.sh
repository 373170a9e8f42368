# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# Mirrors of Docker Hub. One that does not answer costs time at each pull, and nothing else.

# Sets $silent_mirrors.
look_at_mirrors() {
    silent_mirrors=''
    for mirror in ${DOCKERVM_MIRRORS:-}; do
        case $(timeout 10 openssl s_client -connect "$mirror" </dev/null 2>&1) in
            *CONNECTED*) ;;
            *) silent_mirrors="$silent_mirrors $mirror" ;;
        esac
    done
    silent_mirrors=${silent_mirrors# }
    [ -z "$silent_mirrors" ] || add_field silent-mirrors "$(printf %s "$silent_mirrors" | redact)"
}
