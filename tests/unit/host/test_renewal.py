"""When a host's server certificate has to be renewed."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import pytest

from azext_dockervm.host import renewal


@pytest.mark.parametrize(("days", "authority_days", "renews"), [
    (29, 1000, True), (30, 1000, False), (31, 1000, False), (-3, 1000, True), (20, 20.5, False), (20, 22, True),
    (20, 10, False)])
def test_when_a_server_certificate_is_renewed(days, authority_days, renews):
    now = datetime.now(timezone.utc)
    ends = now + timedelta(days=days, hours=1)
    why = renewal.why_renew(ends, SimpleNamespace(expires=now + timedelta(days=authority_days)))
    assert why == (f"its server certificate ends on {ends:%Y-%m-%dT%H:%M:%SZ}" if renews else "")


def test_a_new_certificate_has_to_gain_more_than_a_day():
    ends = datetime.now(timezone.utc) + timedelta(days=5)
    assert not renewal.why_renew(ends, SimpleNamespace(expires=ends + timedelta(days=1)))
    assert renewal.why_renew(ends, SimpleNamespace(expires=ends + timedelta(days=1, seconds=1)))


@pytest.mark.parametrize(("hours", "days"), [(49, 2), (47, 1), (1, 0), (-1, -1)])
def test_days_left_are_whole_ones_and_negative_after_the_end(hours, days):
    assert renewal.days_left(datetime.now(timezone.utc) + timedelta(hours=hours, seconds=5)) == days


def test_an_end_as_a_tag_tells_it():
    assert renewal.noted_expiry("2026-01-31T12:00:00Z") == datetime(2026, 1, 31, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize("text", [None, "", "soon", "2026-13-01T00:00:00Z", "2026-01-31"])
def test_an_end_that_a_tag_does_not_tell(text):
    assert renewal.noted_expiry(text) is None
