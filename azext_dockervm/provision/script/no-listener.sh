# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# Settings for an engine that has listener and certificates on its command line, as the Docker VM extension's.

# These lines come first in what is given, so that no comma is left over.
leave_listener_out() {
    daemon_json=$(printf '%s\n' "$daemon_json" | sed -e '/^  "hosts": /d' -e '/^  "tls[a-z]*": /d')
}
