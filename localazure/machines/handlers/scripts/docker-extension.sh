#!/bin/sh
# What the Docker VM extension's handler does in the guest at `enable`; docker_handler.py has checked the settings.
#   HANDLER_CA, _CERT, _KEY         base64 of the files ca.pem, cert.pem, key.pem; all three or none
#   HANDLER_ARGUMENTS               the daemon's arguments
#   HANDLER_DROP_IN                 not empty: they go into a drop-in's DOCKER_OPTS, not into the packaged unit
#   HANDLER_COMPOSE                 base64 of docker-compose.yml, or empty
#   HANDLER_COMPOSE_PATH, _URL      where Compose is looked for, and downloaded from when it is not there
#   HANDLER_INSTALLER, _STATUS      the command that installs Docker, and what it ends with on such an image
#   HANDLER_RETRY_S, _SETTLE_S      the handler's pauses, in seconds
#   HANDLER_LOGS                    folder of the handler's log
#   LOCALAZURE_ROOT                 private folder that stands for / (fake machines)
# Standard output is what the handler and its commands say; the last line of standard error is its error.
set -u
root=${LOCALAZURE_ROOT:-}
unit=$root/lib/systemd/system/docker.service
# The genuine one writes below /run, and the agent enables it anew at each boot.
drop_in=$root/etc/systemd/system/docker.service.d/10-docker-extension.conf
compose=$root$HANDLER_COMPOSE_PATH
log=$root$HANDLER_LOGS/docker-extension.log
export DEBIAN_FRONTEND=noninteractive

say() {
    echo "$*"
    echo "[DockerExtension] $(date +'%Y/%m/%d %H:%M:%S') $*" >>"$log"
}

fail() {
    say "ERROR: $*"
    echo "$*" >&2
    exit 1
}

# Where the handler's own way of installing works, the guest, which is Debian, has its packages from apt.
install_packages() {
    apt-get -y -q -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@" && return 0
    # Lists that are older than the mirror name packages that are gone.
    apt-get -q -o DPkg::Lock::Timeout=300 update &&
        apt-get -y -q -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@"
}

run_installer() {
    case $HANDLER_INSTALLER_STATUS in
        0) install_packages docker.io docker-cli ;;
        100) echo 'E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by another process'; return 100 ;;
        *) echo 'ERROR: Unsupported distribution'; return "$HANDLER_INSTALLER_STATUS" ;;
    esac
}

