"""What of a host's options a provisioner can't carry."""

from __future__ import annotations

from azext_dockervm.options.commands import options_of
from azext_dockervm.spec.host import HostSpec


def why_not_carried(provisioner: str, spec: HostSpec) -> str | None:
    """Why a host can't be had by it at all; None where it can."""
    return _first(provisioner, spec, alone=False)


def why_not_alone(provisioner: str, spec: HostSpec) -> str | None:
    """The same, and also what a run command would have to do beside it: a reason for ``auto`` to take another one."""
    return _first(provisioner, spec, alone=True)


def _first(provisioner: str, spec: HostSpec, alone: bool) -> str | None:
    reasons = (gap.why(spec) for option in options_of("create") for gap in option.gaps
               if gap.provisioner == provisioner and (alone or not gap.filled))
    return next((reason for reason in reasons if reason), None)
