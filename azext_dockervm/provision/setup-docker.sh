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
#   DOCKERVM_COMPOSE      1: install makes the host ready for the Docker VM extension, too: its handler installs nothing
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
# goes to either. The keys, with certificates as SHA-256 fingerprints in lower-case hex:
#
#   run, action, result   what was asked; ok or failed
#   reason, detail        of a failure: one word (disk-full, write-failed: of a write); lines for people
#   engine                its version
#   key, csr, ssh-port    new or kept; the signing request in PEM; where sshd listens
#   certificate           the server's in use; of check the one on disk that is, or should be, in use
#   compose, dockerd-link for the extension: Compose's path; the link to dockerd, if one had to be made
# and of check, which tells these and certificate also when it fails:
#   authority             all in the CA file that dockerd is started with; none: nobody has set up TLS; unknown: somebody
#                         has, but that file has none
#   expires               2026-11-25T15:24:47Z
#   port                  the engine's for TCP, if there is one

set -eu
umask 077
export LC_ALL=C     # tools' messages are read below
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
kept=''
changed=''
hopeless=''
newline='
'

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
    tr -cd '\11\12\40-\176' |
        sed -e 's#://[^/@ ]*@#://***@#g' -e '/PRIVATE KEY/d' -e '/^[[:space:]]*$/d' | cut -c1-220
}

# 3,500 bytes less the frame and the other facts.
details() {
    {
        printf '%s\n' "$1"
        if [ -s "$work/evidence" ]; then cat "$work/evidence"; fi
    } | presentable | sed 's/^/detail: /' | head -c "$((3240 - ${#facts}))"
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

# Never a reason to fail: the disk may be full.
evidence() {
    { printf '%s:\n' "$1" && tail -n "$2" | tail -c "$3"; } >>"$work/evidence" || true
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

# ---- writes ----

# `set -e` is off in all that is called from a condition, so every write is checked where it is made. A file is replaced
# by a rename, and only when its successor is whole.

beside() { printf '%s/.%s.dockervm-%s' "${1%/*}" "${1##*/}" "$2"; }

# replace printed PATH MODE COMMAND…  by what the command prints (printf is the shell's own: ps does not see keys)
# replace edited PATH FROM COMMAND…   by another file, through the command; its mode and owner stay
# replace linked PATH TARGET
replace() {
    how=$1
    target=$2
    shift 2
    make_folder "${target%/*}"
    new=$(beside "$target" new)
    said=$({ rm -f "$new" && "$how" "$@" && mv -f "$new" "$target"; } 2>&1) || not_written "$target"
    changed=yes
}

printed() {
    mode=$1
    shift
    "$@" >"$new" && chmod "$mode" "$new"
}

edited() {
    from=$1
    shift
    cp -p "$from" "$new" && "$@" <"$from" >"$new"
}

linked() { ln -s "$1" "$new"; }

# The folders above ours are the system's and stay readable.
make_folder() { said=$( (umask 022 && mkdir -p "$1") 2>&1) || not_written "$1"; }

make_private_folder() {
    make_folder "$1"
    set_mode 700 "$1"
}

set_mode() { said=$(chmod "$1" "$2" 2>&1) || not_written "$2"; }

# not_written PATH: ends the run; $said is what the tool said.
not_written() {
    free=$(df -Pk "${1%/*}/" 2>/dev/null | tail -n 1 | tr -s ' ' | cut -d ' ' -f 4) || free=''
    reason=write-failed
    case $said:$free in *'No space left'* | *:[0-9]) reason=disk-full ;; esac
    fail "$reason" "cannot write $1${newline}it says: ${said:-nothing}${newline}${free:-unknown} KB are free there"
}

# keep PATH: for restore_kept. A second name needs no space, and neither does putting it back by a rename.
keep() {
    earlier=$(beside "$1" kept)
    rm -f "$earlier"
    if [ -e "$1" ] || [ -L "$1" ]; then
        ln "$1" "$earlier" 2>/dev/null || said=$(cp -p "$1" "$earlier" 2>&1) || not_written "$1"
        kept="$kept+$1$newline"
    else
        kept="$kept-$1$newline"
    fi
}

restore_kept() {
    restored=0
    while [ -n "$kept" ]; do
        entry=${kept%%"$newline"*}
        kept=${kept#*"$newline"}
        path=${entry#?}
        earlier=$(beside "$path" kept)
        # Of one file's two names mv makes an error, or leaves both. dash, bash and busybox know -ef.
        # shellcheck disable=SC3013
        case $entry in
            -*) rm -f "$path" ;;
            *) { [ "$earlier" -ef "$path" ] || mv -f "$earlier" "$path"; } && rm -f "$earlier" ;;
        esac || restored=1
    done
    return "$restored"
}

# ---- systemd's units ----

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
    run_id=$(printf %s "${DOCKERVM_RUN_ID:-}" | tr -cd 'A-Za-z0-9._-' | head -c 64)
    port=${DOCKERVM_PORT:-4243}
    ssh_port=${DOCKERVM_SSH_PORT:-}
    timeout=${DOCKERVM_TIMEOUT:-1500}
    address=${DOCKERVM_ADDRESS:-127.0.0.1}
    subject=${DOCKERVM_SUBJECT:-}
    names=${DOCKERVM_NAMES:-}
    user=${DOCKERVM_USER:-}
    for_extension=$([ "${DOCKERVM_COMPOSE:-}" != 1 ] || echo yes)
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
    make_private_folder "$run_dir"
    # Tried first: a redirection of `exec` that fails ends the shell.
    said=$( (exec 9>"$run_dir/lock") 2>&1) || not_written "$run_dir/lock"
    exec 9>"$run_dir/lock"
    if command -v flock >/dev/null && ! flock -n 9; then
        say 'waiting for another run of this script'
        within "$(seconds_left)" flock -n 9 || fail busy "another run of this script has not ended within $timeout s"
    fi
    # Left by runs that were killed; with the lock held it is nobody's.
    rm -rf "$run_dir"/work.*
    remove_half_written
    replace printed "$work/log" 600 :
}

