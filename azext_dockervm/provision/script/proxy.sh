# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# The proxies by which this host gets out, for what this run downloads.

# Sets $http_proxy and the like, which the package managers and curl read.
read_proxies() {
    for value in "${DOCKERVM_HTTP_PROXY:-}" "${DOCKERVM_HTTPS_PROXY:-}" "${DOCKERVM_NO_PROXY:-}"; do
        case $value in *[!!-~]* | *[\"\'\\\`\$\;]*) fail bad-input 'a proxy is not written as a URL' ;; esac
    done
    uses_proxy=''
    if [ -n "${DOCKERVM_HTTP_PROXY:-}${DOCKERVM_HTTPS_PROXY:-}" ]; then
        uses_proxy=yes
        export http_proxy="${DOCKERVM_HTTP_PROXY:-}" https_proxy="${DOCKERVM_HTTPS_PROXY:-}" \
            no_proxy="${DOCKERVM_NO_PROXY:-}"
    fi
    [ -z "$uses_proxy" ] || log 'downloads go by a proxy'
    unset DOCKERVM_HTTP_PROXY DOCKERVM_HTTPS_PROXY DOCKERVM_NO_PROXY
}
