"""The set-up script's text: each action has the parts that it needs, no other, and stays small."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from script_machine import SHELLS

from azext_dockervm.provision import custom_data
from azext_dockervm.provision.script import join
from azext_dockervm.spec.custom_data import LIMIT, compressed

ACTIONS = tuple(join.PARTS)
FILES = {path.stem: path for path in join.FOLDER.glob("*.sh")}
# Bytes that an action may have: what it has today and room for some ten lines. One whose text grows carries what others
# need, or does too much. A run command's script may have 256 KB; boot is compressed.
LARGEST = {"install": 70_200, "request": 70_600, "serve": 46_600, "boot": 111_800, "configure": 40_100, "ssh": 35_100,
           "restart": 32_500, "check": 31_100, "compose": 56_800}
# Forgiven to the whole: a word that is to be split, and test -ef.
FORGIVEN = {"SC2086", "SC3013"}


def code(text: str) -> str:
    """The text without comments and here-documents, and without what stands in quotes, but for commands in "$(…)"."""
    text = re.sub(r"^(.*<<'(\S+)')\n(?:.*\n)*?\2$", r"\1", text, flags=re.M)
    kept, quotes, position = [], [""], 0
    while position < len(text):
        here, before = text[position], text[position - 1:position]
        if here == "\\" and quotes[-1] != "'":
            position += 1
        elif quotes[-1] == "'":
            if here == "'":
                quotes.pop()
        elif here == '"':
            quotes.pop() if quotes[-1] == '"' else quotes.append('"')
        elif text.startswith("$(", position):
            quotes.append("(")
            kept.append(" ; ")
            position += 1
        elif quotes[-1] == '"':
            pass
        elif here == "'":
            quotes.append("'")
        elif here == "#" and (before.isspace() or not before):
            position = text.find("\n", position) - 1
        elif here == "(" and quotes[-1] == "(":
            quotes.append("(")
        elif here == ")" and quotes[-1] == "(":
            quotes.pop()
            kept.append(" ; ")
        else:
            kept.append(here)
        position += 1
    assert quotes == [""], "unbalanced quotes"
    return "".join(kept)


def functions(text: str) -> dict[str, str]:
    """Functions of a text → their code; what stands outside of them is that of ''."""
    found, name = {"": ""}, ""
    for line in code(text).splitlines():
        start = re.match(r"(\w+)\(\) \{(.*)$", line)
        if start and not name:
            name, line = start[1], start[2]
            assert name not in found, f"{name} is defined twice"
            found[name] = ""
        found[name] += line + "\n"
        if line.endswith("}") and (line == "}" or start):
            name = ""
    return found


ALL = {name: part for part, path in FILES.items() for name in functions(path.read_text()) if name}


def named(text: str) -> set[str]:
    """All functions of the whole script that this code calls, or hands on to be called."""
    return {word for word in re.findall(r"(?<![\w$/.{-])[a-z_]+(?![\w=/.-]|\(\))", text) if word in ALL}


def test_the_reader_of_shell_knows_quotes_comments_substitutions_and_here_documents():
    text = ("one() { two \"three $(four 'five' \"$(six)\") seven\" # eight\n}\n"
            "nine=$((1 + 2)) ten='it\\' eleven=${x#y}\ncase $x in a) twelve \\\"thirteen ;; esac\n"
            "cat <<'nothing.py'\none() it's $(two\nnothing.py\n")
    words = set(re.findall(r"[a-z]{3,}", code(text)))
    assert words == {"one", "two", "four", "six", "nine", "ten", "eleven", "case", "twelve", "thirteen", "esac", "cat"}
    assert set(functions(text)) == {"", "one"}


# What is in it


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_has_all_that_it_calls_and_calls_all_that_it_has(action):
    there = functions(join.set_up_script(action))
    reached, todo = set(), {""}
    while todo:
        name = todo.pop()
        reached.add(name)
        missing = named(there[name]) - there.keys()
        assert not missing, f"{name or 'the text'} calls {missing}, of {[ALL[one] for one in missing]}"
        todo |= named(there[name]) - reached
    assert there.keys() == reached, "never called"


def test_each_part_belongs_to_an_action_and_each_function_to_one_part():
    used = {name for parts in join.PARTS.values() for name in (*join.ALWAYS_FIRST, *parts, *join.ALWAYS_LAST)}
    assert used == FILES.keys()
    names = [name for path in FILES.values() for name in functions(path.read_text()) if name]
    shared = {"read_action_input", "perform_action"}    # what each action defines for main
    assert len([name for name in names if name not in shared]) == len(set(names) - shared)


@pytest.mark.parametrize("action", ACTIONS)
def test_its_head_tells_what_the_variables_mean(action):
    text = join.set_up_script(action)
    head, _, rest = text.partition("\n\n")
    assert head.startswith("#!/bin/sh\n# ")
    described = set(re.findall(r"^#   (DOCKERVM_\w+) ", head, re.M))
    assert set(re.findall(r"\$\{(DOCKERVM_\w+)", rest)) <= described
    of_action = {line.split()[1] for line in head.splitlines()
                 if re.match(rf"#   DOCKERVM_\w+ +(\w+, )*{action}(, \w+)*: ", line)}
    always = {f"DOCKERVM_{name}" for name in ("ACTION", "RUN_ID", "TIMEOUT", "ADDRESS", "ROOT")}
    assert set(re.findall(r"\$\{(DOCKERVM_\w+)", rest)) - always == of_action


@pytest.mark.parametrize("action", ACTIONS)
def test_its_text_is_the_same_each_time_and_whatever_line_ends_a_checkout_has(action, monkeypatch, tmp_path):
    text = join.set_up_script(action)
    assert join.set_up_script(action) == text and "\r" not in text and text.endswith("\nmain\n")
    for path in (*FILES.values(), join.FOLDER / "door.py"):
        (tmp_path / path.name).write_bytes(path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    monkeypatch.setattr(join, "FOLDER", tmp_path)
    assert join.set_up_script(action) == text


def test_the_door_s_program_is_in_it_to_the_letter():
    program = (join.FOLDER / "door.py").read_text()
    assert f"    cat <<'door.py'\n{program}door.py\n}}\n" in join.set_up_script("boot")
    assert "door.py" not in program.splitlines() and "$" not in program, "systemd and the shell read these"


def test_an_unknown_action_has_no_text():
    with pytest.raises(KeyError):
        join.set_up_script("destroy")


@pytest.mark.parametrize("action", ACTIONS)
def test_it_stays_small(action):
    size = len(join.set_up_script(action).encode())
    room = LARGEST[action] - size
    print(f"{action}: {size} bytes; {room} left")
    assert room >= 0, f"{action} has {-room} bytes too many"
    assert room < 2000, f"lower the limit of {action}: {room} bytes are left"


def test_as_custom_data_it_leaves_room_for_the_user_s_own():
    assert LIMIT - len(compressed(custom_data.head_start({}, compose=True))) >= 40_000


@pytest.mark.parametrize("action", ACTIONS)
def test_without_its_comments_it_does_the_same(action):
    text = join.set_up_script(action)
    bare = custom_data.without_comments(text)
    assert len(bare) < 0.85 * len(text) and bare.startswith("#!/bin/sh\n")
    assert what_runs(bare) == what_runs(text)


def what_runs(text: str) -> tuple[list[str], list[str]]:
    """Lines of shell, and the programs in here-documents as Python understands them."""
    programs = re.findall(r"<<'door.py'\n(.*?)^door.py$", text, re.M | re.S)
    return [line for line in code(text).splitlines() if line.strip()], [ast.dump(ast.parse(one)) for one in programs]


# Shells


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("shell", SHELLS)
def test_shells_can_read_it(action, shell):
    if shutil.which(SHELLS[shell][0]) is None:
        pytest.skip(f"{shell} is not installed")
    result = subprocess.run([*SHELLS[shell], "-n"], input=join.set_up_script(action), capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")


def shellcheck(*arguments: str, text: str | None = None) -> str:
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    return subprocess.run(["shellcheck", "-s", "sh", *arguments], input=text, capture_output=True, text=True).stdout


@pytest.mark.long
@pytest.mark.parametrize("action", ACTIONS)
def test_shellcheck_has_nothing_to_say_about_the_whole(action):
    text = join.set_up_script(action)
    assert shellcheck("-", text=text) == ""
    forgiven = re.findall(r"^(.*)# shellcheck (?:disable=(\S+))?", text, re.M)
    assert {rule for _, rule in forgiven} <= FORGIVEN
    assert all(indent.isspace() for indent, _ in forgiven), "forgiven to a line, not to all"


@pytest.mark.parametrize("part", sorted(FILES))
def test_shellcheck_has_nothing_to_say_about_a_part(part):
    """Alone it may lack what others set, and set what only others read."""
    assert shellcheck(str(FILES[part])) == ""
    first = Path(FILES[part]).read_text().splitlines()[:3]
    assert first[0] == "#!/bin/sh" or first[0].startswith("# shellcheck shell=sh")
    rules = re.findall(r"SC\d+", " ".join(line for line in first if line.startswith("# shellcheck")))
    assert set(rules) <= {"SC2034", "SC2154"}
    assert any(re.match(r"# [A-Z]", line) for line in first), "it says what lives in it"


@pytest.mark.parametrize("action", ACTIONS)
def test_it_is_ascii(action):
    """Beside custom data of the user it is a part of a MIME message, in which all else is quoted: 5 KB more."""
    strange = sorted({one for one in join.set_up_script(action) if not one.isascii()})
    assert not strange, "write ... for an ellipsis"
