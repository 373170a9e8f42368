#!/bin/sh
# Makes this Linux machine a Docker host that speaks mutual TLS. Idempotent; run as root by a managed run command, or
# by cloud-init as a user script (then nothing but DOCKERVM_ACTION=install is set).
#
#   DOCKERVM_ACTION       install | request | serve | ssh | restart | check
#   DOCKERVM_PORT         port of the engine's TLS listener (4243)
#   DOCKERVM_SSH_PORT     port that sshd shall listen on; empty, or 22 and never changed by us: sshd is left alone
#   DOCKERVM_SUBJECT      common name of the signing request
#   DOCKERVM_NAMES        subject alternative names of the signing request, DNS:a,IP:1.2.3.4
#   DOCKERVM_NEW_KEY      1: a new server key beside a good one; it comes into use with its certificate
#   DOCKERVM_CA           base64 of the certificate authority's PEM
#   DOCKERVM_CERT         base64 of the server certificate's PEM
#   DOCKERVM_DAEMON_JSON  base64 of the complete daemon.json
#   DOCKERVM_USER         user to add to group docker
#   DOCKERVM_RUN_ID       opaque, comes back in the answer
#   DOCKERVM_TIMEOUT      seconds to be patient for (package lock, another run of this script, mirrors)
#   DOCKERVM_ADDRESS      address at which the engine's port is checked (127.0.0.1)
#   DOCKERVM_ROOT         private folder that stands for /; tools that change a system must then be stand-ins on PATH
#
# Standard output is the answer and nothing else, at most 3,500 bytes because a managed run command keeps the last 4 KB:
# dockervm-begin, `key: value` lines, dockervm-end; the last block counts. What it does goes to standard error. No secret
# goes to either.

set -eu
umask 077
unset DOCKER_HOST DOCKER_CONTEXT DOCKER_TLS_VERIFY DOCKER_CERT_PATH

