"""The looks before anything is made, in two rounds: what needs nothing but what was typed, and what needs a region."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from azext_dockervm.azure.calls import Azure
from azext_dockervm.body.resource import region as region_of
from azext_dockervm.flow.workers import run_in_parallel
from azext_dockervm.preflight import (
    access,
    address,
    disks,
    fit,
    guards,
    image,
    interface,
    label,
    let_in,
    limits,
    login,
    own_address,
    parts,
    placement,
    region,
    terms,
    virtual_network,
    way_out,
)
from azext_dockervm.preflight.found import Found
from azext_dockervm.preflight.look import Look
from azext_dockervm.spec import engine_rules
from azext_dockervm.spec.host import HostSpec

# At most three reads wait for each other: one of these, and of the second round one that reads twice. The order
# counts: of errors the first one is told.
AT_ONCE: tuple[Look, ...] = (*parts.BY_NAME, *guards.BY_NAME)
CHECKS_AT_ONCE = (parts.check_ownership, parts.check_rest, interface.check_named, address.check, let_in.check_named,
                  placement.check_zone, parts.check_room_for_tags)
IN_REGION: tuple[Look, ...] = (
    region.REGION, virtual_network.PLACE, interface.FOLLOWED, guards.FOLLOWED, label.LABEL, image.IMAGE, region.SIZE,
    region.EXTENSION, *disks.LOOKS, fit.STANDARD_TYPE, *limits.LOOKS, *placement.LOOKS, login.SSH_KEY,
    own_address.OWN_ADDRESS)
CHECKS_IN_REGION = (access.check_ports, interface.check_address, interface.check_guarded, way_out.check, let_in.check,
                    fit.check, terms.check, disks.check, placement.check, limits.check_locks, limits.check_quota)
# What the user should know before anything is made, and that is no error: each gives sentences.
REMARKS: tuple[Callable[[HostSpec, Found], Iterable[str]], ...] = (
    interface.remark, address.remarks, way_out.remark, way_out.divert_remark, own_address.remarks, let_in.remarks,
    fit.remarks, limits.remarks, placement.remarks, lambda spec, _found: engine_rules.remarks(spec.engine))


# Making Network's client takes as long as some reads: it is made while they are waited for.
TO_WRITE = Look("network client", lambda azure, _spec, _found: azure.connect("network"))


def survey(azure: Azure, spec: HostSpec, to_write: bool = True) -> tuple[HostSpec, Found]:
    """Read what the plan has to know → the spec with its location, and what was found. ``to_write``: a plan will be
    carried out then.

    Raises ``NotFound`` (group), ``InvalidValue`` (region, image, size, given label), ``Conflict`` (a VM or parts of
    that name that are not ours, or not the host's) and ``Obstacle`` (a quota, a lock). Nothing is created here.
    """
    azure.connect("compute", "resources")
    found = _looked_at(AT_ONCE, azure, spec, Found())
    # A host that exists is gone on with where it is, whatever the group's region.
    home = found.vm or found.group
    spec = replace(spec, location=spec.location or region_of(home or {}))
    found = guards.sorted_out(spec, interface.stood_on(spec, found))
    for check in CHECKS_AT_ONCE:
        check(spec, found)
    found = _looked_at((*IN_REGION, TO_WRITE) if to_write else IN_REGION, azure, spec, found)
    spec = own_address.settled(spec, found)
    for check in CHECKS_IN_REGION:
        check(spec, found)
    spec = fit.settled(disks.settled(spec, found), found)
    return spec, replace(found, remarks=tuple(one for remarks in REMARKS for one in remarks(spec, found)))


def _looked_at(looks: Iterable[Look], azure: Azure, spec: HostSpec, found: Found) -> Found:
    """``found`` with what the looks fill in, side by side."""
    wanted = [look for look in looks if look.wanted(spec, found)]
    known = run_in_parallel({look.name: partial(look.read, azure, spec, found) for look in wanted}, azure.deadline)
    return replace(found, **{field: value for look in wanted for field, value in look.filled(known[look.name]).items()})
