"""How long a new host is waited for: by what its port does, from the moment that Azure calls the VM ready."""

from __future__ import annotations

import pytest

from azext_dockervm.door.messages import Said
from azext_dockervm.door.patience import Patience
from azext_dockervm.errors import EngineUnreachable

DROPPED = EngineUnreachable("1.2.3.4:4243 does not answer", kind="timeout")
REFUSED = EngineUnreachable("1.2.3.4:4243 refuses connections", kind="refused")
GARBAGE = EngineUnreachable("1.2.3.4:4243 does not speak TLS as expected", kind="protocol")
READY = 100.0


def looks(*seen, vm_ended=READY):
    """The answer to the last of (what was seen, when)."""
    patience, answer = Patience(), None
    for number, (what, when) in enumerate(seen, 1):
        answer = patience.look(what, when, vm_ended)
        assert number == len(seen) or answer is None, f"given up at {when}: {answer}"
    return answer


@pytest.mark.parametrize("what", [DROPPED, REFUSED, GARBAGE], ids=lambda error: error.kind)
def test_until_azure_calls_the_vm_ready_nobody_is_missed(what):
    assert looks((what, 0), (what, 10_000), vm_ended=None) is None


def test_dropped_packets_are_given_up_after_20_s_and_the_words_say_so():
    assert looks((DROPPED, READY), (DROPPED, READY + 20)) is None
    assert looks((DROPPED, READY), (DROPPED, READY + 20.5)) == (
        "1.2.3.4:4243 does not answer, for 20 seconds after the VM was ready")


def test_packets_that_were_dropped_before_the_vm_was_ready_do_not_count():
    assert looks((DROPPED, 0), (DROPPED, READY + 19)) is None


def test_one_answer_of_whatever_kind_begins_the_20_s_anew():
    assert looks((DROPPED, READY), (REFUSED, READY + 15), (DROPPED, READY + 25), (DROPPED, READY + 44)) is None
    assert looks((DROPPED, READY), (REFUSED, READY + 15), (DROPPED, READY + 25), (DROPPED, READY + 46))


@pytest.mark.parametrize("what", [REFUSED, GARBAGE], ids=lambda error: error.kind)
def test_no_door_is_given_up_after_90_s(what):
    assert looks((what, READY), (what, READY + 90)) is None
    assert looks((what, READY), (what, READY + 91)) == f"{what.cause}, 90 seconds after the VM was ready"


@pytest.mark.parametrize("what", [REFUSED, GARBAGE], ids=lambda error: error.kind)
def test_behind_custom_data_of_the_user_s_own_it_may_take_five_minutes(what):
    patience = Patience(behind_others=True)
    assert [patience.look(what, READY + seconds, READY) for seconds in (0, 91, 300)] == [None] * 3
    assert patience.look(what, READY + 301, READY) == f"{what.cause}, 300 seconds after the VM was ready"


def test_a_host_that_has_come_forward_has_five_minutes_for_each_of_its_states():
    installing, starting = Said("installing", "csr"), Said("starting", "csr", "hash")
    assert looks((installing, 0), (installing, 299), (starting, 300), (starting, 599)) is None
    assert looks((installing, 0), (installing, 301)) == (
        "nothing has changed for 5 minutes (the last was: it installs Docker)")
    assert looks((starting, 0), (starting, 301)) == (
        "nothing has changed for 5 minutes (the last was: it starts the engine)")


def test_an_engine_that_starts_may_refuse_for_50_s():
    """A program that has taken the port and does not listen there refuses for ever, and the door can't say so."""
    assert looks((Said("starting"), READY), (REFUSED, READY + 1), (REFUSED, READY + 51)) is None
    assert looks((Said("starting"), READY), (REFUSED, READY + 1), (REFUSED, READY + 52)) == (
        f"{REFUSED.cause}, 50 seconds after its last words (it starts the engine)")


def test_an_engine_s_failure_that_the_door_tells_is_waited_for_like_any_word():
    assert looks((Said("starting"), READY), (REFUSED, READY + 40), (Said("failed"), READY + 45)) is None


def test_another_program_at_the_port_is_given_up_after_20_s_of_its_answers():
    assert looks((Said("starting"), READY), (GARBAGE, READY + 1), (GARBAGE, READY + 21)) is None
    assert looks((Said("starting"), READY), (GARBAGE, READY + 1), (GARBAGE, READY + 22)) == (
        f"another program answers at its Docker port ({GARBAGE.cause})")


def test_an_engine_that_is_silent_in_between_is_no_other_program():
    assert looks((Said("starting"), READY), (GARBAGE, READY + 1), (REFUSED, READY + 15), (GARBAGE, READY + 16),
                 (GARBAGE, READY + 35)) is None


# A guest whose own firewall drops packets until the set-up opens the port


def firewalled(*seen):
    patience = Patience(firewalled=True)
    return [patience.look(what, when, READY) for what, when in seen][-1]


def test_a_guest_s_own_firewall_may_drop_packets_for_90_s():
    assert firewalled((DROPPED, READY), (DROPPED, READY + 90)) is None
    assert firewalled((DROPPED, READY), (DROPPED, READY + 91)) == (
        "1.2.3.4:4243 does not answer, for 90 seconds after the VM was ready")


def test_its_port_once_open_stays_so():
    assert firewalled((Said("installing"), READY), (DROPPED, READY + 5), (DROPPED, READY + 26)) == (
        "1.2.3.4:4243 does not answer, for 20 seconds after the VM was ready")


def test_a_port_that_is_shut_once_the_host_has_come_forward_is_noticed():
    assert looks((Said("installing"), READY), (DROPPED, READY + 5), (DROPPED, READY + 26))


@pytest.mark.parametrize("state", ["waiting", "installing", "certified"])
def test_a_door_that_is_gone_before_the_engine_starts_is_given_up_after_30_s(state):
    """The machine was reset, say: cloud-init does not run the script again."""
    assert looks((Said(state), READY), (REFUSED, READY + 10), (REFUSED, READY + 40)) is None
    assert "30 seconds after its last words" in looks(
        (Said(state), READY), (REFUSED, READY + 10), (REFUSED, READY + 41))
    assert looks((Said(state), READY), (REFUSED, READY + 10), (Said(state), READY + 39), (REFUSED, READY + 60)) is None


def test_with_its_certificate_it_has_longer_since_the_engine_may_be_starting():
    certified = Said("certified", "csr", "hash")
    assert looks((certified, READY), (REFUSED, READY + 10), (REFUSED, READY + 129)) is None
    assert "120 seconds after its last words" in looks(
        (certified, READY), (REFUSED, READY + 10), (REFUSED, READY + 131))


def test_a_door_that_only_refuses_has_no_words_to_be_told():
    assert Patience().last_words == ""
    refuses = Said(refusal="no-request")
    assert looks((refuses, READY), (refuses, READY + 301)) == "nothing has changed for 5 minutes (the last was: )"