root=${DOCKERVM_ROOT:-}
# Run commands and cloud-init may come with a short PATH; what is on it already stays first.
[ -n "$root" ] || PATH=${PATH:+$PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

docker_dir=$root/etc/docker
tls_dir=$docker_dir/dockervm
server_key=$tls_dir/server-key.pem
next_key=$tls_dir/server-key-next.pem
drop_in=$root/etc/systemd/system/docker.service.d/dockervm.conf
run_dir=$root/run/dockervm
work=$run_dir/work.$$
run_id=''
action=none
facts=''
answered=''
undo=''
kept=0

# ---- answer ----

say() { printf 'dockervm: %s\n' "$*" >&2; }

tell() { facts="$facts$1: $2
"; }

answer() {
    trap '' TERM INT HUP
    {
        printf 'dockervm-begin\nrun: %s\naction: %s\nresult: %s\n' "$run_id" "$action" "$1"
        printf '%s' "$facts"
        printf 'dockervm-end\n'
    } >&3
    answered=yes
}

# Passwords of proxies and registries stand in URLs; keys in PEM blocks.
presentable() {
    LC_ALL=C tr -cd '\11\12\40-\176' |
        sed -e 's#://[^/@ ]*@#://***@#g' -e '/PRIVATE KEY/d' -e '/^[[:space:]]*$/d' | cut -c1-220
}

# 3,500 bytes less the frame and the other facts, which stay under 700.
details() {
    {
        printf '%s\n' "$1"
        if [ -s "$work/evidence" ]; then cat "$work/evidence"; fi
    } | presentable | sed 's/^/detail: /' | head -c 2800
}

fail() {
    trap '' TERM INT HUP
    say "failed: $1: $2"
    lines=$(details "$2")
    if [ -n "$undo" ]; then
        say 'putting the earlier files back'
        "$undo" || say 'that failed'
        undo=''
    fi
    tell reason "$1"
    facts="$facts$lines
"
    answer failed
    exit "${3:-1}"
}

evidence() {
    printf '%s:\n' "$1" >>"$work/evidence"
    tail -n "$2" | tail -c "$3" >>"$work/evidence" || true
}

gather_log() { [ ! -s "$work/log" ] || evidence 'last lines' 14 1500 <"$work/log"; }

gather_engine_state() {
    if have journalctl; then
        journalctl -u docker -n 14 --no-pager -o cat 2>/dev/null | evidence 'journal of docker' 14 1700
    fi
    for file in "$root"/etc/systemd/system/docker.service.d/*.conf; do
        if [ "$file" != "$drop_in" ] && grep -q '^ExecStart=.' "$file" 2>/dev/null; then
            sed -n 's/^ExecStart=./&/p' "$file" | evidence "another drop-in, $file" 2 300
        fi
    done
}

gather_cloud_init() {
    if have cloud-init; then cloud-init status --long 2>/dev/null | evidence 'cloud-init' 8 500; fi
}

# ---- small tools ----

# In a private folder the real system's own tools count as missing: nothing outside the folder is changed.
have() {
    found=$(command -v "$1") || return 1
    [ -n "$root" ] || return 0
    case $found in
        /usr/* | /bin/* | /sbin/*) return 1 ;;
    esac
}

logged() { "$@" >>"$work/log" 2>&1 </dev/null; }

# Descriptors 3 (answer) and 9 (lock) must not live on in a service: the answer would never end, nor the lock.
units() {
    have systemctl || return 127
    (exec 3>&- 9>&- && logged systemctl "$@")
}

# Seconds since boot: the clock of a fresh machine may jump when it is set for the first time.
now() {
    if [ -r /proc/uptime ]; then
        read -r uptime _ </proc/uptime
        echo "${uptime%%.*}"
    else
        date +%s
    fi
}

seconds_left() {
    left=$((deadline - $(now)))
    [ "$left" -gt 0 ] || left=0
    echo "$left"
}

# within SECONDS COMMAND…: tries until it works.
within() {
    end=$(($(now) + $1))
    shift
    until "$@"; do
        [ "$(now)" -lt "$end" ] || return 1
        sleep 1
    done
}

# The folders above ours are the system's and stay readable.
make_folder() { (umask 022 && mkdir -p "$1"); }

# write_file MODE PATH: standard input becomes the file, whole or not at all.
write_file() {
    make_folder "${2%/*}"
    new=${2%/*}/.${2##*/}.dockervm-new
    rm -f "$new"
    cat >"$new"
    chmod "$1" "$new"
    mv -f "$new" "$2"
}

# edit_file PATH COMMAND…: through the command; mode and owner stay.
edit_file() {
    edited=$1
    new=${1%/*}/.${1##*/}.dockervm-new
    shift
    cp -p "$edited" "$new"
    "$@" <"$edited" >"$new"
    mv -f "$new" "$edited"
}

# keep PATH: remembers how a file is, for restore_kept.
keep() {
    kept=$((kept + 1))
    printf '%s\n' "$1" >"$work/kept.$kept.path"
    rm -f "$work/kept.$kept"
    if [ -e "$1" ]; then cp -p "$1" "$work/kept.$kept"; fi
}

restore_kept() {
    while [ "$kept" -gt 0 ]; do
        path=$(cat "$work/kept.$kept.path")
        if [ -e "$work/kept.$kept" ]; then
            new=${path%/*}/.${path##*/}.dockervm-new
            cp -p "$work/kept.$kept" "$new" && mv -f "$new" "$path"
        else
            rm -f "$path"
        fi
        kept=$((kept - 1))
    done
}

unit_file() {
    for folder in etc run usr/lib lib; do
        if [ -f "$root/$folder/systemd/system/$1" ]; then
            echo "$root/$folder/systemd/system/$1"
            return 0
        fi
    done
    return 1
}

# ---- start ----

read_input() {
    action=${DOCKERVM_ACTION:-none}
    run_id=$(printf %s "${DOCKERVM_RUN_ID:-}" | LC_ALL=C tr -cd 'A-Za-z0-9._-' | head -c 64)
    port=${DOCKERVM_PORT:-4243}
    ssh_port=${DOCKERVM_SSH_PORT:-}
    timeout=${DOCKERVM_TIMEOUT:-1500}
    address=${DOCKERVM_ADDRESS:-127.0.0.1}
    subject=${DOCKERVM_SUBJECT:-}
    names=${DOCKERVM_NAMES:-}
    user=${DOCKERVM_USER:-}
    case $action in
        install | request | serve | ssh | restart | check) ;;
        *)
            action=none
            fail bad-input 'DOCKERVM_ACTION must be install, request, serve, ssh, restart or check'
            ;;
    esac
    is_port "$port" || fail bad-input 'DOCKERVM_PORT is no port number'
    [ -z "$ssh_port" ] || is_port "$ssh_port" || fail bad-input 'DOCKERVM_SSH_PORT is no port number'
    case $timeout in '' | 0* | *[!0-9]* | ???????*) fail bad-input 'DOCKERVM_TIMEOUT is no number of seconds' ;; esac
    # These two end up in an OpenSSL configuration file.
    case $subject in *[!A-Za-z0-9.*_-]*) fail bad-input 'DOCKERVM_SUBJECT has characters that no host name has' ;; esac
    case $names in *[!A-Za-z0-9.:,*_-]*) fail bad-input 'DOCKERVM_NAMES is no list of DNS: and IP: names' ;; esac
    case $user in -* | *[!A-Za-z0-9._-]*) fail bad-input 'DOCKERVM_USER is no user name' ;; esac
    [ -n "$root" ] || [ "$(id -u)" = 0 ] || fail not-root 'needs root'
    deadline=$(($(now) + timeout))
    # An engine with many containers answers some seconds after its start.
    patience=$((timeout < 40 ? timeout : 40))
}

