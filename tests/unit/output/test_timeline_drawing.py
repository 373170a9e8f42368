"""The picture itself: it stands alone, says all that it shows in words too, and nothing in it lies on anything else."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from made_up_trace import COMPUTE, MadeUp, create

from azext_dockervm.flow.trace import FAILED
from azext_dockervm.output.timeline import drawing, style
from azext_dockervm.output.timeline.drawing import LABEL_END, LEFT, MARK, NOTE_END, RIGHT, svg

SVG = "{http://www.w3.org/2000/svg}"
TITLE = "Create the host 'web1' in the group 'demo'"


class Drawn:
    """A picture, read back."""

    def __init__(self, trace, title=TITLE):
        self.text = svg(trace, title)
        self.root = ElementTree.fromstring(self.text)
        self.wide, self.high = (float(self.root.get(name)) for name in ("width", "height"))

    def all(self, kind, *classes):
        return [one for one in self.root.iter(f"{SVG}{kind}")
                if not classes or set(classes) <= set((one.get("class") or "").split())]

    def rectangles(self, *classes):
        """(x, y, width, height) of those in the chart or above it."""
        found = [one for name in classes for one in self.all("rect", name)]
        return [tuple(float(one.get(name)) for name in ("x", "y", "width", "height")) for one in found if one.get("x")]

    def texts(self, *classes):
        return [(float(one.get("x")), float(one.get("y")), one.text) for one in self.all("text", *classes)]

    def title_of(self, element):
        return element.findtext(f"{SVG}title")


@pytest.fixture(scope="module")
def drawn():
    return Drawn(create())


def overlap(one, other):
    return (one[0] < other[0] + other[2] and other[0] < one[0] + one[2]
            and one[1] < other[1] + other[3] and other[1] < one[1] + one[3])


def boxes_of_texts(drawn):
    """Where each text is at most: by the estimate that cuts them, which another test holds against real letters."""
    found = []
    for element in drawn.all("text"):
        classes = element.get("class").split()
        size = {"title": 18, "small": 12, "head": 13, "path": 11, "note": 11}[
            next(one for one in classes if one in ("title", "small", "head", "path", "note"))]
        kind = "fixed" if "path" in classes else "strong" if {"strong", "title"} & set(classes) else ""
        wide = style.width(element.text, size, kind)
        x = float(element.get("x")) - (wide if "note" in classes else wide / 2 if "middle" in classes else 0)
        found.append((x, float(element.get("y")) - 0.8 * size, wide, size, element.text))
    return found


# One file that needs no other


def test_it_is_recognised_by_its_first_bytes(drawn):
    assert drawn.text.startswith(MARK) and drawn.root.tag == f"{SVG}svg"


def test_it_needs_no_script_no_other_file_and_no_network(drawn):
    assert not re.search(r"<script|\bon\w+=|href|@import|javascript:|<foreignObject|<image", drawn.text)
    assert set(re.findall(r"url\((.*?)\)", drawn.text)) == {"#hatch", "#labels"}
    assert re.findall(r"https?://[^\s\"'<]+", drawn.text) == ["http://www.w3.org/2000/svg"]
    ids = [one.get("id") for one in drawn.root.iter() if one.get("id")]
    assert sorted(ids) == ["hatch", "how", "labels", "what"]


def test_who_can_t_see_it_hears_what_it_shows(drawn):
    assert drawn.root.get("role") == "img" and drawn.root.get("aria-labelledby") == "what how"
    assert drawn.root.findtext(f"{SVG}title") == f"{TITLE}: done in 2 min 32 s"
    told = drawn.root.findtext(f"{SVG}desc")
    assert "look at what is there (1.2 s); certificate authority" in told and "create the VM 'web1' (78 s)" in told
    assert "create the public ip 'web1', from 1.3 s to 4.0 s: 2.7 s" in told and "failed: the host failed" in told


def test_every_bar_has_a_text_for_the_pointer(drawn):
    bars = [one for name in ("critical", "step", "failed", "call", "refused", "state", "hatch")
            for one in drawn.all("rect", name) if one.get("rx") != "2" or one.get("height") == "14"]
    shown = [drawn.title_of(one) for one in bars if one.get("x")]
    assert len(shown) > 80 and all(shown)


# What is where


def test_eighty_bars_and_more_are_each_a_bar(drawn):
    assert len(drawn.rectangles("call", "refused")) >= 80
    assert len(drawn.text) < 60_000


def test_no_text_lies_on_another(drawn):
    boxes = boxes_of_texts(drawn)
    for index, one in enumerate(boxes):
        for other in boxes[index + 1:]:
            assert not overlap(one, other), (one, other)


def test_no_text_leaves_its_place(drawn):
    for x, y, wide, size, text in boxes_of_texts(drawn):
        assert x >= 0 and x + wide <= drawn.wide and y + size <= drawn.high, text
    labels = [one for one in boxes_of_texts(drawn) if one[0] < LABEL_END and one[1] > 125]
    assert len(labels) > 30 and all(x + wide <= LABEL_END for x, _, wide, *_ in labels)
    assert all(x == NOTE_END for x, *_ in drawn.texts("note"))


def test_all_bars_lie_between_begin_and_end(drawn):
    for x, y, wide, high in drawn.rectangles("critical", "step", "failed", "call", "refused", "state", "shade"):
        assert x >= LEFT and x + wide <= RIGHT + 0.2 and y + high <= drawn.high


def test_a_bar_stands_where_its_seconds_are(drawn):
    (vm,) = [one for one in drawn.all("rect", "critical") if one.get("height") == "14"
             and drawn.title_of(one).startswith("create the VM")]
    scale = (RIGHT - LEFT) / 152
    assert float(vm.get("x")) == pytest.approx(LEFT + 9.5 * scale, abs=0.1)
    assert float(vm.get("width")) == pytest.approx(78.5 * scale, abs=0.1)


def test_bars_of_one_row_lie_on_none_of_another(drawn):
    rows = sorted({(y, high) for _, y, _, high in drawn.rectangles("critical", "step", "failed", "call", "refused")
                   if y > 125})
    assert all(y + high <= below for (y, high), (below, _) in zip(rows, rows[1:], strict=False))


def test_a_moment_can_be_seen_also_at_the_very_end():
    made = MadeUp()
    step = made.step("a", 0.0, 100.0)
    made.call(step, 0.0, 0.0)
    made.call(step, 100.0, 100.0, path=f"{COMPUTE}/x/y")
    bars = Drawn(made.over(100.0)).rectangles("call")
    assert [(x, wide) for x, _, wide, high in bars if high == 8] == [(LEFT, 2.0), (RIGHT - 2.0, 2.0)]


def test_one_arrow_leads_to_each_step_that_waited_and_the_critical_ones_lie_on_top(drawn):
    arrows = [one.get("class") for one in drawn.all("path", "arrow")]
    assert arrows == ["arrow"] * 2 + ["arrow main"] * 7
    assert len(drawn.all("path", "tip")) == 9 and len(drawn.all("rect", "shade")) == 8


def test_an_arrow_goes_from_the_end_of_the_one_to_the_begin_of_the_other():
    made = MadeUp()
    made.step("a", 0.0, 50.0)
    made.step("b", 50.0, 60.0, after="a")
    made.step("c", 90.0, 100.0, after="b")
    shown = Drawn(made.over(100.0))
    scale = (RIGHT - LEFT) / 100
    first, second = ([float(number) for number in re.findall(r"[\d.]+", one.get("d"))]
                     for one in shown.all("path", "arrow"))
    (a, b, c) = (y for _, y, _, high in shown.rectangles("critical") if high == 14)
    assert first == pytest.approx([LEFT + 50 * scale, a + 14, b - 6], abs=0.1)
    assert second == pytest.approx([LEFT + 60 * scale, b + 14, c + 7, LEFT + 90 * scale - 6], abs=0.1)


def test_the_way_above_names_what_took_long(drawn):
    texts = [text for _, y, text in drawn.texts("small", "on") if y == 86]
    assert texts[0].startswith("78 s · create the VM 'web1'") and texts[1].startswith("22 s ✗ · ")
    assert len(drawn.rectangles("critical", "hatch")) - len(drawn.all("rect", "critical")) == 1


def test_no_half_number_is_ever_shown():
    """Cut, 168 s would be 16."""
    for length in range(1, 60):
        made = MadeUp()
        made.step("a", 0.0, 1000.0 - 10 * length)
        made.step("b", 1000.0 - 10 * length, 1000.0, after="a")
        for *_, text in Drawn(made.over(1000.0)).texts("small", "on"):
            assert re.match(r"\d+ s($| · )", text), text


def test_the_states_of_a_host_stand_above_the_steps(drawn):
    door, engine = (y for _, y, text in drawn.texts("head") if text in ("door", "engine"))
    first = min(y for _, y, text in drawn.texts("head", "strong") if text == "look at what is there")
    assert door < engine < first
    assert [text for *_, text in drawn.texts("small")].count("installing") == 1


def test_time_is_written_above_and_below(drawn):
    marks = drawn.texts("small", "middle")
    assert [text for _, y, text in marks if y < 150] == [text for _, y, text in marks if y > 150]
    assert ("0 s" in {text for *_, text in marks}) and len(marks) > 10


# What may come


def test_a_failure_is_told_at_the_top_and_at_the_step():
    made = MadeUp()
    made.step("vm", 0.0, 5.0, outcome=FAILED, why="AllocationFailed")
    shown = Drawn(made.over(5.0, FAILED, "AllocationFailed"))
    assert any(text.startswith("failed after 5.0 s: AllocationFailed") for *_, text in shown.texts("head"))
    assert [text for *_, text in shown.texts("path", "why")] == ["failed: AllocationFailed"]
    assert [text for *_, text in shown.texts("note")] == ["5.0 s ✗"]
    assert [one.get("class") for one in shown.all("rect") if one.get("height") == "14"] == ["failed"]


def test_nothing_at_all_is_a_picture_too():
    shown = Drawn(MadeUp().over(0.0))
    assert shown.high > 150 and "0 steps, 0 requests" in shown.text


def test_long_words_are_cut_and_wait_for_the_pointer():
    made = MadeUp()
    long = "a step with a title that nobody would ever want to read to its end, not even on a wide screen " * 2
    made.call(made.step("a", 0.0, 5.0, title=long.strip()), 0.0, 1.0, path=f"{COMPUTE}/{'virtualMachines/web1/' * 9}x")
    shown = Drawn(made.over(5.0), title=long)
    test_no_text_lies_on_another(shown)
    assert all(x + wide <= LABEL_END for x, y, wide, *_ in boxes_of_texts(shown) if x < LABEL_END and y > 125)
    (label,) = [one for one in shown.all("text", "head", "strong") if one.text.startswith("a step")]
    assert label.text.endswith("…") and shown.title_of(label).startswith(long.strip())


def test_what_looks_like_markup_is_text():
    made = MadeUp()
    step = made.step("a", 0.0, 5.0, title="<b>&'\"]]>")
    made.call(step, 0.0, 1.0, path="/<script>&amp;")
    made.state(0.0, "<door>", "&open")
    shown = Drawn(made.over(5.0), title="</title><script>x</script>")
    assert not shown.all("script") and shown.root.findtext(f"{SVG}title").startswith("</title><script>")
    assert "<b>&'\"]]>" in [one.text for one in shown.all("text")]


def test_an_hour_of_polls_makes_no_file_that_nobody_opens():
    assert len(svg(create(polls=0.01), TITLE)) < 200_000


def test_thousands_of_requests_are_drawn_in_a_moment():
    made = MadeUp()
    for number in range(300):
        step = made.step(f"step{number}", number, number + 1)
        for call in range(10):
            made.call(step, number, number + 1, path=f"{COMPUTE}/x/{call}")
    assert drawing.svg(made.over(300.0), TITLE).count("<rect") > 3000
