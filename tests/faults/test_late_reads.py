"""Azure shows late what it has made: a create waits for it, and what it can't wait for it deletes all the same."""

from __future__ import annotations

import pytest
from test_matrix import MADE_FOR_ONE_HOST

NETWORK, COMPUTE = "Microsoft.Network", "Microsoft.Compute"
LATE = [f"{NETWORK}/networkSecurityGroups", f"{NETWORK}/publicIPAddresses", f"{NETWORK}/networkInterfaces",
        f"{COMPUTE}/virtualMachines"]


def late(world, kind: str, seconds: float) -> None:
    """In real time, of which the create's own clock takes none."""
    world.faults(replication_lag=[{"type": kind, "seconds": seconds}])


@pytest.mark.parametrize("kind", LATE)
def test_a_create_waits_for_what_is_shown_late(world, group, certificates, kind):
    late(world, kind, 0.3)
    made = world.create(group, certificates, seconds=1200)
    assert made.error is None and made.host.proof.reachable, made.text


@pytest.mark.parametrize("kind", LATE)
def test_what_is_not_shown_in_time_is_deleted_all_the_same(world, group, certificates, kind):
    late(world, kind, 30)
    failed = world.create(group, certificates)
    assert failed.error is not None and "has been undone" in failed.text, failed.text
    world.faults()
    assert not world.parts(group) & MADE_FOR_ONE_HOST, failed.text
