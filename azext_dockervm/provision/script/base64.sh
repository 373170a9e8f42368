# shellcheck shell=sh
# Values that come in base64.

decode() { printf %s "$1" | base64 -d 2>/dev/null; }