remove_half_written() {
    for folder in "$docker_dir" "$tls_dir" "${drop_in%/*}" "$root"/etc/ssh "$root"/etc/ssh/sshd_config.d \
        "$root"/etc/systemd/system/ssh*.socket.d "$root"/usr/bin "$root"/usr/local/bin "$root"/opt/bin; do
        rm -f "$folder"/.*.dockervm-new "$folder"/.*.dockervm-kept
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
    [ -z "$for_extension" ] || nothing_may_hide_the_extension
    if docker_is_installed && have_openssl && { [ -z "$for_extension" ] || { have docker && compose_is_there; }; }; then
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
        [ -z "$hopeless" ] || fail "${hopeless%% *}" "${hopeless#* }"
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
    refreshed=yes
    apt_get update || { refreshed='' && say 'could not refresh the package lists'; }
    if ! docker_is_installed || ! have docker; then
        packages="$packages docker.io iptables"
        if in_apt_lists docker-cli; then packages="$packages docker-cli"; fi
    fi
    # Docker's own archive, Ubuntu, Debian.
    add_compose in_apt_lists docker-compose-plugin docker-compose-v2 docker-compose || return 1
    # shellcheck disable=SC2086  # a list of names
    apt_get install --no-install-recommends --no-remove $packages
}

in_apt_lists() { have apt-cache && apt-cache show "$1" >/dev/null 2>&1; }

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
                hopeless='no-docker-package no repository of this machine offers docker-ce or moby-engine'
            fi
            return 1
        fi
    fi
    refreshed=''
    add_compose offered docker-compose-plugin moby-compose docker-compose || return 1
    # shellcheck disable=SC2086  # a list of names
    logged "$manager" -y install $packages
}

offered() { "$manager" -q list "$1" 2>/dev/null </dev/null | grep -q "^$1[. ]"; }

zypper_install() {
    logged env "ZYPP_LOCK_TIMEOUT=$(seconds_left)" zypper --non-interactive --gpg-auto-import-keys \
        install --no-recommends docker openssl ca-certificates
}

