"""A private folder that stands for a machine: the set-up script runs in it, with stand-ins for the system's tools."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from azext_dockervm.provision.script.join import set_up_script

SHELLS = {"dash": ["sh"], "bash": ["bash", "--posix"], "busybox": ["busybox", "sh"]}
NEEDED = ("sh", "openssl", "flock", "timeout")

needs_tools = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in NEEDED), reason="needs a POSIX system with openssl, flock and timeout"
)

# A managed run command keeps the last 4 KB of the output; the contract leaves a margin.
LARGEST_ANSWER = 3500

PACKAGED_UNIT = """[Unit]
Requires=docker.socket
[Service]
ExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock $DOCKER_OPTS
"""
# What the Docker VM extension leaves behind: the packaged unit, edited in place.
EXTENSION_UNIT = """[Unit]
Requires=docker.socket
[Service]
ExecStart=/usr/bin/dockerd -H=fd:// --tlsverify --tlscacert=/etc/docker/ca.pem --tlscert=/etc/docker/cert.pem \
--tlskey=/etc/docker/key.pem -H=0.0.0.0:4243
"""

# Each stand-in notes how it was called. `$DOCKERVM_ROOT/switch/NAME` makes it behave in another way.
RECORD = '#!/bin/sh\nroot=$DOCKERVM_ROOT\necho "${0##*/} $*" >>"$root/calls"\n'
STAND_INS = {
    # The engine: a TLS server with what daemon.json says; /_ping and the like are answered by -www.
    "systemctl": """
engine_pid=$root/run/engine.pid
stop() {
    if [ -s "$engine_pid" ] && kill -KILL "$(cat "$engine_pid")" 2>/dev/null; then
        # The next engine could not listen while this one still does.
        while grep -q '^State:.[^Z]' "/proc/$(cat "$engine_pid")/status" 2>/dev/null; do sleep 0.02; done
    fi
    rm -f "$engine_pid" "$root/run/up"
}
case "$*" in
'restart docker.service')
    stop
    if [ -e "$root/switch/start-fails" ] || rm "$root/switch/start-fails-once" 2>/dev/null; then
        echo 'Job for docker.service failed.' >&2
        exit 1
    fi
    : >"$root/run/up"
    tls=$root/etc/docker/dockervm/server-
    file=$root/etc/docker/daemon.json
    # Without a drop-in of the script it is the extension's, by the packaged unit.
    if [ ! -e "$root/etc/systemd/system/docker.service.d/dockervm.conf" ]; then
        tls=$root/etc/docker/
        file=$root/usr/lib/systemd/system/docker.service
    fi
    port=$(sed -n 's#.*0.0.0.0:\\([0-9]*\\).*#\\1#p' "$file" 2>/dev/null)
    [ -n "$port" ] || exit 0
    verify='-Verify 1 -verify_return_error -verify_quiet'
    [ ! -e "$root/switch/open-door" ] || verify=''
    openssl s_server -accept "127.0.0.1:$port" -cert "${tls}cert.pem" -key "${tls}key.pem" \\
        -CAfile "${tls%server-}ca.pem" $verify -www >/dev/null 2>&1 </dev/null &
    echo $! >"$engine_pid" ;;
'is-enabled docker.service') [ -e "$root/switch/disabled" ] || echo enabled ;;
'is-active --quiet ssh.socket') [ -e "$root/switch/ssh-socket" ] ;;
'restart ssh.socket' | 'restart ssh.service')
    [ ! -e "$root/switch/ssh-fails" ] || exit 0
    if [ -e "$root/switch/ssh-socket" ]; then
        sed -n 's/^ListenStream=\\(..*\\)/\\1/p' "$root/etc/systemd/system/ssh.socket.d/zz-dockervm.conf"
    else
        sshd -T | sed -n 's/^port //p'
    fi >"$root/run/ssh-ports"
    for port in $(cat "$root/run/ssh-ports"); do
        if [ "$port" != 22 ] && [ ! -e "$root/run/ssh.$port" ]; then
            openssl s_server -accept "127.0.0.1:$port" -nocert -www >/dev/null 2>&1 </dev/null &
            echo $! >"$root/run/ssh.$port"
        fi
    done ;;
esac
""",
    "sshd": """
