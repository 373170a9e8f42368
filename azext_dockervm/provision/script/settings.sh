# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# The engine's settings: daemon.json, a key a line as it is given, and a copy of what was written last, by which a hand's
# changes are known. Such changes are kept or named, and never lost.

settings_file=$docker_dir/daemon.json
written_file=$tls_dir/daemon.json
written=''      # what the copy is to be, where it is not what is written

# Sets $daemon_json.
read_given_settings() {
    daemon_json=$(decode "${DOCKERVM_DAEMON_JSON:-}") || fail bad-input 'DOCKERVM_DAEMON_JSON is not valid base64'
    [ -n "$daemon_json" ] || fail bad-input 'DOCKERVM_DAEMON_JSON is empty'
    # fd:// needs the socket unit; nearly all packages have one.
    if ! have_socket_unit; then
        daemon_json=$(printf '%s\n' "$daemon_json" | sed 's#"fd://"#"unix:///var/run/docker.sock"#')
    fi
}

have_socket_unit() { unit_file docker.socket >/dev/null; }

changed_by_hand() { [ -f "$settings_file" ] && [ -f "$written_file" ] && ! cmp -s "$settings_file" "$written_file"; }

refuse_changed_settings() {
    changed_by_hand || return 0
    differences "$written_file" "$settings_file" | add_evidence "what a hand has changed there" 12 1500
    fail settings-changed "${settings_file#"$root"} is not as dockervm wrote it"
}

# write_settings: what an image or somebody had there before stays beside.
write_settings() {
    before=$settings_file.before-dockervm
    if [ -f "$settings_file" ] && [ ! -f "$written_file" ] && [ ! -e "$before" ]; then
        replace_file with_output "$before" 600 cat "$settings_file"
    fi
    replace_file with_output "$settings_file" 644 printf '%s\n' "$daemon_json"
    replace_file with_output "$written_file" 600 printf '%s\n' "${written:-$daemon_json}"
}

validate_settings() {
    dockerd --help 2>/dev/null </dev/null | grep -q -e --validate || return 0
    run_logged dockerd --validate --config-file "$settings_file" ||
        fail_with_log docker-config-invalid 'dockerd does not accept the new daemon.json'
}

# differences FROM TO: lines that go, with -, and that come, with +; a comma at a line's end is no difference. Answers lie
# in Azure for a while, so of what looks like a password the key alone is told.
differences() {
    sed 's/,[[:space:]]*$//' "$1" >"$work/from"
    sed 's/,[[:space:]]*$//' "$2" >"$work/to"
    {
        grep -vxF -f "$work/to" "$work/from" | sed 's/^[[:space:]]*/- /'
        grep -vxF -f "$work/from" "$work/to" | sed 's/^[[:space:]]*/+ /'
    } | grep -v '^[-+] *[]{}[]*$' | without_passwords
}

# As the client knows them, by the same words (spec/shown.py).
without_passwords() {
    while IFS= read -r line; do
        if printf '%s\n' "$line" | grep -qiE 'token|passw|secret|credential|access[-_]?key'; then
            line="${line%%:*}: (not told)"
        fi
        printf '%s\n' "$line"
    done
}
