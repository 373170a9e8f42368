"""Faults in POSIX shell, line by line: conditions, && and ||, numbers, lines left out. Never text.

A shell program has no syntax tree here, so this reads lines as far as it understands them: what stands in quotes, in a
here-document or in a comment is text, also a program for sed or awk, and is left alone.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

from quality.sabotage.mutant import Mutant, mutant

CONDITION = re.compile(r"^\s*(?:if|elif|while|until) (!\s+)?")
JOINS = {"&&": "||", "||": "&&"}
TESTS = {"=": "!=", "!=": "=", "-eq": "-ne", "-ne": "-eq", "-lt": "-ge", "-ge": "-lt", "-gt": "-le", "-le": "-gt",
         "-n": "-z", "-z": "-n"}
TEST = re.compile(r"(?<=\s)(!=|=|-eq|-ne|-lt|-ge|-gt|-le|-n|-z)(?=\s)")
# Neither a name's digits nor $1, nor a descriptor: 2>&1, 9<file, >&3.
NUMBER = re.compile(r"(?<![\w$.{&<>\-/#*])(\d+)(?![\w.<>*/-])")
# No test could tell five seconds from six.
PATIENT = re.compile(r"\b(?:timeout|sleep)\s+$")
# What begins or ends a block; left out, it would not be shell any more.
STRUCTURE = re.compile(r"^(?:if|then|else|elif|fi|for|while|until|do|done|case|esac|\{|\}|\(|\)|;;|!)\b|^[{}();]|"
                       r"^[\w-]+\(\)|[^(]*\)\s*(?:;;)?$|^[^()'\"$]*\) |^\S+\)$")
# What a line says is for people.
SPEAKS = re.compile(r"^(?:say|echo|set -|export LC_ALL)\b")
CONTINUES = ("\\", "|", "&&", "||", "{", "(", "$(")
DOCUMENT = re.compile(r"<<-?\s*")


def faults(path: str, source: str) -> list[Mutant]:
    """Every fault that can be made in a file, in the order of the file; not each of them is shell (``parses``)."""
    found: list[Mutant] = []
    offset, continued = 0, False
    for text, mask in _lines(source):
        code = text.strip()
        if code and not code.startswith("#") and mask.strip():
            at = (offset, continued)
            found += [mutant(path, source, offset + start, offset + end, replacement)
                      for start, end, replacement in _of_line(text, mask, at[1])]
        bare = mask.rstrip()
        continued = bare.endswith(CONTINUES[:4]) if bare else continued
        offset += len(text) + 1
    return sorted(set(found), key=lambda one: (one.start, one.end, one.replacement))


def parses(source: str) -> bool:
    return subprocess.run(["sh", "-n"], input=source, text=True, capture_output=True).returncode == 0


def _of_line(text: str, mask: str, continued: bool) -> Iterator[tuple[int, int, str]]:
    condition = CONDITION.match(mask)
    if condition:
        start = condition.end(1) if condition[1] else condition.end()
        yield (condition.start(1), start, "") if condition[1] else (start, start, "! ")
    for join in re.finditer(r"&&|\|\|", mask):
        yield join.start(), join.end(), JOINS[join[0]]
    for test in TEST.finditer(mask):
        if "[" in mask[:test.start()] or "test " in mask[:test.start()]:
            yield test.start(1), test.end(1), TESTS[test[1]]
    for number in NUMBER.finditer(mask):
        if PATIENT.search(mask[:number.start()]):
            continue
        yield number.start(), number.end(), _other_number(mask[:number.start()], number[1])
    code = mask.strip()
    if not continued and not code.endswith(CONTINUES) and not STRUCTURE.match(code) and not SPEAKS.match(code) \
            and "<<" not in code:
        indent = len(text) - len(text.lstrip())
        ending = len(text[:len(text.rstrip())].removesuffix(";;").rstrip())
        if text[indent:ending] != ":":
            yield indent, ending, ":"


def _other_number(before: str, number: str) -> str:
    """1 becomes 2; of an exit code only zero or not counts."""
    if re.search(r"\b(?:return|exit)\s+$", before):
        return "0" if int(number) else "1"
    return str(int(number) + 1).zfill(len(number))


def _lines(source: str) -> Iterator[tuple[str, str]]:
    """Each line, and the same with spaces for all that is text: quoted, commented, or in a here-document."""
    quote, ending = "", ""
    for text in source.split("\n"):
        if ending:
            yield text, ""
            ending = "" if text.strip() == ending else ending
            continue
        begun_in_text = bool(quote)
        mask, quote = _masked(text, quote)
        document = DOCUMENT.search(mask)
        if document:
            ending = text[document.end():].split()[0].strip("'\"")
        yield text, "" if begun_in_text else mask + ("\\" if quote else "")    # as a line that goes on


def _masked(text: str, quote: str) -> tuple[str, str]:
    """Quoted text becomes underscores between its quotes, a comment spaces; the quote that is open at the end."""
    mask, index = "", 0
    while index < len(text):
        char = text[index]
        if char == "\\" and quote != "'":
            mask += ("_" if quote else char) + ("_" if index + 1 < len(text) else "")
            index += 2
            continue
        if quote:
            quote = "" if char == quote else quote
            mask += char if not quote else "_"
        elif char in "'\"":
            quote = char
            mask += char
        elif char == "#" and (not mask or mask[-1].isspace()):
            mask += " " * (len(text) - index)
            break
        else:
            mask += char
        index += 1
    return mask, quote
