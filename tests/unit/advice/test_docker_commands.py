"""Docker commands for a finished host: what the docker client knows by itself is not said."""

from __future__ import annotations

from pathlib import Path

import pytest

from azext_dockervm.advice import docker_commands
from azext_dockervm.engine.endpoint import Endpoint


@pytest.fixture
def endpoint(tmp_path):
    return Endpoint("web1.example", 4243, tmp_path / "my certs")


@pytest.mark.parametrize("variable", ["DOCKER_CERT_PATH", "DOCKER_CONFIG"])
def test_the_folder_where_the_docker_client_looks_is_not_named(endpoint, monkeypatch, variable):
    monkeypatch.delenv("DOCKER_CERT_PATH", raising=False)
    monkeypatch.delenv("DOCKER_CONFIG", raising=False)
    monkeypatch.setenv(variable, str(endpoint.folder))
    assert docker_commands.on_engine(endpoint, "info") == "docker --tlsverify -H tcp://web1.example:4243 info"


def test_the_files_of_any_other_folder_are_named_and_quoted(endpoint, monkeypatch):
    monkeypatch.setenv("DOCKER_CERT_PATH", str(Path.home()))
    command = docker_commands.on_engine(endpoint, "ps", "-a")
    for option, name in (("--tlscacert", "ca.pem"), ("--tlscert", "cert.pem"), ("--tlskey", "key.pem")):
        assert f"'{option}={endpoint.folder / name}'" in command
    assert command.endswith("-H tcp://web1.example:4243 ps -a")


def test_the_user_s_own_docker_folder_is_the_client_s(monkeypatch):
    monkeypatch.delenv("DOCKER_CERT_PATH", raising=False)
    monkeypatch.delenv("DOCKER_CONFIG", raising=False)
    assert docker_commands.client_folder() == Path.home() / ".docker"


def test_an_engine_whose_port_nobody_knows():
    assert docker_commands.on_unknown_port("203.0.113.7") == "docker --tlsverify -H tcp://203.0.113.7:PORT info"
    assert "tcp://ADDRESS:PORT" in docker_commands.on_unknown_port(None)


def test_a_container():
    assert docker_commands.run("nginx:latest") == "docker run nginx:latest"
