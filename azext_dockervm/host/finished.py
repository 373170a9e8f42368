"""A host that works, as commands show it."""

from __future__ import annotations

from dataclasses import dataclass

from azext_dockervm.body.resource import Resource
from azext_dockervm.host.cause import Cause
from azext_dockervm.provision.proof import Proof
from azext_dockervm.provision.target import Address, Provisioned
from azext_dockervm.provision.workload import Outcome
from azext_dockervm.spec.host import HostSpec


@dataclass(frozen=True)
class FinishedHost:
    """``vm`` as Azure shows it, ``spec`` with the port and the region that the host really has. ``workload`` is what
    came of what it was to run; None where nothing was asked. ``cause`` is why it can't be reached from here, None where
    it can."""

    vm: Resource
    spec: HostSpec
    address: Address
    provisioned: Provisioned
    proof: Proof
    workload: Outcome | None = None
    cause: Cause | None = None
