"""Builders by the real buildx, over contexts whose engines answer on loopback; nothing is built."""

from __future__ import annotations

import json

import pytest
from context_values import OTHER_VM, VM

from azext_dockervm.contexts.builder import Builder, Buildx, Node
from azext_dockervm.errors import Conflict, DockerClientError, DockerClientFileError, NotFound


@pytest.fixture
def buildx(client, docker, put, engine) -> Buildx:
    """With the contexts web1 and web2, whose engine answers, and gone, whose engine does not."""
    if docker("buildx", "version", check=False).returncode:
        pytest.skip("there is no buildx (docker-buildx)")
    put("web1", docker_host=engine), put("web2", docker_host=engine.replace("127.0.0.1", "localhost"), vm_id=OTHER_VM)
    put("gone", docker_host="tcp://127.0.0.1:1", vm_id=f"{VM}0")
    return Buildx(client)


def endpoints(buildx, name="pool"):
    found = buildx.get(name)
    return found and found.contexts


def test_buildx_has_a_builder_with_a_node_for_each_context(buildx, docker):
    buildx.add("pool", "web1")
    buildx.add("pool", "web2")
    assert buildx.get("pool") == Builder("pool", "docker-container", (Node("dockervm-pool-0", "web1"),
                                                                      Node("dockervm-pool-1", "web2")))
    said = docker("buildx", "inspect", "pool")
    assert "docker-container" in said and said.count("Endpoint:") == 2 and "Error:" not in said


def test_an_engine_that_does_not_answer_is_told_in_buildx_s_words_and_the_others_stay(buildx):
    buildx.add("pool", "web1")
    with pytest.raises(DockerClientError, match="did not take the context 'gone'.*tcp://127.0.0.1:1"):
        buildx.add("pool", "gone")
    assert endpoints(buildx) == ("web1",)


def test_one_that_can_t_begin_leaves_none(buildx):
    with pytest.raises(DockerClientError, match="'gone'"):
        buildx.add("pool", "gone")
    assert buildx.get("pool") is None


@pytest.mark.parametrize("variables", [{"DOCKER_HOST": "tcp://127.0.0.1:1"}, {"DOCKER_CONTEXT": "nowhere"},
                                       {"DOCKER_TLS_VERIFY": "1"}, {"BUILDX_BUILDER": "nowhere"}])
def test_what_the_environment_says_of_other_engines_does_not_mislead_it(buildx, monkeypatch, variables):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    buildx.check_there()
    buildx.add("pool", "web1")
    assert endpoints(buildx) == ("web1",)


def test_a_current_context_that_is_gone_does_not_either(buildx, config):
    config({"currentContext": "nowhere"})
    buildx.add("pool", "web1")
    assert endpoints(buildx) == ("web1",)


def test_buildx_s_own_folder_is_heeded(buildx, client, tmp_path, monkeypatch):
    monkeypatch.setenv("BUILDX_CONFIG", str(tmp_path / "elsewhere"))
    Buildx(client).add("pool", "web1")
    assert endpoints(Buildx(client)) == ("web1",) and (tmp_path / "elsewhere/instances/pool").exists()


def test_the_client_that_it_was_made_of_is_asked_whatever_the_environment_says(buildx, monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "elsewhere"))
    buildx.add("pool", "web1")
    assert endpoints(buildx) == ("web1",) and not (tmp_path / "elsewhere").exists()


# Whose it is


def test_a_builder_that_somebody_made_over_our_context_is_theirs(buildx, docker, everything):
    docker("buildx", "create", "--name", "pool", "--driver", "docker-container", "web1")
    before = everything()
    for attempt in (lambda: buildx.add("pool", "web2"), lambda: buildx.remove("pool")):
        with pytest.raises(Conflict, match="builder 'pool' that dockervm did not make") as refused:
            attempt()
        assert "docker buildx ls" in " ".join(refused.value.recommendations)
    assert everything() == before


@pytest.mark.parametrize(("nodes", "ours"), [
    (("dockervm-pool-0", "dockervm-pool-12"), True), (("dockervm-pool-0", "pool1"), False), ((), False),
    (("dockervm-pool-",), False), (("dockervm-other-0",), False), (("dockervm-pool-0x",), False)])
def test_one_is_ours_when_all_its_nodes_are_named_so(nodes, ours):
    assert Builder("pool", "docker-container", tuple(Node(one, "web1") for one in nodes)).is_ours is ours


def test_a_name_that_is_free_again_is_taken_first():
    nodes = (Node("dockervm-pool-1", "a"), Node("dockervm-pool-0", "b"))
    assert Builder("pool", "", nodes).free_name() == "dockervm-pool-2"
    assert Builder("pool", "", nodes[:1]).free_name() == "dockervm-pool-0"


@pytest.mark.parametrize("note", ["{", "[]", json.dumps({"Nodes": [5]}), json.dumps({"Nodes": [{"Name": "x"}]}),
                                  json.dumps({"Nodes": 7})])
def test_a_note_that_can_t_be_understood_is_an_error_that_names_it(buildx, client, note):
    path = client / "buildx/instances/pool"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(note)
    with pytest.raises(DockerClientFileError, match=str(path)):
        buildx.add("pool", "web1")
    assert path.read_text() == note


