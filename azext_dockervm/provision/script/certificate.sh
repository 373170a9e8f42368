# shellcheck shell=sh
# Certificates.

decode() { printf %s "$1" | base64 -d 2>/dev/null; }

fingerprint() { openssl x509 -noout -fingerprint -sha256 2>/dev/null | sed 's/^.*=//; s/://g' | tr A-F a-f; }