# add_compose TEST NAME…: the first package of Compose that passes the test joins those to be installed.
add_compose() {
    if [ -z "$for_extension" ] || compose_is_there; then return 0; fi
    test=$1
    shift
    for name in "$@"; do
        if "$test" "$name"; then
            packages="$packages $name"
            return 0
        fi
    done
    if [ -n "$refreshed" ] || { [ "$test" = offered ] && logged "$manager" -y makecache; }; then
        hopeless="no-compose-package no package source of this machine offers any of: $*"
    fi
    return 1
}

add_user_to_docker_group() {
    [ -n "$user" ] && have usermod || return 0
    logged usermod -aG docker "$user" || say "could not add $user to group docker"
}

# ---- the Docker VM extension ----

# All by the handler's source, Azure/azure-docker-extension 1.2.2. It downloads Docker and Compose where `docker` is not
# on the PATH, or this file does not exist.
compose_path() {
    if grep -qs CoreOS "$root/etc/lsb-release"; then
        echo "$root/opt/bin/docker-compose"
    elif [ -e "$root/etc/redhat-release" ] && [ ! -e "$root/etc/centos-release" ]; then
        echo "$root/usr/bin/docker-compose"
    else
        echo "$root/usr/local/bin/docker-compose"
    fi
}

# The client's plugin is the same program, and runs by itself.
compose_binary() {
    for file in "$root/usr/bin" "$root"/usr/lib*/docker/cli-plugins "$root"/usr/local/lib*/docker/cli-plugins; do
        file=$file/docker-compose
        [ ! -x "$file" ] || { echo "$file" && return; }
    done
    return 1
}

compose_is_there() { [ -e "$(compose_path)" ] || compose_binary >/dev/null; }

extension_blocked() {
    fail extension-blocked "the Docker VM extension would not work here: $1${newline}--provisioner run-command would"
}

# The handler writes its command line into the packaged unit. One in a drop-in hides it, and nothing would listen; a
# setting there and in daemon.json stops the engine. Neither is moved aside: somebody set this host up, or a run of
# run-command was killed, and it may be all that turns strangers away. In both cases run-command can go on.
nothing_may_hide_the_extension() {
    for file in $(drop_ins); do
        if grep -q '^[[:space:]]*ExecStart[[:space:]]*=' "$file" 2>/dev/null; then
            extension_blocked "$file hides its command line"
        fi
    done
    for name in hosts tls tlsverify tlscacert tlscert tlskey live-restore log-driver log-opts; do
        if grep -qs "\"$name\"[[:space:]]*:" "$docker_dir/daemon.json"; then
            extension_blocked "$docker_dir/daemon.json sets $name, and so does its command line"
        fi
    done
}

