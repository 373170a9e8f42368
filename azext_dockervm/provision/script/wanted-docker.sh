# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# Whose packages of Docker are wanted, and which version of them.

wanted=''       # the version to be installed, as the package manager names it; empty: its newest

read_wanted_docker() {
    channel=${DOCKERVM_CHANNEL:-distribution}
    prefix=${DOCKERVM_VERSION:-}
    repository=${DOCKERVM_REPOSITORY:-https://download.docker.com/linux}
    repository_key=${DOCKERVM_REPOSITORY_KEY:-}
    case $channel in distribution | docker) ;; *) fail bad-input 'DOCKERVM_CHANNEL is neither distribution nor docker' ;; esac
    case $prefix in -* | *[!A-Za-z0-9.+~:_-]*) fail bad-input 'DOCKERVM_VERSION is not a version' ;; esac
    case $repository_key in *[!0-9A-F]*) fail bad-input 'DOCKERVM_REPOSITORY_KEY is not a fingerprint' ;; esac
    case $repository in *[!A-Za-z0-9.:/_~-]*) fail bad-input 'DOCKERVM_REPOSITORY is not a URL' ;; esac
}

# An engine that is there is kept, and a new host must not pass for what it is not. One that was set up, by this script or by
# the Docker VM extension, keeps whatever it was upgraded to.
refuse_other_docker() {
    for file in "$drop_in" "${drop_in%/*}/dockervm-extension.conf"; do [ ! -e "$file" ] || return 0; done
    [ "$channel$prefix" != distribution ] && docker_is_installed || return 0
    there=$(installed_docker)
    case $channel:$there in docker:docker-ce\ * | distribution:*) ;; *) there="$there, not docker-ce" ;; esac
    if [ -n "$prefix" ] && [ -z "$(echo "${there#* }" | versions_of "$prefix")" ]; then there="$there, not $prefix"; fi
    case $there in *,*) fail other-docker "this host has Docker already: $there${newline}it is kept; leave --docker-channel \
and --docker-version out, or take an image without Docker" ;; esac
}

# Name and version of the engine's package, or of the engine where it is of none.
installed_docker() {
    {
        if have dpkg-query; then
            dpkg-query -W -f '${db:Status-Status} ${Package} ${Version}\n' docker-ce docker.io 2>/dev/null |
                sed -n 's/^installed //p'
        fi
        if have rpm; then
            rpm -q --queryformat '%{NAME} %{VERSION}-%{RELEASE}\n' docker-ce moby-engine docker | grep -v ' .* '
        fi
        dockerd --version | sed 's/.*version \([^ ,]*\).*/dockerd \1/'
    } 2>/dev/null | head -n 1
}

# versions_of PREFIX: those of the versions on standard input that begin with it and go on with another component.
versions_of() {
    while read -r one; do
        case $one in "$1" | "$1"[!A-Za-z0-9]* | *:"$1" | *:"$1"[!A-Za-z0-9]*) echo "$one" ;; esac
    done
}

# choose_version PACKAGE COMMAND: sets $wanted to the newest of the versions that was asked for. The command lists those of a
# package; where it lists none, the installation tells why.
choose_version() {
    wanted=''
    [ -n "$prefix" ] || return 0
    versions=$("$2" "$1")
    wanted=$(printf '%s\n' "$versions" | versions_of "$prefix" | sort -V | tail -n 1)
    [ -n "$wanted$versions" ] || return 0
    [ -n "$wanted" ] || refuse_version "$1"
}

# Named are those that have most in common with what was asked for.
refuse_version() {
    near=$prefix
    found=''
    while [ -z "$found" ]; do
        case $near in
            *[!A-Za-z0-9]*) near=${near%[!A-Za-z0-9]*} && found=$(printf '%s\n' "$versions" | versions_of "$near") ;;
            *) found=$versions ;;
        esac
    done
    found=$(echo "$found" | sort -uVr | head -n 5 | tr '\n' ' ')
    permanent_error="no-such-version none of the versions of $1 that are offered to this host begins with $prefix${newline}\
the nearest are: $found"
    return 1
}
