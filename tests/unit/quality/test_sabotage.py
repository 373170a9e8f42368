"""script/sabotage: faults that matter, none in text, the same for a seed, and a true account of what was noticed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from local_azure import cache

from quality.sabotage import python_faults, rooms, shell_faults, survivors
from quality.sabotage.mutant import mutant

ROOT = Path(__file__).parents[3]


def python(source: str) -> set[str]:
    """The lines that faults make of a source, as one text each."""
    return {one.new for one in python_faults.faults("x.py", source)}


def shell(source: str) -> set[str]:
    return {one.new for one in shell_faults.faults("x.sh", source)}


@pytest.mark.parametrize("line, spoiled", [
    ("if a == b: f()", {"if a != b: f()", "if a == b: pass"}),
    ("if (a <\n      b): c = 1", {"if (a <=", "b): c = 2"}),
    ("x = a not in b", {"x = a in b"}),
    ("x = a is None", {"x = a is not None"}),
    ("x = a and b", {"x = a or b"}),
    ("if not a: x = b", {"if a: x = b"}),
    ("if f(): x = b", {"if not (f()): x = b"}),
    ("x = 7", {"x = 8"}),
    ("x = True", {"x = False"}),
    ("x = f(None)", {"x = f(1)"}),
    ("x = a + b", {"x = a - b"}),
    ("x = f(a, b)", {"x = f(b, a)"}),
    ("x.y = a", {"pass"}),
    ("x += a", {"pass"}),
    ("raise Wrong(a)", {"pass"}),
    ("f(a)", {"pass"}),
    ("x = [a for a in b if a]", {"x = [a for a in b if not (a)]"}),
    ("x = 'ä' if a else 3", {"x = 'ä' if not (a) else 3", "x = 'ä' if a else 4"}),
])
def test_a_line_of_python_is_spoiled_in_every_way_that_is_known(line, spoiled):
    assert python(line) == spoiled


def test_a_result_and_a_name_that_is_bound_again_are_lost():
    source = "def f(a):\n    b = a\n    b = g(b)\n    return b\n"
    assert python(source) == {"pass", "return None"}
    assert python("def f():\n    for a in b:\n        continue\n    return False\n") == {"break", "return True"}


@pytest.mark.parametrize("source", [
    '"""Text."""\nx = "text" + f"{a + 1}"\n',
    "from a import b\nimport c\n__all__ = ['b']\n",
    "if TYPE_CHECKING:\n    from a import b\n",
    "def f(a: int | None) -> Literal[1]: ...\n",
    "class A(Protocol):\n    def f(self) -> int:\n        return g(1)\n",
    "@dataclass(frozen=True)\nclass A:\n    b: dict[str, None]\n",
    "Shape = dict[str, None]\nOther = A | None\n",
    "logger.debug('text %s', 1)\n",
    "WAIT_SECONDS = 30.0\nx = f(timeout=3)\ndef g(*, patience=3.0): ...\n",
    "x = folder / name\n",
    "x = min(a, b)\n",
    "x = f('text', f'{b}')\n",
])
def test_what_no_test_should_notice_is_left_alone(source):
    assert python(source) == set()


@pytest.mark.parametrize("line, spoiled", [
    ('if have apt; then', {"if ! have apt; then"}),
    ('while ! running; do', {"while running; do"}),
    ('[ "$a" = b ] || return 1', {'[ "$a" != b ] || return 1', '[ "$a" = b ] && return 1',
                                  '[ "$a" = b ] || return 0', ":"}),
    ("    set_mode 400 \"$file\"", {"set_mode 401 \"$file\"", ":"}),
    ("[ -n \"$a\" ] || exit 0", {"[ -z \"$a\" ] || exit 0", "[ -n \"$a\" ] && exit 0", "[ -n \"$a\" ] || exit 1", ":"}),
    ("    a) run ;;", set()),
    ("say 'at 3 || 4' 2>&1", set()),
    ("# [ 1 = 1 ] && true", set()),
    ("timeout 5 f 2>/dev/null", {":"}),
    ("f \\", set()),
])
def test_a_line_of_shell_is_spoiled_and_its_text_is_not(line, spoiled):
    assert shell(line) == spoiled


def test_programs_of_other_tools_and_documents_in_shell_are_text():
    assert shell("awk '\n    a == 1 && b\n' <<EOF\n[ 1 = 1 ]\nEOF\nf | sed 's/1/2/\n    3d'\n") == set()


def test_each_fault_changes_what_it_says_and_nothing_else():
    source = (ROOT / "azext_dockervm/certs/lock.py").read_text()
    for one in python_faults.faults("lock.py", source):
        spoiled = one.applied(source)
        assert spoiled != source and spoiled[:one.start] == source[:one.start]
        assert spoiled.endswith(source[one.end:])
        assert source.split("\n")[one.line - 1].strip().split()[0] in one.old


def test_the_statement_of_a_fault_is_known_and_whether_it_runs_at_load():
    source = "A = 1\n\n\ndef f(\n        b=2):\n    return g(\n        3)\n"
    found = {one.old: (one.statement, one.at_load) for one in python_faults.faults("x.py", source)}
    assert found == {"A = 1": ((1, 1), True), "b=2):": ((4, 5), True), "3)": ((6, 7), False),
                     "return g( 3)": ((6, 7), False)}


# the sample

@pytest.fixture
def checkout(tmp_path) -> Path:
    """A checkout whose room `sums` is half tested."""
    room = tmp_path / "azext_dockervm/sums"
    room.mkdir(parents=True)
    (tmp_path / "azext_dockervm/__init__.py").write_text('"""Top."""\n')
    (room / "__init__.py").write_text('"""A room."""\n')
    (room / "add.py").write_text(
        '"""Sums."""\n\nCALLS = []\nSTEP = 1\n\n\ndef add(a, b):\n    CALLS.append(a)\n    return a + b\n\n\n'
        "def twice(a):\n    while a < 0:\n        a += STEP\n    return a + a\n")
    tests = tmp_path / "tests/unit/sums"
    tests.mkdir(parents=True)
    (tests / "test_add.py").write_text(
        "from azext_dockervm.sums.add import add, twice\n\n\ndef test_add():\n    assert add(2, 1) == 3\n\n\n"
        "def test_twice():\n    assert twice(-1) == 0\n    assert twice(3) == 6\n")
    (tmp_path / "quality").symlink_to(ROOT / "quality")
    return tmp_path


def test_a_sample_is_the_same_for_a_seed_and_moves_with_its_lines(checkout):
    files = rooms.rooms(checkout)["sums"]
    sample = rooms.sample(checkout, files, 1, 3)
    assert sample == rooms.sample(checkout, files, 1, 3) and len(sample) == 3
    assert len({(one.path, one.line) for one in sample}) == 3
    assert any(rooms.sample(checkout, files, seed, 3) != sample for seed in (2, 3, 4))
    add = checkout / "azext_dockervm/sums/add.py"
    add.write_text(add.read_text().replace("CALLS = []\n", "CALLS = []\nMORE = ''\n"))
    assert [(one.line - 1, one.new) for one in rooms.sample(checkout, files, 1, 3)] == \
        [(one.line, one.new) for one in sample]


def test_a_fault_that_is_no_program_any_more_is_not_in_a_sample(checkout, monkeypatch):
    script = "case $1 in\na) set_mode 400 x ;;\nesac\n"
    (checkout / "azext_dockervm/run.sh").write_text(script)
    broken = mutant("azext_dockervm/run.sh", script, 0, 4, "if")
    sound = mutant("azext_dockervm/run.sh", script, script.index("400"), script.index("400") + 3, "401")
    monkeypatch.setattr(shell_faults, "faults", lambda *_: [broken, sound])
    assert rooms.sample(checkout, rooms.rooms(checkout)["script"], 1, 9) == [sound]
    monkeypatch.setattr(python_faults, "faults", lambda path, source: [mutant(path, source, 0, 3, "")])
    assert rooms.sample(checkout, rooms.rooms(checkout)["sums"], 1, 9) == []


def test_every_file_of_the_extension_lies_in_a_room_that_has_tests():
    found = rooms.rooms(ROOT)
    assert rooms.SCRIPT in found and rooms.TOP in found
    assert not [name for name in found if not rooms.tests_of(name, ROOT)
                and rooms.sample(ROOT, found[name], 1, 1)], "a room without tests: tests/unit/ROOM, or rooms.TESTED_BY"


# the whole of it

def sabotage(checkout: Path, *words: str) -> subprocess.CompletedProcess[str]:
    program = ("import sys; from pathlib import Path; from quality.sabotage import __main__, survivors, trial\n"
               "trial.LEAST_SECONDS = 3\n"
               "survivors.known.__defaults__ = (Path(sys.argv[1]) / 'survivors.toml',)\n"
               "sys.exit(__main__.main(sys.argv[2:], Path(sys.argv[1])))")
    return subprocess.run([cache() / "quality/bin/python", "-c", program, checkout, *words], cwd=ROOT, text=True,
                          env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True)


def test_a_copy_has_all_that_tests_use_and_nothing_that_was_built(checkout):
    for name in ("script/build", "build/x", "dist/x", ".git/HEAD"):
        (checkout / name).parent.mkdir(exist_ok=True)
        (checkout / name).write_text("x")
    (checkout / "tests/unit/sums/test_copy.py").write_text(
        "from pathlib import Path\n\n\ndef test_copy():\n    assert Path('script/build').is_file()\n"
        "    assert not [name for name in ('build', 'dist', '.git') if Path(name).exists()]\n")
    done = sabotage(checkout, "sums", "--lines", "1")
    assert done.stdout.splitlines()[-1].startswith("sums"), done.stderr


@pytest.mark.long
def test_what_no_test_notices_is_told_and_fails_the_run(checkout):
    before = {path: path.read_text() for path in checkout.rglob("*.py") if "quality" not in path.parts}
    done = sabotage(checkout, "sums", "--lines", "20")
    assert done.returncode == 1, done.stderr
    assert "azext_dockervm/sums/add.py:8: CALLS.append(a)  →  pass" in done.stdout
    assert "return a + b" not in done.stdout
    assert [line.split()[0] for line in done.stderr.splitlines() if "a += STEP  →  pass" in line] == ["noticed"], \
        "a test that hangs has noticed"
    assert done.stdout.splitlines()[-1].split() == ["sums", "5", "of", "6", "83", "%", "too", "few"]
    assert before == {path: path.read_text() for path in before}, "the checkout itself was spoiled"


@pytest.mark.long
def test_a_room_whose_tests_notice_passes_and_reasons_are_told_apart(checkout):
    test = checkout / "tests/unit/sums/test_add.py"
    test.write_text(test.read_text() + "\n\ndef test_calls():\n    add(5, 1)\n"
                    "    from azext_dockervm.sums.add import CALLS\n    assert CALLS[-1] == 5\n")
    (checkout / "survivors.toml").write_text("".join(
        f'[[{kind}]]\nfile = "azext_dockervm/sums/add.py"\nold = "{old}"\nnew = "{new}"\nreason = "{reason}"\n'
        for kind, old, new, reason in [
            ("equivalent", "while a < 0:", "while a <= 0:", "not quite"),
            ("equivalent", "while a < 0:", "while a < 1:", "not quite"),
            ("accepted", "a += STEP", "pass", "hangs"),
            ("accepted", "a += 7", "pass", "of another day")]))
    done = sabotage(checkout, "sums", "--lines", "20")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "while a" not in done.stdout + done.stderr
    assert "add.py: a += 7  →  pass" in done.stdout


@pytest.mark.long
def test_a_fault_with_which_a_test_s_file_does_not_load_is_noticed(checkout):
    test = checkout / "tests/unit/sums/test_add.py"
    test.write_text("from azext_dockervm.sums.add import add\n\nassert add(2, 1) == 3\n\n\n"
                    "def test_sum():\n    assert add(2, 1)\n\n\ndef test_other():\n    assert add(3, 1)\n")
    done = sabotage(checkout, "sums", "--lines", "20")
    assert [line.split()[0] for line in done.stderr.splitlines() if "return a - b" in line or "add.py:9" in line] == [
        "noticed"], done.stderr


@pytest.mark.long
def test_a_fault_that_changes_the_name_of_a_test_is_shown_to_its_file(checkout):
    """A test whose values a function of ours gave is called by them."""
    test = checkout / "tests/unit/sums/test_add.py"
    test.write_text("import pytest\n\nfrom azext_dockervm.sums.add import add\n\n\n"
                    "@pytest.mark.parametrize('sum_', [str(add(2, 1))])\ndef test_sum(sum_):\n"
                    "    assert sum_ == str(add(1, 2)) == '3'\n")
    done = sabotage(checkout, "sums", "--lines", "20")
    assert [line.split()[0] for line in done.stderr.splitlines() if "add.py:9" in line] == ["noticed"], done.stderr


@pytest.mark.long
def test_tests_that_fail_unspoiled_are_told_at_once(checkout):
    (checkout / "tests/unit/sums/test_add.py").write_text("def test_wrong():\n    assert 1 == 2\n")
    done = sabotage(checkout, "sums")
    assert done.returncode == 2 and "Mend them first: script/test" in done.stderr and "test_wrong" in done.stderr


def test_the_list_runs_nothing(checkout):
    done = sabotage(checkout, "--list")
    assert done.returncode == 0 and "sums: tests/unit/sums" in done.stdout and not done.stderr
    assert "there is no room 'attic'" in sabotage(checkout, "attic").stderr


def test_known_survivors_have_reasons_and_are_read_by_their_text():
    known = survivors.known()
    assert all(len(reason) > 10 for reason in (*known.equivalent.values(), *known.accepted.values()))
    fault = mutant("x.py", "a = 1\n", 4, 5, "2")
    assert survivors.key(fault) == ("x.py", "a = 1", "a = 2")
