"""Undoing what a run made, and nothing else."""

from __future__ import annotations

import pytest
from specs import host_spec

from azext_dockervm.azure import kinds
from azext_dockervm.body import security_group
from azext_dockervm.errors import AzureRefused, Conflict, DeadlinePassed, NotFound
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.host.undo import Sent, undo_own

SPEC = host_spec()


@pytest.fixture
def sent():
    """Of a PUT that has ended well."""
    sent = Sent()
    with sent.noted():
        pass
    return sent


@pytest.fixture
def undo(cloud, sent):
    return undo_own(cloud.azure(Deadline(0.0)), kinds.SECURITY_GROUP, "g", "web1NSG", "run1", sent)


def failed(sent, accepted):
    error = NotFound("it was not seen")
    error.accepted = accepted
    with pytest.raises(NotFound), sent.noted():
        raise error


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


def test_what_was_refused_is_not_deleted(cloud, undo, sent):
    failed(sent, False)
    assert undo(Deadline(10)) is True and not cloud.writes()


def test_what_was_never_sent_is_not_deleted(cloud):
    undo = undo_own(cloud.azure(), kinds.SECURITY_GROUP, "g", "web1NSG", "run1", Sent())
    assert undo(Deadline(10)) is True and not cloud.writes()


# Azure shows it late


@pytest.mark.parametrize("accepted", [True, None])
def test_what_reads_do_not_show_yet_is_deleted(cloud, undo, sent, accepted):
    failed(sent, accepted)
    made_by(cloud, "run1")
    cloud.when("GET", kinds.SECURITY_GROUP, NotFound("not yet"))
    assert undo(Deadline(420)) is True and cloud.there() == set()


def test_what_nothing_is_known_of_and_is_not_there_is_gone(cloud, undo, sent):
    failed(sent, None)
    assert undo(Deadline(420)) is True and cloud.writes() == ["DELETE networkSecurityGroups/web1NSG"]


def test_what_appears_later_is_deleted_then(cloud, undo, sent):
    failed(sent, True)
    cloud.clock.meanwhile.append(lambda: made_by(cloud, "run1"))
    assert undo(Deadline(420)) is True and cloud.there() == set()


def test_what_appears_as_another_run_s_is_left(cloud, undo, sent):
    failed(sent, True)
    cloud.clock.meanwhile.append(lambda: made_by(cloud, "run2"))
    assert undo(Deadline(420)) is False and cloud.there() == {"networksecuritygroups/web1nsg"}


def test_what_azure_accepted_and_never_shows_is_not_called_gone(cloud, undo, sent):
    failed(sent, True)
    with pytest.raises(Conflict, match="accepted it, does not show it"):
        undo(Deadline(420))
    assert cloud.clock.now - 1000 < 120


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
