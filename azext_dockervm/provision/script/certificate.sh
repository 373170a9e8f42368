# shellcheck shell=sh
# Certificates.

fingerprint() { openssl x509 -noout -fingerprint -sha256 2>/dev/null | sed 's/^.*=//; s/://g' | tr A-F a-f; }
