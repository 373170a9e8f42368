"""A host with all that `create` does inside one, by the fast lane; its engine's settings changed later, by whomever."""

from __future__ import annotations

import json
import urllib.request

import pytest
from fleet import Host
from local_azure import GROUP

pytestmark = pytest.mark.machines

NAME = "tuned"
LABEL = "note=it's \"$(touch /planted)\" ü"
PROXY = "http://127.0.0.1:1"
OPTIONS = ("--engine-labels", LABEL, "--insecure-registries", "registry.test:5000", "--log-driver", "local",
           "--default-address-pools", "base=172.30.0.0/16,size=24", "--build-cache-gb", "3",
           "--engine-options", "max-concurrent-downloads=7", "shutdown-timeout=5",
           "--open-ports", "8088", "--docker-disk-size-gb", "4")
COMPOSE = """
services:
  web:
    image: busybox
    command: sh -c 'mkdir /w && echo everything > /w/index.html && exec httpd -f -p 80 -h /w'
    ports: ["8088:80"]
"""
CLOUD_CONFIG = "#cloud-config\nwrite_files:\n  - path: /etc/of-mine\n    content: ours and $(mine)\n"


def create(local_azure, fleet, *options):
    return local_azure.az("dockervm", "create", "-g", GROUP, "-n", NAME, "-l", "uksouth", "--ssh-key-values",
                          f"{fleet.ssh_key}.pub", *options)


@pytest.fixture(scope="module")
def options(local_azure, tmp_path_factory) -> tuple[object, ...]:
    compose = tmp_path_factory.mktemp("shop") / "compose.yaml"
    compose.write_text(COMPOSE)
    # Docker asks one after the other.
    mirrors = ("http://127.0.0.1:1", f"https://{local_azure.environment['LOCALAZURE_REGISTRY']}")
    return (*OPTIONS, "--registry-mirrors", *mirrors, "--compose-file", compose, "--custom-data", CLOUD_CONFIG)


@pytest.fixture(scope="module")
def tuned(local_azure, fleet, options) -> Host:
    """With all of it, and a container that runs."""
    made = create(local_azure, fleet, *options).succeeded()
    host = Host(local_azure, NAME, made, made.json)
    host.docker("run", "-d", "--name", "lasting", "busybox", "sleep", "9999").succeeded()
    yield host
    local_azure.az("dockervm", "delete", "-g", GROUP, "-n", NAME, "--yes").succeeded()


def info(host):
    return json.loads(host.docker("info", "--format", "{{json .}}").succeeded().stdout)


def started(host):
    return host.docker("inspect", "-f", "{{.State.StartedAt}}", "lasting").succeeded().stdout


def test_the_engine_has_what_was_asked_for_to_the_letter(tuned):
    assert tuned.result["provisioner"] == "cloud-init"
    assert "--registry-mirrors: 127.0.0.1:1 does not answer the host" in tuned.created.stderr
    seen = info(tuned)
    assert seen["Labels"] == [LABEL] and seen["LoggingDriver"] == "local" and seen["LiveRestoreEnabled"] is True
    assert seen["RegistryConfig"]["IndexConfigs"]["registry.test:5000"]["Secure"] is False
    assert seen["DefaultAddressPools"] == [{"Base": "172.30.0.0/16", "Size": 24}]
    assert seen["RegistryConfig"]["Mirrors"][0] == "http://127.0.0.1:1/"
    assert tuned.run("ls /planted 2>/dev/null; true") == ""
    settings = json.loads(tuned.run("cat /etc/docker/daemon.json"))
    assert (settings["max-concurrent-downloads"], settings["shutdown-timeout"]) == (7, 5)
    assert settings["builder"]["gc"]["defaultMaxUsedSpace"] == "3GB"


def test_what_else_was_asked_for_is_there_too(tuned):
    """The project's image came by the second mirror: no other way leads out of here."""
    assert [one["state"] for one in tuned.result["compose"]["services"]] == ["running"]
    with urllib.request.urlopen(f"http://{tuned.result['fqdn']}:8088/", timeout=10) as answer:
        assert answer.read() == b"everything\n"
    assert tuned.run("cat /etc/of-mine") == "ours and $(mine)"
    folders = ("/var/lib/dockervm/disk", "/var/lib/docker", "/var/lib/containerd", "/")
    *disks, system = (tuned.run(f"stat -c %d {folder}") for folder in folders)
    assert len(set(disks)) == 1 and disks[0] != system


def test_the_same_command_asks_and_changes_nothing(local_azure, fleet, tuned, options):
    before = tuned.run("systemctl show -P ActiveEnterTimestamp docker")
    again = create(local_azure, fleet, *options).succeeded()
    assert "Not applied: the engine" not in again.stderr
    assert tuned.run("systemctl show -P ActiveEnterTimestamp docker") == before


def test_other_settings_are_told_then_applied_and_containers_run_on(local_azure, fleet, tuned):
    before = started(tuned)
    told = create(local_azure, fleet, "--engine-labels", "role=test").succeeded()
    assert "+ \"labels\": [\"role=test\"]" in told.stderr and "--engine-labels role=test --apply" in told.stderr
    assert info(tuned)["Labels"] == [LABEL]
    create(local_azure, fleet, "--engine-labels", "role=test", "--http-proxy", PROXY, "--apply").succeeded()
    seen = info(tuned)
    assert (seen["Labels"], seen["LoggingDriver"], seen["HttpProxy"]) == (["role=test"], "json-file", PROXY)
    assert "169.254.169.254" in seen["NoProxy"] and started(tuned) == before


def test_what_dockerd_does_not_know_is_refused_by_its_own_words_and_nothing_is_lost(local_azure, fleet, tuned):
    refused = create(local_azure, fleet, "--engine-options", "no-such-thing=1", "--apply")
    assert refused.code == 1 and "docker-config-invalid" in refused.stderr and "no-such-thing" in refused.stderr
    assert "--engine-options" in refused.stderr and info(tuned)["Labels"] == ["role=test"]


def test_what_a_hand_has_changed_is_named_and_stays(local_azure, fleet, tuned):
    tuned.run("sed -i 's/role=test/role=hand/' /etc/docker/daemon.json && systemctl restart docker")
    refused = create(local_azure, fleet, "--engine-labels", "role=new", "--apply")
    assert refused.code == 1 and "settings-changed" in refused.stderr and "role=hand" in refused.stderr
    assert info(tuned)["Labels"] == ["role=hand"]
    # Another port, and with it another certificate, leave it as it is.
    made = create(local_azure, fleet, "-dp", "2376").succeeded()
    moved = Host(local_azure, NAME, made, made.json)
    assert info(moved)["Labels"] == ["role=hand"] and moved.result["dockerPort"] == 2376
    aside = next(line for line in refused.stderr.splitlines() if "az vm run-command invoke" in line)
    assert "mv /etc/docker/daemon.json /etc/docker/daemon.json.by-hand" in aside
    moved.run("mv /etc/docker/daemon.json /etc/docker/daemon.json.by-hand")
    create(local_azure, fleet, "-dp", "2376", "--engine-labels", "role=new", "--apply").succeeded()
    assert info(moved)["Labels"] == ["role=new"]
    assert len(moved.docker("ps", "-q").succeeded().stdout.split()) == 2, "containers have run on"
