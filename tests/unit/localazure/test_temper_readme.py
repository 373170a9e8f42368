"""The README's example is a file that is taken, and its tables name every effect, condition and member."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import localazure
from localazure.temper import conditions, config, rules

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
