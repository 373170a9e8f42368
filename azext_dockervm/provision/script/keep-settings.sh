# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# An engine that keeps its settings, of whatever hand; another port than it had alone comes into them.

settings_kept=''

keep_settings() {
    if ! grep -qs "${tls_dir#"$root"}/" "$settings_file"; then
        # TLS was taken out: the settings that were given replace them, and these stay beside.
        ! changed_by_hand || replace_file with_output "$settings_file.by-hand" 600 cat "$settings_file"
        return 0
    fi
    daemon_json=$(with_port <"$settings_file")
    [ ! -f "$written_file" ] || written=$(with_port <"$written_file")
    settings_kept=yes
}

with_port() { sed "s#\"tcp://0\\.0\\.0\\.0:[0-9]*\"#\"tcp://0.0.0.0:$port\"#"; }
