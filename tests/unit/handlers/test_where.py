"""A tag names another's address: no command prints it as the host's, and none dials it."""

from __future__ import annotations

import json

import pytest
from azure.cli.core import azclierror

from azext_dockervm.azure import kinds
from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.contexts.store import ContextStore
from azext_dockervm.handlers import context, create, env, hosts, info
from azext_dockervm.host import builder
from azext_dockervm.host.context import Credentials
from azext_dockervm.spec.host import HostSpec

HOST = {"resource_group_name": "g", "vm_name": "web1"}
EVIL = "evil.example.com"
FQDN = "web1.westus.cloudapp.azure.com"


@pytest.fixture(params=[EVIL, "6.6.6.6"])
def evil(request, cmd, cloud, folder, capsysbinary):
    """What somebody who may write tags has put in the place of the host's name."""
    create.create(cmd, **HOST, cert_dir=str(folder), admin_password="Tall-Ships_2014+Docker", provisioner="run-command")
    cloud.retag(kinds.VM, "web1", dockervm_fqdn=request.param)
    cloud.engines.knocks.clear()
    capsysbinary.readouterr()
    return request.param


def builds(_cmd, cloud, folder):
    store = CertificateStore(folder)
    return builder._members(cloud.azure(), [HostSpec("g", "web1")], Credentials.of(store), ContextStore())


COMMANDS = {
    "env": lambda cmd, _cloud, folder: env.env(cmd, **HOST, cert_dir=str(folder), shell="bash", no_proxy=True,
                                               testcontainers=True),
    "context create": lambda cmd, _cloud, folder: context.create(cmd, **HOST, cert_dir=str(folder)),
    "builder create": builds,
    "info": lambda cmd, _cloud, folder: info.info(cmd, **HOST, cert_dir=str(folder)),
    "show": lambda cmd, _cloud, _folder: hosts.show(cmd, **HOST),
    "list --check": lambda cmd, _cloud, folder: hosts.list_hosts(cmd, check=True, cert_dir=str(folder)),
    "wait": lambda cmd, _cloud, folder: hosts.wait(cmd, **HOST, cert_dir=str(folder))}


@pytest.mark.parametrize("command", COMMANDS)
def test_command_neither_prints_nor_dials_what_a_tag_says(cmd, cloud, folder, evil, command, capsysbinary):
    answer = COMMANDS[command](cmd, cloud, folder)
    said = capsysbinary.readouterr()
    told = f"{json.dumps(answer, default=str)} {said.out!r} {said.err!r}"
    assert evil not in told and FQDN in told
    assert set(cloud.engines.knocks) <= {f"{FQDN}:4243"}


@pytest.mark.parametrize("command", ["env", "context create", "builder create"])
def test_host_without_an_address_is_no_reason_to_believe_the_tag(cmd, cloud, folder, evil, command, capsysbinary):
    del cloud.find(kinds.NETWORK_INTERFACE, "web1VMNic")["properties"]["ipConfigurations"][0]["properties"][
        "publicIPAddress"]
    said = ""
    try:
        said = json.dumps(COMMANDS[command](cmd, cloud, folder), default=str)
    except (azclierror.AzCLIError, Exception) as error:
        said = f"{error} {getattr(error, 'recommendations', '')}"
    assert evil not in f"{said} {capsysbinary.readouterr()}" and not cloud.engines.knocks


def test_plain_list_marks_what_only_a_tag_says(cmd, cloud, folder, evil):
    one, = hosts.list_hosts(cmd)
    assert one["addressFrom"] == "tag" and evil in one["dockerHost"] and not cloud.engines.knocks


def test_tunnel_needs_no_address(cmd, cloud, folder, evil):
    """Of a host whose address was taken away on purpose."""
    del cloud.find(kinds.NETWORK_INTERFACE, "web1VMNic")["properties"]["ipConfigurations"][0]["properties"][
        "publicIPAddress"]
    assert context.create(cmd, **HOST, cert_dir=str(folder), via="127.0.0.1:2376")["dockerHost"] == (
        "tcp://127.0.0.1:2376")