# In a private folder a link to /usr/bin/x means the folder's own.
# A link in a private folder means that folder's own files, and not what lies there on the machine around it.
exists() {
    if [ -n "$root" ] && [ -L "$1" ]; then
        case $(readlink "$1") in
            "$root"/*) ;;
            /*) [ -e "$root$(readlink "$1")" ]; return ;;
        esac
    fi
    [ -e "$1" ]
}

has_docker() { command -v docker >/dev/null 2>&1 || [ -x "$root/usr/bin/docker" ]; }

install_docker() {
    if has_docker; then say 'docker already installed. not re-installing'; return; fi
    # CoreOS has Docker in its image; the guest that passes for it does not.
    if [ -n "$HANDLER_DROP_IN" ]; then say 'CoreOS: docker already installed, noop'; fi
    left=6
    while :; do
        run_installer
        status=$?
        if [ "$status" = 0 ]; then return; fi
        error="executing /bin/sh [-c $HANDLER_INSTALLER] failed: exit status $status"
        left=$((left - 1))
        if [ "$left" = 0 ]; then fail "$error"; fi
        say "install failed. remaining attempts=$left. error=$error"
        sleep "$HANDLER_RETRY_S"
    done
}

install_compose() {
    if exists "$compose"; then say "docker-compose is already installed at $HANDLER_COMPOSE_PATH"; return; fi
    say "Downloading compose from $HANDLER_COMPOSE_URL"
    if [ "$HANDLER_INSTALLER_STATUS" != 0 ]; then
        fail "error installing docker-compose: response status code from $HANDLER_COMPOSE_URL: 404 Not Found"
    fi
    install_packages docker-compose || fail 'error installing docker-compose: error downloading docker-compose'
    mkdir -p "$(dirname "$compose")"
    exists "$compose" || ln -s "$root/usr/bin/docker-compose" "$compose" ||
        fail "error installing docker-compose: error creating $HANDLER_COMPOSE_PATH"
}

# The user whom the agent was told of at provisioning.
join_group() {
    file=/var/lib/waagent/ovf-env.xml
    [ -f "$root$file" ] || fail "failed to get provisioned user: open $file: no such file or directory"
    user=$(sed -n 's|.*<\(ns1:\)*UserName>\([^<]*\)<.*|\2|p' "$root$file")
    usermod -aG docker "$user" || fail "executing usermod failed: exit status $?"
}

# A file that is there keeps its mode, as with Go's WriteFile. By a rename, since a fake machine has no root, who may
# write what is read-only.
write_secret() {
    mode=$(stat -c %a "$1" 2>/dev/null) || mode=600
    (umask 077 && printf %s "$2" | base64 -d >"$1.new" && chmod "$mode" "$1.new" && mv -f "$1.new" "$1")
}

install_certificates() {
    if [ -z "$HANDLER_CA" ]; then
        say 'Docker certificates are not provided in the extension settings, skipping docker certs installation'
        return
    fi
    mkdir -p "$root/etc/docker"
    write_secret "$root/etc/docker/ca.pem" "$HANDLER_CA" || fail 'error installing docker certs'
    write_secret "$root/etc/docker/cert.pem" "$HANDLER_CERT" || fail 'error installing docker certs'
    write_secret "$root/etc/docker/key.pem" "$HANDLER_KEY" || fail 'error installing docker certs'
}

# Prints the file that has the arguments as it shall be. Every ExecStart= of the packaged unit is changed, whether or
# not there is a /usr/bin/dockerd.
with_arguments() {
    if [ -n "$HANDLER_DROP_IN" ]; then
        printf '[Service]\nEnvironment="DOCKER_OPTS=%s"\n' "$HANDLER_ARGUMENTS"
        return
    fi
    line="ExecStart=/usr/bin/dockerd $HANDLER_ARGUMENTS" awk '
        { at = index($0, "ExecStart="); print at ? substr($0, 1, at - 1) ENVIRON["line"] : $0 }' "$unit"
}

update_arguments() {
    file=$unit
    if [ -n "$HANDLER_DROP_IN" ]; then
        file=$drop_in
        mkdir -p "$(dirname "$file")"
    else
        wrong='failed to update dockeropts: error updating DOCKER_OPTS:'
        [ -f "$unit" ] || fail "$wrong error reading ${unit#"$root"}"
        grep -q 'ExecStart=' "$unit" || fail "$wrong systemd unit editor could not find ExecStart"
    fi
    say "Updating daemon args to: $HANDLER_ARGUMENTS"
    with_arguments >"$file.new"
    if cmp -s "$file" "$file.new"; then
        rm -f "$file.new"
        say 'no restart needed. issuing only a start command.'
        systemctl start docker || true
    else
        cat "$file.new" >"$file"
        rm -f "$file.new"
        say 'restarting docker-engine'
        restart_docker
    fi
    sleep "$HANDLER_SETTLE_S"
}

restart_docker() {
    systemctl daemon-reload || fail "executing systemctl [daemon-reload] failed: exit status $?"
    systemctl restart docker && return
    status=$?
    journalctl -u docker.service -n 20 -o cat --no-pager 2>/dev/null
    fail "executing systemctl [restart docker] failed: exit status $status"
}

compose_up() {
    if [ -z "$HANDLER_COMPOSE" ]; then say 'docker-compose config not specified, noop'; return; fi
    mkdir -p "$root/etc/docker/compose"
    printf %s "$HANDLER_COMPOSE" | base64 -d >"$root/etc/docker/compose/docker-compose.yml"
    "$compose" -f "$root/etc/docker/compose/docker-compose.yml" up -d || fail "'docker-compose up' failed: executing" \
        "$HANDLER_COMPOSE_PATH failed: exit status $?. Check logs at $HANDLER_LOGS/docker-extension.log."
}

mkdir -p "$root$HANDLER_LOGS"
install_docker
install_compose
join_group
install_certificates
update_arguments
compose_up
