"""A host at work: containers, restarts, a machine that is switched off."""

from __future__ import annotations

import json
import shlex

import pytest
from local_azure import GROUP, eventually
from running import run

pytestmark = pytest.mark.machines


@pytest.fixture(params=["extension", "run_command"])
def host(request, busybox):
    """One host of each provisioner, with an image to run."""
    found = request.getfixturevalue(request.param)
    if not found.docker("image", "ls", "-q", "busybox").succeeded().stdout:
        found.docker("import", busybox, "busybox").succeeded()
    return found


def started_at(host, container: str) -> str:
    return host.docker("inspect", "-f", "{{.State.StartedAt}} {{.State.Running}}", container).succeeded().stdout.strip()


def engine_answers(host) -> bool:
    return host.docker("version", timeout=20).code == 0


def test_a_container_runs_and_its_answer_comes_back(host):
    said = host.docker("run", "--rm", "busybox", "echo", "hello from a container").succeeded()
    assert said.stdout == "hello from a container\n"


def test_a_container_answers_on_a_published_port_on_the_host(host):
    serve = "mkdir /w && echo served > /w/index.html && httpd -f -p 80 -h /w"
    host.docker("run", "-d", "--name", "web", "-p", "8080:80", "busybox", "sh", "-c", serve).succeeded()
    try:
        answer = eventually(lambda: host.run("curl -s --max-time 5 http://localhost:8080/"), "an answer", 20)
    finally:
        host.docker("rm", "-f", "web")
    assert answer == "served"


def test_info_names_a_published_port_that_azure_keeps_closed_and_the_command_that_opens_it(run_command, busybox):
    """The command is typed as it was printed; then the container answers from outside."""
    host = run_command
    if not host.docker("image", "ls", "-q", "busybox").succeeded().stdout:
        host.docker("import", busybox, "busybox").succeeded()
    serve = "mkdir /w && echo served > /w/index.html && httpd -f -p 80 -h /w"
    host.docker("run", "-d", "--name", "site", "-p", "8081:80", "busybox", "sh", "-c", serve).succeeded()
    try:
        seen = host.info().succeeded()
        assert seen.json["closedPorts"] == ["8081/tcp"]
        oldest = host.docker("version", "-f", "{{.Server.MinAPIVersion}}").succeeded().stdout.strip()
        assert seen.json["engine"]["minApiVersion"] == oldest
        command = seen.stderr.partition("To open it: az ")[2].splitlines()[0]
        host.azure.az(*shlex.split(command)).succeeded()
        outside = f"http://{host.result['fqdn']}:8081/"
        answer = eventually(lambda: run(["curl", "-s", "--max-time", "5", outside]).stdout, "an answer", 20)
        assert answer == "served\n"
        again = host.info().succeeded()
        assert again.json["closedPorts"] == [] and "To open" not in again.stderr
    finally:
        host.docker("rm", "-f", "site")


def test_containers_live_through_a_restart_of_the_engine(host):
    host.docker("run", "-d", "--name", "lasting", "busybox", "sleep", "1000").succeeded()
    try:
        before = started_at(host, "lasting")
        host.run("systemctl reset-failed docker; systemctl restart docker")
        eventually(lambda: engine_answers(host), "the engine answers again")
        assert started_at(host, "lasting") == before
    finally:
        host.docker("rm", "-f", "lasting")


def test_a_host_works_again_after_az_vm_restart(host):
    host.docker("run", "-d", "--name", "faithful", "--restart", "always", "busybox", "sleep", "1000").succeeded()
    before = started_at(host, "faithful")
    boot = host.azure.boot(host.name)
    host.azure.az("vm", "restart", "-g", GROUP, "-n", host.name).succeeded()
    eventually(lambda: engine_answers(host), "the engine answers again")
    assert host.azure.boot(host.name) != boot
    eventually(lambda: started_at(host, "faithful").endswith("true"), "the container runs again", 20)
    assert started_at(host, "faithful") != before
    assert host.info().succeeded().json["engineUnreachable"] is None


