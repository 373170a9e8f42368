"""README's table of options is made of their declarations."""

from __future__ import annotations

import re

import option_table

from azext_dockervm.options.commands import options_of


def test_readme_has_the_table_that_the_declarations_give():
    assert option_table.written() == option_table.table(), "run: python tests/support/option_table.py"


def test_every_option_that_can_be_left_out_has_a_row():
    rows = [line for line in option_table.table().splitlines() if line.startswith("| `-")]
    assert len(rows) == len([option for option in options_of("create") if not option.required])
    assert all(row.replace(r"\|", "").count("|") == 4 for row in rows)


def test_what_can_be_configured_is_named():
    sentence = option_table.table().partition("\n\n")[2]
    assert "`docker_port`" in sentence and "`timeout`" not in sentence


def test_options_files_and_quotes_are_written_as_code():
    assert option_table._marked("-p @file or --name x-y, ~/.ssh/id.pub; 'auto' isn't a|b") == (
        r"`-p @file` or `--name` x-y, `~/.ssh/id.pub`; `auto` isn't a\|b")


def test_every_option_of_other_tools_leads_to_one_that_there_is():
    """README's tables of what the old CLI and docker-machine had: what is called ours is ours, or az's own."""
    readme = option_table.README.read_text(encoding="utf-8")
    text = readme.partition("## Coming from the old CLI")[2].partition("\n## ")[0]
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|") and "---" not in line]
    assert len(rows) > 70
    named = {word for row in rows for word in re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", row[-1])}
    ours = {word for option in options_of("create") for word in option.words}
    assert named - ours == {"--subscription", "--service-principal", "--idle-timeout", "--publisher", "--all",
                            "--tlsverify", "--via", "--tls"}
