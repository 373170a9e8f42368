"""What a host's tags make of its context, and which contexts follow a change."""

from __future__ import annotations

import pytest

from azext_dockervm.azure import kinds
from azext_dockervm.contexts.store import Context, ContextStore
from azext_dockervm.errors import CertificateError, Conflict, DockerClientError
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
    assert refused.value.recommendations[1].endswith("az dockervm info -g g -n web1 --subscription mine")


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


# A host that is gone


class Told:
    def __init__(self) -> None:
        self.said: list[str] = []
        self.warned: list[str] = []


@pytest.fixture
def told() -> Told:
    return Told()


def forget(contexts, told, vm_id=VM):
    context.forget(contexts, vm_id, told.said.append, told.warned.append)
    return [one.name for one in contexts.contexts()[0]]


def test_its_contexts_go_whatever_their_names_and_no_other(contexts, store, told):
    files = context.Credentials.of(store).files
    for name, vm_id in (("web1", VM), ("shop", VM.lower()), ("web2", VM[:-1] + "2")):
        contexts.put(name, "tcp://x:1", vm_id, store.folder, files)
    contexts.use("shop")
    assert forget(contexts, told) == ["default", "web2"] and contexts.current() == "default"
    assert told.said == ["The context 'shop' was removed.", "The context 'web1' was removed."]
    assert forget(contexts, told) == ["default", "web2"] and len(told.said) == 2
    warned, = told.warned
    assert "'shop' was the current context" in warned and "az dockervm context use -n NAME" in warned


@pytest.mark.parametrize(("left", "said", "warned"), [
    (True, "The builder 'pool' was removed.", None),
    (False, "The builder 'pool' builds on the other hosts only.", None),
    (Conflict("no"), None, "The builder 'pool', which dockervm did not make, has a node on the context 'web1', which "
                           "is gone. To look at it: docker buildx ls"),
    (DockerClientError("buildx fell over."), None,
     "buildx fell over. To remove the whole builder: docker buildx rm pool")])
def test_builders_lose_its_nodes_and_what_can_t_be_is_told(contexts, store, told, monkeypatch, left, said, warned):
    def leave(_buildx, name, of):
        assert (name, of, contexts.get(of)) == ("pool", "web1", None)
        if isinstance(left, Exception):
            raise left
        return left

    monkeypatch.setattr(context.Buildx, "over", lambda _buildx, _name: ["pool"])
    monkeypatch.setattr(context.Buildx, "leave", leave)
    contexts.put("web1", "tcp://x:1", VM, store.folder, context.Credentials.of(store).files)
    forget(contexts, told)
    assert told.said[1:] == ([said] if said else []) and told.warned == ([warned] if warned else [])
