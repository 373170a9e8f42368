"""The lines for each shell: real ones evaluate them; for PowerShell and cmd, which can't be had here, their documented
rules of quoting are written down below."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from azext_dockervm.client.shell_names import NAMES
from azext_dockervm.client.shells import SHELLS
from azext_dockervm.errors import InvalidValue

ALL = ("bash", "zsh", "fish", "powershell", "cmd")
VALUES = ["1", "tcp://web1.westus.cloudapp.azure.com:4243", "/home/me/my certificates", "it's", "''", 'say "x"',
          "$HOME ${HOME} $(id) `id`", "%PATH% 100%", "a&b|c<d>e^f", "!!", "* ? [a-z] {a,b}", "\\", "C:\\Users\\me\\",
          "\\' \\n", "~", "=ls", "-x", "#", ";", "a:b", "tab\there", "Jörg ‘quoted’ 漢字 😀", "(a)", "x\x1by"]
# Shell → how it evaluates a file; then it prints what its children see.
EVALUATE = {"bash": 'eval "$(cat FILE)"', "zsh": 'eval "$(cat FILE)"', "sh": 'eval "$(cat FILE)"',
            "fish": "cat FILE | source"}


def test_there_are_lines_for_each_shell():
    assert NAMES == ALL and all(SHELLS[name].name == name for name in ALL)


def lines_for(shell: str):
    return SHELLS["bash" if shell == "sh" else shell]


def environment_after(program: str, shell: str, lines: list[str], folder, how: str = "", **before: str) \
        -> dict[bytes, bytes]:
    """What a child of the shell has in its environment once the shell has evaluated ``lines``."""
    (folder / "lines").write_bytes(lines_for(shell).encoded(lines, False))
    script = f"{(how or EVALUATE[shell]).replace('FILE', 'lines')}\nenv -0\n"
    done = subprocess.run([program, "-c", script], cwd=folder, capture_output=True, check=True,
                          env={"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8", **before})
    assert done.stderr == b""
    return dict(entry.split(b"=", 1) for entry in done.stdout.split(b"\0") if entry)


@pytest.mark.parametrize("shell", EVALUATE)
def test_a_shell_takes_every_value_as_it_is(need, tmp_path, shell):
    values = {f"VALUE_{number}": value for number, value in enumerate(VALUES)}
    lines = [lines_for(shell).set(name, value) for name, value in values.items()]
    found = environment_after(need(shell), shell, lines, tmp_path)
    assert {name: found[name.encode()].decode() for name in values} == values


@pytest.mark.parametrize("shell", EVALUATE)
def test_a_folder_whose_name_is_no_text_stays_what_it_is(need, tmp_path, shell):
    lines = [lines_for(shell).set("DOCKER_CERT_PATH", os.fsdecode(b"/srv/\xff\xfe"))]
    assert environment_after(need(shell), shell, lines, tmp_path)[b"DOCKER_CERT_PATH"] == b"/srv/\xff\xfe"


@pytest.mark.parametrize("shell", EVALUATE)
def test_what_is_unset_is_gone_and_what_was_not_set_is_no_error(need, tmp_path, shell):
    lines = [lines_for(shell).unset("DOCKER_HOST"), lines_for(shell).unset("NEVER_SET")]
    found = environment_after(need(shell), shell, lines, tmp_path, DOCKER_HOST="tcp://old:1", KEPT="x")
    assert b"DOCKER_HOST" not in found and found[b"KEPT"] == b"x"


@pytest.mark.parametrize("shell", EVALUATE)
def test_no_comment_is_a_command(need, tmp_path, shell):
    lines = [lines_for(shell).comment("it's $(touch made)\n touch made; `touch made` %i & touch made"),
             lines_for(shell).set("LAST", "x")]
    assert environment_after(need(shell), shell, lines, tmp_path)[b"LAST"] == b"x"
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_an_eval_without_quotes_joins_the_lines_and_still_works(need, tmp_path, shell):
    """As many type it: the comment, which then takes the rest of the line, stands last."""
    bash = SHELLS["bash"]
    lines = [bash.set("A", "1"), bash.set("B", "tcp://web1:4243"), bash.comment("the end")]
    found = environment_after(need(shell), shell, lines, tmp_path, "eval $(cat FILE)")
    assert (found[b"A"], found[b"B"]) == (b"1", b"tcp://web1:4243")


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(("value", "fault"), [("a\nb", "a line break"), ("a\rb", "a line break"), ("a\0b", "a NUL")],
                         ids=["LF", "CR", "NUL"])
def test_what_no_line_can_hold_is_refused(name, value, fault):
    with pytest.raises(InvalidValue, match=f"CERT_PATH can't be set in {name}: 'a.+b' has {fault} in it") as refused:
        SHELLS[name].set("DOCKER_CERT_PATH", value)
    assert "-dc" in refused.value.recommendations[0]


@pytest.mark.parametrize("name", ["powershell", "cmd"])
def test_bytes_that_are_no_text_are_refused_where_values_are_text(name):
    with pytest.raises(InvalidValue, match="bytes in it that are no text"):
        SHELLS[name].set("DOCKER_CERT_PATH", os.fsdecode(b"/srv/\xff"))


def test_of_a_proxy_s_list_the_advice_is_about_that():
    with pytest.raises(InvalidValue) as refused:
        SHELLS["bash"].set("no_proxy", "a\nb")
    assert "Leave --no-proxy out" in refused.value.recommendations[0]


# PowerShell: about_Quoting_Rules (in single quotes, two quotes stand for one), about_Operators (+ joins strings when
# the left one is a string), about_Environment_Variables ($Env:NAME = VALUE; $null removes).

POWERSHELL = re.compile(r"\$Env:(\w+) = ('(?:[^']|'')*'(?: \+ (?:'(?:[^']|'')*'|\[char\]0x[0-9a-f]{4}))*|\$null)")


def by_powershell(line: str) -> tuple[str, str | None]:
    """The variable and its value; None where it is removed."""
    name, expression = POWERSHELL.fullmatch(line).groups()
    if expression == "$null":
        return name, None
    units = b""
    for text, number in re.findall(r"'((?:[^']|'')*)'|\[char\]0x([0-9a-f]{4})", expression):
        units += bytes.fromhex(number) if number else text.replace("''", "'").encode("utf-16-be")
    return name, units.decode("utf-16-be")


@pytest.mark.parametrize("value", [*VALUES, "", "ö", "😀 first"], ids=ascii)
def test_powershell_reads_each_value_as_it_is_in_any_code_page(value):
    line = SHELLS["powershell"].set("DOCKER_HOST", value)
    assert line.isascii() and by_powershell(line) == ("DOCKER_HOST", value)


def test_powershell_removes_a_variable_and_takes_comments():
    assert by_powershell(SHELLS["powershell"].unset("DOCKER_HOST")) == ("DOCKER_HOST", None)
    assert SHELLS["powershell"].comment("a\nb") == "# a\\nb"


# cmd: "for /?" (lines that begin with ; are skipped, tokens=* takes off blanks in front), "set /?"; what stands in
# FOR's variable is not parsed again but for the command's name and SET's own rule for quotes.

def by_cmd(line: str) -> tuple[str, str] | None:
    """What SET makes of a line that FOR /f runs; None for what is no SET."""
    line = line.lstrip(" \t")
    command, _, rest = line.partition(" ")
    assert not line.startswith(";") and command in ("SET", "REM")
    if command == "REM":
        return None
    if rest.startswith('"'):
        rest = rest[1:rest.rindex('"')]
    name, _, value = rest.partition("=")
    return name, value


@pytest.mark.parametrize("value", VALUES, ids=ascii)
def test_cmd_reads_each_value_as_it_is(value):
    assert by_cmd(SHELLS["cmd"].set("DOCKER_HOST", value)) == ("DOCKER_HOST", value)


def test_cmd_removes_a_variable_by_an_empty_value_and_takes_comments():
    assert by_cmd(SHELLS["cmd"].unset("DOCKER_HOST")) == ("DOCKER_HOST", "")
    assert by_cmd(SHELLS["cmd"].comment("a & b")) is None


def test_on_windows_cmd_gets_its_own_code_page_and_nothing_that_is_not_in_it(monkeypatch):
    monkeypatch.setattr(SHELLS["cmd"], "code_page", "cp437", raising=False)
    assert SHELLS["cmd"].encoded(["ö"], True) == b"\x94\n" and SHELLS["cmd"].encoded(["ö"], False) == "ö\n".encode()
    with pytest.raises(InvalidValue, match="characters that cmd's code page lacks: '漢字'") as refused:
        SHELLS["cmd"].encoded(["ö 漢字"], True)
    assert "-dc" in refused.value.recommendations[0]


@pytest.mark.parametrize("name", ALL)
def test_each_line_ends(name):
    assert SHELLS[name].encoded(["a", "ö"], False) == "a\nö\n".encode()


@pytest.mark.parametrize("name", ALL[:-1])
def test_on_windows_the_lines_are_utf_8_but_for_cmd(name):
    assert SHELLS[name].encoded(["ö"], True) == "ö\n".encode()


def test_each_shell_has_its_name_where_help_reads_it():
    assert tuple(SHELLS) == NAMES