is_port() {
    case $1 in '' | 0* | *[!0-9]* | ??????*) return 1 ;; esac
    [ "$1" -ge 1 ] && [ "$1" -le 65535 ]
}

# Custom data and a run command may run this at the same time: the second waits, and finds Docker there.
take_turn() {
    make_folder "$root/run"
    mkdir -p "$run_dir"
    exec 9>"$run_dir/lock"
    if command -v flock >/dev/null && ! flock -n 9; then
        say 'waiting for another run of this script'
        within "$(seconds_left)" flock -n 9 || fail busy "another run of this script has not ended within $timeout s"
    fi
    # Left by runs that were killed; with the lock held it is nobody's.
    rm -rf "$run_dir"/work.*
    remove_half_written
    mkdir "$work"
    : >"$work/log"
}

remove_half_written() {
    for folder in "$docker_dir" "$tls_dir" "${drop_in%/*}" "$root"/etc/ssh "$root"/etc/ssh/sshd_config.d \
        "$root"/etc/systemd/system/ssh*.socket.d; do
        rm -f "$folder"/.*.dockervm-new
    done
}

# Whatever ends this script: there is an answer, a change is finished or taken back, nothing temporary stays.
at_exit() {
    status=$?
    trap '' TERM INT HUP
    if [ -z "$answered" ]; then
        # dash leaves by `set -e` before it looks at the trap, when the signal ended the command too.
        case $status in
            129 | 130 | 143) (interrupted) || status=$? ;;
            *) (give_up unexpected "stopped with status $status") || status=$? ;;
        esac
    fi
    # Without a turn, the files there are another run's.
    if [ -d "$work" ]; then remove_half_written && rm -rf "$work"; fi
    exit "$status"
}

interrupted() {
    gather_log
    fail interrupted 'stopped by a signal' 143
}

# ---- install ----

docker_is_installed() { have dockerd && unit_file docker.service >/dev/null && ! packages_are_half_done; }

# Somebody else's installation (the user's own custom data) may be between unpacking and configuring.
packages_are_half_done() {
    have dpkg-query || return 1
    dpkg-query -W -f '${db:Status-Status}\n' docker.io docker-ce containerd containerd.io runc 2>/dev/null |
        grep -qvxE 'installed|not-installed|config-files'
}

