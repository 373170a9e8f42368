"""A file of variables, as Docker Compose reads it."""

from __future__ import annotations

import pytest
import real_compose

from azext_dockervm.errors import InvalidValue
from azext_dockervm.spec.env_file import parse

# Line → what the variable A is, by Compose's own reading (docs.docker.com, "Syntax for environment files").
READ = {
    "A=b": "b", "A = b c ": "b c", "export A=b": "b", "A: b": "b", "A=": "", "A=b # c": "b", "A=b#c": "b#c",
    "A=#c": "#c",
    "A='b # c'": "b # c",
    'A="b\\nc"': "b\nc", 'A="b \\"c\\""': 'b "c"', "A='b\\nc'": "b\\nc",
    "A=$(id) `id`": "$(id) `id`",
    'A="two\nlines"': "two\nlines", "A='two\nlines'": "two\nlines", "A=ü=x": "ü=x", "A=b\r": "b", "  A=b": "b",
    "A='b' # c": "b", "A=it's": "it's", "\ufeffA=b": "b", "A=1\nA=2": "2",
    "# A=1\nA=b": "b", "  #'A=1\nA=b": "b",
}


@pytest.mark.parametrize("text", READ, ids=repr)
def test_a_value(text):
    assert parse(f"{text}\nLAST=x\n")["A"] == READ[text] and parse(f"{text}\nLAST=x\n")["LAST"] == "x"


@pytest.mark.parametrize("text", [one for one in READ if "$" not in one and "\r" not in one], ids=repr)
def test_compose_itself_reads_it_so(text, tmp_path):
    (tmp_path / "env").write_text(f"{text}\nLAST=x\n")
    (tmp_path / "compose.yaml").write_text("services: {web: {image: x, labels: {a: '<${A}>', last: '<${LAST}>'}}}\n")
    labels = real_compose.config(tmp_path, "--env-file", "env")["services"]["web"]["labels"]
    assert labels == {"a": f"<{READ[text]}>", "last": "<x>"}


def test_a_name_alone_is_no_variable_and_no_error():
    environment = parse("NAME\nexport OTHER\nA=1\n")
    assert environment["NAME"] is None and environment["A"] == "1"


@pytest.mark.parametrize("text", ["", "\n", "# TOKEN=x\n"])
def test_a_file_without_a_variable_is_refused(text):
    with pytest.raises(InvalidValue, match="there is no variable in it"):
        parse(text)


@pytest.mark.parametrize(("text", "line"), [
    ("s3cret value", 1), ("A=1\n\n=s3cret", 3), ("A=1\nB='s3cret\n\n", 2), ('A="x"\nB="s3cret', 2),
    ("A\u00b7=s3cret", 1)])
def test_what_is_wrong_is_told_by_its_line_and_never_by_its_value(text, line):
    with pytest.raises(InvalidValue, match=f"line {line} ") as caught:
        parse(text)
    assert "s3cret" not in caught.value.message


def test_nothing_of_it_is_ever_shown():
    shown = repr(parse("TOKEN=s3cret\n"))
    assert "s3cret" not in shown and "TOKEN" in shown
