"""A context under SIGKILL at every change of the disk: docker always lists whole ones, and the next run tidies."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest
from context_values import HOST, OTHER_VM, VM
from killing import fresh_folders, kill_points

from azext_dockervm.contexts import change
from azext_dockervm.contexts.store import ContextStore, Outcome
from azext_dockervm.errors import DockerClientFileError

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

NAMES = ("ca.pem", "cert.pem", "key.pem")


@pytest.fixture
def fresh(tmp_path):
    return fresh_folders(tmp_path, "client")


@pytest.fixture
def with_web1(fresh, folder, files):
    path = fresh()
    ContextStore(path).put("web1", HOST, VM, folder, files)
    return path


def tls(client, name="web1"):
    return client / "contexts/tls" / change.context_id(name) / "docker"


def held(client, name="web1"):
    return {one: (tls(client, name) / one).read_bytes() for one in NAMES if (tls(client, name) / one).exists()}


def plain(files):
    return {name: content if isinstance(content, bytes) else content.reveal() for name, content in files.items()}


def at_rest(client) -> bool:
    return set(os.listdir(client / "contexts")) <= {".dockervm.lock", "meta", "tls"}


def keys_are_closed(client, where):
    for path in client.rglob("*.pem"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, (where, path)
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700, (where, path)


def listed(docker, client) -> list[str]:
    return docker("context", "ls", "-q", DOCKER_CONFIG=str(client)).split()


def test_a_new_one_is_there_whole_or_not_at_all_and_the_next_run_tidies(fresh, docker, folder, files, other_files,
                                                                        other):
    seen = set()

    def put(client):
        ContextStore(client).put("web1", HOST, VM, folder, files)

    for client, where in kill_points(fresh, put, 25):
        keys_are_closed(client, where)
        names = listed(docker, client)
        assert names in (["default"], ["default", "web1"]), where
        if "web1" in names:
            assert held(client) == plain(files), where
        seen.add(len(names))
        ContextStore(client).put("web2", HOST, OTHER_VM, other, other_files)
        assert at_rest(client) and listed(docker, client)[-1] == "web2", where
        left = ContextStore(client).get("web1")
        assert held(client) == (plain(files) if left else {}), f"{where}: certificates without a context"
    assert seen == {1, 2}


def test_the_same_command_makes_it_after_a_kill(fresh, folder, files):
    def put(client):
        return ContextStore(client).put("web1", HOST, VM, folder, files)

    for client, where in kill_points(fresh, put, 25):
        put(client)
        assert put(client) is Outcome.LEFT and at_rest(client) and held(client) == plain(files), where


def test_a_refreshed_one_never_lacks_a_file_and_the_next_run_brings_it_to_the_new(fresh, docker, with_web1, files,
                                                                                  other, other_files):
    def put(client):
        ContextStore(client).put("web1", "tcp://127.0.0.1:2376", VM, other, other_files)

    for client, where in kill_points(lambda: fresh(with_web1), put, 15):
        keys_are_closed(client, where)
        assert listed(docker, client) == ["default", "web1"] and held(client).keys() == set(NAMES), where
        for name, content in held(client).items():
            assert content in (plain(files)[name], plain(other_files)[name]), where
        ContextStore(client).put("web2", HOST, OTHER_VM, other, other_files)
        assert at_rest(client) and held(client) in (plain(files), plain(other_files)), where
        found = ContextStore(client).existing("web1")
        assert (found.cert_dir == other) is (held(client) == plain(other_files)), where


def test_a_removed_one_is_there_whole_or_gone_and_no_key_is_left(fresh, docker, with_web1, files, other, other_files):
    def remove(client):
        store = ContextStore(client)
        store.remove(store.existing("web1"))

    for client, where in kill_points(lambda: fresh(with_web1), remove, 6):
        if "web1" in listed(docker, client):
            assert held(client) == plain(files), where
        ContextStore(client).put("web2", HOST, OTHER_VM, other, other_files)
        assert at_rest(client), where
        assert held(client) == (plain(files) if "web1" in listed(docker, client) else {}), where


def test_the_current_one_is_never_one_that_is_gone(fresh, docker, with_web1):
    ContextStore(with_web1).use("web1")

    def remove(client):
        store = ContextStore(client)
        store.remove(store.existing("web1"))

    for client, where in kill_points(lambda: fresh(with_web1), remove, 9):
        assert docker("context", "show", DOCKER_CONFIG=str(client)) in listed(docker, client), where


def interrupted(fresh, folder, files):
    """Killed after the commit, before anything is in its place."""
    client = fresh()
    store = ContextStore(client)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(change, "_finish", lambda root: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            store.put("web1", HOST, VM, folder, files)
    assert (client / "contexts/.dockervm-pending/meta.json").exists()
    return client


def test_what_waits_is_dropped_where_somebody_has_made_a_context_of_that_name_meanwhile(fresh, docker, folder, files):
    client = interrupted(fresh, folder, files)
    docker("context", "create", "web1", "--docker", "host=tcp://10.0.0.1:2375", DOCKER_CONFIG=str(client))
    ContextStore(client).use("default")
    found = ContextStore(client).existing("web1")
    assert not found.is_ours and found.docker_host == "tcp://10.0.0.1:2375" and at_rest(client) and held(client) == {}


def test_what_waits_is_finished_else(fresh, folder, files):
    client = interrupted(fresh, folder, files)
    ContextStore(client).use("default")
    assert ContextStore(client).existing("web1").is_of(VM) and held(client) == plain(files) and at_rest(client)


def test_certificates_without_a_context_are_none_of_the_new_one_s(fresh, docker, folder, files):
    client = fresh()
    tls(client).mkdir(parents=True)
    (tls(client) / "stranger.pem").write_bytes(b"x")
    ContextStore(client).put("web1", HOST, VM, folder, files)
    docker("context", "inspect", "web1", DOCKER_CONFIG=str(client))
    assert sorted(os.listdir(tls(client))) == sorted(NAMES)


# The disk


@pytest.mark.parametrize("action", ["put", "remove", "use"])
def test_a_disk_that_refuses_is_an_error_that_names_the_place(with_web1, other, other_files, monkeypatch, action):
    def full(*_arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    store = ContextStore(with_web1)
    actions = {"put": lambda: store.put("web2", HOST, OTHER_VM, other, other_files),
               "remove": lambda: store.remove(store.existing("web1")), "use": lambda: store.use("web1")}
    place = "config.json" if action == "use" else "contexts"
    with pytest.raises(DockerClientFileError, match=f"^{with_web1}/{place} can't be written: No space left on device"):
        actions[action]()


@pytest.fixture
def disk(monkeypatch):
    """What is put on the disk and what is renamed, in this order, each by its last name."""
    done = []
    sync, replace = os.fsync, os.replace

    def synced(descriptor):
        done.append(("sync", Path(os.readlink(f"/proc/self/fd/{descriptor}")).name))
        sync(descriptor)

    def renamed(source, target):
        done.append(("rename", Path(target).name))
        replace(source, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", renamed)
    return done


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="needs /proc")
def test_a_power_cut_can_t_undo_what_later_steps_build_on(with_web1, other, other_files, disk):
    store = ContextStore(with_web1)
    store.put("web2", HOST, OTHER_VM, other, other_files)
    assert disk == [
        *(("sync", name) for name in ("meta.json", "ca.pem", "cert.pem", "key.pem")), ("sync", change.STAGING),
        ("rename", change.PENDING), ("sync", "contexts"), *(("rename", name) for name in NAMES), ("sync", "docker"),
        ("rename", "meta.json"), ("sync", change.context_id("web2")), ("rename", change.STAGING)]
    disk.clear()
    store.use("web2")
    assert disk == [("sync", ".dockervm-config.json"), ("rename", "config.json"), ("sync", with_web1.name)]