install_docker() {
    if docker_is_installed && have_openssl; then
        say 'Docker is there already'
    elif have apt-get; then
        install_with_patience apt_install
    elif have tdnf || have dnf || have yum; then
        manager=$found
        install_with_patience rpm_install
    elif have zypper; then
        install_with_patience zypper_install
    else
        fail no-package-manager 'Docker is not installed, and apt-get, tdnf, dnf, yum and zypper are not here'
    fi
    have dockerd || fail install-failed 'the packages are installed, but there is no dockerd'
    have_openssl || fail openssl-missing 'there is no openssl, and the package manager did not bring it'
    add_user_to_docker_group
}

have_openssl() { command -v openssl >/dev/null; }

# Mirrors and networks of a fresh machine come up late, and locks are held for minutes. What still fails after six
# rounds without a lock in the way will not heal.
install_with_patience() {
    round=1
    pause=4
    while :; do
        say "installing Docker (round $round)"
        if "$@"; then return 0; fi
        [ ! -s "$work/hopeless" ] || fail no-docker-package "$(cat "$work/hopeless")"
        left=$(seconds_left)    # looked at once: the last second must not turn a held lock into another reason
        if lock_was_held; then
            [ "$left" -gt 0 ] || give_up lock-timeout "the package lock was held for $timeout s"
        else
            [ "$round" -lt 6 ] || give_up install-failed 'the package manager could not install Docker'
            round=$((round + 1))
        fi
        [ "$left" -gt 0 ] || give_up install-failed "Docker was not installed within $timeout s"
        mv -f "$work/log" "$work/log.last"
        sleep "$pause"
        [ "$pause" -ge 30 ] || pause=$((pause * 2))
    done
}

give_up() {
    gather_log
    gather_cloud_init
    fail "$1" "$2"
}

lock_was_held() { grep -qiE 'could not get lock|unable to (acquire|lock)|is locked by|being used by' "$work/log"; }

# NEEDRESTART_SUSPEND: needrestart would restart services, the agent that runs this script among them.
apt_get() {
    logged env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get -y -q \
        -o "DPkg::Lock::Timeout=$(seconds_left)" -o Dpkg::Use-Pty=0 \
        -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
        -o Acquire::Retries=2 -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30 "$@"
}

# Recommended packages bring git, needrestart and more; what a host needs of them is named here. The docker command
# is a package of its own on Debian 13 and later. An engine from another archive is kept, not replaced.
apt_install() {
    if grep -q 'dpkg --configure -a' "$work/log.last" 2>/dev/null && have dpkg; then
        logged env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 dpkg --configure -a || true
    fi
    packages='openssl ca-certificates'
    if packages_are_half_done; then apt_get --fix-broken install || return 1; fi
    # With a mirror out of reach the lists that are there may still do.
    apt_get update || say 'could not refresh the package lists'
    if ! docker_is_installed || ! have docker; then
        packages="$packages docker.io iptables"
        if have apt-cache && apt-cache show docker-cli >/dev/null 2>&1; then packages="$packages docker-cli"; fi
    fi
    # shellcheck disable=SC2086  # a list of names
    apt_get install --no-install-recommends --no-remove $packages
}

# `docker` is podman's look-alike on Red Hat's distributions, and is no engine: only names that are one are taken.
rpm_install() {
    packages='openssl ca-certificates'
    if ! docker_is_installed; then
        if offered docker-ce; then
            packages="$packages docker-ce docker-ce-cli containerd.io"
        elif offered moby-engine; then
            packages="$packages moby-engine"
            for client in moby-cli docker-cli; do
                if offered "$client"; then packages="$packages $client"; fi
            done
        else
            # An unreachable mirror offers nothing either; that is worth another round.
            if logged "$manager" -y makecache; then
                echo 'no repository of this machine offers docker-ce or moby-engine' >"$work/hopeless"
            fi
            return 1
        fi
    fi
    # shellcheck disable=SC2086  # a list of names
    logged "$manager" -y install $packages
}

