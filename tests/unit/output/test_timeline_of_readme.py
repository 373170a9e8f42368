"""The picture that README shows: small, of today's drawing, of a create that worked, and without anything secret."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from azext_dockervm.output.timeline import style
from azext_dockervm.output.timeline.drawing import MARK

ROOT = Path(__file__).parents[3]
PICTURE = ROOT / "docs/timeline.svg"
TEXT = PICTURE.read_text(encoding="utf-8")


def test_readme_shows_it():
    assert "](docs/timeline.svg)" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_it_is_drawn_as_pictures_are_drawn_today():
    assert TEXT.startswith(MARK) and style.css() in TEXT, "run: sudo script/picture"


def test_it_is_small_and_shows_a_create_that_worked():
    assert PICTURE.stat().st_size < 60_000
    assert "done in " in ElementTree.fromstring(TEXT).findtext("{http://www.w3.org/2000/svg}title")
    assert int(re.search(r"(\d+) requests", TEXT).group(1)) > 20


def test_nothing_secret_is_in_it():
    assert not re.search(r"BEGIN|Bearer|eyJ|[?&]\w+=|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}|/root|/home", TEXT)
