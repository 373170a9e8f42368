"""Undoing what a run made, and nothing else."""

from __future__ import annotations

import pytest
from specs import host_spec

from azext_dockervm.azure import kinds
from azext_dockervm.body import security_group
from azext_dockervm.errors import AzureRefused, DeadlinePassed
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.host.undo import undo_own

SPEC = host_spec()


@pytest.fixture
def undo(cloud):
    return undo_own(cloud.azure(Deadline(0.0)), kinds.SECURITY_GROUP, "g", "web1NSG", "run1")


def made_by(cloud, run_id):
    cloud.put(kinds.SECURITY_GROUP, "web1NSG", body=security_group.body(SPEC, run_id))


def test_what_this_run_made_is_deleted(cloud, undo):
    made_by(cloud, "run1")
    assert undo(Deadline(10)) is True and cloud.there() == set()


def test_what_another_run_has_made_under_the_name_is_left(cloud, undo):
    made_by(cloud, "run2")
    assert undo(Deadline(10)) is False
    assert cloud.there() == {"networksecuritygroups/web1nsg"} and not cloud.writes()


def test_so_is_what_bears_no_run_at_all(cloud, undo):
    made_by(cloud, "run1")
    cloud.retag(kinds.SECURITY_GROUP, "web1NSG", dockervm_run=None)
    assert undo(Deadline(10)) is False and not cloud.writes()


def test_what_was_never_made_is_gone(cloud, undo):
    assert undo(Deadline(10)) is True and not cloud.writes()


def test_a_refusal_is_told(cloud, undo):
    made_by(cloud, "run1")
    cloud.refuse("DELETE", kinds.SECURITY_GROUP, "ScopeLocked")
    with pytest.raises(AzureRefused, match="ScopeLocked"):
        undo(Deadline(10))


def test_it_waits_by_the_deadline_that_it_is_given(cloud, undo):
    """The run's own may be over."""
    made_by(cloud, "run1")
    cloud.hang("DELETE", kinds.SECURITY_GROUP)
    with pytest.raises(DeadlinePassed, match="420 s"):
        undo(Deadline(420))
