#!/bin/sh
# Installs packages in a new layer over the image and runs a script there: build-variant BELOW LAYER WORK ROOT [PACKAGE...]
# WORK is for overlay itself, ROOT where the file system is put together; the script, if there is one, comes on standard
# input. For namespaces of its own: killed at any moment, it leaves no process and no mount. /run and /tmp leave nothing in
# the layer; apt's lists and archives stay the image's, whose guests install Docker without a network.
set -eu
export LIBMOUNT_FORCE_MOUNT2=always     # see supervisor.py
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2,workdir=$3" "$4"
mount -t proc proc "$4/proc"
mount --rbind /dev "$4/dev"
mount -t tmpfs tmpfs "$4/tmp"
mount -t tmpfs tmpfs "$4/run"
mkdir -p "$4/run/systemd/resolve"
cat /etc/resolv.conf >"$4/run/systemd/resolve/stub-resolv.conf"
mkdir -p "$4/tmp/lists/partial" "$4/tmp/archives/partial"
cat >"$4/tmp/build"
cat >"$4/tmp/apt-get" <<'END'
#!/bin/sh
exec apt-get -q -o Dir::State::lists=/tmp/lists -o Dir::Cache=/tmp -o Dir::Cache::archives=/tmp/archives "$@"
END
chmod 755 "$4/tmp/build" "$4/tmp/apt-get"
root=$4
shift 4
export DEBIAN_FRONTEND=noninteractive
if [ $# -gt 0 ]; then
    chroot "$root" /tmp/apt-get update
    chroot "$root" /tmp/apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-confold "$@"
fi
[ ! -s "$root/tmp/build" ] || chroot "$root" /tmp/build
