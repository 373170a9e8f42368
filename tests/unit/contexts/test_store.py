"""The docker client's contexts as docker and the Docker SDK find them; whose they are, and what is left alone."""

from __future__ import annotations

import json
import os
import shutil
import stat
import threading
from contextlib import closing

import pytest
from context_values import HOST, OTHER_VM, VM

from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.contexts import change
from azext_dockervm.contexts.store import ContextStore, Outcome
from azext_dockervm.errors import Conflict, DockerClientFileError, NotFound

NAMES = ("ca.pem", "cert.pem", "key.pem")


def names(contexts) -> list[str]:
    return [one.name for one in contexts.contexts()[0]]


def tls(client, name="web1"):
    return client / "contexts" / "tls" / change.context_id(name) / "docker"


def meta(client, name="web1"):
    return json.loads((client / "contexts" / "meta" / change.context_id(name) / "meta.json").read_text())


def mode(path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


# As docker sees it


def test_docker_lists_and_inspects_a_context_as_one_of_its_own(put, docker, contexts):
    assert put() is Outcome.CREATED
    listed = docker("context", "ls", "--format", "{{.Name}} {{.DockerEndpoint}}{{.Error}}").splitlines()
    assert listed[1] == f"web1 {HOST}"
    (found,) = json.loads(docker("context", "inspect", "web1"))
    assert found["Endpoints"] == {"docker": {"Host": HOST, "SkipTLSVerify": False}}
    assert sorted(found["TLSMaterial"]["docker"]) == list(NAMES)
    assert found["Metadata"]["Description"] == "Docker host web1 on Azure, kept by dockervm"


def test_a_docker_command_goes_through_it_by_mutual_tls(put, docker, engine):
    put(docker_host=engine)
    assert docker("--context", "web1", "version", "--format", "{{.Server.Version}}") == "26.1.5"
    assert docker("version", "--format", "{{.Server.Version}}", DOCKER_CONTEXT="web1") == "26.1.5"


def test_variables_for_another_engine_s_certificates_do_not_disturb_it(put, docker, engine, other):
    put(docker_host=engine)
    assert docker("--context", "web1", "version", "--format", "{{.Server.Version}}", DOCKER_TLS_VERIFY="1",
                  DOCKER_CERT_PATH=str(other), DOCKER_HOST="tcp://127.0.0.1:1") == "26.1.5"


def test_another_authority_s_certificates_are_refused_by_that_engine(put, docker, engine, other, other_files):
    put(docker_host=engine, cert_dir=other, content=other_files)
    refused = docker("--context", "web1", "version", check=False)
    assert refused.returncode != 0 and "certificate" in refused.stderr


def test_the_docker_sdk_finds_and_uses_it(put, contexts, engine):
    from docker import DockerClient
    from docker.context import ContextAPI

    put(docker_host=engine)
    contexts.use("web1")        # without a config.json the SDK looks into the current folder
    found = ContextAPI.get_context("web1")
    assert (found.Host, found.endpoints["docker"]["SkipTLSVerify"]) == (engine, False)
    with closing(DockerClient(base_url=found.Host, tls=found.TLSConfig)) as reached:
        assert reached.version()["Version"] == "26.1.5"
    assert ContextAPI.get_current_context().Name == "web1"


def test_docker_can_remove_what_we_made_and_we_make_it_again(put, docker, contexts, client):
    put()
    docker("context", "rm", "web1")
    assert contexts.get("web1") is None and not tls(client).exists()
    assert put() is Outcome.CREATED


# Files


def test_keys_are_nobody_else_s_whatever_the_umask(put, client, monkeypatch):
    before = os.umask(0)
    try:
        put()
    finally:
        os.umask(before)
    assert [mode(tls(client) / name) for name in NAMES] == [0o600] * 3
    assert [mode(path) for path in (tls(client), tls(client).parent, tls(client).parents[1], client)] == [0o700] * 4
    described = client / "contexts/meta" / change.context_id("web1")
    assert [mode(path) for path in (described / "meta.json", described, described.parent)] == [0o644, 0o755, 0o755]
    assert sorted(os.listdir(client / "contexts")) == [".dockervm.lock", "meta", "tls"]


def test_the_files_are_the_folder_s(put, client, folder):
    put()
    assert all((tls(client) / name).read_bytes() == (folder / name).read_bytes() for name in NAMES)
    assert meta(client).keys() == {"Name", "Metadata", "Endpoints"} and meta(client)["Name"] == "web1"


def test_a_key_that_somebody_opened_to_others_is_closed_again(put, client):
    put()
    (tls(client) / "key.pem").chmod(0o644)
    assert put() is Outcome.REFRESHED and mode(tls(client) / "key.pem") == 0o600


def test_a_folder_that_can_t_be_made_is_an_error_that_names_it(put, client):
    client.write_text("a file")
    with pytest.raises(DockerClientFileError, match=str(client)):
        put()


def test_without_a_home_folder_the_variable_that_names_one_is_told(client, monkeypatch):
    monkeypatch.delenv("DOCKER_CONFIG")
    monkeypatch.setattr("pathlib.Path.home", lambda: (_ for _ in ()).throw(RuntimeError()))
    with pytest.raises(DockerClientFileError, match="DOCKER_CONFIG names none"):
        ContextStore()


# Made again


def test_the_same_again_leaves_a_sound_one_alone(put, everything):
    put()
    before = everything()
    assert put() is Outcome.LEFT and everything() == before


@pytest.mark.parametrize("change_of", [
    {"docker_host": "tcp://127.0.0.1:2376"}, {"vm_id": VM.upper()}, {"cert_dir": "/elsewhere"}])
def test_what_is_new_is_written(put, contexts, change_of):
    put()
    assert put(**change_of) is Outcome.REFRESHED and put(**change_of) is Outcome.LEFT
    found = contexts.existing("web1")
    assert change_of.get("docker_host", HOST) == found.docker_host and found.is_of(VM)


def test_new_certificates_are_written(put, contexts, client, folder):
    put()
    CertificateStore(folder).replace()
    assert contexts.is_stale(contexts.existing("web1"))
    assert put(content=CertificateStore(folder).tls_contents()) is Outcome.REFRESHED
    assert (tls(client) / "key.pem").read_bytes() == (folder / "key.pem").read_bytes()
    assert contexts.is_stale(contexts.existing("web1")) is False


def test_a_lost_file_is_written_again(put, client):
    put()
    (tls(client) / "cert.pem").unlink()
    assert put() is Outcome.REFRESHED and (tls(client) / "cert.pem").exists()


def test_what_people_wrote_into_it_stays(put, docker, contexts, client):
    put()
    docker("context", "update", "web1", "--description", "the shop's")
    assert contexts.existing("web1").is_of(VM), "docker keeps what it does not know"
    assert put(docker_host="tcp://127.0.0.1:2376") is Outcome.REFRESHED
    assert contexts.existing("web1").description == "the shop's"
    assert docker("context", "inspect", "web1", "--format", "{{.Endpoints.docker.Host}}") == "tcp://127.0.0.1:2376"


# Whose it is


@pytest.mark.parametrize("attempt", ["put", "remove"])
def test_a_context_that_docker_made_is_left_alone_and_named(put, docker, contexts, everything, attempt):
    docker("context", "create", "web1", "--docker", "host=tcp://10.0.0.1:2375")
    before = everything()
    with pytest.raises(Conflict, match="'web1'") as refused:
        put() if attempt == "put" else contexts.remove(contexts.existing("web1"))
    assert everything() == before and refused.value.recommendations


def test_a_copy_under_another_name_is_its_maker_s(put, docker, contexts):
    put()
    docker("context", "create", "copy", "--from", "web1")
    assert contexts.existing("copy").meta["Metadata"]["dockervm"] and not contexts.existing("copy").is_ours
    assert [one.name for one in contexts.of_host(VM)] == ["web1"]
    with pytest.raises(Conflict):
        contexts.remove(contexts.existing("copy"))


def test_the_context_of_another_host_is_left_alone_and_its_removal_named(put, contexts):
    put(vm_id=OTHER_VM)
    with pytest.raises(Conflict, match="is that of another host: .*/web9") as refused:
        put()
    assert "az dockervm context remove -n web1" in " ".join(refused.value.recommendations)
    assert contexts.existing("web1").is_of(OTHER_VM)


def test_a_host_s_contexts_are_found_whatever_the_case_of_its_id(put, contexts):
    put("b1"), put("a1"), put("c1", vm_id=OTHER_VM)
    assert [one.name for one in contexts.of_host(VM.upper().replace("G/", "g/"))] == ["a1", "b1"]


@pytest.mark.parametrize("mark", [None, "x", {}, {"context": "web1"}, {"context": "web1", "host": 5},
                                  {"context": "web1", "host": "/a/b"}, {"context": "web2", "host": VM}])
def test_a_mark_that_can_t_be_ours_is_none(put, contexts, client, mark):
    put()
    path = client / "contexts/meta" / change.context_id("web1") / "meta.json"
    path.write_text(json.dumps({**meta(client), "Metadata": {"dockervm": mark}}))
    found = contexts.existing("web1")
    assert (found.host, found.cert_dir, contexts.is_stale(found)) == (None, None, None)


@pytest.mark.parametrize("folder_noted", ["\0", "/c\ud800", "/" + "c" * 5000])
def test_a_folder_that_no_file_can_be_in_is_no_fault(put, contexts, client, folder, files, folder_noted):
    put()
    mark = {**meta(client)["Metadata"]["dockervm"], "certDir": folder_noted}
    path = client / "contexts/meta" / change.context_id("web1") / "meta.json"
    path.write_text(json.dumps({**meta(client), "Metadata": {"dockervm": mark}, "Endpoints": ["none"]}))
    found = contexts.existing("web1")
    assert (contexts.is_stale(found), found.docker_host) == (None, None)
    assert contexts.refresh_copies(folder, files, "x") == ([], [])
    assert put() is Outcome.REFRESHED and contexts.existing("web1").docker_host == HOST


def test_a_name_that_is_no_text_is_none_of_docker_s(put, contexts, client):
    put()
    path = client / "contexts/meta" / change.context_id("web1") / "meta.json"
    path.write_text(json.dumps({**meta(client), "Name": "\ud800"}))
    assert names(contexts) == ["default"]


# Listed


def test_docker_s_own_comes_first_and_the_others_by_name(put, docker, contexts, monkeypatch):
    docker("context", "create", "mine", "--docker", "host=tcp://10.0.0.1:2375")
    put("web1"), put("b1")
    assert names(contexts) == ["default", "b1", "mine", "web1"] and contexts.contexts()[1] == []
    monkeypatch.setenv("DOCKER_HOST", "tcp://10.0.0.9:2375")
    assert contexts.existing("default").docker_host == "tcp://10.0.0.9:2375"


def test_without_a_folder_there_is_docker_s_own_and_nothing_is_made(contexts, client):
    assert names(contexts) == ["default"] and contexts.current() == "default" and not client.exists()


@pytest.mark.parametrize("damaged", ["web1", "web2"])
@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff\xfe", b"[" * 100_000])
def test_one_that_is_damaged_is_told_and_hides_no_other(put, contexts, client, content, damaged):
    put("web1"), put("web2")
    path = client / "contexts/meta" / change.context_id(damaged) / "meta.json"
    path.write_bytes(content)
    found, (problem,) = contexts.contexts()
    assert {"default", "web1", "web2"} - {one.name for one in found} == {damaged} and str(path) in problem
    with pytest.raises(DockerClientFileError, match="is damaged"):
        put(damaged)
    assert path.read_bytes() == content


def test_one_that_docker_would_not_find_is_none(put, contexts, client):
    put()
    shutil.move(client / "contexts/meta" / change.context_id("web1"), client / "contexts/meta/elsewhere")
    assert names(contexts) == ["default"]


def test_what_is_not_there_is_told_with_the_command_that_lists(contexts):
    with pytest.raises(NotFound, match="no context 'none'") as missing:
        contexts.existing("none")
    assert "az dockervm context list" in missing.value.recommendations[0]


@pytest.mark.parametrize("lost", NAMES)
def test_nobody_can_tell_whether_it_is_stale_without_the_folder_s_files(put, contexts, folder, lost):
    put()
    (folder / lost).unlink()
    assert contexts.is_stale(contexts.existing("web1")) is None


@pytest.mark.parametrize("changed", NAMES)
def test_it_is_stale_when_any_of_its_files_differs(put, contexts, client, changed):
    put()
    with open(tls(client) / changed, "ab") as file:
        file.write(b"\n")
    assert contexts.is_stale(contexts.existing("web1")) is True


# Removed


def test_one_of_ours_is_removed_with_its_keys(put, contexts, client, docker):
    put()
    contexts.remove(contexts.existing("web1"))
    assert docker("context", "ls", "-q") == "default" and os.listdir(client / "contexts/tls") == []
    assert sorted(os.listdir(client / "contexts")) == [".dockervm.lock", "meta", "tls"]


def test_the_current_one_leaves_docker_s_own_behind_it(put, contexts, config, docker):
    put()
    config({"currentContext": "web1", "auths": {"x": {}}})
    contexts.remove(contexts.existing("web1"))
    assert config() == {"auths": {"x": {}}} and docker("context", "show") == "default"


def test_the_current_one_is_told_with_the_way_out(put, contexts, monkeypatch):
    put()
    contexts.check_not_current(contexts.existing("web1"))
    contexts.use("web1")
    with pytest.raises(Conflict, match="^The context 'web1' is the current one") as refused:
        contexts.check_not_current(contexts.existing("web1"))
    assert "az dockervm context use -n default" in refused.value.recommendations[0]
    monkeypatch.setenv("DOCKER_CONTEXT", "web1")
    with pytest.raises(Conflict) as refused:
        contexts.check_not_current(contexts.existing("web1"))
    assert "unset DOCKER_CONTEXT" in refused.value.recommendations[0]


def test_one_that_has_gone_meanwhile_is_removed(put, contexts, docker):
    put()
    found = contexts.existing("web1")
    docker("context", "rm", "web1")
    contexts.remove(found)


# After the folder has changed


def test_copies_follow_a_new_client_certificate_of_the_same_authority(put, contexts, folder, client):
    put()
    put("far", docker_host="tcp://127.0.0.1:2376", vm_id=OTHER_VM)
    store = CertificateStore(folder)
    (folder / "key.pem").unlink()
    store.ensure()
    refreshed, left = contexts.refresh_copies(folder, store.tls_contents(), store.authority_fingerprints()[0])
    assert [one.name for one in refreshed] == ["far", "web1"] and left == []
    assert (tls(client) / "key.pem").read_bytes() == (folder / "key.pem").read_bytes()
    assert contexts.existing("far").docker_host == "tcp://127.0.0.1:2376"


def test_copies_of_an_earlier_authority_are_left_since_they_open_their_hosts(put, contexts, folder, everything):
    put()
    store = CertificateStore(folder)
    store.replace()
    before = everything()
    refreshed, left = contexts.refresh_copies(folder, store.tls_contents(), store.authority_fingerprints()[0])
    assert refreshed == [] and [one.name for one in left] == ["web1"] and everything() == before


def test_copies_of_another_folder_and_contexts_of_others_are_no_business_of_it(put, contexts, folder, other,
                                                                              other_files, docker):
    put(cert_dir=other, content=other_files)
    docker("context", "create", "mine", "--docker", "host=tcp://10.0.0.1:2375")
    store = CertificateStore(folder)
    assert contexts.refresh_copies(folder, store.tls_contents(), store.authority_fingerprints()[0]) == ([], [])


def test_two_at_once_both_have_their_context(put, contexts):
    threads = [threading.Thread(target=put, args=(f"web{number}",)) for number in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert names(contexts)[1:] == [f"web{number}" for number in range(8)]