offered() { "$manager" -q list "$1" 2>/dev/null </dev/null | grep -q "^$1[. ]"; }

zypper_install() {
    logged env "ZYPP_LOCK_TIMEOUT=$(seconds_left)" zypper --non-interactive --gpg-auto-import-keys \
        install --no-recommends docker openssl ca-certificates
}

add_user_to_docker_group() {
    [ -n "$user" ] && have usermod || return 0
    logged usermod -aG docker "$user" || say "could not add $user to group docker"
}

# ---- key, request, certificate ----

is_key() { [ -s "$1" ] && openssl pkey -in "$1" -passin pass: -noout >/dev/null 2>&1; }

make_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 2>>"$work/log" | write_file 600 "$1"; }

# A new key beside one in use waits under another name: the engine must be able to restart at any moment.
make_request() {
    make_folder "$docker_dir"
    mkdir -p "$tls_dir"
    chmod 700 "$tls_dir"
    key=$server_key
    if ! is_key "$server_key"; then
        make_key "$server_key"
        tell key new
    elif [ "${DOCKERVM_NEW_KEY:-}" = 1 ]; then
        make_key "$next_key"
        key=$next_key
        tell key new
    else
        tell key kept
    fi
    is_key "$key" || give_up openssl-failed 'openssl made no key'
    {
        printf '[req]\nprompt = no\ndistinguished_name = name\n[name]\nCN = %s\n' "${subject:-docker-host}"
        [ -z "$names" ] || printf '[extensions]\nsubjectAltName = %s\n' "$names"
    } >"$work/request.cnf"
    logged openssl req -new -sha256 -key "$key" -config "$work/request.cnf" ${names:+-reqexts extensions} \
        -out "$work/request.pem" || give_up openssl-failed 'openssl made no signing request'
    facts="${facts}csr:
$(cat "$work/request.pem")
"
}

public_half() { openssl pkey -in "$1" -passin pass: -pubout 2>/dev/null; }

decode() { printf %s "$1" | base64 -d 2>/dev/null; }

fingerprint() { openssl x509 -noout -fingerprint -sha256 2>/dev/null | sed 's/^.*=//; s/://g' | tr A-F a-f; }

# Everything is checked before anything is written: a wrong certificate must not take down a working engine.
check_given_files() {
    decode "${DOCKERVM_CA:-}" >"$work/ca.pem" || fail bad-input 'DOCKERVM_CA is not base64'
    decode "${DOCKERVM_CERT:-}" >"$work/cert.pem" || fail bad-input 'DOCKERVM_CERT is not base64'
    decode "${DOCKERVM_DAEMON_JSON:-}" >"$work/daemon.json" || fail bad-input 'DOCKERVM_DAEMON_JSON is not base64'
    [ -s "$work/daemon.json" ] || fail bad-input 'DOCKERVM_DAEMON_JSON is empty'
    expected=$(fingerprint <"$work/cert.pem")
    [ -n "$expected" ] || fail bad-input 'DOCKERVM_CERT holds no certificate'
    [ -n "$(fingerprint <"$work/ca.pem")" ] || fail bad-input 'DOCKERVM_CA holds no certificate'
    logged openssl verify -CAfile "$work/ca.pem" "$work/cert.pem" ||
        give_up certificate-invalid "not a certificate of this authority, or not valid now by this host's clock"
    certified=$(openssl x509 -in "$work/cert.pem" -noout -pubkey)
    if is_key "$next_key" && [ "$certified" = "$(public_half "$next_key")" ]; then
        key=$next_key
    elif ! is_key "$server_key"; then
        fail key-missing "there is no server key in $tls_dir; make a request first"
    elif [ "$certified" = "$(public_half "$server_key")" ]; then
        key=$server_key
    else
        fail certificate-mismatch 'the server certificate was not made for the key of this host'
    fi
}

# ---- engine ----

