# shellcheck shell=sh disable=SC2154  # set in other parts
# The engine on its local socket.

# Sets $version.
read_engine_version() {
    if have docker; then
        version=$(timeout 10 docker -H unix:///var/run/docker.sock version --format '{{.Server.Version}}' 2>/dev/null)
    else
        version=$(timeout 10 curl -fsS --unix-socket "$root/var/run/docker.sock" http://localhost/version 2>/dev/null |
            sed -n 's/.*"Version":"\([^"]*\)".*"ApiVersion".*/\1/p')
    fi && [ -n "$version" ]
}

require_engine() {
    if ! retry_for "$check_timeout" read_engine_version; then
        add_engine_evidence
        add_cloud_init_evidence
        fail check-failed 'the engine does not answer on its socket'
    fi
    add_field engine "$version"
}

add_engine_evidence() {
    if have journalctl; then
        journalctl -u docker -n 14 --no-pager -o cat 2>/dev/null | add_evidence 'journal of docker' 14 1700
    fi
    for file in "$root"/etc/systemd/system/docker.service.d/*.conf; do
        if [ "$file" != "$drop_in" ] && grep -q '^ExecStart=.' "$file" 2>/dev/null; then
            sed -n 's/^ExecStart=./&/p' "$file" | add_evidence "another drop-in, $file" 2 300
        fi
    done
}
