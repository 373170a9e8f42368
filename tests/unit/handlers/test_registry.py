"""How registries' passwords come here: typed, from files, at a prompt; and where they go."""

from __future__ import annotations

import json

import fake_host
import pytest
from az_parser import parsed
from bad_values.compose import WEB

from azext_dockervm.errors import InvalidValue, MissingArgument
from azext_dockervm.flow.request import to_bytes
from azext_dockervm.handlers import registry
from azext_dockervm.handlers.create import create
from azext_dockervm.spec.workload import parse_logins

LOGINS = parse_logins(["a.io=me", "b.io=you"])


@pytest.fixture
def terminal(monkeypatch):
    """Somebody who types these, one after the other; the questions are noted."""
    questions: list[str] = []
    answers: list[str] = []

    def getpass(prompt: str) -> str:
        questions.append(prompt)
        if not answers:
            raise EOFError
        return answers.pop(0)

    monkeypatch.setattr("knack.prompting.verify_is_a_tty", lambda: None)
    monkeypatch.setattr("getpass.getpass", getpass)
    return questions, answers


def revealed(logins) -> list[str]:
    return [login.password.reveal() for login in logins]


def test_each_server_is_asked_for_once(terminal):
    questions, answers = terminal
    answers += ["one", "two"]
    assert revealed(registry.with_passwords(None, LOGINS)) == ["one", "two"]
    assert questions == ["Password of me for the registry a.io: ", "Password of you for the registry b.io: "]


def test_an_option_without_values_asks_too_and_without_logins_nobody_is_asked(terminal):
    questions, answers = terminal
    answers += ["one", "two"]
    assert revealed(registry.with_passwords([], LOGINS)) == ["one", "two"]
    assert registry.with_passwords(None, ()) == () and len(questions) == 2


def test_what_is_typed_goes_in_order_and_a_file_s_last_line_end_is_none_of_it(terminal):
    key = '{\n  "key": "x"\n}\n'
    assert revealed(registry.with_passwords([key, " two "], LOGINS)) == [key.rstrip("\n"), " two "]
    assert terminal[0] == []


def test_an_empty_answer_is_asked_for_again_and_then_given_up(terminal):
    questions, answers = terminal
    answers += ["", "one", "two"]
    assert revealed(registry.with_passwords(None, LOGINS)) == ["one", "two"]
    assert questions[1].startswith("Not taken: it is empty.\n")
    answers += ["", "", "", "one"]
    with pytest.raises(InvalidValue, match="none was taken for a.io in 3 attempts"):
        registry.with_passwords(None, LOGINS)


def test_where_nobody_types_the_file_is_the_way(terminal):
    with pytest.raises(MissingArgument, match="none was typed for a.io") as caught:
        registry.with_passwords(None, LOGINS)
    assert "--registry-password @file" in caught.value.recommendations[0]


def test_for_a_preview_nobody_is_asked_and_a_bad_value_is_refused_all_the_same(terminal):
    assert revealed(registry.previewed(None, LOGINS)) == ["asked for by create"] * 2
    with pytest.raises(InvalidValue, match="1 passwords for 2"):
        registry.previewed(["one"], LOGINS)
    assert terminal[0] == []


# The whole command