write_engine_files() {
    if [ -f "$docker_dir/daemon.json" ] && [ ! -e "$docker_dir/daemon.json.before-dockervm" ] &&
        ! grep -q /etc/docker/dockervm/ "$docker_dir/daemon.json"; then
        cp -p "$docker_dir/daemon.json" "$docker_dir/daemon.json.before-dockervm"
    fi
    for file in "$tls_dir/ca.pem" "$tls_dir/server-cert.pem" "$server_key" "$docker_dir/daemon.json" "$drop_in"; do
        keep "$file"
    done
    undo=go_back_to_earlier_engine
    write_file 644 "$tls_dir/ca.pem" <"$work/ca.pem"
    write_file 600 "$server_key" <"$key"
    write_file 644 "$tls_dir/server-cert.pem" <"$work/cert.pem"
    # fd:// needs the socket unit; nearly all packages have one.
    if have_socket_unit; then
        write_file 644 "$docker_dir/daemon.json" <"$work/daemon.json"
    else
        sed 's#"fd://"#"unix:///var/run/docker.sock"#' "$work/daemon.json" | write_file 644 "$docker_dir/daemon.json"
    fi
    engine_drop_in | write_file 644 "$drop_in"
}

have_socket_unit() { unit_file docker.socket >/dev/null; }

# Any -H or --tls… of the packaged command line, or of the one that the Docker VM extension edited in place, would clash
# with daemon.json and stop the engine, so it is replaced. containerd's socket alone is carried over.
engine_drop_in() {
    if have_socket_unit; then socket=docker.socket; else socket=''; fi
    packaged=$(unit_file docker.service) || packaged=/dev/null
    containerd=$(sed -n '/^[[:space:]]*[#;]/d; s/.*\(--containerd[= ][^ \\]*\).*/ \1/p' "$packaged" | head -n 1)
    printf '%s\n' '# Written by az dockervm. Listeners and certificates are in /etc/docker/daemon.json.' \
        '[Unit]' "Requires=$socket" 'Wants=network-online.target' "After=network-online.target $socket" \
        '[Service]' 'ExecStart=' "ExecStart=$(command -v dockerd)$containerd"
}

validate_engine_files() {
    dockerd --help 2>/dev/null </dev/null | grep -q -e --validate || return 0
    logged dockerd --validate --config-file "$docker_dir/daemon.json" ||
        give_up docker-config-invalid 'dockerd refuses the new daemon.json'
}

# The unit allows three starts a minute; reset-failed clears the count.
restart_docker() {
    units daemon-reload || return 1
    units reset-failed docker.service || true
    units restart docker.service
}

start_engine() {
    have systemctl || fail no-systemd 'there is no systemd'
    units enable docker.service || say 'could not enable docker.service'
    if ! restart_docker; then
        gather_engine_state
        gather_log
        fail docker-start-failed 'docker.service does not start'
    fi
}

go_back_to_earlier_engine() {
    restore_kept
    restart_docker
}

engine_version() {
    if have docker; then
        version=$(timeout 10 docker -H unix:///var/run/docker.sock version --format '{{.Server.Version}}' 2>/dev/null)
    else
        version=$(timeout 10 curl -fsS --unix-socket "$root/var/run/docker.sock" http://localhost/version 2>/dev/null |
            sed -n 's/.*"Version":"\([^"]*\)".*"ApiVersion".*/\1/p')
    fi && [ -n "$version" ]
}

engine_must_answer() {
    if ! within "$patience" engine_version; then
        gather_engine_state
        gather_cloud_init
        fail check-failed 'the engine does not answer on its socket'
    fi
    tell engine "$version"
}

tls_client() { timeout 10 openssl s_client -connect "$address:$port" "$@" 2>&1; }

port_shows_certificate() {
    shown=$(tls_client </dev/null | fingerprint)
    [ -n "$shown" ]
}

# With TLS 1.3 the refusal comes after the handshake, so a request has to be tried.
stranger_is_refused() {
    reply=$(printf 'GET /_ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' | tls_client -quiet) || true
    case $reply in
        *HTTP/1.*) return 1 ;;
        *alert* | *errno=104*) return 0 ;;
        *) return 1 ;;
    esac
}