def test_builders_over_a_context_are_found_whosever_they_are_and_a_damaged_note_hides_none(buildx, docker, client):
    assert Buildx(client / "elsewhere").over("web1") == []
    buildx.add("pool", "web1")
    buildx.add("pool", "web2")
    docker("buildx", "create", "--name", "mine", "--driver", "docker-container", "web1")
    assert (buildx.over("web1"), buildx.over("web2"), buildx.over("gone")) == (["mine", "pool"], ["pool"], [])
    (client / "buildx/instances/broken").write_text("{")
    assert buildx.over("web1") == ["mine", "pool"]


# Removed


def test_one_of_ours_is_removed_and_the_contexts_stay(buildx, contexts):
    buildx.add("pool", "web1")
    assert buildx.remove("pool") is None and buildx.get("pool") is None
    assert contexts.existing("web1").is_of(VM)


def test_what_hosts_that_do_not_answer_keep_is_told(buildx, contexts, put):
    buildx.add("pool", "web1")
    put("web1", docker_host="tcp://127.0.0.1:1")
    assert buildx.remove("pool") and buildx.get("pool") is None


def test_one_that_is_not_there(buildx):
    with pytest.raises(NotFound, match="no builder 'pool'") as missing:
        buildx.remove("pool")
    assert "docker buildx ls" in missing.value.recommendations[0]


# Without the tools


@pytest.fixture
def search_path(tmp_path, monkeypatch):
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def program(folder, text):
    (folder / "docker").write_text(f"#!/bin/sh\n{text}\n")
    (folder / "docker").chmod(0o755)


def test_without_a_docker_client_it_is_told_how_to_get_one(client, search_path, monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(DockerClientError, match="no docker client") as missing:
        Buildx(client).check_there()
    assert "apt-get install docker-cli docker-buildx" in " ".join(missing.value.recommendations)


def test_without_buildx_it_is_told_how_to_get_it(client, search_path, monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    program(search_path, "echo \"docker: 'buildx' is not a docker command.\" >&2; exit 1")
    with pytest.raises(DockerClientError, match="has no buildx") as missing:
        Buildx(client).check_there()
    assert "apt-get install docker-buildx" in " ".join(missing.value.recommendations)


def test_a_client_that_can_t_be_run_is_told(client, search_path):
    (search_path / "docker").write_bytes(b"\x00no program")
    (search_path / "docker").chmod(0o755)
    with pytest.raises(DockerClientError, match="can't be run"):
        Buildx(client).check_there()


def test_one_that_does_not_end_is_ended(client, search_path, monkeypatch):
    monkeypatch.setattr("azext_dockervm.contexts.builder._CALL_SECONDS", 0.2)
    program(search_path, "exec /bin/sleep 20")
    with pytest.raises(DockerClientError, match="has not ended within"):
        Buildx(client).check_there()


def test_what_it_says_is_printed_harmlessly_and_its_silence_is_told(client, search_path):
    program(search_path, r"printf 'ERROR: \033[2Jbad\n' >&2; exit 3")
    with pytest.raises(DockerClientError, match=r"\\x1b\[2Jbad$"):
        Buildx(client).add("pool", "web1")
    program(search_path, "exit 3")
    with pytest.raises(DockerClientError, match="it ended with 3$"):
        Buildx(client).add("pool", "web1")


def test_no_shell_reads_what_it_is_given(client, search_path, tmp_path):
    program(search_path, f"printf '%s\\n' \"$@\" >{tmp_path}/words")
    Buildx(client).add("pool", "$(touch x); web1")
    assert (tmp_path / "words").read_text().splitlines()[-1] == "$(touch x); web1"
    assert not (tmp_path / "x").exists()


# Hosts that are gone


def test_a_node_whose_host_is_gone_leaves_and_the_builder_goes_with_its_last(buildx, contexts, put):
    buildx.add("pool", "web1")
    buildx.add("pool", "web2")
    for name in ("web1", "web2"):       # by now nothing answers
        put(name, docker_host="tcp://127.0.0.1:1", **({} if name == "web1" else {"vm_id": OTHER_VM}))
    contexts.remove(contexts.existing("web1"))
    assert buildx.leave("pool", "web1") is False and endpoints(buildx) == ("web2",)
    assert buildx.leave("pool", "none") is False and endpoints(buildx) == ("web2",)
    contexts.remove(contexts.existing("web2"))
    assert buildx.leave("pool", "web2") is True and buildx.get("pool") is None


def test_a_node_that_buildx_does_not_take_out_is_told(client, search_path):
    notes = client / "buildx/instances"
    notes.mkdir(parents=True)
    nodes = [{"Name": f"dockervm-pool-{number}", "Endpoint": f"web{number}"} for number in range(2)]
    (notes / "pool").write_text(json.dumps({"Driver": "docker-container", "Nodes": nodes}))
    program(search_path, "echo 'ERROR: it fell over' >&2; exit 1")
    with pytest.raises(DockerClientError, match="the node 'dockervm-pool-1' out of the builder 'pool': it fell over"):
        Buildx(client).leave("pool", "web1")


def test_a_node_of_another_s_builder_stays(buildx, docker):
    docker("buildx", "create", "--name", "mine", "--driver", "docker-container", "web1")
    with pytest.raises(Conflict, match="did not make"):
        buildx.leave("mine", "web1")
    assert endpoints(buildx, "mine") == ("web1",)
