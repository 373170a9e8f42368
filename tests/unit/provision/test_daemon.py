"""The engine's configuration: it always verifies, and its logs can be read and are bounded."""

from __future__ import annotations

import json

from azext_dockervm.provision import daemon


def test_the_whole_configuration():
    assert json.loads(daemon.daemon_json(2376)) == {
        "hosts": ["fd://", "tcp://0.0.0.0:2376"], "tlsverify": True,
        "tlscacert": "/etc/docker/dockervm/ca.pem", "tlscert": "/etc/docker/dockervm/server-cert.pem",
        "tlskey": "/etc/docker/dockervm/server-key.pem", "live-restore": True, "log-driver": "json-file",
        "log-opts": {"max-size": "10m", "max-file": "3"}}


def test_it_is_a_text_file_that_people_can_read():
    text = daemon.daemon_json(4243)
    assert text.endswith("\n}\n") and len(text.splitlines()) > 10


def test_the_extension_s_engine_has_the_same_limits_on_its_command_line():
    """A driver that the Docker SDK can't read lets containers.run() return None; without limits a disk runs full."""
    assert daemon.extension_options() == [
        "--live-restore", "--log-driver=json-file", "--log-opt=max-size=10m", "--log-opt=max-file=3"]
