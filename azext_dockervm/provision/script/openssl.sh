# shellcheck shell=sh
# The tool openssl: it changes nothing, so it may be the real system's even in a private folder.

openssl_is_installed() { command -v openssl >/dev/null; }