expect_certificate_in_use() {
    if [ -n "${DOCKERVM_CERT:-}" ]; then
        expected=$(decode "$DOCKERVM_CERT" | fingerprint)
        [ -n "$expected" ] || fail bad-input 'DOCKERVM_CERT holds no certificate'
        return 0
    fi
    packaged=$(unit_file docker.service) || packaged=/dev/null
    path=$(sed -n 's/^ExecStart=.*--tlscert[= ]\([^ ]*\).*/\1/p' "$packaged" | head -n 1)
    for path in /etc/docker/dockervm/server-cert.pem "$path" /etc/docker/cert.pem; do
        if [ -n "$path" ] && [ -s "$root$path" ]; then
            expected=$(fingerprint <"$root$path")
            return 0
        fi
    done
    fail check-failed 'this host has no server certificate'
}

check_engine() {
    engine_must_answer
    within "$patience" port_shows_certificate || true
    if [ "$shown" != "$expected" ]; then
        gather_engine_state
        fail check-failed "port $port shows ${shown:-no certificate} instead of certificate $expected"
    fi
    stranger_is_refused || fail check-failed "port $port does not turn away a client without a certificate"
    tell certificate "$expected"
}

# ---- ssh ----

ssh_config=$root/etc/ssh/sshd_config
ssh_drop_in=$root/etc/ssh/sshd_config.d/10-dockervm.conf
ssh_mark='# The port of sshd is set by az dockervm.'

# The old port works until the new one listens, and again if it never does.
set_ssh_port() {
    [ -n "$ssh_port" ] || return 0
    if [ "$ssh_port" = 22 ] && ! grep -qsF "$ssh_mark" "$ssh_drop_in" "$ssh_config"; then return 0; fi
    if ! have sshd || [ ! -f "$ssh_config" ]; then fail sshd-missing 'there is no OpenSSH server on this host'; fi
    have_openssl || fail openssl-missing 'there is no openssl to see whether the port listens'
    # sshd -t and -T want this folder; where systemd holds the socket it may not be there yet.
    make_folder "$root/run/sshd"
    ssh_service=$(unit_file ssh.service >/dev/null && echo ssh || echo sshd)
    ssh_socket=''
    if units is-active --quiet "$ssh_service.socket"; then ssh_socket=$ssh_service.socket; fi
    ssh_socket_drop_in=$root/etc/systemd/system/$ssh_service.socket.d/dockervm.conf
    old_ports=$(sshd -T -f "$ssh_config" 2>>"$work/log" | sed -n 's/^port //p' | tr '\n' ' ')
    other_ports=''
    taken=$(port_listens "$ssh_port" && echo yes || echo no)
    if [ "$old_ports" = "$ssh_port " ] && [ "$taken" = yes ]; then
        tell ssh-port "$ssh_port"
        return 0
    fi
    for old_port in $old_ports; do
        if [ "$old_port" = "$ssh_port" ]; then taken=no; else other_ports="$other_ports $old_port"; fi
    done
    [ "$taken" = no ] || fail ssh-port-taken "something else listens on port $ssh_port already"
    label_ssh_port
    open_firewall "$ssh_port"
    undo=go_back_to_earlier_ssh
    # shellcheck disable=SC2086  # a list of numbers
    if ! ssh_listens_on $other_ports "$ssh_port" || ! ssh_listens_on "$ssh_port"; then
        gather_log
        fail ssh-failed "sshd does not listen on port $ssh_port"
    fi
    undo=''
    tell ssh-port "$ssh_port"
}

# sshd does not speak TLS; all that counts is whether the connection comes about.
port_listens() { ! timeout 5 openssl s_client -connect "$address:$1" </dev/null 2>&1 | grep -q connect:errno; }

