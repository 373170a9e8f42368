"""Bad values of each option of create, and options that can't stand together: one clear error, and nothing is made."""

from __future__ import annotations

from collections import Counter

import bad_values
import pytest
from az_parser import parsed

from azext_dockervm.handlers.create import create
from azext_dockervm.options.commands import option_of, options_of

LEAST = 2
NAMED = ("-g", "g", "-n", "web1")


def said(cmd, caplog, words) -> str:
    """The one error: what is told, and what is to be typed now. Whatever is no error of az fails the test."""
    from azure.cli.core.azclierror import AzCLIError

    caplog.clear()
    try:
        create(cmd, **parsed("dockervm", "create", *NAMED, *words))
    except AzCLIError as error:
        return "\n".join([str(error), *map(str, error.recommendations)])
    except SystemExit as error:     # the parser's
        assert error.code == 2
        return caplog.text
    raise AssertionError("no error")


@pytest.fixture(autouse=True)
def nobody_at_home(monkeypatch, tmp_path):
    """An empty home and nothing in az's configuration: what is refused leaves no trace there."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("AZURE_CONFIG_DIR", str(tmp_path / "azure"))
    return home


@pytest.mark.parametrize("row", [*bad_values.values(), *bad_values.pairs()], ids=lambda row: row.label)
def test_it_is_refused_in_its_own_words_before_anything_is_made(cmd, cloud, caplog, nobody_at_home, row):
    if row.there:
        row.there(cloud)
    error = said(cmd, caplog, row.words)
    for part in row.says:
        assert part in error, error
    assert not cloud.writes() and not list(nobody_at_home.iterdir())
    if not row.asks:
        assert not cloud.log and not cloud.asked, "it shows by itself: Azure need not be asked"


def test_each_option_has_its_rows():
    told = Counter(row.options[0] for row in bad_values.values())
    missing = [option.name for option in options_of("create") if not option.is_switch and told[option.name] < LEAST]
    assert not missing


def test_each_row_is_of_an_option_that_there_is():
    for row in [*bad_values.values(), *bad_values.pairs()]:
        for name in row.options:
            assert set(row.words) & set(option_of("create", name).words), f"{row.label} does not say {name}"


def test_what_a_provisioner_can_t_carry_is_tried_with_it():
    tried = {(row.options, word) for row in bad_values.pairs() for word in row.words}
    gaps = [(option.name, gap.provisioner) for option in options_of("create") for gap in option.gaps if not gap.filled]
    assert not [f"{name} with {provisioner}" for name, provisioner in gaps if not any(
        (pair, provisioner) in tried for pair in ((name, "provisioner"), ("provisioner", name)))]


def test_options_that_exclude_each_other_are_tried_together():
    tried = {frozenset(row.options) for row in bad_values.pairs()}
    excluded = [{option.name, other} for option in options_of("create") for other in option.excludes]
    assert not [pair for pair in excluded if frozenset(pair) not in tried]
