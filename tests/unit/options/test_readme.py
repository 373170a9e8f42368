"""README's table of options is made of their declarations."""

from __future__ import annotations

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
