"""A host with all that `create` does inside one, by the fast lane; its engine's settings changed later, by whomever."""

from __future__ import annotations

import json
import urllib.request

import pytest
from fleet import Host
from local_azure import GROUP
from running import Finished
from secret_search import GUESTS, found_in, holders, journal

pytestmark = pytest.mark.machines

NAME = "tuned"
LABEL = "note=it's \"$(touch /planted)\" ü"
PROXY, PROXY_PASSWORD = "127.0.0.1:1", "Proxy_pw.2014"
DOCKER = "26"       # of the image's distribution
OPTIONS = ("--docker-channel", "distribution", "--docker-version", DOCKER, "--daemon-json",
           '{"max-download-attempts": 3, "log-opts": {"max-file": "2"}}', "--engine-labels", LABEL,
           "--insecure-registries", "registry.test:5000", "--storage-driver", "overlay2", "--log-driver", "local",
           "--log-options", "max-size=1m", "--live-restore", "--default-address-pools",
           "base=172.30.0.0/16,size=24", "--build-cache-gb", "3", "--engine-options", "max-concurrent-downloads=7",
           "shutdown-timeout=5", "--open-ports", "8088", "--docker-disk-size-gb", "4")
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
    assert seen["Driver"] == "overlay2" and seen["ServerVersion"].startswith(f"{DOCKER}.")
    assert seen["RegistryConfig"]["IndexConfigs"]["registry.test:5000"]["Secure"] is False
    assert seen["DefaultAddressPools"] == [{"Base": "172.30.0.0/16", "Size": 24}]
    assert seen["RegistryConfig"]["Mirrors"][0] == "http://127.0.0.1:1/"
    assert tuned.run("ls /planted 2>/dev/null; true") == ""
    settings = json.loads(tuned.run("cat /etc/docker/daemon.json"))
    assert (settings["max-concurrent-downloads"], settings["shutdown-timeout"]) == (7, 5)
    assert (settings["max-download-attempts"], settings["storage-driver"]) == (3, "overlay2")
    logs = json.loads(tuned.docker("inspect", "-f", "{{json .HostConfig.LogConfig}}", "lasting").succeeded().stdout)
    assert logs == {"Type": "local", "Config": {"max-file": "2", "max-size": "1m"}}
    # As the README says: merged into what a container asks for of the same driver, and of no other.
    for asked, has in ((("--log-opt", "max-size=5m"), {"max-file": "2", "max-size": "5m"}),
                       (("--log-driver", "json-file", "--log-opt", "max-size=5m"), {"max-size": "5m"})):
        made = tuned.docker("create", *asked, "busybox").succeeded().stdout.strip()
        logs = tuned.docker("inspect", "-f", "{{json .HostConfig.LogConfig.Config}}", made).succeeded().stdout
        tuned.docker("rm", made).succeeded()
        assert json.loads(logs) == has
    assert "3GiB" in tuned.run("docker buildx inspect"), "the cache of builds has its limit"


def test_its_packages_stay_in_the_version_that_was_asked_for(tuned):
    assert f"Pin: version /^([0-9]+:)?{DOCKER}(" in tuned.run("cat /etc/apt/preferences.d/dockervm-docker.pref")
    policy = tuned.run("apt-cache policy docker.io").splitlines()
    installed = next(line.split()[1] for line in policy if "Installed:" in line)
    assert any(f"{installed} 999" in line for line in policy)


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
    assert "Not applied: the engine" not in again.stderr and "Not applied: --docker" not in again.stderr
    assert tuned.run("systemctl show -P ActiveEnterTimestamp docker") == before


def test_other_settings_are_told_and_so_is_what_an_engine_that_is_there_keeps(local_azure, fleet, tuned):
    told = create(local_azure, fleet, "--engine-labels", "role=test", "--docker-channel", "docker").succeeded()
    assert "+ \"labels\": [\"role=test\"]" in told.stderr and "--engine-labels role=test --apply" in told.stderr
    assert "this one was made with Docker from the packages of its distribution" in told.stderr
    assert info(tuned)["Labels"] == [LABEL]


@pytest.fixture(scope="module")
def applied(local_azure, fleet, tuned) -> tuple[Finished, str]:
    """Other settings, by way of a proxy with a password; and when the container had been started before."""
    (fleet.files / "proxy").write_text(f"http://me:{PROXY_PASSWORD}@{PROXY}\n")
    before = started(tuned)
    return create(local_azure, fleet, "--engine-labels", "role=test", "--http-proxy", f"@{fleet.files}/proxy",
                  "--https-proxy", f"http://{PROXY}", "--no-proxy", ".corp", "10.9.0.0/16", "--apply",
                  "--debug").succeeded(), before


