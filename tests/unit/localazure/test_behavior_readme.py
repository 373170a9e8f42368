"""The README's example is a file that is taken, and its tables name every effect, condition and member."""

from __future__ import annotations

import io
import re
import shlex
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

import localazure
from localazure.__main__ import main
from localazure.behavior import conditions, config, rules
from localazure.instance import Instance

README = (Path(localazure.__file__).parent / "README.md").read_text()
SECTION = README.partition("### To try what goes wrong")[2].partition("\n### ")[0]


def test_the_example_is_taken() -> None:
    example = re.search(r"^    \{\n.*?^    \}\n", SECTION, re.M | re.S)
    assert example is not None
    found = config.parse(textwrap.dedent(example[0]).encode())
    assert found.summary() == "1 latency, 2 rules, 2 conditions, 1 changed budget, Compute throttles"


def rows() -> dict[str, str]:
    found = {}
    for line in SECTION.splitlines():
        if line.startswith("| `"):
            names, _, rest = line[1:].partition("|")
            found.update({name: rest for name in re.findall(r"`(\w+)`", names)})
    return found


def test_the_tables_name_everything() -> None:
    told = rows()
    for effect, (members, _) in rules._EFFECTS.items():
        for name in members:
            assert f"`{name}`" in told[effect] or (name == "when" and "`when`" in SECTION), (effect, name)
    for condition, (members, _) in conditions._ARRAYS.items():
        for name in members:
            assert f"`{name}`" in told[condition], (condition, name)
    assert set(told) - {"do"} == {*rules._EFFECTS, *conditions._ARRAYS, "read_only_subscription"}
    for name in rules._MATCH:
        assert f"`{name}`" in SECTION


# the command lines that it prints

PREFIX = "python -m localazure "
LINES = [line.split("#")[0].strip().removeprefix(PREFIX) for line in SECTION.splitlines() if PREFIX in line]
Place = Callable[[list[str], list[str]], list[str]]
PLACES: dict[str, Place] = {
    "nowhere": lambda words, option: words,
    "first": lambda words, option: [*option, *words],
    "behind behavior": lambda words, option: [words[0], *option, *words[1:]],
    "behind the action": lambda words, option: [*words[:2], *option, *words[2:]],
    "last": lambda words, option: [*words, *option],
}


def test_the_readme_names_every_action() -> None:
    assert {line.split()[1] for line in LINES} == {"check", "set", "show", "reset"}
    assert any(line.endswith("set --instance NAME FILE") for line in LINES)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("form", [["--instance", "typed"], ["--instance=typed"]])
@pytest.mark.parametrize("file", ["rules.json", "-"])
@pytest.mark.parametrize("line", LINES)
def test_its_lines_can_be_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, file: str, form: list[str], place: str
) -> None:
    monkeypatch.setenv("LOCALAZURE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LOCALAZURE_INSTANCE", "typed" if place == "nowhere" else "other")
    monkeypatch.chdir(tmp_path)
    given = b'{"rules": [{"do": "endless_operation", "times": 7}]}'
    Path("rules.json").write_bytes(given)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
    path = Instance("typed").behavior
    path.parent.mkdir(parents=True)
    path.write_bytes(b"{}")
    words = [file if word == "FILE" else word for word in shlex.split(line.replace(" --instance NAME", ""))]
    assert main(PLACES[place](words, form)) == 0
    action = words[1]
    assert path.exists() == (action != "reset")
    if action != "reset":
        assert path.read_bytes() == (given if action == "set" else b"{}")
    assert not (tmp_path / "home/other").exists()


@pytest.mark.parametrize("words", [["show", "FILE"], ["reset", "FILE"], ["set"], ["set", "a", "b"], []])
def test_what_is_too_much_or_too_little_is_refused(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["behavior", *words])
    assert ended.value.code == 2
    assert "usage: localazure" in capsys.readouterr().err
