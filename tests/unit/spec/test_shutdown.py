"""When a host is shut down every day: times, Windows' time zones, mail addresses."""

from __future__ import annotations

import pytest

from azext_dockervm.errors import InvalidValue
from azext_dockervm.spec import shutdown


@pytest.mark.parametrize("text", ["0000", "1900", "2359", "0905"])
def test_a_time(text):
    assert shutdown.check_time(text) == text


@pytest.mark.parametrize("text", ["2400", "1960", "900", "19:00", "07pm", "", " 1900", "١٩٠٠"])
def test_no_time(text):
    with pytest.raises(InvalidValue, match="0000 to 2359"):
        shutdown.check_time(text)


@pytest.mark.parametrize(("text", "zone"), [
    ("UTC", "UTC"), ("utc", "UTC"), ("w. europe standard time", "W. Europe Standard Time"),
    ("Pacific Standard Time (Mexico)", "Pacific Standard Time (Mexico)"), ("utc+12", "UTC+12")])
def test_a_time_zone_in_any_case(text, zone):
    assert shutdown.check_time_zone(text) == zone


@pytest.mark.parametrize(("text", "meant"), [("Tokio Standard Time", "Did you mean Tokyo Standard Time"),
                                             ("Europe/Berlin", "Windows' names."), ("", "Windows' names.")])
def test_no_time_zone(text, meant):
    with pytest.raises(InvalidValue) as caught:
        shutdown.check_time_zone(text)
    assert meant in caught.value.message
    assert caught.value.recommendations == (
        "For example: --auto-shutdown-time-zone 'W. Europe Standard Time'",)


def test_each_time_zone_is_there_once():
    assert len(set(shutdown.TIME_ZONES)) == len(shutdown.TIME_ZONES) == 141
    assert not [name for name in shutdown.TIME_ZONES if name != name.strip() or not name.isascii()]


@pytest.mark.parametrize(("text", "kept"), [("me@example.com", "me@example.com"),
                                            ("a@b.example; c@d.example", "a@b.example;c@d.example")])
def test_addresses(text, kept):
    assert shutdown.check_addresses(text) == kept


@pytest.mark.parametrize("text", ["", "me", "me@here", "a@b.example,c@d.example", "a@b.example;", "a b@c.example"])
def test_no_addresses(text):
    with pytest.raises(InvalidValue, match="is not a mail address"):
        shutdown.check_addresses(text)
