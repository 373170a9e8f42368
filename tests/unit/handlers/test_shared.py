"""What handlers share: the question before a loss, the last words, and the exit code that scripts see."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from knack.events import EVENT_CLI_SUCCESSFUL_EXECUTE
from knack.prompting import NoTTYException
from specs import host_spec

from azext_dockervm.errors import Interrupted, MissingArgument
from azext_dockervm.handlers import shared
from azext_dockervm.host.cause import Cause
from azext_dockervm.spec.host import Given


class Listener:
    """What was told, each with how loudly."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.closed = False

    def say(self, text: str) -> None:
        self.told.append(("say", text))

    def warn(self, text: str) -> None:
        self.told.append(("warn", text))

    def alert(self, text: str) -> None:
        self.told.append(("alert", text))

    def close(self) -> None:
        self.closed = True


class Az:
    """As far as a handler uses az's ``cmd`` and its context."""

    def __init__(self) -> None:
        self.cli_ctx, self.only_show_errors, self.events = self, False, {}

    def register_event(self, event, handler) -> None:
        self.events[event] = handler


def answering(monkeypatch, answer):
    def prompt(question, default):
        assert (question, default) == ("Really?", "n")
        if isinstance(answer, Exception):
            raise answer
        return answer
    monkeypatch.setattr("knack.prompting.prompt_y_n", prompt)


def test_a_loss_that_is_wanted_is_told_to_everybody_and_done(monkeypatch):
    answering(monkeypatch, True)
    listener = Listener()
    shared.confirm("It is lost.", "Really?", False, listener)
    assert listener.told == [("alert", "It is lost.")]


def test_with_yes_nobody_is_asked(monkeypatch):
    answering(monkeypatch, AssertionError("asked"))
    listener = Listener()
    shared.confirm("It is lost.", "Really?", True, listener)
    assert listener.told == [("warn", "It is lost.")]


@pytest.mark.parametrize(("answer", "kind", "says"), [
    (False, Interrupted, ""), (NoTTYException(), MissingArgument, "--yes")])
def test_without_a_yes_nothing_is_changed(monkeypatch, answer, kind, says):
    answering(monkeypatch, answer)
    with pytest.raises(kind, match="Nothing was changed") as refused:
        shared.confirm("It is lost.", "Really?", False, Listener())
    assert says in " ".join(refused.value.recommendations)


def host(reachable: bool) -> SimpleNamespace:
    proof = SimpleNamespace(reachable=reachable, cause="nobody answered.")
    return SimpleNamespace(spec=host_spec(port=2376), address=SimpleNamespace(endpoint="web1.example"), proof=proof)


@pytest.fixture
def docker(monkeypatch) -> list[str]:
    """The docker clients on PATH."""
    found = ["/usr/bin/docker"]
    monkeypatch.setattr("shutil.which", lambda name, path=None: found[0] if name == "docker" and found else None)
    return found


def test_the_end_names_the_command_to_type(docker):
    az, listener = Az(), Listener()
    shared.tell_the_end(az, host(True), Path("/certs"), listener)
    ((how, text),) = listener.told
    assert how == "say" and text.startswith("Now type: docker ") and "tcp://web1.example:2376" in text
    assert az.events == {}


def test_where_there_is_no_docker_client_the_end_names_a_command_that_works_there(docker):
    docker.clear()
    listener, made = Listener(), host(True)
    made.spec = made.spec.having({"given": {"cert_dir": Given(("-dc", "my certs"))}})
    shared.tell_the_end(Az(), made, Path("/certs"), listener)
    assert listener.told == [("say", "There is no docker client here. Now type: az dockervm info -g g -n web1 "
                                     "-dc 'my certs'")]


def test_only_a_cloud_shell_loses_a_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("ACC_CLOUD", "AZUREPS_HOST_ENVIRONMENT", "ACC_STORAGE_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    assert shared.session_warnings(tmp_path) == []
    monkeypatch.setenv("ACC_CLOUD", "PROD")
    (warning,) = shared.session_warnings(tmp_path / ".docker")
    assert f"{tmp_path}/.docker is lost when the session ends: this Cloud Shell session has no storage" in warning
    (tmp_path / "clouddrive").mkdir()
    assert shared.session_warnings(tmp_path / ".docker") == []
    assert "keeps the home folder only" in shared.session_warnings(Path("/srv/c"))[0]


def test_a_host_that_can_t_be_reached_from_here_ends_with_4(docker):
    az, listener, made = Az(), Listener(), host(False)
    made.cause = Cause("sources", "Only one may come.", ("To let in others: az dockervm create",))
    shared.tell_the_end(az, made, Path("/certs"), listener)
    assert [how for how, _ in listener.told] == ["alert", "say"]
    assert listener.told[0][1].endswith("can't be reached from here: Only one may come. Hence exit code 4.\n"
                                        "To let in others: az dockervm create")
    assert listener.told[1][1] == "Then type: az dockervm info -g g -n web1", "a docker command would wait in vain"
    with pytest.raises(SystemExit) as end:
        az.events[EVENT_CLI_SUCCESSFUL_EXECUTE](None)
    assert end.value.code == 4


def test_the_listener_is_closed_whatever_happens(monkeypatch):
    listener = Listener()
    monkeypatch.setattr("azext_dockervm.output.progress.progress", lambda only_show_errors: listener)
    with pytest.raises(KeyError), shared.progress_of(Az(), ["beware"]):
        assert not listener.closed
        raise KeyError("x")
    assert listener.closed and listener.told == [("warn", "beware")]