def test_other_settings_are_applied_and_containers_run_on(tuned, applied):
    seen = info(tuned)
    assert (seen["Labels"], seen["LoggingDriver"]) == (["role=test"], "json-file")
    # Docker tells no password of a proxy.
    assert (seen["HttpProxy"], seen["HttpsProxy"]) == (f"http://xxxxx:xxxxx@{PROXY}", f"http://{PROXY}")
    assert {"169.254.169.254", ".corp", "10.9.0.0/16"} <= set(seen["NoProxy"].split(","))
    assert started(tuned) == applied[1]


def test_a_proxy_s_password_is_where_it_belongs_and_nowhere_else(local_azure, fleet, tuned, applied):
    disk, said = local_azure.disk(NAME), applied[0].stdout + applied[0].stderr
    files = {"etc/docker/dockervm/proxy.env", "etc/apt/apt.conf.d/90dockervm-proxy"}
    assert f"HTTP_PROXY=http://me:{PROXY_PASSWORD}@{PROXY}" in tuned.run("cat /etc/docker/dockervm/proxy.env")
    assert tuned.run(f"cd / && stat -c '%a %U' {' '.join(files)}").splitlines() == ["600 root"] * 2
    assert holders(disk, PROXY_PASSWORD) == files and not found_in(journal(disk), PROXY_PASSWORD)
    assert holders(local_azure.folder, PROXY_PASSWORD, leave_out=GUESTS) == set()
    assert not found_in(said, PROXY_PASSWORD) and "Request body" in said, "--debug was in force"
    vm = local_azure.query("vm", "show", "-g", GROUP, "-n", NAME)
    assert vm["tags"] and not found_in(str(vm), PROXY_PASSWORD)


def test_what_dockerd_does_not_know_is_refused_by_its_own_words_and_nothing_is_lost(local_azure, fleet, tuned):
    refused = create(local_azure, fleet, "--daemon-json", '{"no-such-thing": 1}', "--apply")
    assert refused.code == 1 and "dockerd does not accept its settings" in refused.stderr
    assert "does not know the key 'no-such-thing'" in refused.stderr and "--daemon-json" in refused.stderr
    goes_on, = [line for line in refused.stderr.splitlines() if "To continue" in line]
    assert "without the value that failed: az dockervm create" in goes_on and "no-such-thing" not in goes_on
    assert goes_on.endswith("--apply")
    assert info(tuned)["Labels"] == ["role=test"]


def test_what_a_hand_has_changed_is_named_and_stays(local_azure, fleet, tuned):
    tuned.run("sed -i 's/role=test/role=hand/' /etc/docker/daemon.json && systemctl restart docker")
    refused = create(local_azure, fleet, "--engine-labels", "role=new", "--apply")
    assert refused.code == 1 and "Docker's settings were edited on the host" in refused.stderr
    assert "role=hand" in refused.stderr
    assert info(tuned)["Labels"] == ["role=hand"]
    # Another port, and with it another certificate, leave it as it is.
    made = create(local_azure, fleet, "-dp", "2376").succeeded()
    moved = Host(local_azure, NAME, made, made.json)
    assert info(moved)["Labels"] == ["role=hand"] and moved.result["dockerPort"] == 2376
    assert len(moved.docker("ps", "-q").succeeded().stdout.split()) == 2, "containers have run on"
    aside = next(line for line in refused.stderr.splitlines() if "az vm run-command invoke" in line)
    assert "mv /etc/docker/daemon.json /etc/docker/daemon.json.by-hand" in aside
    moved.run("mv /etc/docker/daemon.json /etc/docker/daemon.json.by-hand")


def test_swarm_as_the_readme_says(local_azure, fleet, tuned):
    """Refused while live-restore is on. Nothing of a hand's is in the way any more."""
    swarm = f"docker swarm init --advertise-addr {tuned.result['privateIpAddress']} 2>&1 || true"
    refused = tuned.run(swarm)
    assert "live-restore" in refused and "incompatible with swarm" in refused
    # An engine without live-restore stops those that run on when it starts, and waits for them.
    tuned.run("docker rm -f $(docker ps -q)")
    made = create(local_azure, fleet, "-dp", "2376", "--engine-labels", "role=new", "--live-restore", "false",
                  "--apply").succeeded()
    host = Host(local_azure, NAME, made, made.json)
    seen = info(host)
    assert (seen["Labels"], seen["LiveRestoreEnabled"], seen["Swarm"]["LocalNodeState"]) == (
        ["role=new"], False, "inactive")
    host.docker("swarm", "init", "--advertise-addr", host.result["privateIpAddress"]).succeeded()
    assert info(host)["Swarm"]["LocalNodeState"] == "active"
    host.docker("swarm", "leave", "--force").succeeded()
