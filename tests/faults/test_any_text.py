"""Whatever text an option of create is given: it is taken, or refused in az's words that name an option.

What is unexpected the handler makes a CLIInternalError, which fails the test with the text that caused it.
"""

from __future__ import annotations

import logging
import string

import pytest
from az_parser import parsed
from azure.cli.core.azclierror import AzCLIError, CLIInternalError
from fake_azure import FakeCloud
from handler_calls import az_cmd, cloud_of_handlers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from azext_dockervm.handlers.create import create
from azext_dockervm.options.commands import option_of, options_of

OPTIONS = [option for option in options_of("create") if not option.is_switch]
# What options take, and what shells, URLs, JSON and certificates make of it: near misses are found sooner.
ALPHABET = st.one_of(
    st.sampled_from(string.ascii_letters + string.digits + "-_./:=,*@#%&\\\"'$ []{}()<>|+~?!;^`\t\n"),
    # No program can be given a NUL.
    st.characters(exclude_characters="\0"))
TEXT = st.one_of(
    st.text(ALPHABET, max_size=20),
    st.text(ALPHABET, min_size=60, max_size=300),
    st.lists(st.sampled_from(["10.0.0.0/24", "0", "65536", "-1", "1e9", "::1", "/subscriptions/x", "Standard_LRS",
                              "[system]", "os=", "a=b", "22-", "*", "", "é", "Ubuntu2404"]), max_size=4).map(" ".join),
    st.sampled_from(["1" * 400, "９", "²", "1_000", "0x10", "NaN", "inf", "\ud800", "a\u202eb", "x" * 70000]))
FEW, MANY = 15, 1500


PASSWORD, REFUSED = "Tall-Ships_2014+Docker", "x"
# Beside these a create ends without --validate, by a password that is refused when all else has been read.
WITHOUT_VALIDATE = frozenset(option_of("create", "validate").excludes)
# Its errors name the folder instead.
NAME_A_PATH = {"cert_dir"}


def tried(cmd, cloud, folder, option, text: str, spread: bool) -> None:
    words = text.split(" ") if spread and option.takes_several else [text]
    typed = [f"{option.words[0]}={words[0]}"] if not option.takes_several else [option.words[0], *words]
    end = ["-p", REFUSED] if option.name in WITHOUT_VALIDATE else ["-p", PASSWORD, "--validate"]
    try:
        read = parsed("dockervm", "create", "-g", "g", "-n", "web1", "-dc", str(folder), *end, *typed)
    except SystemExit:      # the parser's, which names the option by itself
        return
    except UnicodeEncodeError:      # az's own, of @FILE with half a character in it
        assert any(word.startswith("@") for word in words)
        return
    try:
        create(cmd, **read)
    except AzCLIError as error:
        assert not isinstance(error, CLIInternalError), error
        asked = cloud.log or cloud.asked
        # Its own words, or those of an option that it can't do without.
        assert asked or option.name in NAME_A_PATH or "--" in str(error), error
    assert not cloud.writes()


def fuzzed(cmd, cloud, folder, option, examples: int) -> None:
    @settings(max_examples=examples, deadline=None, database=None, derandomize=examples == FEW,
              suppress_health_check=list(HealthCheck))
    @given(TEXT, st.booleans())
    def whatever(text: str, spread: bool) -> None:
        cloud.log.clear()
        cloud.asked.clear()
        tried(cmd, cloud, folder, option, text, spread)

    whatever()


@pytest.fixture
def cmd():
    return az_cmd(only_show_errors=True)


@pytest.fixture
def cloud(monkeypatch) -> FakeCloud:
    return cloud_of_handlers(monkeypatch)


@pytest.fixture
def quiet(capsys):
    """What az says of texts is in no report: half a character in it could not be sent from one of pytest's processes to
    another, which ends the run."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
    capsys.readouterr()


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_any_text(cmd, cloud, certificates, quiet, option, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    fuzzed(cmd, cloud, certificates, option, FEW)


@pytest.mark.long
@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_very_many_texts(cmd, cloud, certificates, quiet, option, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    fuzzed(cmd, cloud, certificates, option, MANY)
