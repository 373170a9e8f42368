# shellcheck shell=sh disable=SC2034,SC2154  # read and set in other parts
# A Compose project, from files in a folder of ours that only root can read.

compose_file=${DOCKERVM_COMPOSE_FILE:-}
compose_environment=${DOCKERVM_COMPOSE_ENV:-}
by_proxies=''

read_project() {
    project=${DOCKERVM_PROJECT:-}
    builds=${DOCKERVM_BUILDS:-}
    case $project in [!a-z0-9]* | *[!a-z0-9_-]*) fail bad-input 'DOCKERVM_PROJECT is no name of a Compose project' ;; esac
    [ -n "$project" ] || return 0
    unpacked "$compose_file" >/dev/null 2>&1 || fail bad-input 'DOCKERVM_COMPOSE_FILE is not valid'
    [ -z "$compose_environment" ] || unpacked "$compose_environment" >/dev/null 2>&1 ||
        fail bad-input 'DOCKERVM_COMPOSE_ENV is not valid'
}

unpacked() { printf %s "$1" | base64 -d | gzip -dc; }

what_compose_needs_is_installed() {
    have docker || return 1
    [ -n "$project" ] || return 0
    docker_plugin docker-compose >/dev/null && { [ -z "$builds" ] || docker_plugin docker-buildx >/dev/null; }
}

# Without buildx Compose may build all the same, so it is no reason to fail that none is offered.
choose_what_compose_needs() {
    [ -n "$project" ] || return 0
    if ! docker_plugin docker-compose >/dev/null; then choose_compose "$1" || return 1; fi
    if ! docker_plugin docker-buildx >/dev/null; then
        choose_offered docker-buildx-plugin docker-buildx moby-buildx || log 'no package source offers buildx'
    fi
}

bring_project_up() {
    compose=$(docker_plugin docker-compose) || fail no-compose-package 'no package has installed docker-compose'
    begin_log
    # What does not parse takes nobody's earlier files away.
    write_project_files "$work"
    in_project "$work" config --quiet >>"$work/log" 2>&1 || fail_hiding compose-invalid 'docker compose does not take the file'
    make_private_folder "$root/var/lib/dockervm/compose"
    make_private_folder "$root/var/lib/dockervm/compose/$project"
    write_project_files "$root/var/lib/dockervm/compose/$project"
    brought_up=''
    set -- "$root/var/lib/dockervm/compose/$project"
    if build_by_proxies "$1" >>"$work/log" 2>&1 && in_project "$1" up --detach --quiet-pull >>"$work/log" 2>&1; then
        brought_up=yes
        await_services
    fi
    read_services
    add_services
    [ -n "$brought_up" ] || [ "$(seconds_left)" != 0 ] ||
        fail_hiding compose-timeout "the project $project did not come up within $timeout seconds"
    [ -n "$brought_up" ] || fail_hiding compose-failed "docker compose could not bring the project $project up"
    bad=$(printf '%s' "$services" | grep -vE '\|(running|exited \(0\))\|') || return 0
    fail compose-unhealthy "not all services of the project $project run:$newline$bad"
}

# build_by_proxies FOLDER: the commands of a build and its client's own requests need them; containers get none. Like `up`, it
# leaves images that are there.
build_by_proxies() {
    [ -n "$builds" ] && [ -n "$uses_proxy" ] && ! images_are_there "$1" || return 0
    replace_file with_output "$work/by-proxies" 600 print_by_proxies
    set -- "$1" build
    for name in HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy; do set -- "$@" --build-arg "$name"; done
    by_proxies=$work/by-proxies
    status=0
    in_project "$@" || status=$?
    by_proxies=''
    return "$status"
}

# No quote can stand in them.
print_by_proxies() {
    printf "export HTTP_PROXY='%s' HTTPS_PROXY='%s' NO_PROXY='%s'\n" "$http_proxy" "$https_proxy" "$no_proxy"
    printf "export http_proxy='%s' https_proxy='%s' no_proxy='%s'\n" "$http_proxy" "$https_proxy" "$no_proxy"
    echo 'exec "$@"'
}

images_are_there() {
    images=$(in_project "$1" config --images) && [ -n "$images" ] || return 1
    for image in $images; do as_root 30 docker image inspect "$image" >/dev/null 2>&1 </dev/null || return 1; done
}

# What ends at once, or again and again, is no service that runs: it has to keep to its state for some looks. Whether
# a health check comes to an end is its author's affair.
await_services() {
    services=''
    same=0
    restarts=0
    while [ "$same" -lt 3 ] && [ "$restarts" -lt 10 ] && [ "$(seconds_left)" != 0 ]; do
        before=$services
        sleep 1
        read_services
        same=$((same + 1))
        case $services in *'|restarting|'*) restarts=$((restarts + 1)) ;; esac
        case $services in "$before") ;; *) same=0 ;; esac
        case $services in *'|starting|'* | *'|created|'* | *'|restarting|'*) same=0 ;; esac
    done
}

# Sets $services: NAME|STATE|PORTS, a line for each container.
read_services() {
    services=$(as_root 30 docker ps --all --filter "label=com.docker.compose.project=$project" --format \
        '{{.Label "com.docker.compose.service"}}|{{.State}}|{{.Status}}|{{.Ports}}' 2>>"$work/log" </dev/null |
        sed -e 's/|running|[^|]*(unhealthy)[^|]*|/|unhealthy|/' -e 's/|running|[^|]*(health: starting)[^|]*|/|starting|/' \
            -e 's/|exited|Exited (\([0-9]*\))[^|]*|/|exited (\1)|/' -e 's/^\([^|]*|[^|]*|\)[^|]*|/\1/' \
            -e 's/, /,/g' | sort) || services=''
}

# As many as leave room for a failure's details.
add_services() {
    [ -n "$services" ] || return 0
    list=$(printf '%s\n' "$services" | tr '\n' ';' | head -c 1800)
    add_field services "${list%;*}"
    add_field containers "$(printf '%s\n' "$services" | wc -l | tr -d ' ')"
}

# write_project_files FOLDER
write_project_files() {
    replace_file with_output "$1/compose.yaml" 600 unpacked "$compose_file"
    if [ -n "$compose_environment" ]; then
        replace_file with_output "$1/compose.env" 600 unpacked "$compose_environment"
    else
        rm -f "$1/compose.env"
    fi
}

# in_project FOLDER COMMAND..., by the script $by_proxies where it is set: everybody sees command lines.
in_project() {
    files=$1
    shift
    if [ -f "$files/compose.env" ]; then set -- --env-file "$files/compose.env" "$@"; fi
    set -- "$compose" --project-name "$project" --file "$files/compose.yaml" "$@"
    [ -z "$by_proxies" ] || set -- sh "$by_proxies" "$@"
    as_root "$(($(seconds_left) + 1))" "$@" </dev/null
}