case $1 in
-t) [ ! -e "$root/switch/ssh-config-bad" ] ;;
-T) set -- $(cat "$root"/etc/ssh/sshd_config.d/*.conf "$root/etc/ssh/sshd_config" 2>/dev/null | sed -n 's/^Port //p')
    printf 'port %s\\n' "${@:-22}" ;;
esac
""",
    "docker": """
[ -e "$root/run/up" ] || { echo 'Cannot connect to the Docker daemon' >&2; exit 1; }
echo 26.1.5
""",
    "apt-get": """
[ ! -e "$root/switch/apt-slow" ] || sleep 1
# As the genuine one: indexes that can't be fetched are a warning, unless it is told otherwise and knows the word.
fail() {
    case "$*" in
    update*'Failed to fetch'*)
        if [ -z "$strict" ]; then
            echo "$2" | sed 's/^E:/W:/'
            echo 'W: Some index files failed to download. They have been ignored.'
            exit 0
        fi ;;
    esac >&2
    echo "$2" >&2
    exit 100
}
strict=''
sources=$root/etc/apt/sources.list
parts=$root/etc/apt/sources.list.d
verb=''
for word; do
    case $word in
    APT::Update::Error-Mode=any) [ -e "$root/switch/old-apt" ] || strict=yes ;;
    Dir::Etc::SourceList=*) sources=${word#*=} ;;
    Dir::Etc::SourceParts=*) parts=${word#*=} ;;
    update | install) verb=$word ;;
    esac
done
if [ -s "$root/switch/apt-fails" ]; then
    line=$(sed -n 1p "$root/switch/apt-fails")
    sed -i 1d "$root/switch/apt-fails"
    fail "$verb" "$line"
fi
if [ -n "$verb" ] && [ -s "$root/switch/unreachable" ]; then
    uris=$(cat "$sources" "$parts"/* 2>/dev/null | grep -o 'http[^ ]*')
    echo "$verb: $(echo $uris)" >>"$root/asked"
    # What has no lists yet finds no package either.
    lines=$(for uri in $uris; do echo "$uri"; done | grep -Ff "$root/switch/unreachable" |
        sed 's#.*#E: Failed to fetch &dists/noble/InRelease  Unable to connect to &#')
    [ -z "$lines" ] || fail "$verb" "$lines"
fi
case "$*" in
*docker.io* | *docker-ce*)
    cp "$root/stock/dockerd" "$root/tools/dockerd"
    mkdir -p "$root/usr/lib/systemd/system"
    cp "$root/stock/docker.service" "$root/usr/lib/systemd/system/"
    : >"$root/usr/lib/systemd/system/docker.socket"
    : >"$root/run/up" ;;
esac
put() { mkdir -p "$root/$2" && cp "$root/stock/dockerd" "$root/$2/$1"; }
for package; do
    case $package in
    docker-compose) put docker-compose usr/bin ;;
    docker-compose-* | moby-compose) put docker-compose usr/libexec/docker/cli-plugins ;;
    docker-buildx* | moby-buildx) put docker-buildx usr/libexec/docker/cli-plugins ;;
    esac
done
""",
    "apt-cache": """
case "$*" in
madison*) sed -n "s/^$2 \\(.*\\)/ $2 | \\1 | mirror/p" "$root/switch/versions" 2>/dev/null ;;
*docker-cli) ;;
*) grep -qsx "$2" "$root/switch/offered" ;;
esac
""",
    "sleep": 'exec /bin/sleep 0.05\n',
    "journalctl": 'cat "$root/switch/journal" 2>/dev/null\n',
    "usermod": "",
}
DOCKERD = """
case "$*" in
--help) echo '      --validate   Validate daemon configuration and exit' ;;
--validate*) [ ! -e "$root/switch/config-bad" ] || { echo 'unable to configure the Docker daemon' >&2; exit 1; } ;;
esac
"""


@dataclass
class Answer:
    """What one run of the script said."""

    status: int
    stdout: str
    stderr: str
    facts: dict[str, str] = field(default_factory=dict)
    details: list[str] = field(default_factory=list)
    csr: str = ""

    @classmethod
    def of(cls, status: int, stdout: str, stderr: str) -> Answer:
        answer = cls(status, stdout, stderr)
        lines = stdout.splitlines()
        assert lines and lines[0] == "dockervm-begin" and lines[-1] == "dockervm-end", stdout + stderr
        # A forked child of bash can run the trap too, when the whole group is ended; the last block counts.
        del lines[: max(number for number, line in enumerate(lines) if line == "dockervm-begin")]
        assert len(stdout.encode()) <= LARGEST_ANSWER
        body = "\n".join(lines[1:-1]) + "\n"
        request = re.search(r"^csr:\n(-----BEGIN.*?-----END [A-Z ]+-----\n)", body, re.M | re.S)
        if request:
            answer.csr = request[1]
            body = body.replace(request[0], "")
        for line in body.splitlines():
            key, separator, value = line.partition(": ")
            assert separator, f"no `key: value`: {line!r}"
            if key == "detail":
                answer.details.append(value)
            else:
                answer.facts[key] = value
        return answer

    @property
    def reason(self) -> str | None:
        return self.facts.get("reason")


class Machine:
    """A private folder that stands for a machine's root, its stand-ins, and a certificate authority for it."""

    def __init__(self, root: Path, shell: list[str], ca_folder: Path) -> None:
        self.root = root
        self.ca_folder = ca_folder
        self.shell = shell
        self.port = free_port()
        self.tools = root / "tools"
        for folder in ("tools", "switch", "stock", "run", "etc", "usr/lib"):
            (root / folder).mkdir(parents=True)
        (root / "lib").symlink_to("usr/lib")
        for name, body in STAND_INS.items():
            self.add_tool(name, body)
        self.add_tool("dockerd", DOCKERD, self.root / "stock")
        (root / "stock" / "docker.service").write_text(PACKAGED_UNIT)

    def add_tool(self, name: str, body: str, folder: Path | None = None) -> None:
        path = (folder or self.tools) / name
        path.write_text(RECORD + body)
        path.chmod(0o755)

    def install_docker(self, unit: str = PACKAGED_UNIT, socket_unit: bool = True) -> None:
        shutil.copy(self.root / "stock" / "dockerd", self.tools / "dockerd")
        units = self.root / "usr/lib/systemd/system"
        units.mkdir(parents=True, exist_ok=True)
        (units / "docker.service").write_text(unit)
        if socket_unit:
            (units / "docker.socket").touch()
        (self.root / "run/up").touch()

    def restart_engine(self, listens: bool = True) -> None:
        environment = {**os.environ, "DOCKERVM_ROOT": str(self.root)}
        subprocess.run([str(self.tools / "systemctl"), "restart", "docker.service"], env=environment, check=True)
        if listens:
            wait_for_port(self.port)

    def switch(self, name: str, text: str = "") -> None:
        (self.root / "switch" / name).write_text(text)

    def environment(self, action: str, **values: str) -> dict[str, str]:
        return {
            "PATH": f"{self.tools}:{os.environ['PATH']}",
            "DOCKERVM_ROOT": str(self.root),
            "DOCKERVM_ACTION": action,
            "DOCKERVM_RUN_ID": "run-1",
            "DOCKERVM_PORT": str(self.port),
            "DOCKERVM_TIMEOUT": "30",
            **{f"DOCKERVM_{name}": value for name, value in values.items()},
        }

    def start(self, action: str, before: str = "", **values: str) -> subprocess.Popen[str]:
        """``before`` is done by a shell in front of the script: what it sets up (limits, mounts) is the script's."""
        script = self.root / f"set-up-{action}.sh"
        if not script.exists():     # another run may be reading it
            script.write_text(set_up_script(action))
        command = [*self.shell, str(script)]
        return subprocess.Popen(
            ["sh", "-ec", f'{before}\nexec "$@"', "sh", *command] if before else command,
            env=self.environment(action, **values),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, action: str, before: str = "", **values: str) -> Answer:
        process = self.start(action, before, **values)
        stdout, stderr = process.communicate(timeout=60)
        answer = Answer.of(process.returncode, stdout, stderr)
        assert answer.facts["run"] == "run-1"
        assert (answer.facts["result"] == "ok") == (process.returncode == 0)
        assert ("reason" in answer.facts) == (process.returncode != 0)
        assert not self.leftovers()
        assert "could not be restored" not in stderr
        return answer

    def request(self, **values: str) -> Answer:
        return self.run("request", SUBJECT="web1.test", NAMES="DNS:web1.test,IP:127.0.0.1", **values)

    def serve(self, csr: str, **values: str) -> Answer:
        return self.run("serve", **{**self.material(csr), **values})

    def material(self, csr: str) -> dict[str, str]:
        return {
            "CA": encoded(self.authority().read_text()),
            "CERT": encoded(self.sign(csr)),
            "DAEMON_JSON": encoded(json.dumps(self.daemon_json())),
        }

    def daemon_json(self) -> dict[str, object]:
        folder = "/etc/docker/dockervm"
        return {
            "hosts": ["fd://", f"tcp://0.0.0.0:{self.port}"],
            "tlsverify": True,
            "tlscacert": f"{folder}/ca.pem",
            "tlscert": f"{folder}/server-cert.pem",
            "tlskey": f"{folder}/server-key.pem",
            "live-restore": True,
            "log-driver": "json-file",
        }

    def files(self, *folders: str) -> dict[str, tuple[object, ...]]:
        """All files in these folders: name → content or where it leads, mode, owner, when it was last written."""
        found: dict[str, tuple[object, ...]] = {}
        for path in (path for folder in folders for path in self.file(folder).rglob("*")):
            if path.is_symlink() or path.is_file():
                state = path.lstat()
                content = os.readlink(path) if path.is_symlink() else path.read_bytes()
                found[str(path.relative_to(self.root))] = (
                    content, state.st_mode, state.st_uid, state.st_gid, state.st_mtime_ns)
        return found

    def authority(self) -> Path:
        ca = self.ca_folder / "ca.pem"
        if not ca.exists():
            self.ca_folder.mkdir(exist_ok=True)
            openssl(
                *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"),
                *("-subj", "/CN=test", "-keyout", str(ca.with_name("ca-key.pem")), "-out", str(ca)),
            )
        return ca

    def sign(self, csr: str) -> str:
        ca = self.authority()
        return openssl(
            *("x509", "-req", "-days", "1", "-CA", str(ca), "-CAkey", str(ca.with_name("ca-key.pem"))),
            *("-CAserial", str(ca.with_name("serial")), "-CAcreateserial"),
            text=csr,
        )

    def file(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def calls(self) -> list[str]:
        path = self.root / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def leftovers(self) -> list[Path]:
        """Temporary files of the script that are still there."""
        folders = [self.root / "etc", self.root / "run"]
        return [
            path
            for folder in folders
            for path in folder.rglob("*")
            if path.name.endswith((".dockervm-new", ".dockervm-backup")) or path.name.startswith("work.")
        ]

    def close(self) -> None:
        """End the servers that stand for engine and sshd."""
        for pid_file in [self.root / "run/engine.pid", *(self.root / "run").glob("ssh.[0-9]*")]:
            if pid_file.exists() and (text := pid_file.read_text().strip()):
                try:
                    os.kill(int(text), signal.SIGKILL)
                except ProcessLookupError:
                    pass


# Below the ports that the kernel gives to outgoing connections, and apart for each worker of pytest-xdist: a port that
# was free a moment ago must still be free when the script's engine opens it.
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
_PORTS = itertools.count(12000 + 2000 * (os.getpid() % 5) + 250 * _WORKER)


def free_port() -> int:
    for port in _PORTS:
        with socket.socket() as listener:
            if listener.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise AssertionError("there is always another port")


def wait_for_port(port: int) -> None:
    end = time.monotonic() + 5
    while time.monotonic() < end:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"nothing listens on {port}")


def tls_certificate(port: int) -> str:
    """The fingerprint of what an engine shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    wait_for_port(port)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as plain, context.wrap_socket(plain) as client:
        return hashlib.sha256(client.getpeercert(binary_form=True) or b"").hexdigest()


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def openssl(*arguments: str, text: str | None = None) -> str:
    return subprocess.run(["openssl", *arguments], input=text, check=True, capture_output=True, text=True).stdout


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def fingerprint(pem: str) -> str:
    text = openssl("x509", "-noout", "-fingerprint", "-sha256", text=pem)
    return text.strip().rpartition("=")[2].replace(":", "").lower()