@pytest.fixture
def az(cmd, cloud, folder, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def az(*words):
        login = ("-p", "Tall-Ships_2014+Docker", "-dc", str(folder))
        return create(cmd, **parsed("dockervm", "create", "-g", "g", "-n", "web1", *login, *words))
    return az


@pytest.fixture
def exit_codes(monkeypatch) -> list[int]:
    found: list[int] = []
    monkeypatch.setattr("azext_dockervm.output.exit_code.end_with", lambda _cli_ctx, code: found.append(code))
    return found


ALL = ("--registry-login", "a.io=me", "--registry-password", "s3cret-1", "--compose-file", WEB, "--compose-env-file",
       "TOKEN=s3cret-2\n")


def test_the_result_says_what_runs(az, cloud, exit_codes, tmp_path):
    (tmp_path / "compose.yaml").write_text(WEB)
    made = az(*ALL[:4], "--compose-file", "compose.yaml", "--open-ports", "8080")
    assert made["compose"] == {"project": tmp_path.name.lower(), "file": "compose.yaml", "state": "running",
                               "reason": None, "containers": 1,
                               "services": [{"name": "web", "state": "running", "ports": ["0.0.0.0:8080->80/tcp"]}]}
    assert made["registryLogins"] == [{"server": "a.io", "user": "me", "loggedIn": True}] and exit_codes == []


def test_what_fails_leaves_the_host_and_says_so_by_words_and_exit_code(az, cloud, exit_codes, capsys, monkeypatch):
    def failed(_host, _values, facts):
        facts["services"] = "web|running|;db|exited (1)|"
        raise fake_host._Failed("compose-failed", "manifest for nobody not found")

    monkeypatch.setattr(fake_host.FakeHost, "_compose", failed)
    made = az(*ALL)
    assert exit_codes == [5] and made["engineVersion"] and made["compose"]["state"] == "failed"
    said = capsys.readouterr().err
    assert "manifest for nobody not found" in said and "The host 'web1' works" in said and "Hence exit code 5" in said
    assert f"compose -p {made['compose']['project']} logs db" in said, "of those that do not run"
    again = next(line for line in said.splitlines() if "same create tries again" in line)
    assert "--registry-login a.io=me --registry-password --compose-file @FILE --compose-env-file @FILE" in again
    assert "s3cret" not in said and "s3cret" not in json.dumps(made)
    assert cloud.tags()["dockervm-provisioner"] == "run-command", "the host is finished"


def test_secrets_travel_protected_and_stand_in_no_plan(az, cloud):
    seen = json.dumps(az(*ALL, "--dry-run"))
    assert "s3cret" not in seen and "8080:80" not in seen and "protectedParameters" in seen
    az(*ALL)
    [sent] = [one for one in cloud.log if one.method == "PUT" and "/dockervm-compose-" in one.name]
    names = [one["name"] for one in sent.body["properties"]["protectedParameters"]]
    assert names == ["DOCKERVM_LOGINS", "DOCKERVM_COMPOSE_FILE", "DOCKERVM_COMPOSE_ENV", "DOCKERVM_HIDDEN"]
    assert b"s3cret" not in to_bytes(sent.body["properties"]["parameters"])


def test_a_published_port_that_stays_closed_is_told_beforehand(az, cloud, capsys):
    az("--compose-file", WEB, "--open-ports", "443")
    assert "publishes 8080 of 'web'" in (said := capsys.readouterr().err) and "--open-ports 443 8080" in said
    az("--compose-file", WEB, "--open-ports", "8000-9000", "-n", "web2")
    az("--compose-file", WEB.replace("8080", "127.0.0.1:8080"), "-n", "web3")
    assert "publishes" not in capsys.readouterr().err


@pytest.mark.parametrize(("words", "provisioner"), [
    (ALL[:4], "run-command"), (ALL[4:], "run-command"), (ALL[4:6], "cloud-init"),
    ((*ALL, "--provisioner", "cloud-init"), "cloud-init"),
    ((*ALL, "--provisioner", "docker-extension"), "docker-extension")])
def test_with_secrets_auto_takes_run_commands_and_whatever_is_asked_has_its_run_command_beside(
        az, cloud, words, provisioner):
    made = az(*words)
    assert made["provisioner"] == provisioner and cloud.host().asked()[-1] == "compose"


def test_on_a_host_that_exists_it_is_done_again_and_nothing_else(az, cloud):
    az()
    cloud.host().actions.clear()
    az(*ALL)
    assert cloud.host().asked() == ["compose"]
    az()
    assert cloud.host().asked() == ["compose"]


def test_an_existing_host_s_own_port_is_not_published(az, cloud):
    from azure.cli.core.azclierror import InvalidArgumentValueError

    az("-dp", "8080")
    before = len(cloud.writes())
    with pytest.raises(InvalidArgumentValueError, match="8080, which is Docker's port"):
        az("--compose-file", WEB)
    assert len(cloud.writes()) == before
