# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# What dockerd is started with: command line, the variables that it names, file of settings.

# Sets $command and $settings, and from them $uses_tls, $ca_file, $cert_file and $certificate_on_disk (a fingerprint).
read_engine_settings() {
    unit=$(unit_file docker.service) || unit=/dev/null
    unit_text=$(unit_lines)
    command=$(printf '%s\n' "$unit_text" |
        sed -n 's/^[[:space:]]*ExecStart[[:space:]]*=[[:space:]]*\([^[:space:]]\)/\1/p' | tail -n 1)
    case $command in *'$'*) command="$command $(unit_variables)" ;; esac
    command=$(printf '%s ' "$command" | tr '\n\t' '  ' | tr -d "\"'")
    settings=''
    file=$(engine_setting config-file)
    file=$root${file:-/etc/docker/daemon.json}
    if [ -f "$file" ]; then settings=$(tr '\n\t' '  ' <"$file"); fi
    ca_file=$(engine_setting tlscacert)
    cert_file=$(engine_setting tlscert)
    uses_tls=''
    case "$command$settings" in *' --tls'* | *'"tls'*) uses_tls=yes ;; esac
    # Our settings are lost, but whose the host is is not.
    if [ -z "$uses_tls" ] && [ -e "$drop_in" ]; then
        uses_tls=yes
        ca_file=${tls_dir#"$root"}/ca.pem
        cert_file=${tls_dir#"$root"}/server-cert.pem
    fi
    certificate_on_disk=''
    if [ -f "$root$cert_file" ]; then certificate_on_disk=$(fingerprint <"$root$cert_file"); fi
}

# One setting a line.
unit_lines() {
    {
        cat "$unit"
        for file in $(drop_ins); do
            cat "$file" && echo
        done
    } 2>/dev/null | sed -e ':more' -e '/\\$/{' -e 'N' -e 's/\\\n/ /' -e 't more' -e '}'
}

# DOCKER_OPTS and the like: of systemd's own, and of the files that the unit names.
unit_variables() {
    {
        printf '%s\n' "$unit_text" | sed -n 's/^[[:space:]]*Environment=//p'
        for file in $(printf '%s\n' "$unit_text" | sed -n 's/^[[:space:]]*EnvironmentFile=-*//p'); do
            sed '/^[[:space:]]*#/d' "$root$file" 2>/dev/null || true
        done
    } | tr -d "\"'" | sed -e 's/^/ /' -e 's/ [A-Za-z_][A-Za-z_0-9]*=-/ -/g'
}

engine_setting() {
    value=$(printf '%s\n' "$command" | sed -n "s/.* --$1[= ] *\([^ ]*\).*/\1/p")
    [ -n "$value" ] || value=$(printf '%s\n' "$settings" | sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p")
    printf '%s\n' "$value"
}

# Sets $expected: the certificate that was given, or else the one on disk.
choose_expected_certificate() {
    expected=$certificate_on_disk
    if [ -n "${DOCKERVM_CERT:-}" ]; then expected=$(decode "$DOCKERVM_CERT" | fingerprint) || expected=''; fi
    [ -n "$expected" ] || fail bad-input 'DOCKERVM_CERT contains no certificate'
}
