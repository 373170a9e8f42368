#!/bin/sh
# shellcheck disable=SC2034  # read in other parts
# Makes this Linux machine a Docker host that requires mutual TLS. Idempotent; runs as root, by a managed run command
# or, the actions install and boot, by cloud-init as a user script. It holds one action, and takes these variables:
#
#   DOCKERVM_ACTION       the action that this text holds: install, request, serve, boot, configure, ssh, restart,
#                         compose or check
#   DOCKERVM_RUN_ID       opaque, comes back in the answer
#   DOCKERVM_TIMEOUT      seconds to wait for locks, package mirrors and another run of this script (1500)
#   DOCKERVM_PORT         serve, boot, configure, restart, check: port of the engine's TLS listener (4243)
#   DOCKERVM_ADDRESS      address at which ports are checked (127.0.0.1)
#   DOCKERVM_USER         install, request, boot, compose: user to add to the group docker
#   DOCKERVM_DOCKER_LUN   install, request, boot: LUN of the data disk for all of Docker's data; empty: the system disk
#   DOCKERVM_CHANNEL      install, request, boot, compose: distribution: Docker from the distribution's packages; docker:
#                         from Docker's own repository (distribution)
#   DOCKERVM_VERSION      install, request, boot, compose: how Docker's version begins; empty: the newest
#   DOCKERVM_REPOSITORY   install, request, boot, compose: where Docker's own repository or a mirror of it is
#                         (https://download.docker.com/linux)
#   DOCKERVM_REPOSITORY_KEY install, request, boot, compose: fingerprint of its key (that of Docker's own)
#   DOCKERVM_COMPOSE      install: 1 also prepares the host for the Docker VM extension: its handler installs nothing
#   DOCKERVM_LOGINS       compose: base64 of words, three a registry: its name, base64 of user and of password
#   DOCKERVM_PROJECT      compose: name of the Compose project; empty: logins alone
#   DOCKERVM_COMPOSE_FILE compose: base64 of the Compose file, compressed by gzip
#   DOCKERVM_COMPOSE_ENV  compose: base64 of its environment file, compressed by gzip; empty: it has none
#   DOCKERVM_BUILDS       compose: 1 wants buildx too, since a service is built
#   DOCKERVM_HIDDEN       compose: base64 of what no answer may hold, a line each
#   DOCKERVM_SSH_PORT     request, boot, ssh: port for sshd; empty, or 22 and never changed by this script: sshd is
#                         left alone
#   DOCKERVM_SUBJECT      request: common name of the signing request
#   DOCKERVM_NAMES        request: subject alternative names, DNS:a,IP:1.2.3.4
#   DOCKERVM_NEW_KEY      request: 1 makes a new server key beside a good one; its certificate brings it into use
#   DOCKERVM_CA           serve, boot: base64 of the certificate authority's PEM
#   DOCKERVM_CERT         serve, configure, restart, check: base64 of the server certificate's PEM; empty (not with serve): the one
#                         on disk
#   DOCKERVM_DAEMON_JSON  install, serve, boot, configure: base64 of the complete daemon.json, a key a line, listener and
#                         TLS first; of install for the Docker VM extension, whose engine has these elsewhere
#   DOCKERVM_MIRRORS      install, serve, boot, configure: HOST:PORT of registry mirrors, to see whether they answer
#   DOCKERVM_KEEP_SETTINGS  serve: 1 keeps the daemon.json that is there, if it has our TLS; the port alone is changed
#   DOCKERVM_CONTAINER_METADATA  install, serve, boot, restart, configure: closed: containers do not reach the instance
#                         metadata service and WireServer; open: they do; empty: as it is, and so where serve keeps settings
#   DOCKERVM_APPLY        configure: 1 changes the settings; without it what would change is told
#   DOCKERVM_HTTP_PROXY   install, request, boot, configure, compose: proxies for the engine, the package manager and
#   DOCKERVM_HTTPS_PROXY  install, request, boot, configure, compose: Compose's builds, as URLs that may hold passwords
#   DOCKERVM_NO_PROXY     install, request, boot, configure, compose: what is reached without them, commas between
#   DOCKERVM_DOOR_CERT    boot: base64 of the PEM of the certificate that the door shows
#   DOCKERVM_DOOR_KEY     boot: base64 of its key's PEM, of use in this run alone
#   DOCKERVM_ROOT         private folder that stands for /; tools that change a system must then be stand-ins on PATH
#
# Standard output is the answer and nothing else, at most 3,500 bytes because a managed run command keeps the last 4 KB:
# dockervm-begin, `key: value` lines, dockervm-end; the last block counts. Progress goes to standard error. No secret
# goes to either. The keys, with certificates as SHA-256 fingerprints in lower-case hex:
#
#   run, action, result   the id of the run; the action; ok or failed
#   reason, detail        of a failure: one word (disk-full, write-failed: of a write); lines for people
#   engine                its version
#   key, csr, ssh-port    new or kept; the signing request in PEM; where sshd listens
#   certificate           the server's in use; of check the one on disk that is, or should be, in use
#   logins                registries that root is logged in to, with spaces between them
#   services, containers  of the project: NAME|STATE|PORTS; for each container, as far as there is room, and their number
#   silent-mirrors        registry mirrors that do not answer, HOST:PORT
#   detail, by-hand       of configure: lines of settings that go (-) and come (+); the file that a hand has changed
#   compose, dockerd-link for the extension: Compose's path; the link to dockerd, if one had to be made
# and of check, which gives these and certificate also when it fails:
#   authority             all in the CA file that dockerd is started with; none: TLS was never set up; unknown: it was,
#                         but that file has none
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
drop_in=$root/etc/systemd/system/docker.service.d/dockervm.conf
run_dir=$root/run/dockervm
work=$run_dir/work.$$
newline='
'
