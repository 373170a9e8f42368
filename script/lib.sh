# Shared by the scripts of this folder: the cache, the Debian packages and Python environments that they need.
# Sourced by bash; everything it says goes to stderr, because some scripts' stdout is read by other programs.
# shellcheck shell=bash

set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${DOCKERVM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/az-dockervm}
AZURE_CLI_VERSION=${AZURE_CLI_VERSION:-2.91.0}
INSTANCE=${LOCALAZURE_INSTANCE:-default}
export DOCKERVM_CACHE=$CACHE LOCALAZURE_INSTANCE=$INSTANCE

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# need_packages TEST:PACKAGE ... — installs the packages whose command is missing; as root only, else it says which.
need_packages() {
    local pair missing=()
    for pair in "$@"; do
        PATH=$PATH:/usr/sbin:/sbin command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    [ "$(id -u)" = 0 ] || { say "Missing, and only root can install them: ${missing[*]}"; return 1; }
    say "Installing Debian packages: ${missing[*]}"
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"; } \
        >"$CACHE/apt.log" 2>&1 || { tail -n 20 "$CACHE/apt.log" >&2; die "apt-get failed; see $CACHE/apt.log"; }
}

machine_packages() {
    need_packages systemd-nspawn:systemd-container mmdebstrap:mmdebstrap ip:iproute2 nft:nftables docker:docker-cli \
        openssl:openssl ssh:openssh-client
}

python_for_venv() {
    local candidate
    for candidate in "${PYTHON:-python3}" /usr/bin/python3; do
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    need_packages python3:python3 no-such-command:python3-venv || die "Python 3.10 or newer with venv is needed."
    printf '/usr/bin/python3\n'
}

# need_venv NAME REQUIREMENT ... — an environment in the cache, made again when the requirements change.
need_venv() {
    local name=$1 folder=$CACHE/$1 python
    shift
    [ "$(cat "$folder/.requirements" 2>/dev/null)" = "$*" ] && return 0
    (
        flock 9
        [ "$(cat "$folder/.requirements" 2>/dev/null)" = "$*" ] && exit 0
        say "Making the Python environment '$name' in $folder ..."
        python=$(python_for_venv)
        rm -rf "$folder"
        "$python" -m venv "$folder"
        "$folder/bin/python" -m pip install -q --disable-pip-version-check "$@" >&2
        printf '%s' "$*" >"$folder/.requirements"
    ) 9>"$CACHE/$name.lock"
}

need_az() { need_venv az "azure-cli==$AZURE_CLI_VERSION"; }

# need_oldest_az — the oldest az that the extension takes, which azext_metadata.json names.
need_oldest_az() {
    need_venv oldest-az "azure-cli==$(sed -n 's/.*minCliCoreVersion": "\(.*\)".*/\1/p' \
        "$ROOT/azext_dockervm/azext_metadata.json")"
}

# What the tests import.
TEST_REQUIREMENTS=(aiohttp bcrypt cryptography docker azure-mgmt-compute azure-mgmt-network azure-mgmt-resource
    "azure-cli-core==$AZURE_CLI_VERSION" knack pytest pytest-xdist azure-devtools)

need_dev() { need_venv dev "${TEST_REQUIREMENTS[@]}" hypothesis build "setuptools>=70.1" ruff; }

# need_quality — the tools of script/lint and script/sabotage, beside all that the tests import: mypy reads the types of
# the SDKs, azdev loads the extension, and sabotage runs tests under coverage. Pinned, because a newer tool has new
# findings; on its own, because azdev brings fifty packages along.
need_quality() {
    need_venv quality "${TEST_REQUIREMENTS[@]}" azdev==0.2.13 pylint==4.1.4 flake8==7.5.0 mypy==2.4.1 types-docker \
        types-requests types-PyYAML coverage==7.17.4
    # Says which Python a program needs; needs nothing itself, so it does not have the large environment made again.
    need_venv vermin vermin==1.9.2
}

# need_sdk — the Azure SDKs that az itself has, beside the oldest network SDK that the extension takes.
need_sdk() { need_venv sdk azure-mgmt-compute==34.1.0 azure-mgmt-network==28.0.0 azure-mgmt-resource==24.0.0 requests; }

# need_libcloud — another library that speaks to Azure, with nothing of Microsoft's in it.
need_libcloud() { need_venv libcloud apache-libcloud==3.9.1; }

# A name for the state of everything that goes into the wheel.
sources_hash() {
    (cd "$ROOT" && find setup.py README.md HISTORY.rst LICENSE azext_dockervm -type f ! -name '*.pyc' -print0 | sort -z |
        xargs -0 sha256sum | sha256sum | cut -c1-16)
}

# need_extension — the extension, installed by az from its wheel → its folder in AZURE_EXTENSION_DIR.
need_extension() { need_extension_in az; }

# need_extension_in ENVIRONMENT — the same by the az of that environment: az or oldest-az.
need_extension_in() {
    local hash folder wheel environment=$1
    hash=$(sources_hash)
    folder=$CACHE/extensions/$hash
    [ "$environment" = az ] || folder=$folder-$environment
    export AZURE_EXTENSION_DIR=$folder
    [ -e "$folder/.complete" ] && return 0
    (
        flock 9
        [ -e "$folder/.complete" ] && exit 0
        say "Installing the extension from its wheel ..."
        rm -rf "$folder"
        wheel=$("$ROOT/script/build" "$CACHE/wheel")
        AZURE_CONFIG_DIR=$CACHE/install-config HOME=$CACHE/install-home AZURE_CORE_COLLECT_TELEMETRY=no \
            "$CACHE/$environment/bin/az" extension add --source "$wheel" --yes --only-show-errors >&2
        touch "$folder/.complete"
        # Those of earlier sources are of no more use, except to a command that runs just now.
        find "$CACHE/extensions" -mindepth 1 -maxdepth 1 -mmin +120 ! -name "$hash*" -exec rm -rf {} +
    ) 9>"$CACHE/extensions.lock"
}

localazure() { PYTHONPATH=$ROOT "$CACHE/dev/bin/python" -m localazure "$@"; }

mkdir -p "$CACHE"
