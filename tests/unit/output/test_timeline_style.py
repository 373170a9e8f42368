"""Colours that can be told apart and read, on light and on dark; and letters that fit."""

from __future__ import annotations

import re

import pytest

from azext_dockervm.output.timeline import style
from azext_dockervm.output.timeline.style import COLOURS, css, fitted, width

READ = {"text": ("ground", "odd", "even"), "quiet": ("ground",), "on_critical": ("critical", "failed"),
        "failed": ("ground",)}
SEEN = {"critical": ("ground", "shade"), "step": ("ground",), "call": ("ground", "shade"),
        "refused": ("ground", "shade"), "failed": ("ground", "shade"), "quiet": ("shade",)}


def luminance(colour):
    """WCAG 2.2: relative luminance."""
    parts = [int(colour[at:at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_measured_as_the_standard_says():
    assert contrast("#000000", "#ffffff") == pytest.approx(21) and contrast("#777777", "#ffffff") == pytest.approx(
        4.48, abs=0.01)


@pytest.mark.parametrize("on_dark", [0, 1])
@pytest.mark.parametrize(("pairs", "least"), [(READ, 4.5), (SEEN, 3.0)])
def test_what_is_read_and_seen_can_be(on_dark, pairs, least):
    for front, backs in pairs.items():
        for back in backs:
            found = contrast(COLOURS[front][on_dark], COLOURS[back][on_dark])
            assert found >= least, f"{front} on {back}: {found:.2f}"


def test_every_colour_is_in_the_rules_for_light_and_for_dark():
    light, _, dark = css().partition("@media (prefers-color-scheme:dark)")
    for on_light, on_dark in COLOURS.values():
        assert on_light in light and on_dark in dark
    assert "$" not in css() and css().count("{") == css().count("}")


def test_viewers_that_know_no_variables_see_colours():
    assert "var(" not in css()


# Letters. How wide those from space to ~ are in DejaVuSans.ttf and DejaVuSans-Bold.ttf, in 1/2048 of their size.
REGULAR = """
651 821 942 1716 1303 1946 1597 563 799 799 1024 1716 651 739 651 690 1303 1303 1303 1303 1303 1303 1303 1303 1303
1303 690 690 1716 1716 1716 1087 2048 1401 1405 1430 1577 1294 1178 1587 1540 604 604 1343 1141 1767 1532 1612 1235
1612 1423 1300 1251 1499 1401 2025 1403 1251 1403 799 690 799 1716 1024 1024 1255 1300 1126 1300 1260 721 1300 1298
569 569 1186 569 1995 1298 1253 1300 1300 842 1067 803 1298 1212 1675 1212 1212 1075 1303 690 1303 1716
"""
BOLD = """
713 934 1067 1716 1425 2052 1786 627 936 936 1071 1716 778 850 778 748 1425 1425 1425 1425 1425 1425 1425 1425 1425
1425 819 819 1716 1716 1716 1188 2048 1585 1561 1503 1700 1399 1399 1681 1714 762 762 1587 1305 2038 1714 1741 1501
1741 1577 1475 1397 1663 1585 2259 1579 1483 1485 936 748 936 1716 1024 1024 1382 1466 1214 1466 1389 891 1466 1458
702 702 1362 702 2134 1458 1407 1466 1466 1010 1219 979 1458 1335 1892 1321 1335 1192 1458 748 1458 1716
"""
TITLES = ("create the VM 'web1'", "install Docker and make the server's key on the host", "look at what is there",
          "delete the run commands, which have answered (in 120 s at most)")


def real(text, kind):
    widths = [int(one) / 2048 for one in (BOLD if kind else REGULAR).split()]
    return sum(widths[ord(one) - 32] for one in text)


@pytest.mark.parametrize("kind", ["", "strong"])
def test_no_letter_is_wider_than_it_is_taken_for(kind):
    for letter in map(chr, range(32, 127)):
        assert real(letter, kind) <= width(letter, 1, kind) + 0.02, letter


@pytest.mark.parametrize("kind", ["", "strong"])
@pytest.mark.parametrize("title", TITLES)
def test_a_title_is_not_taken_for_much_wider_than_it_is(title, kind):
    assert real(title, kind) <= width(title, 1, kind) < 1.15 * real(title, kind)


@pytest.mark.parametrize("kind", ["", "strong", "fixed"])
@pytest.mark.parametrize("room", [30, 60, 137, 400])
def test_what_is_cut_fits(kind, room):
    for text in (*TITLES, "WWWWWWWWWWWWWWWWWWWWWWWWWW", "iiiiiiiiiiiiiiiiiiiiiiiiiiii", "網" * 30):
        found = fitted(text, room, 12, kind)
        assert width(found, 12, kind) <= room
        assert found in ("", text) or (found.endswith("…") and text.startswith(found[:-1]))


def test_what_fits_is_not_cut_and_of_two_letters_nothing_is_left():
    assert fitted("abc", width("abc", 12), 12) == "abc"
    assert fitted("abcdef", width("abcdef", 12) - 0.1, 12) == "abcd…"
    assert fitted("abcdef", width("ab…", 12), 12) == "" and fitted("", 10, 12) == ""
    assert fitted("abcd efghi", width("abcd …", 12), 12) == "abcd…"


def test_strong_and_fixed_letters_are_wider():
    assert width("abc", 12, "strong") > width("abc", 12) and width("iii", 12, "fixed") == 3 * style.FIXED * 12


def test_the_rules_name_what_is_drawn():
    for name in ("critical", "step", "call", "refused", "failed", "pause", "odd", "even", "arrow", "tip", "shade"):
        assert re.search(rf"\.{name}\b", css()), name


def test_no_letter_is_cut_that_had_room():
    text = "install Docker and make the key"
    for room in range(30, 200):
        kept = fitted(text, room, 12).removesuffix("…")
        assert not kept or kept == text or width(f"{text[:len(kept) + 2].rstrip()}…", 12) > room


def test_letters_of_the_far_east_are_as_wide_as_high():
    assert width("網路", 10) == 20 and width("網路", 10, "fixed") == pytest.approx(12.2)
