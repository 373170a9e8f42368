"""config.json and the environment: which context is current, and that all else in the file stays as it is."""

from __future__ import annotations

import json
import os
import stat

import pytest
from context_values import OTHER_VM

from azext_dockervm.contexts import client as configuration
from azext_dockervm.errors import DockerClientFileError, NotFound

OTHERS = {"auths": {"registry.example": {"auth": "c2VjcmV0"}}, "HttpHeaders": {"X": "ä <&>"}, "credsStore": "pass",
          "plugins": {"x": {"big": 12345678901234567890}}}


@pytest.fixture(autouse=True)
def two_contexts(put):
    put("web1"), put("web2", vm_id=OTHER_VM)


def mode(path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_docker_takes_the_one_that_is_used(contexts, docker, client):
    contexts.use("web1")
    assert docker("context", "show") == "web1" == contexts.current()
    assert mode(client / "config.json") == 0o600 and sorted(os.listdir(client)) == ["config.json", "contexts"]


def test_docker_s_own_is_none_that_is_written(contexts, config, docker):
    contexts.use("web1")
    contexts.use("default")
    assert config() == {} and docker("context", "show") == "default" == contexts.current()


def test_to_use_docker_s_own_makes_no_file(contexts, client):
    contexts.use("default")
    assert not (client / "config.json").exists()


@pytest.mark.parametrize("before", [{}, {"currentContext": "web2"}, {"currentContext": ""}, {"currentContext": None}])
def test_all_else_in_the_file_stays(contexts, config, before):
    config({**OTHERS, **before})
    contexts.use("web1")
    assert config() == {**OTHERS, "currentContext": "web1"}


@pytest.mark.parametrize("content", ["", " \n"])
def test_an_empty_file_is_one_without_settings_as_docker_has_it(contexts, config, content):
    config(content)
    contexts.use("web1")
    assert config() == {"currentContext": "web1"}


@pytest.mark.parametrize("kept", [0o600, 0o644, 0o640])
def test_the_file_keeps_its_mode(contexts, config, client, kept):
    config(OTHERS)
    (client / "config.json").chmod(kept)
    contexts.use("web1")
    assert mode(client / "config.json") == kept


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
def test_the_file_keeps_its_owner(contexts, config, client):
    config(OTHERS)
    os.chown(client / "config.json", 65534, 65534)
    contexts.use("web1")
    found = (client / "config.json").stat()
    assert (found.st_uid, found.st_gid) == (65534, 65534)


def test_a_file_that_needs_no_change_is_not_written(contexts, config, client):
    config(json.dumps({"currentContext": "web1"}, indent=3))
    before = (client / "config.json").stat().st_ino
    contexts.use("web1")
    assert (client / "config.json").stat().st_ino == before


@pytest.mark.parametrize("exists", [True, False])
def test_a_link_is_followed_and_stays_one(contexts, config, client, tmp_path, exists):
    (tmp_path / "dotfiles").mkdir()
    real = tmp_path / "dotfiles/docker.json"
    if exists:
        real.write_text(json.dumps(OTHERS))
    (client / "config.json").symlink_to(real)
    contexts.use("web1")
    assert (client / "config.json").is_symlink()
    assert json.loads(real.read_text()) == {**(OTHERS if exists else {}), "currentContext": "web1"}
    assert os.listdir(real.parent) == ["docker.json"]


@pytest.mark.parametrize("content", ["{", "[]", '"web1"', '{"currentContext": ["web1"]}', '{"a": 1} x'])
def test_a_damaged_file_is_told_and_left_as_it_is(contexts, config, client, content):
    config(content)
    with pytest.raises(DockerClientFileError, match="config.json is damaged.*left as it is"):
        contexts.use("web1")
    assert (client / "config.json").read_text() == content


def test_what_is_not_there_can_t_be_used(contexts, client):
    with pytest.raises(NotFound, match="'none'"):
        contexts.use("none")
    assert not (client / "config.json").exists()


def test_what_a_killed_run_left_beside_the_file_is_no_obstacle_and_goes(contexts, config, client):
    config(OTHERS)
    (client / ".dockervm-config.json").write_text("half of")
    contexts.use("web1")
    assert config()["currentContext"] == "web1" and not (client / ".dockervm-config.json").exists()


# docker's order


@pytest.mark.parametrize(("variables", "current"), [
    ({}, "web1"), ({"DOCKER_CONTEXT": "web2"}, "web2"), ({"DOCKER_HOST": "tcp://10.0.0.1:2375"}, "default"),
    ({"DOCKER_HOST": "tcp://10.0.0.1:2375", "DOCKER_CONTEXT": "web2"}, "default"),
    ({"DOCKER_HOST": "", "DOCKER_CONTEXT": ""}, "web1")])
def test_the_environment_comes_first_as_docker_itself_has_it(contexts, docker, monkeypatch, variables, current):
    contexts.use("web1")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert contexts.current() == current == docker("context", "show")


@pytest.mark.parametrize(("variables", "name"), [
    ({}, None), ({"DOCKER_CONTEXT": "a"}, "DOCKER_CONTEXT"), ({"DOCKER_HOST": ""}, None),
    ({"DOCKER_HOST": "b", "DOCKER_CONTEXT": "a"}, "DOCKER_HOST")])
def test_the_variable_that_wins_is_named(monkeypatch, variables, name):
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    assert configuration.overriding() == name


def test_the_folder_is_the_variable_s_else_the_user_s(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCKER_CONFIG", "here")
    assert configuration.folder() == tmp_path / "here"
    monkeypatch.delenv("DOCKER_CONFIG")
    assert configuration.folder() == tmp_path / ".docker"
