"""The JSON that scripts rely on: every key, and what each is where nothing is known."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from specs import host_spec

from azext_dockervm.certs.store import StoreChange, StoreState
from azext_dockervm.certs.summary import Summary
from azext_dockervm.contexts.builder import Builder, Node
from azext_dockervm.contexts.store import Context
from azext_dockervm.errors import CertificateError
from azext_dockervm.host.cause import Cause
from azext_dockervm.host.engine_state import EngineState
from azext_dockervm.host.finished import FinishedHost
from azext_dockervm.host.listing import Dialled
from azext_dockervm.host.noted import NotedHost
from azext_dockervm.host.vm_state import VmState
from azext_dockervm.output import shapes
from azext_dockervm.provision.proof import Proof
from azext_dockervm.provision.target import Address, Provisioned
from azext_dockervm.provision.workload import Outcome, Service
from azext_dockervm.secret import Secret
from azext_dockervm.spec.workload import ComposeFile, RegistryLogin, Workload

ENDS = datetime(2028, 4, 5, 12, 30, 1, tzinfo=timezone(timedelta(hours=2)))
ID = "/subscriptions/s/resourceGroups/demo/providers/Microsoft.Compute/virtualMachines/web1"
FQDN = "web1.westus.cloudapp.azure.com"
VM = {"id": ID, "name": "web1", "location": "westus", "tags": {"dockervm-port": "2376"}, "properties": {
    "provisioningState": "Succeeded", "hardwareProfile": {"vmSize": "Standard_D2s_v5"}}}
FINISHED = FinishedHost(VM, host_spec("demo", "web1", port=2376), Address(FQDN, "20.1.2.3", "10.0.0.4"),
                        Provisioned("run-command", "c0ffee", ENDS, True), Proof(True, "26.1.5"))
SEEN = VmState(VM, "demo", "running", {"dockervm-provisioner": "run-command"}, FQDN, "20.1.2.3", "10.0.0.4")
# As Docker's API names them.
ENGINE = {"containers": [],
          "version": {"Version": "26.1.5", "ApiVersion": "1.45", "MinAPIVersion": "1.24", "Os": "linux"},
          "info": {"OperatingSystem": "Ubuntu 24.04.1 LTS", "KernelVersion": "6.8.0-azure", "Architecture": "x86_64",
                   "NCPU": 2, "MemTotal": 8323444736, "Containers": 5, "ContainersRunning": 3, "Images": 7,
                   "Driver": "overlay2", "LoggingDriver": "json-file", "LiveRestoreEnabled": True, "ID": "x"}}


def test_a_host_that_was_made():
    assert shapes.host(FINISHED, "/home/me/.docker") == {
        "id": ID, "name": "web1", "resourceGroup": "demo", "location": "westus", "fqdn": FQDN,
        "publicIpAddress": "20.1.2.3", "privateIpAddress": "10.0.0.4", "dockerHost": f"tcp://{FQDN}:2376",
        "dockerPort": 2376, "provisioner": "run-command", "engineVersion": "26.1.5", "reachable": True,
        "certDir": "/home/me/.docker", "serverCertificateExpires": "2028-04-05T10:30:01Z",
        "serverNames": None, "dockerContext": None, "registryLogins": None, "compose": None}
    assert shapes.host(FINISHED, "/c", "web1")["dockerContext"] == "web1"


def test_what_a_host_runs():
    workload = Workload((RegistryLogin("a.io", "me", Secret("x")), RegistryLogin("b.io", "you", Secret("y"))),
                        ComposeFile("services: {web: {}}", "/home/me/app/compose.yaml", folder="app"))
    outcome = Outcome(workload, ("a.io",), (Service("web", "exited (1)", ("0.0.0.0:80->80/tcp",)),), 7, "It failed.")
    shape = shapes.host(replace(FINISHED, workload=outcome), "/c")
    assert shape["registryLogins"] == [{"server": "a.io", "user": "me", "loggedIn": True},
                                       {"server": "b.io", "user": "you", "loggedIn": False}]
    assert shape["compose"] == {
        "project": "app", "file": "/home/me/app/compose.yaml", "state": "failed", "reason": "It failed.",
        "containers": 7, "services": [{"name": "web", "state": "exited (1)", "ports": ["0.0.0.0:80->80/tcp"]}]}
    assert shapes.compose(Outcome(workload))["state"] == "running"
    assert shapes.compose(Outcome(Workload(workload.logins))) is None
    assert shapes.registry_logins(Outcome(Workload(compose=workload.compose))) is None


def test_a_host_that_works_but_can_t_be_reached_from_here():
    shape = shapes.host(replace(FINISHED, proof=Proof(False, cause="a firewall")), "/c")
    assert shape["reachable"] is False and shape["engineVersion"] is None
    assert shape.keys() == shapes.host(FINISHED, "/c").keys()


def test_an_engine():
    assert shapes.engine(ENGINE) == {
        "version": "26.1.5", "apiVersion": "1.45", "minApiVersion": "1.24", "operatingSystem": "Ubuntu 24.04.1 LTS",
        "kernelVersion": "6.8.0-azure", "architecture": "x86_64", "cpus": 2, "memoryBytes": 8323444736,
        "containers": 5, "containersRunning": 3, "images": 7, "storageDriver": "overlay2",
        "loggingDriver": "json-file", "liveRestore": True}


def test_an_engine_that_tells_little_has_every_key():
    shape = shapes.engine({"version": ENGINE["version"], "info": {}, "containers": []})
    assert shape.keys() == shapes.engine(ENGINE).keys()
    assert {key for key, value in shape.items() if value is not None} == {"version", "apiVersion", "minApiVersion"}


MACHINE = {
    "id": ID, "name": "web1", "resourceGroup": "demo", "location": "westus", "powerState": "running",
    "provisioningState": "Succeeded", "size": "Standard_D2s_v5", "priority": "Regular", "fqdn": FQDN,
    "publicIpAddress": "20.1.2.3",
    "privateIpAddress": "10.0.0.4", "dockerHost": f"tcp://{FQDN}:2376", "dockerPort": 2376,
    "adminUser": None, "sshPort": None, "ssh": None, "tags": {}, "dockerDisk": None, "provisioner": "run-command"}


def test_what_people_log_in_with_and_what_they_have_added():
    vm = {**VM, "tags": {"owner": "me", "dockervm-docker-disk": "d1"}, "properties": {
        **VM["properties"], "osProfile": {"adminUsername": "azureuser"},
        "storageProfile": {"dataDisks": [{"name": "d1", "lun": 3}]}}}
    assert shapes.people(vm, 22, FQDN) == {
        "adminUser": "azureuser", "sshPort": 22, "ssh": f"ssh azureuser@{FQDN}", "tags": {"owner": "me"},
        "dockerDisk": {"name": "d1", "lun": 3}}
    assert shapes.people(vm, 2222, "10.0.0.4")["ssh"] == "ssh -p 2222 azureuser@10.0.0.4"
    assert shapes.people(vm, None, FQDN)["ssh"] is None and shapes.people(vm, 22, None)["ssh"] is None


def test_what_compose_runs_is_told_by_its_labels():
    def container(project, service, state):
        return {"State": state, "Labels": {"com.docker.compose.project": project,
                                           "com.docker.compose.service": service}}

    assert shapes.compose_projects([container("shop", "web", "running"), container("shop", "db", "exited"), {}]) == [
        {"project": "shop", "services": [{"name": "db", "state": "exited"}, {"name": "web", "state": "running"}]}]


def test_a_machine():
    assert shapes.machine(SEEN) == MACHINE


@pytest.mark.parametrize(("changes", "docker_host"), [
    ({"fqdn": None}, "tcp://20.1.2.3:2376"), ({"public_address": None}, f"tcp://{FQDN}:2376"),
    ({"fqdn": None, "public_address": None}, None), ({"vm": {**VM, "tags": {}}}, None)])
def test_a_machine_has_a_docker_host_where_its_port_and_one_of_its_names_are_known(changes, docker_host):
    assert shapes.machine(replace(SEEN, **changes))["dockerHost"] == docker_host


def test_a_machine_that_dockervm_did_not_make_has_every_key():
    strange = VmState({"id": ID, "name": "web1", "location": "westus",
                       "properties": {"hardwareProfile": {"vmSize": "Standard_B2s"}}},
                      "demo", "unknown", {}, None, None, None)
    assert shapes.machine(strange) == {**dict.fromkeys(MACHINE), "id": ID, "name": "web1", "resourceGroup": "demo",
                                       "location": "westus", "powerState": "unknown", "size": "Standard_B2s",
                                       "priority": "Regular", "tags": {}}


def test_info_of_a_host_that_answers():
    report = EngineState(ENGINE, None, ENDS, closed=((8080, "tcp"), (53, "udp")))
    assert shapes.info(SEEN, report, "/c") == {
        **MACHINE, "engine": shapes.engine(ENGINE), "composeProjects": [], "engineUnreachable": None, "cause": None,
        "advice": [], "serverCertificateExpires": "2028-04-05T10:30:01Z", "closedPorts": ["8080/tcp", "53/udp"],
        "certDir": "/c"}


def test_info_of_a_host_that_does_not():
    assert shapes.info(SEEN, EngineState(None, "the VM is deallocated", None), "/c") == {
        **MACHINE, "engine": None, "composeProjects": None, "engineUnreachable": "the VM is deallocated", "cause": None,
        "advice": [], "serverCertificateExpires": None,
        "closedPorts": [], "certDir": "/c"}


def summary(subject):
    return Summary(subject, "CN=ca", ("DNS:x",), "0a", "ab" * 32, ENDS, ENDS, 100, "EC", 256, subject == "CN=ca")


SOUND = StoreState(Path("/c"), summary("CN=ca"), summary("CN=me"), True, None, ("others can read it",),
                   (Path("/c/dockervm-backup-1"),))


def test_certificates():
    shape = shapes.certificates(SOUND)
    assert shape == {
        "certDir": "/c", "caKeyPresent": True, "ca": summary("CN=ca").as_dict(), "client": summary("CN=me").as_dict(),
        "problem": None, "advice": [], "warnings": ["others can read it"], "backups": ["/c/dockervm-backup-1"]}
    assert json.loads(json.dumps(shape)) == shape


def test_certificates_that_can_t_be_used_say_why_and_what_to_do():
    problem = CertificateError("ca.pem is damaged.", ("Put it back.", "Or name another folder."))
    assert shapes.certificates(StoreState(Path("/c"), None, None, False, problem, (), ())) == {
        "certDir": "/c", "caKeyPresent": False, "ca": None, "client": None, "problem": "ca.pem is damaged.",
        "advice": ["Put it back.", "Or name another folder."], "warnings": [], "backups": []}


@pytest.mark.parametrize(("change", "created", "issued", "reason"), [
    (StoreChange(), False, False, None), (StoreChange(created=True), True, True, None),
    (StoreChange(client_issued=True, client_reason="expired"), False, True, "expired")])
def test_certificates_that_were_made_say_which(change, created, issued, reason):
    assert shapes.certificates(SOUND, change) == {
        **shapes.certificates(SOUND), "created": created, "clientIssued": issued, "clientReason": reason}


def test_what_is_noted_of_a_host():
    vm = {**VM, "tags": {"dockervm-host": "web1", "dockervm-schema": "1", "dockervm-port": "2376",
                         "dockervm-fqdn": FQDN,
                         "dockervm-ca": "AB" * 32, "dockervm-provisioner": "run-command",
                         "dockervm-certificate-expires": "2028-04-05T10:30:01Z"},
          "properties": {**VM["properties"], "timeCreated": "2026-11-25T10:00:00.1234567+00:00"}}
    assert shapes.noted(NotedHost(vm, "running")) == {
        "id": ID, "name": "web1", "resourceGroup": "demo", "location": "westus", "powerState": "running",
        "provisioningState": "Succeeded", "size": "Standard_D2s_v5", "priority": "Regular", "fqdn": FQDN, "dockerHost": f"tcp://{FQDN}:2376",
        "dockerPort": 2376, "adminUser": None, "sshPort": None, "ssh": None,
        "tags": {}, "dockerDisk": None, "addressFrom": "tag", "provisioner": "run-command", "finished": True,
        "timeCreated": "2026-11-25T10:00:00.1234567+00:00", "serverCertificateExpires": "2028-04-05T10:30:01Z",
        "authority": "ab" * 32, "problems": [], "reachable": None, "engineUnreachable": None,
        "cause": None, "advice": []}


def test_what_dialling_brought_counts_more_than_what_is_noted():
    shown = shapes.noted(NotedHost(VM), Dialled(expires=ENDS))
    assert (shown["reachable"], shown["serverCertificateExpires"]) == (True, "2028-04-05T10:30:01Z")
    shown = shapes.noted(NotedHost(VM), Dialled(cause=Cause("off", "off", ("start it",))))
    assert (shown["reachable"], shown["engineUnreachable"], shown["powerState"]) == (False, "off", "unknown")
    assert (shown["finished"], shown["dockerHost"], shown["serverCertificateExpires"]) == (False, None, None)
    assert len(shown["problems"]) == 4


def test_a_vm_that_azure_tells_little_of_has_every_key():
    assert shapes.noted(NotedHost({**VM, "properties": {}})).keys() == shapes.noted(NotedHost(VM)).keys()


def test_a_context_of_ours_and_one_of_others():
    mark = {"context": "web1", "host": ID, "certDir": "/c"}
    meta = {"Name": "web1", "Metadata": {"Description": "d", "dockervm": mark},
            "Endpoints": {"docker": {"Host": "tcp://web1:1"}}}
    assert shapes.context(Context(meta), True, False) == {
        "name": "web1", "description": "d", "dockerHost": "tcp://web1:1", "current": True, "host": ID, "stale": False,
        "certDir": "/c"}
    assert shapes.context(Context({"Name": "x"}), False, None) == {
        "name": "x", "description": None, "dockerHost": None, "current": False, "host": None, "stale": None,
        "certDir": None}


def test_a_builder_whose_second_node_has_lost_its_context():
    mark = {"context": "web1", "host": ID, "certDir": "/c"}
    known = Context({"Name": "web1", "Metadata": {"dockervm": mark}, "Endpoints": {"docker": {"Host": "tcp://w:1"}}})
    made = Builder("pool", "docker-container", (Node("a", "web1"), Node("b", "web2")))
    assert shapes.builder(made, [known, None]) == {"name": "pool", "driver": "docker-container", "nodes": [
        {"name": "a", "context": "web1", "host": ID, "dockerHost": "tcp://w:1"},
        {"name": "b", "context": "web2", "host": None, "dockerHost": None}]}