prepare_for_extension() {
    have docker || fail install-failed 'the packages are installed, but there is no docker command'
    edited=$root/lib/systemd/system/docker.service
    unit=$(unit_file docker.service)
    if [ ! -f "$edited" ] || [ "${unit#"$root"/*lib/}" = "$unit" ]; then
        extension_blocked "docker.service is $unit, and it changes $edited"
    fi
    # The command line that the handler writes begins with /usr/bin/dockerd; Debian has it in /usr/sbin.
    if [ ! -e "$root/usr/bin/dockerd" ]; then
        replace linked "$root/usr/bin/dockerd" "$(command -v dockerd)"
        tell dockerd-link "$root/usr/bin/dockerd"
    fi
    compose=$(compose_path)
    if [ ! -e "$compose" ]; then
        binary=$(compose_binary) || fail no-compose-package 'there is no docker-compose, and no package brought it'
        replace linked "$compose" "$binary"
    fi
    tell compose "$compose"
    # The handler fills what is there and leaves its mode; what it makes itself is 0600.
    for entry in 444/ca 444/cert 400/key; do
        file=$docker_dir/${entry#*/}.pem
        [ -e "$file" ] || replace printed "$file" "${entry%/*}" :
    done
}

# ---- key, request, certificate ----

is_key() { [ -s "$1" ] && openssl pkey -in "$1" -passin pass: -noout >/dev/null 2>&1; }

make_key() {
    pem=$(openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 2>>"$work/log") ||
        give_up openssl-failed 'openssl made no key'
    replace printed "$1" 400 printf '%s\n' "$pem"
    pem=''
}

# A new key beside one in use waits under another name: the engine must be able to restart at any moment.
make_request() {
    make_private_folder "$tls_dir"
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
    replace printed "$work/request.cnf" 600 printf '%s\n' '[req]' 'prompt = no' 'distinguished_name = name' \
        '[name]' "CN = ${subject:-docker-host}" ${names:+'[extensions]' "subjectAltName = $names"}
    request=$(openssl req -new -sha256 -key "$key" -config "$work/request.cnf" ${names:+-reqexts extensions} \
        2>>"$work/log") || give_up openssl-failed 'openssl made no signing request'
    facts="${facts}csr:$newline$request$newline"
}

public_half() { openssl pkey -in "$1" -passin pass: -pubout 2>/dev/null; }

decode() { printf %s "$1" | base64 -d 2>/dev/null; }

fingerprint() { openssl x509 -noout -fingerprint -sha256 2>/dev/null | sed 's/^.*=//; s/://g' | tr A-F a-f; }

give() {
    given=$(decode "$2") || fail bad-input "DOCKERVM_$1 is not base64"
    replace printed "$3" 600 printf '%s\n' "$given"
}

# Everything is checked before anything is written: a wrong certificate must not take down a working engine.
check_given_files() {
    give CA "${DOCKERVM_CA:-}" "$work/ca.pem"
    give CERT "${DOCKERVM_CERT:-}" "$work/cert.pem"
    daemon_json=$(decode "${DOCKERVM_DAEMON_JSON:-}") || fail bad-input 'DOCKERVM_DAEMON_JSON is not base64'
    [ -n "$daemon_json" ] || fail bad-input 'DOCKERVM_DAEMON_JSON is empty'
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

# The CIS Docker benchmark, 3.10 to 3.14: certificates 0444, the key 0400. dockerd reads them as root.
write_engine_files() {
    if [ -f "$docker_dir/daemon.json" ] && [ ! -e "$docker_dir/daemon.json.before-dockervm" ] &&
        ! grep -q /etc/docker/dockervm/ "$docker_dir/daemon.json"; then
        replace edited "$docker_dir/daemon.json.before-dockervm" "$docker_dir/daemon.json" cat
    fi
    for file in "$tls_dir/ca.pem" "$tls_dir/server-cert.pem" "$server_key" "$docker_dir/daemon.json" "$drop_in"; do
        keep "$file"
    done
    changed=''
    undo=go_back_to_earlier_engine
    replace printed "$tls_dir/ca.pem" 444 cat "$work/ca.pem"
    replace printed "$server_key" 400 cat "$key"
    replace printed "$tls_dir/server-cert.pem" 444 cat "$work/cert.pem"
    # fd:// needs the socket unit; nearly all packages have one.
    if ! have_socket_unit; then
        daemon_json=$(printf '%s\n' "$daemon_json" | sed 's#"fd://"#"unix:///var/run/docker.sock"#')
    fi
    replace printed "$docker_dir/daemon.json" 644 printf '%s\n' "$daemon_json"
    replace printed "$drop_in" 644 engine_drop_in
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
    restore_kept || say 'some could not be put back'
    [ -z "$changed" ] || restart_docker
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

check_engine() {
    engine_must_answer
    within "$patience" port_shows_certificate || true
    if [ "$shown" != "$expected" ]; then
        gather_engine_state
        fail check-failed "port $port shows ${shown:-no certificate} instead of certificate $expected"
    fi
    stranger_is_refused || fail check-failed "port $port does not turn away a client without a certificate"
}

# ---- whose the engine is ----

# What dockerd is started with: command line, the variables that it names, file of settings.
read_engine_setup() {
    unit=$(unit_file docker.service) || unit=/dev/null
    unit_text=$(unit_lines)
    command=$(printf '%s\n' "$unit_text" |
        sed -n 's/^[[:space:]]*ExecStart[[:space:]]*=[[:space:]]*\([^[:space:]]\)/\1/p' | tail -n 1)
    case $command in *'$'*) command="$command $(unit_variables)" ;; esac
    command=$(printf '%s ' "$command" | tr '\n\t' '  ' | tr -d "\"'")
    settings=''
    file=$(engine_setting config-file)
    file=$root${file:-/etc/docker/daemon.json}
    if [ -f "$file" ]; then settings=$(tr '\n\t' '  ' <"$file"); fi
    ca_file=$(engine_setting tlscacert)
    cert_file=$(engine_setting tlscert)
    key_file=$(engine_setting tlskey)
    uses_tls=''
    case "$command$settings" in *' --tls'* | *'"tls'*) uses_tls=yes ;; esac
    # Our settings are lost, but whose the host is is not.
    if [ -z "$uses_tls" ] && [ -e "$drop_in" ]; then
        uses_tls=yes
        ca_file=${tls_dir#"$root"}/ca.pem
        cert_file=${tls_dir#"$root"}/server-cert.pem
    fi
    on_disk=''
    if [ -f "$root$cert_file" ]; then on_disk=$(fingerprint <"$root$cert_file"); fi
    ports=$(engine_ports | tr '\n' ' ')
}

# One setting a line.
unit_lines() {
    {
        cat "$unit"
        for file in $(drop_ins); do
            cat "$file" && echo
        done
    } 2>/dev/null | sed -e ':more' -e '/\\$/{' -e 'N' -e 's/\\\n/ /' -e 't more' -e '}'
}

# By name, whatever the folder; of two of one name the one in /etc comes last and counts.
drop_ins() {
    order=0
    for folder in lib usr/lib run etc; do
        order=$((order + 1))
        for file in "$root/$folder/systemd/system/docker.service.d"/*.conf; do
            [ ! -e "$file" ] || echo "${file##*/} $order $file"
        done
    done | sort -k 1,1 -k 2,2n | cut -d ' ' -f 3
}

# DOCKER_OPTS and the like: of systemd's own, and of the files that the unit names.
unit_variables() {
    {
        printf '%s\n' "$unit_text" | sed -n 's/^[[:space:]]*Environment=//p'
        for file in $(printf '%s\n' "$unit_text" | sed -n 's/^[[:space:]]*EnvironmentFile=-*//p'); do
            sed '/^[[:space:]]*#/d' "$root$file" 2>/dev/null || true
        done
    } | tr -d "\"'" | sed -e 's/^/ /' -e 's/ [A-Za-z_][A-Za-z_0-9]*=-/ -/g'
}

engine_setting() {
    value=$(printf '%s\n' "$command" | sed -n "s/.* --$1[= ] *\([^ ]*\).*/\1/p")
    [ -n "$value" ] || value=$(printf '%s\n' "$settings" | sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p")
    printf '%s\n' "$value"
}

# Of TCP listeners that can be reached from elsewhere.
engine_ports() {
    {
        printf '%s\n' "$command" | sed -e 's/ --host[= ] */ -H=/g' -e 's/ -H[= ]\{0,1\} */ -H=/g' | tr ' ' '\n' |
            sed -n 's/^-H=//p'
        printf '%s\n' "$settings" | tr '"' '\n' | grep '^tcp://' || true
    } | sed -n -e 's#^tcp://##' -e '/^127\./d' -e '/^localhost:/d' -e '/^\[::1\]/d' -e 's/^[^/]*:\([0-9][0-9]*\)$/\1/p'
}

authority() {
    [ -n "$uses_tls" ] || { echo none && return; }
    all=''
    if [ -f "$root$ca_file" ]; then all=$(fingerprints "$root$ca_file"); fi
    all=${all% }
    echo "${all:-unknown}"
}

# At most 16: a bundle of the whole world must leave room.
fingerprints() {
    pem=''
    while read -r line; do
        pem="$pem$line$newline"
        case $line in *-END*) printf '%s' "$pem" | fingerprint && pem='' ;; esac
    done <"$1" | head -n 16 | tr '\n' ' '
}

# `Nov  5 15:24:47 2026 GMT` is how every openssl tells it; ISO 8601 is new in 3.0.
expiry() {
    openssl x509 -noout -enddate <"$1" 2>/dev/null | sed 's/^notAfter=//' | {
        read -r month day clock year _
        names=JanFebMarAprMayJunJulAugSepOctNovDec
        before=${names%%"$month"*}
        printf '%s-%02d-%02dT%sZ\n' "$year" "$((${#before} / 3 + 1))" "${day#0}" "$clock"
    }
}

check_host() {
    read_engine_setup
    tell authority "$(authority)"
    if [ -n "$on_disk" ]; then
        tell certificate "$on_disk"
        expires=$(expiry "$root$cert_file")
        tell expires "$expires"
    fi
    case " $ports" in
        *" $port "*) set_up_for=$port ;;
        *) set_up_for=${ports%% *} ;;
    esac
    [ -z "$set_up_for" ] || tell port "$set_up_for"
    have dockerd || fail not-set-up 'Docker is not installed'
    have_openssl || fail openssl-missing 'there is no openssl'
    [ -n "$on_disk" ] || fail not-set-up 'the engine has no server certificate'
    openssl x509 -noout -checkend 0 <"$root$cert_file" >/dev/null 2>&1 ||
        fail certificate-expired "the server certificate ended at $expires"
    if [ -n "$set_up_for" ] && [ "$set_up_for" != "$port" ]; then
        fail check-failed "the engine is set up for port $set_up_for, not $port"
    fi
    expect_certificate
    check_engine
}

