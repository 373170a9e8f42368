#!/bin/sh
# What the Docker VM extension's handler does in the guest at `enable`; handlers.py has checked the settings.
#   HANDLER_USER                    the user made at provisioning, who joins group docker
#   HANDLER_CA, _CERT, _KEY         base64 of the files ca.pem, cert.pem, key.pem; all three or none
#   HANDLER_ARGUMENTS               the daemon's arguments
#   HANDLER_COMPOSE                 base64 of docker-compose.yml, or empty
#   LOCALAZURE_ROOT                 private folder that stands for / (fake machines)
# Standard output is the handler's log; the last line of standard error is its error.
set -u
root=${LOCALAZURE_ROOT:-}
unit=$root/lib/systemd/system/docker.service
export DEBIAN_FRONTEND=noninteractive

fail() { echo "$*" >&2; exit 1; }

# The genuine handler runs a script from the internet, six times with a minute between when it fails.
install_packages() {
    tries=6
    while :; do
        apt-get -y -q -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@" && return 0
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        echo "install failed. remaining attempts=$tries"
        # Lists that are older than the mirror name packages that are gone.
        apt-get -q -o DPkg::Lock::Timeout=300 update && continue
        sleep 60
    done
}

write_secret() { (umask 077 && printf %s "$2" | base64 -d >"$1" && chmod 600 "$1"); }

install_certificates() {
    if [ -z "$HANDLER_CA" ]; then echo 'docker certificates are not provided, skipping docker certs installation'; return; fi
    mkdir -p "$root/etc/docker"
    write_secret "$root/etc/docker/ca.pem" "$HANDLER_CA" || fail 'error installing docker certs'
    write_secret "$root/etc/docker/cert.pem" "$HANDLER_CERT" || fail 'error installing docker certs'
    write_secret "$root/etc/docker/key.pem" "$HANDLER_KEY" || fail 'error installing docker certs'
}

# Changes every ExecStart= line of the packaged unit in place, as the genuine handler does.
update_arguments() {
    [ -f "$unit" ] || fail "failed to update dockeropts: error updating DOCKER_OPTS: error reading $unit"
    grep -q 'ExecStart=' "$unit" || fail 'failed to update dockeropts: systemd unit editor could not find ExecStart'
    line="ExecStart=/usr/bin/dockerd $HANDLER_ARGUMENTS" awk '
        { at = index($0, "ExecStart="); print at ? substr($0, 1, at - 1) ENVIRON["line"] : $0 }' "$unit" >"$unit.new"
    if cmp -s "$unit" "$unit.new"; then
        rm -f "$unit.new"
        echo 'no restart needed. issuing only a start command.'
        systemctl start docker || true
        return
    fi
    cat "$unit.new" >"$unit"
    rm -f "$unit.new"
    echo 'restarting docker-engine'
    systemctl daemon-reload
    if ! systemctl restart docker; then
        status=$?
        journalctl -u docker.service -n 20 -o cat --no-pager 2>/dev/null
        fail "exit status $status"
    fi
}

compose_up() {
    [ -n "$HANDLER_COMPOSE" ] || return 0
    command -v docker-compose >/dev/null 2>&1 || install_packages docker-compose ||
        fail 'error installing docker-compose'
    mkdir -p "$root/etc/docker/compose"
    printf %s "$HANDLER_COMPOSE" | base64 -d >"$root/etc/docker/compose/docker-compose.yml"
    docker-compose -f "$root/etc/docker/compose/docker-compose.yml" up -d ||
        fail "'docker-compose up' failed: exit status $?. Check logs at /var/log/azure/docker-extension.log."
}

if command -v docker >/dev/null 2>&1; then
    echo 'docker already installed. not re-installing'
else
    # Debian has the engine and its command in two packages.
    install_packages docker.io docker-cli || fail 'exit status 100'
fi
usermod -aG docker "$HANDLER_USER" || fail "exit status $?"
install_certificates
update_arguments
compose_up
