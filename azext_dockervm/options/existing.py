"""What was typed for a host that exists and can't be had there any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azext_dockervm.options.commands import option_of
from azext_dockervm.options.option import Vm

if TYPE_CHECKING:
    from azext_dockervm.spec.host import HostSpec


def not_applied(spec: HostSpec, vm: Vm) -> list[str]:
    """Each option that was typed and that the VM does not have, with the command that changes it where there is one.

    ``spec`` is as it was asked for, ``vm`` as Azure shows it. What ``create`` does change, such as ports and sources,
    is never named.
    """
    told = []
    for name, given in spec.given.items():
        rule = option_of("create", name).not_applied
        reason = rule(spec, vm) if rule else None
        if reason:
            told.append(f"{given.words[0]}: {reason}")
    return told
