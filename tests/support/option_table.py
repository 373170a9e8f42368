"""The options of create as README's table, made of their declarations."""

from __future__ import annotations

import re
import sys
import textwrap
import types
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
BEGIN, END = "<!-- options: python tests/support/option_table.py -->\n", "<!-- end of options -->"


def table() -> str:
    """The table, a row for each option that can be left out, and the sentence on what can be configured."""
    from azext_dockervm.options.commands import options_of

    options = [option for option in options_of("create") if not option.required]
    lines = ["| option | default | |", "|---|---|---|"]
    for option in options:
        words, default = ", ".join(f"`{word}`" for word in option.words), _marked(option.told_default)
        lines.append(f"| {words} |{f' {default} ' if default else ' '}| {_marked(option.help)} |")
    configured = [option for option in options if option.example]
    names = [f"`{option.name}`" for option in configured]
    example = configured[-1]
    told = (f"`az config set dockervm.{example.name}={example.example}` sets a default for good. That can be done for "
            f"{', '.join(names[:-1])} and {names[-1]}.")
    return "\n".join([*lines, "", *textwrap.wrap(told, 120, break_on_hyphens=False)]) + "\n"


def _marked(text: str) -> str:
    """Options, files and what is quoted as code; nothing that Markdown takes for a column."""
    text = re.sub(r"(?<![\w/])(--?[a-z][\w-]*(?: @file)?|~/[\w./-]*\w)", r"`\1`", text.replace("|", r"\|"))
    return re.sub(r"'([^']*[^\s'])'(?!\w)", r"`\1`", text)


def written() -> str:
    """The table as README has it."""
    return README.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


if __name__ == "__main__":
    # The package itself is az's loader and needs az; the tables of options don't.
    package = types.ModuleType("azext_dockervm")
    package.__path__ = [str(ROOT / "azext_dockervm")]
    sys.modules["azext_dockervm"] = package
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    README.write_text(before + BEGIN + table() + END + rest.partition(END)[2], encoding="utf-8")
