"""What is set for a host: Docker's variables, testcontainers', and the proxy's exceptions."""

from __future__ import annotations

from pathlib import Path

import pytest

from azext_dockervm.client import variables


def test_what_a_docker_client_reads():
    assert variables.docker("tcp://web1.example:4243", Path("/home/me/my certificates")) == {
        "DOCKER_TLS_VERIFY": "1", "DOCKER_HOST": "tcp://web1.example:4243",
        "DOCKER_CERT_PATH": "/home/me/my certificates"}


def test_what_testcontainers_read_beside_it():
    assert variables.testcontainers("web1.example") == {
        "TESTCONTAINERS_HOST_OVERRIDE": "web1.example",
        "TESTCONTAINERS_DOCKER_SOCKET_OVERRIDE": "/var/run/docker.sock"}


@pytest.mark.parametrize(("before", "after"), [
    ("", "web1.example"), ("localhost,.corp", "localhost,.corp,web1.example"), ("x, ", "x,web1.example"),
    ("*", "*"), ("a, WEB1.example", "a, WEB1.example")])
def test_the_host_is_added_once_and_the_others_stay(before, after):
    assert variables.no_proxy("web1.example", {"no_proxy": before}) == {"no_proxy": after, "NO_PROXY": "web1.example"}
    assert variables.no_proxy("web1.example", {"NO_PROXY": before})["NO_PROXY"] == after