def test_a_host_works_again_after_its_own_reboot(fallen_back):
    azure, boot = fallen_back.azure, fallen_back.azure.boot(fallen_back.name)
    fallen_back.run("nohup systemctl reboot >/dev/null 2>&1 &")
    eventually(lambda: azure.boot(fallen_back.name) not in (boot, None), "it reboots")
    eventually(lambda: engine_answers(fallen_back), "the engine answers again")
    assert fallen_back.info().succeeded().json["powerState"] == "running"


def test_a_machine_that_is_off_shows_its_half_and_why(without_cloud_init):
    host = without_cloud_init
    host.azure.az("vm", "deallocate", "-g", GROUP, "-n", host.name).succeeded()
    try:
        seen = host.info("--only-show-errors").succeeded()
        assert seen.stderr == ""
        assert seen.json["powerState"] == "deallocated" and seen.json["engine"] is None
        reason = seen.json["engineUnreachable"]
        assert f"The VM '{host.name}' is deallocated" in reason
        assert f"az vm start -g {GROUP} -n {host.name}" in reason + str(seen.json["advice"])
        assert seen.json["serverCertificateExpires"] == host.result["serverCertificateExpires"]
        refused = host.azure.az("dockervm", "create", "-g", GROUP, "-n", host.name, "-l", "eastus2", "--image",
                                "LocalAzure:linux-without-cloud-init:agent-only:latest")
        assert refused.code == 1 and f"az vm start -g {GROUP} -n {host.name}" in refused.stderr
    finally:
        host.azure.az("vm", "start", "-g", GROUP, "-n", host.name).succeeded()
    eventually(lambda: engine_answers(host), "the engine answers again")


def test_a_machine_that_was_stopped_says_so(without_cloud_init):
    host = without_cloud_init
    host.azure.az("vm", "stop", "-g", GROUP, "-n", host.name).succeeded()
    try:
        assert f"The VM '{host.name}' is stopped" in host.info().succeeded().json["engineUnreachable"]
    finally:
        host.azure.az("vm", "start", "-g", GROUP, "-n", host.name).succeeded()
    eventually(lambda: engine_answers(host), "the engine answers again")


def test_table_output_has_a_row_for_the_host(plain):
    header, _, row = plain.info("-o", "table").succeeded().stdout.strip().splitlines()
    assert header.split() == ["Name", "State", "Size", "DockerHost", "Provisioner", "Engine", "Containers", "Images",
                              "CertificateExpires"]
    assert plain.name in row and "running" in row and plain.url in row


def test_info_of_a_host_that_does_not_exist_exits_with_3(local_azure):
    asked = local_azure.az("dockervm", "info", "-g", GROUP, "-n", "nobody")
    assert (asked.code, asked.stdout) == (3, "") and "no VM 'nobody'" in asked.stderr


def test_the_same_create_on_a_finished_host_changes_nothing(host):
    """Neither resources nor certificates nor containers are made anew."""
    host.docker("run", "-d", "--name", "kept", "busybox", "sleep", "1000").succeeded()
    words = list(host.created.words[1:])
    before = described(host)
    again = host.azure.az(*words).succeeded()
    assert again.json == host.result
    assert described(host) == before
    assert started_at(host, "kept").endswith("true")
    host.docker("rm", "-f", "kept")
    row = host.azure.az(*words, "-o", "table").succeeded().stdout.splitlines()[2]
    assert host.url in row and host.result["provisioner"] in row and "True" in row


def described(host) -> dict:
    """What a second create could have changed, but for the run's id in the VM's tags."""
    resources = host.azure.query("resource", "list", "--tag", f"dockervm-host={host.name}")
    vm = host.azure.query("vm", "show", "-g", GROUP, "-n", host.name)
    return {
        "resources": sorted(one["id"] for one in resources), "vm": (vm["vmId"], vm["timeCreated"]),
        "certificates": {path.name: path.read_bytes() for path in host.folder.glob("*.pem")},
        "server": host.run("sha256sum /etc/docker/cert.pem /etc/docker/dockervm/*.pem /etc/docker/daemon.json"),
        "engine": json.loads(host.docker("info", "--format", "{{json .ID}}").succeeded().stdout),
        "containers": host.docker("ps", "-aq").succeeded().stdout,
    }
