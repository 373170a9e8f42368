"""The network's calls are repeated while Azure is not done with what they need, and only then."""

from __future__ import annotations

import pytest

from azext_dockervm.errors import AzureRefused
from azext_dockervm.plan.deadline import Deadline
from azext_dockervm.plan.network import patiently


class Patient(Deadline):
    """Notes its sleeps and does not sleep."""

    slept: list[float] = []

    def within(self, seconds):
        child = Patient(seconds)
        child.slept = self.slept
        return child

    def sleep(self, seconds, state):
        self.slept.append(seconds)


@pytest.fixture
def deadline():
    patient = Patient(600)
    patient.slept = []
    return patient


@pytest.mark.parametrize("code", ["RetryableError", "ReferencedResourceNotProvisioned", "NicReservedForAnotherVm"])
def test_what_azure_is_not_done_with_is_tried_again(deadline, code):
    answers = [AzureRefused("not yet", code=code), AzureRefused("not yet", code=code), {"id": "nic"}]

    def put(results):
        assert results == {"subnet": "s"}
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert patiently(put, deadline)({"subnet": "s"}) == {"id": "nic"}
    assert len(deadline.slept) == 2


def test_any_other_refusal_is_raised_at_once(deadline):
    def put():
        raise AzureRefused("no", code="SubnetIsFull")

    with pytest.raises(AzureRefused, match="no"):
        patiently(put, deadline)()
    assert not deadline.slept
