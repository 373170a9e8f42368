# shellcheck shell=sh disable=SC2154  # set in other parts
# The proxies for later: for the engine, and for apt.

proxy_drop_in=${drop_in%/*}/dockervm-proxy.conf
proxy_file=$tls_dir/proxy.env
apt_proxy_file=$root/etc/apt/apt.conf.d/90dockervm-proxy

# By a file that only root reads: systemd shows everybody what stands in a unit.
write_proxies() {
    [ -n "$uses_proxy" ] || return 0
    replace_file with_output "$proxy_file" 600 print_proxies
    replace_file with_output "$proxy_drop_in" 644 printf '%s\n' '# Written by az dockervm.' '[Service]' \
        "EnvironmentFile=${proxy_file#"$root"}"
    [ ! -d "${apt_proxy_file%/*}" ] || replace_file with_output "$apt_proxy_file" "$(apt_proxy_mode)" print_apt_proxies
}

print_proxies() { printf 'HTTP_PROXY=%s\nHTTPS_PROXY=%s\nNO_PROXY=%s\n' "$http_proxy" "$https_proxy" "$no_proxy"; }

# A password in it is root's alone; then apt works for root alone.
apt_proxy_mode() { case $http_proxy$https_proxy in *@*) echo 600 ;; *) echo 644 ;; esac; }

print_apt_proxies() {
    echo '// Written by az dockervm.'
    [ -z "$http_proxy" ] || printf 'Acquire::http::Proxy "%s";\n' "$http_proxy"
    [ -z "$https_proxy" ] || printf 'Acquire::https::Proxy "%s";\n' "$https_proxy"
    printf '%s\n' "$no_proxy" | tr ',' '\n' | while read -r host; do
        case $host in
            '' | .* | *[!A-Za-z0-9.-]*) ;;
            *) printf 'Acquire::http::Proxy::%s "DIRECT";\nAcquire::https::Proxy::%s "DIRECT";\n' "$host" "$host" ;;
        esac
    done
}