ssh_listens_on() {
    restore_kept
    write_ssh_ports "$@"
    restart_ssh && within "$((patience < 10 ? patience : 10))" port_listens "$ssh_port"
}

# Ports add up over all files, so those elsewhere are commented out. Without an Include (OpenSSH before 8.2) ours stand
# at the top of sshd_config, before any Match.
write_ssh_ports() {
    for file in "$ssh_config" "$root"/etc/ssh/sshd_config.d/*.conf; do
        if [ -f "$file" ] && [ "$file" != "$ssh_drop_in" ]; then
            keep "$file"
            edit_file "$file" sed -e "/^$ssh_mark/d" -e 's/^[[:space:]]*[Pp][Oo][Rr][Tt][[:space:]=]/#&/'
        fi
    done
    lines=$(printf '%s\n' "$ssh_mark"; printf 'Port %s\n' "$@")
    if grep -qi '^[[:space:]]*include[[:space:]].*sshd_config\.d/' "$ssh_config"; then
        keep "$ssh_drop_in"
        printf '%s\n' "$lines" | write_file 644 "$ssh_drop_in"
    else
        printf '%s\n' "$lines" >"$work/ssh_ports"
        edit_file "$ssh_config" cat "$work/ssh_ports" -
    fi
    if [ -n "$ssh_socket" ]; then
        keep "$ssh_socket_drop_in"
        {
            # Empty first: it clears the packaged port, and the one that Ubuntu's generator takes from sshd_config.
            printf '[Socket]\nListenStream=\nBindIPv6Only=both\n'
            printf 'ListenStream=%s\n' "$@"
        } | write_file 644 "$ssh_socket_drop_in"
    fi
}

# Sessions live on: the unit ends the listening process only.
restart_ssh() {
    logged sshd -t -f "$ssh_config" && units daemon-reload || return 1
    if [ -n "$ssh_socket" ]; then
        # A socket cannot start while the service that it starts runs by itself.
        units stop "$ssh_service.service"
        units restart "$ssh_socket"
    else
        units restart "$ssh_service.service"
    fi
}

go_back_to_earlier_ssh() {
    restore_kept
    restart_ssh
}

# SELinux lets sshd bind only to ports of its own label.
label_ssh_port() {
    have semanage || return 0
    logged semanage port -a -t ssh_port_t -p tcp "$ssh_port" ||
        logged semanage port -m -t ssh_port_t -p tcp "$ssh_port" ||
        say "could not give port $ssh_port its SELinux label"
}

# ---- firewall ----

# The network security group guards the host; a firewall of the image (Red Hat, SUSE) must let the port through.
open_firewall() {
    if have firewall-cmd && logged firewall-cmd --state; then
        for where in --permanent ''; do
            # shellcheck disable=SC2086  # no argument when empty
            logged firewall-cmd $where --add-port="$1/tcp" || say "could not open port $1 in firewalld"
        done
    fi
    if have ufw && ufw status 2>/dev/null | grep -q '^Status: active'; then
        logged ufw allow "$1/tcp" || say "could not open port $1 in ufw"
    fi
}

# ---- actions ----

serve() {
    have dockerd || fail docker-missing 'Docker is not installed; make a request first'
    check_given_files
    write_engine_files
    validate_engine_files
    open_firewall "$port"
    start_engine
    check_engine
    undo=''
    rm -f "$next_key"
}

main() {
    exec 3>&1 1>&2
    trap at_exit EXIT
    trap interrupted TERM INT HUP
    read_input
    take_turn
    case $action in
        install)
            install_docker
            # The package starts it; a second start would only disturb what runs.
            engine_version || start_engine
            engine_must_answer
            ;;
        request)
            install_docker
            set_ssh_port
            make_request
            ;;
        serve) serve ;;
        ssh) set_ssh_port ;;
        restart)
            expect_certificate_in_use
            start_engine
            check_engine
            ;;
        check)
            expect_certificate_in_use
            check_engine
            ;;
    esac
    answer ok
}

main
