# shellcheck shell=sh disable=SC2154  # set in other parts
# Preparing a host for the Docker VM extension. All by its handler's source, Azure/azure-docker-extension 1.2.2.

# Where the handler looks for Compose. It downloads Docker and Compose where `docker` is not on the PATH, or the file at
# this path does not exist.
compose_path() {
    if grep -qs CoreOS "$root/etc/lsb-release"; then
        echo "$root/opt/bin/docker-compose"
    elif [ -e "$root/etc/redhat-release" ] && [ ! -e "$root/etc/centos-release" ]; then
        echo "$root/usr/bin/docker-compose"
    else
        echo "$root/usr/local/bin/docker-compose"
    fi
}

compose_is_installed() { [ -e "$(compose_path)" ] || docker_plugin docker-compose >/dev/null; }

docker_and_compose_are_installed() { have docker && compose_is_installed; }

choose_compose_once() { compose_is_installed || choose_compose "$1"; }

fail_for_extension() {
    fail extension-blocked "the Docker VM extension cannot work on this host: $1${newline}use --provisioner run-command"
}

# The handler writes its command line into the packaged unit. One in a drop-in hides it, and nothing would listen; a
# setting there and in daemon.json stops the engine. Neither is moved aside: somebody set this host up, or a run of
# run-command was killed, and it may be all that refuses strangers. In both cases run-command can go on. The one that keeps
# an earlier command line of the handler's is written anew after it.
refuse_conflicting_settings() {
    for file in $(drop_ins); do
        if [ "${file##*/}" != dockervm-extension.conf ] && grep -q '^[[:space:]]*ExecStart[[:space:]]*=' "$file" 2>/dev/null; then
            fail_for_extension "$file overrides its command line"
        fi
    done
    for name in hosts tls tlsverify tlscacert tlscert tlskey; do
        if grep -qs "\"$name\"[[:space:]]*:" "$docker_dir/daemon.json"; then
            fail_for_extension "$docker_dir/daemon.json sets $name, and so does its command line"
        fi
    done
}

with_link() { ln -s "$1" "$new"; }

prepare_for_extension() {
    have docker || fail install-failed 'the packages were installed, but the docker command was not found'
    edited=$root/lib/systemd/system/docker.service
    unit=$(unit_file docker.service)
    if [ ! -f "$edited" ] || [ "${unit#"$root"/*lib/}" = "$unit" ]; then
        fail_for_extension "docker.service is $unit, and it changes $edited"
    fi
    # The command line that the handler writes begins with /usr/bin/dockerd; Debian has it in /usr/sbin.
    if [ ! -e "$root/usr/bin/dockerd" ]; then
        replace_file with_link "$root/usr/bin/dockerd" "$(command -v dockerd)"
        add_field dockerd-link "$root/usr/bin/dockerd"
    fi
    compose=$(compose_path)
    if [ ! -e "$compose" ]; then
        binary=$(docker_plugin docker-compose) ||
            fail no-compose-package 'docker-compose was not found, and no package installed it'
        replace_file with_link "$compose" "$binary"
    fi
    add_field compose "$compose"
    # The handler fills what is there and leaves its mode; what it makes itself is 0600.
    for entry in 444/ca 444/cert 400/key; do
        file=$docker_dir/${entry#*/}.pem
        [ -e "$file" ] || replace_file with_output "$file" "${entry%/*}" :
    done
}