expect_certificate() {
    expected=$on_disk
    if [ -n "${DOCKERVM_CERT:-}" ]; then expected=$(decode "$DOCKERVM_CERT" | fingerprint) || expected=''; fi
    [ -n "$expected" ] || fail bad-input 'DOCKERVM_CERT holds no certificate'
}

# Modes as in write_engine_files: the extension's handler makes its files 0600.
restart() {
    read_engine_setup
    [ -n "$on_disk" ] || [ -n "${DOCKERVM_CERT:-}" ] || fail check-failed 'this host has no server certificate'
    expect_certificate
    if [ "$ca_file $cert_file $key_file" = '/etc/docker/ca.pem /etc/docker/cert.pem /etc/docker/key.pem' ]; then
        set_mode 444 "$root$ca_file"
        set_mode 444 "$root$cert_file"
        set_mode 400 "$root$key_file"
    fi
    start_engine
    check_engine
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
    changed=''
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
    restore_kept || return 1
    write_ssh_ports "$@"
    restart_ssh && within "$((patience < 10 ? patience : 10))" port_listens "$ssh_port"
}

# Ports add up over all files, so those elsewhere are commented out. Without an Include (OpenSSH before 8.2) ours stand
# at the top of sshd_config, before any Match.
write_ssh_ports() {
    for file in "$ssh_config" "$root"/etc/ssh/sshd_config.d/*.conf; do
        if [ -f "$file" ] && [ "$file" != "$ssh_drop_in" ]; then
            keep "$file"
            replace edited "$file" "$file" sed -e "/^$ssh_mark/d" -e 's/^[[:space:]]*[Pp][Oo][Rr][Tt][[:space:]=]/#&/'
        fi
    done
    lines=$(printf '%s\n' "$ssh_mark"; printf 'Port %s\n' "$@")
    if grep -qi '^[[:space:]]*include[[:space:]].*sshd_config\.d/' "$ssh_config"; then
        keep "$ssh_drop_in"
        replace printed "$ssh_drop_in" 644 printf '%s\n' "$lines"
    else
        replace printed "$work/ssh_ports" 600 printf '%s\n' "$lines"
        replace edited "$ssh_config" "$ssh_config" cat "$work/ssh_ports" -
    fi
    if [ -n "$ssh_socket" ]; then
        keep "$ssh_socket_drop_in"
        # Empty first: it clears the packaged port, and the one that Ubuntu's generator takes from sshd_config.
        lines=$(printf '[Socket]\nListenStream=\nBindIPv6Only=both\n'; printf 'ListenStream=%s\n' "$@")
        replace printed "$ssh_socket_drop_in" 644 printf '%s\n' "$lines"
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
    restore_kept || say 'some could not be put back'
    [ -z "$changed" ] || restart_ssh
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
    tell certificate "$expected"
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
            [ -z "$for_extension" ] || prepare_for_extension
            ;;
        request)
            install_docker
            set_ssh_port
            make_request
            ;;
        serve) serve ;;
        ssh) set_ssh_port ;;
        restart) restart ;;
        check) check_host ;;
    esac
    answer ok
}

main
