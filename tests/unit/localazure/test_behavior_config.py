"""behavior.json: what is refused and in which words, its mode, its command line, a broken file under a server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from arm_support import LocalAzure

from localazure.__main__ import main
from localazure.behavior import config
from localazure.behavior.values import BehaviorError


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"rule": []}, "rule: there is no such member; known are conditions, latencies, rules, throttle"),
        ([], "the file: an object is expected"),
        ({"rules": {}}, "rules: an array is expected"),
        ({"rules": [{"path": "*"}]}, "rules[0].do: this member is required"),
        ({"rules": [{"do": "vanish"}]}, "rules[0].do: one of answer, html, reset"),
        ({"rules": [{"do": "answer"}]}, "rules[0].status: this member is required"),
        ({"rules": [{"do": "answer", "status": 42}]}, "rules[0].status: an HTTP status from 200 to 599"),
        ({"rules": [{"do": "reset", "status": 500}]}, "rules[0].status: there is no such member"),
        ({"rules": [{"do": "reset", "nth": 0}]}, "rules[0].nth: a whole number from 1"),
        ({"rules": [{"do": "reset", "nth": True}]}, "rules[0].nth: a whole number from 1"),
        ({"rules": [{"do": "reset", "nth": 1, "every": 2}]}, "rules[0].every: a rule has either nth or every"),
        ({"rules": [{"do": "slow", "seconds": -1}]}, "rules[0].seconds: a number from 0 to 86400"),
        ({"rules": [{"do": "answer", "status": 429, "retry_after": "1\r\nX: y"}]}, "rules[0].retry_after: a text"),
        ({"throttle": {"arm": 1}}, "throttle.arm: true or false"),
        ({"throttle": {"sizes": {"reeds": {}}}}, "throttle.sizes.reeds: there is no such member; known are"),
        ({"throttle": {"sizes": {"reads": {"bucket": 0}}}}, "throttle.sizes.reads.bucket: a whole number from 1"),
        ({"latencies": {"*/write": "slow"}}, "latencies.*/write: a number"),
        ({"conditions": {"quota": [{"region": "westus"}]}}, "conditions.quota[0].cores: this member is required"),
        ({"conditions": {"quota": [{"cores": 1}, 7]}}, "conditions.quota[1]: an object is expected"),
        ({"conditions": {"agent": [{"state": "gone"}]}}, "conditions.agent[0].state: one of absent, unavailable"),
        ({"conditions": {"denied": [{"action": []}]}}, "conditions.denied[0].action: a text that is not empty"),
    ],
)
def test_a_message_names_the_member(value: Any, words: str) -> None:
    with pytest.raises(BehaviorError) as refusal:
        config.parse(json.dumps(value).encode())
    assert str(refusal.value).startswith(words)


@pytest.mark.parametrize("data", [b"{", b"\xff\xfe", b"[" * 100_000, b'{"rules": [NaN'])
def test_what_is_no_json_is_refused(data: bytes) -> None:
    with pytest.raises(BehaviorError, match="the file is not JSON"):
        config.parse(data)


def test_a_message_never_repeats_a_value() -> None:
    for rule in ({"do": "hunter2"}, {"do": "reset", "header": {"authorization": ["hunter2"]}}):
        with pytest.raises(BehaviorError) as refusal:
            config.parse(json.dumps({"rules": [rule]}).encode())
        assert "hunter2" not in str(refusal.value)


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an instance that has state."""
    monkeypatch.setenv("LOCALAZURE_HOME", str(tmp_path))
    (tmp_path / "default").mkdir()
    return tmp_path / "default"


def test_set_show_check_and_reset(instance: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = tmp_path / "good.json"
    good.write_text('{"rules": [{"do": "reset"}], "conditions": {"read_only_subscription": true}}')
    assert main(["behavior", "set", str(good)]) == 0
    assert "1 rule, 1 condition" in capsys.readouterr().out
    assert (instance / "behavior.json").stat().st_mode & 0o777 == 0o600
    assert main(["behavior", "show"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(good.read_text())
    assert main(["behavior", "check"]) == 0
    assert main(["behavior", "reset"]) == 0
    assert not (instance / "behavior.json").exists()
    capsys.readouterr()
    assert main(["behavior", "show"]) == 0
    assert json.loads(capsys.readouterr().out) == {}


def test_set_changes_nothing_when_the_file_is_wrong(
    instance: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (instance / "behavior.json").write_text("{}")
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"rules": [{"do": "vanish"}]}')
    assert main(["behavior", "set", str(wrong)]) == 1
    assert main(["behavior", "check", str(wrong)]) == 1
    assert "rules[0].do" in capsys.readouterr().err
    assert (instance / "behavior.json").read_text() == "{}"
    assert main(["behavior", "set", str(tmp_path / "absent.json")]) == 1
    assert main(["behavior", "set", str(wrong), "--instance", "other"]) == 1


def test_status_says_that_the_file_is_broken(instance: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (instance / "behavior.json").write_text('{"rules": 1}')
    assert main(["status", "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["behavior"] == "broken and not used: rules: an array is expected"


def test_a_broken_file_leaves_in_force_what_was(
    arm: LocalAzure, behavior: Any, caplog: pytest.LogCaptureFixture
) -> None:
    behavior(rules=[{"do": "answer", "status": 418, "path": "*/resourcegroups"}])
    assert arm.call("GET", "/resourcegroups").status == 418
    (arm.folder / "behavior.json").write_text('{"rules": [')
    with caplog.at_level("WARNING"):
        assert arm.call("GET", "/resourcegroups").status == 418
    assert "behavior.json is broken and not used: the file is not JSON" in caplog.text
    (arm.folder / "behavior.json").unlink()
    assert arm.call("GET", "/resourcegroups").status == 200


def test_the_log_never_holds_what_a_rule_looks_for(
    arm: LocalAzure, behavior: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        behavior(rules=[{"name": "mine", "do": "answer", "status": 500, "message": "m3ssage",
                       "header": {"Authorization": f"Bearer {arm.token}"}}])  # fmt: skip
        answer = arm.call("GET", "/resourcegroups", secret="qu3ry")
    assert answer.status == 500
    assert "behavior: mine: answer on GET" in caplog.text
    for secret in (arm.token, "qu3ry", "m3ssage"):
        assert secret not in caplog.text
