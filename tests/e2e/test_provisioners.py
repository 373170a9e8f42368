"""How Docker gets onto a host: as asked, as the region allows, and by the other way when one fails."""

from __future__ import annotations

import json

import pytest
from local_azure import GROUP
from running import run

pytestmark = pytest.mark.machines

KEYS = {"id", "name", "resourceGroup", "location", "fqdn", "publicIpAddress", "privateIpAddress", "dockerHost",
        "dockerPort", "provisioner", "engineVersion", "reachable", "certDir", "dockerContext",
        "serverCertificateExpires", "serverNames", "registryLogins", "compose"}
# Which provisioner each host must have got, and whether the extension's resource is still there.
WAYS = {"plain": "cloud-init", "as_in_2014": "docker-extension", "extension": "docker-extension",
        "run_command": "run-command", "prompted": "cloud-init", "without_cloud_init": "run-command",
        "fallen_back": "run-command", "unreachable": "run-command"}


def fingerprint(path) -> str:
    """As openssl tells it."""
    said = run(["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", path]).succeeded().stdout
    return said.partition("=")[2].strip().replace(":", "").lower()


@pytest.fixture(params=WAYS)
def any_host(request):
    return request.getfixturevalue(request.param), WAYS[request.param]


def test_result_and_tags_name_the_provisioner_and_the_host(any_host, machines):
    host, way = any_host
    result, vm = host.result, machines[host.name]
    tags = vm["tags"]
    assert set(result) == KEYS
    assert result["provisioner"] == tags["dockervm-provisioner"] == way
    assert result["dockerHost"] == f"tcp://{result['fqdn']}:{result['dockerPort']}"
    assert (result["fqdn"], result["publicIpAddress"], result["privateIpAddress"]) == (
        vm["fqdns"], vm["publicIps"], vm["privateIps"])
    assert tags["dockervm-host"] == host.name and tags["dockervm-port"] == str(result["dockerPort"])
    assert tags["dockervm-fqdn"] == result["fqdn"]
    assert tags["dockervm-certificate-expires"] == result["serverCertificateExpires"]
    assert tags["dockervm-schema"] == "1" and tags["dockervm-run"]
    assert tags["dockervm-ca"] == fingerprint(host.folder / "ca.pem")


def test_only_the_extension_that_works_stays_and_no_run_command(any_host, machines, local_azure):
    host, way = any_host
    extensions = [one["id"].rpartition("/")[2] for one in machines[host.name].get("resources") or ()]
    assert extensions == (["DockerExtension"] if way == "docker-extension" else [])
    assert local_azure.query("vm", "run-command", "list", "-g", GROUP, "--vm-name", host.name) == []


def test_engine_is_set_up_the_same_by_either_way(any_host):
    host, _ = any_host
    if not host.result["reachable"]:    # looked at in test_unreachable, once the way is open
        assert host.result["engineVersion"] is None
        return
    engine = json.loads(host.docker("info", "--format", "{{json .}}").succeeded().stdout)
    assert engine["LiveRestoreEnabled"] is True
    assert engine["LoggingDriver"] == "json-file"
    assert engine["ServerVersion"] == host.result["engineVersion"]
    assert engine["Name"] == host.name


def test_progress_says_which_provisioner_and_why(plain, as_in_2014, run_command, prompted):
    assert ("Provisioner: cloud-init (the Docker VM extension was made for older images than this; this image has "
            "cloud-init)") in plain.created.stderr
    assert "Provisioner: docker-extension (westeurope publishes the Docker VM extension, which was made for this " \
        "image)" in as_in_2014.created.stderr
    assert run_command.created.stderr == ""     # --only-show-errors
    live = "\r\x1b[K"
    assert live in prompted.created.stderr and live not in plain.created.stderr     # one was made on a terminal


def test_progress_ends_with_the_docker_command_to_type(plain):
    assert plain.created.stderr.splitlines()[-1] == f"Now type: docker --tlsverify -H {plain.url} info"


def test_on_today_s_image_the_extension_finds_docker_and_compose_in_place(extension, as_in_2014):
    """Its own installation fails there; on an image of its era it is left to do it."""
    assert "install Docker and Compose, which the extension then finds" in extension.created.stderr
    assert "install Docker and Compose" not in as_in_2014.created.stderr
    assert extension.run("docker-compose version >/dev/null && readlink /usr/local/bin/docker-compose")


def test_failing_extension_is_replaced_by_run_commands_with_a_warning(fallen_back):
    assert "Provisioner: docker-extension" in fallen_back.created.stderr
    warning = next(line for line in fallen_back.created.stderr.splitlines() if line.startswith("WARNING: "))
    assert "The Docker VM extension failed" in warning and "run-command takes over" in warning


def test_explicit_extension_is_refused_where_it_is_not_published(local_azure, plain):
    refused = local_azure.az("dockervm", "create", "-g", GROUP, "-n", "nowhere", "-l", "East US 2",
                             "--provisioner", "docker-extension")
    assert refused.code == 1 and refused.stdout == ""
    assert "eastus2 does not publish DockerExtension" in refused.stderr and "Traceback" not in refused.stderr
    assert local_azure.parts("nowhere") == set()


def test_image_without_cloud_init_has_run_no_custom_data(without_cloud_init, prompted):
    """What makes the two images differ, so that the host proves what it is there to prove."""
    seen = "test -s /var/log/cloud-init-output.log && grep -c . /var/log/cloud-init-output.log || echo none"
    assert without_cloud_init.run(seen) == "none"
    assert prompted.run(seen) != "none"
