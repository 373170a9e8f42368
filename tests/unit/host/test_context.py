"""What a host's tags make of its context, and which contexts follow a change."""

from __future__ import annotations

import pytest

from azext_dockervm.azure import kinds
from azext_dockervm.contexts.store import Context, ContextStore
from azext_dockervm.errors import CertificateError, Conflict
from azext_dockervm.host import context, noted
from azext_dockervm.spec.host import HostSpec

HOST = HostSpec("g", "web1", subscription="mine")
VM = "/subscriptions/s1/resourceGroups/My-G/providers/Microsoft.Compute/virtualMachines/Web1"


@pytest.fixture
def contexts(tmp_path) -> ContextStore:
    return ContextStore(tmp_path / "client")


def seen(cloud):
    return noted.read(cloud.azure(), "g", "web1", "mine")


def test_the_endpoint_is_that_of_the_tags(cloud, finished, store):
    assert context.endpoint(seen(cloud), HOST, context.Credentials.of(store)) \
        == "tcp://web1.westus.cloudapp.azure.com:4243"


def test_all_that_is_wrong_with_the_tags_is_named(cloud, finished, store):
    cloud.retag(kinds.VM, "web1", dockervm_port="many", dockervm_host=None)
    with pytest.raises(Conflict, match="dockervm-host is missing.*; the tag dockervm-port is 'many'") as refused:
        context.endpoint(seen(cloud), HOST, context.Credentials.of(store))
    assert "az dockervm create -g g -n web1 --subscription mine" in refused.value.recommendations[0]


def test_a_host_of_another_authority_is_none_of_ours(cloud, finished, other):
    with pytest.raises(Conflict, match="was set up with other certificates"):
        context.endpoint(seen(cloud), HOST, context.Credentials.of(other))


def test_credentials_are_checked(store):
    found = context.Credentials.of(store)
    assert (found.folder, found.authorities) == (store.folder, store.authority_fingerprints())
    assert found.files["ca.pem"] == (store.folder / "ca.pem").read_bytes()
    (store.folder / "key.pem").unlink()
    with pytest.raises(CertificateError, match="key.pem"):
        context.Credentials.of(store)


@pytest.mark.parametrize(("docker_host", "tunnel"), [
    ("tcp://127.0.0.1:2376", True), ("tcp://LOCALHOST:1", True), ("tcp://localhost.example.com:1", False),
    ("tcp://127.0.0.10:1", False), ("tcp://web1.example.com:4243", False), (None, False)])
def test_a_tunnel_is_told_by_its_near_end(docker_host, tunnel):
    assert context.is_tunnel(Context({"Endpoints": {"docker": {"Host": docker_host}}})) is tunnel


@pytest.mark.parametrize(("group", "name", "same"), [
    ("my-g", "WEB1", True), ("my-g", "web2", False), ("g", "web1", False)])
def test_a_host_is_known_by_group_and_name_in_any_case(group, name, same):
    assert context.named_in(group, name, VM) is same


def test_the_owner_of_a_context_is_named_whole(store):
    mark = {"context": "x", "host": VM, "certDir": "/c"}
    host = context.owner(Context({"Name": "x", "Metadata": {"dockervm": mark}}))
    assert (host.group, host.name, host.subscription) == ("My-G", "Web1", "s1")
    assert host.given["cert_dir"].words == ("-dc", "/c")


def test_nothing_follows_where_nothing_is_concerned(contexts, store, finished):
    (store.folder / "key.pem").unlink()      # not even the certificates are read
    assert context.follow(contexts, store, finished) == ([], []) and not contexts.client.exists()


def test_those_of_the_host_and_those_of_the_folder_follow(contexts, store, finished, command):
    context.make(contexts, "web1", finished, store)
    credentials = context.Credentials.of(store)
    contexts.put("shop", "tcp://shop:1", VM, store.folder, credentials.files)
    (store.folder / "key.pem").unlink()
    store.ensure()
    assert context.follow(contexts, store, finished) == (["web1", "shop"], [])
    assert context.follow(contexts, store, finished) == ([], [])
    assert contexts.existing("shop").docker_host == "tcp://shop:1"
