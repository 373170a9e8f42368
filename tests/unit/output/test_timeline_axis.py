"""The lines of time: round numbers, not too many, told as people read them."""

from __future__ import annotations

import pytest

from azext_dockervm.output.timeline.axis import MOST, STEPS, marks


def labels(end):
    return [label for _, label in marks(end)]


@pytest.mark.parametrize(("end", "told"), [
    (0.1, ["0.00 s", "0.01 s", "0.02 s", "0.03 s", "0.04 s", "0.05 s", "0.06 s", "0.07 s", "0.08 s", "0.09 s",
           "0.10 s"]),
    (1.0, ["0.0 s", "0.1 s", "0.2 s", "0.3 s", "0.4 s", "0.5 s", "0.6 s", "0.7 s", "0.8 s", "0.9 s", "1.0 s"]),
    (11.5, ["0 s", "1 s", "2 s", "3 s", "4 s", "5 s", "6 s", "7 s", "8 s", "9 s", "10 s", "11 s"]),
    (100, ["0 s", "10 s", "20 s", "30 s", "40 s", "50 s", "60 s", "70 s", "80 s", "90 s", "100 s"]),
    (179, ["0 s", "15 s", "30 s", "45 s", "60 s", "75 s", "90 s", "105 s", "120 s", "135 s", "150 s", "165 s"]),
    (180, ["0:00", "0:15", "0:30", "0:45", "1:00", "1:15", "1:30", "1:45", "2:00", "2:15", "2:30", "2:45", "3:00"]),
    (1200, ["0:00", "2:00", "4:00", "6:00", "8:00", "10:00", "12:00", "14:00", "16:00", "18:00", "20:00"])])
def test_they_are_round(end, told):
    assert labels(end) == told


@pytest.mark.parametrize("end", [0.001, 0.05, 0.7, 3.3, 59.9, 200, 5000, 40000, 10**6])
def test_there_are_enough_and_not_too_many(end):
    found = list(marks(end))
    assert len(found) <= MOST + 1 and found[0][0] == 0 and found[-1][0] <= end * 1.000001
    assert len(found) >= 5 or end < 0.05
    assert len(set(labels(end))) == len(found)


def test_the_distances_grow():
    assert list(STEPS) == sorted(set(STEPS))
