"""What a daemon would make of unit file, drop-ins and daemon.json."""

from __future__ import annotations

import json

import pytest

from localazure.machines.fake.docker_config import ConfigError, daemon_config, parse_flags, tcp_port

UNIT = "[Service]\nExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock\n"
TLS = {
    "tlsverify": True, "tlscacert": "/etc/docker/ca.pem", "tlscert": "/etc/docker/c.pem", "tlskey": "/etc/docker/k.pem",
}  # fmt: skip


def make(root, unit=UNIT, daemon=None, drop_in=None):
    (root / "lib/systemd/system").mkdir(parents=True)
    (root / "lib/systemd/system/docker.service").write_text(unit)
    (root / "etc/docker").mkdir(parents=True)
    if daemon is not None:
        (root / "etc/docker/daemon.json").write_text(daemon if isinstance(daemon, str) else json.dumps(daemon))
    if drop_in is not None:
        (root / "etc/systemd/system/docker.service.d").mkdir(parents=True)
        (root / "etc/systemd/system/docker.service.d/dockervm.conf").write_text(drop_in)
    return root


def test_the_packaged_unit_listens_on_no_port(tmp_path):
    assert daemon_config(make(tmp_path)).ports == ()


def test_daemon_json_with_a_cleared_command_line(tmp_path):
    daemon = {"hosts": ["fd://", "tcp://0.0.0.0:4243"], **TLS}
    root = make(tmp_path, daemon=daemon, drop_in="[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd\n")
    config = daemon_config(root)
    assert config.ports == (4243,) and config.verify
    assert config.certificate == root / "etc/docker/c.pem"


def test_the_extensions_command_line(tmp_path):
    arguments = "-H=fd:// --tlsverify --tlscacert=/a --tlscert=/b --tlskey=/c -H=0.0.0.0:5000"
    config = daemon_config(make(tmp_path, f"[Service]\nExecStart=/usr/bin/dockerd {arguments}\n"))
    assert config.ports == (5000,) and config.verify and config.key == tmp_path / "c"


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({"daemon": {"hosts": ["tcp://0.0.0.0:1"]}}, "specified both as a flag and in the configuration file: hosts"),
        ({"daemon": "{"}, "unable to configure"),
        ({"daemon": "[]"}, "no JSON object"),
        ({"drop_in": "[Service]\nExecStart=/usr/sbin/dockerd\n"}, "2 ExecStart="),
        ({"drop_in": "[Service]\nExecStart=\n"}, "0 ExecStart="),
    ],
)
def test_what_keeps_a_daemon_from_starting(tmp_path, made, said):
    with pytest.raises(ConfigError, match=said):
        daemon_config(make(tmp_path, **made))


def test_flags_and_their_values():
    flags = parse_flags(["-H=a", "-H", "b", "--tlsverify", "--log-driver", "local", "--dns=1.1.1.1"])
    assert flags == {"host": ["a", "b"], "tlsverify": ["true"], "log-driver": ["local"], "dns": ["1.1.1.1"]}


@pytest.mark.parametrize(
    ("host", "port"), [("fd://", None), ("unix:///x", None), ("0.0.0.0:42", 42), ("tcp://[::]:1", 1)]
)
def test_ports_of_listeners(host, port):
    assert tcp_port(host) == port
