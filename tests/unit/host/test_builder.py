"""Which contexts a builder over hosts gets; buildx is a stand-in here, tests/unit/contexts has the real one."""

from __future__ import annotations

import pytest
from specs import host_spec

from azext_dockervm.azure import kinds
from azext_dockervm.contexts.builder import DRIVER, Builder, Node
from azext_dockervm.contexts.store import ContextStore
from azext_dockervm.errors import Conflict, DockerClientError, InvalidValue, NotFound
from azext_dockervm.host import builder, context
from azext_dockervm.spec.host import HostSpec

FQDN = "web1.westus.cloudapp.azure.com"


class MemoryBuildx:
    """``refused`` has contexts whose engines don't answer."""

    def __init__(self) -> None:
        self.builders: dict[str, Builder] = {}
        self.refused: set[str] = set()

    def __call__(self, _folder):
        return self

    def check_there(self) -> None:
        pass

    def check_ours(self, name):
        return self.builders.get(name)

    def add(self, name, context_name):
        if context_name in self.refused:
            raise DockerClientError("it does not answer")
        nodes = self.builders[name].nodes if name in self.builders else ()
        self.builders[name] = Builder(name, DRIVER, (*nodes, Node(f"n{len(nodes)}", context_name)))


@pytest.fixture
def buildx(monkeypatch) -> MemoryBuildx:
    found = MemoryBuildx()
    monkeypatch.setattr(builder, "Buildx", found)
    return found


@pytest.fixture
def contexts(tmp_path) -> ContextStore:
    return ContextStore(tmp_path / "client")


@pytest.fixture
def hosts(command, finished):
    command.create(host_spec(name="web2", provisioner="run-command"))
    command.anew()


@pytest.fixture
def make(cloud, store, contexts, buildx, hosts):
    """make("web1", …) → the builder; what was said is in ``make.said``."""
    def over(*names, name="pool"):
        specs = [HostSpec("g", one, subscription="mine") for one in names]
        return builder.create(cloud.azure(), name, specs, context.Credentials.of(store), contexts, over.said.append)

    over.said = []
    return over


def test_each_host_gets_a_context_and_a_node_and_is_asked_about_once(cloud, make, contexts):
    assert make("web1", "web2").contexts == ("web1", "web2")
    assert sorted(one.name for one in cloud.log) == ["web1", "web1PublicIP", "web2", "web2PublicIP"]
    assert contexts.existing("web1").docker_host == f"tcp://{FQDN}:4243"
    assert make.said == ["The context 'web1' was made.", "The context 'web2' was made.",
                         "The builder 'pool' has got the context 'web1'.",
                         "The builder 'pool' has got the context 'web2'."]


def test_what_is_there_stays_and_is_told(make):
    make("web1")
    make.said.clear()
    assert make("web1", "web2").contexts == ("web1", "web2")
    assert make.said[:2] == ["The context 'web2' was made.", "The builder 'pool' has the context 'web1' already."]


def test_a_context_that_the_host_has_is_taken_and_brought_up_to_date(cloud, store, make, contexts, finished):
    credentials = context.Credentials.of(store)
    contexts.put("shop", "tcp://earlier:1", finished.vm["id"], store.folder, credentials.files)
    assert make("web1").contexts == ("shop",) and contexts.get("web1") is None
    assert contexts.existing("shop").docker_host == f"tcp://{FQDN}:4243"


def test_a_tunnel_s_context_keeps_its_near_end(store, make, contexts, finished):
    credentials = context.Credentials.of(store)
    contexts.put("far", "tcp://127.0.0.1:2376", finished.vm["id"], store.folder, credentials.files)
    assert make("web1").contexts == ("far",)
    assert contexts.existing("far").docker_host == "tcp://127.0.0.1:2376"


def test_a_host_that_does_not_answer_is_told_with_the_command_that_goes_on(make, buildx):
    buildx.refused = {"web2"}
    with pytest.raises(DockerClientError, match="it does not answer") as refused:
        make("web1", "web2")
    assert refused.value.recommendations[-1].endswith(
        "az dockervm builder create -g g -n pool --hosts web1 web2 --subscription mine")
    buildx.refused = set()
    assert make("web1", "web2").contexts == ("web1", "web2")


def nothing(contexts, buildx) -> bool:
    return [one.name for one in contexts.contexts()[0]] == ["default"] and not buildx.builders


def test_a_builder_can_t_have_a_context_s_name(store, make, contexts, finished, buildx):
    contexts.put("pool", "tcp://x:1", finished.vm["id"], store.folder, context.Credentials.of(store).files)
    with pytest.raises(Conflict, match="a context 'pool', and buildx takes no builder of a context's name"):
        make("web1")
    assert not buildx.builders


def test_a_name_that_another_host_s_context_has_is_left_to_it(store, make, contexts, finished, buildx):
    contexts.put("web2", "tcp://x:1", f"{finished.vm['id']}0", store.folder, context.Credentials.of(store).files)
    with pytest.raises(Conflict, match="'web2' is that of another host"):
        make("web1", "web2")
    assert contexts.get("web1") is None and not buildx.builders


def test_a_host_with_spoilt_tags_or_none_at_all_is_told_before_anything_is_made(cloud, make, contexts, buildx):
    cloud.retag(kinds.VM, "web2", dockervm_port="many")
    with pytest.raises(Conflict, match="dockervm-port"):
        make("web1", "web2")
    with pytest.raises(NotFound, match="'web7'"):
        make("web1", "web7")
    assert nothing(contexts, buildx)


def test_a_host_whose_name_no_context_can_have_is_told(cloud, command, make, contexts, buildx):
    command.create(host_spec(name="a", provisioner="run-command", dns_label="long-enough"))
    with pytest.raises(InvalidValue, match="^--hosts: 'a' can't be the name of a context"):
        make("a")
    assert nothing(contexts, buildx)
