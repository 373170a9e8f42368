"""Public IP addresses: what can change and what can't, and that a machine's name follows."""

from __future__ import annotations

from typing import Any

import pytest
from arm_support import Group, LocalAzure


def _put(arm: LocalAzure, group: Group, top: dict[str, Any] | None = None, **properties: Any) -> Any:
    body = {
        "location": "westus", "sku": {"name": "Standard"},
        "properties": {"publicIPAllocationMethod": "Static", **properties}, **(top or {}),
    }  # fmt: skip
    return arm.call("PUT", group.network("publicIPAddresses/ip"), body)


@pytest.mark.parametrize(
    ("top", "properties", "code"),
    [
        ({}, {"idleTimeoutInMinutes": 3}, "PublicIPAddressIdleTimeoutIsInvalid"),
        ({}, {"idleTimeoutInMinutes": "four"}, "InvalidRequestFormat"),
        ({}, {"publicIPAllocationMethod": "Sometimes"}, "InvalidRequestFormat"),
        ({}, {"ddosSettings": {"protectionMode": "Sometimes"}}, "InvalidRequestFormat"),
        ({}, {"publicIPAddressVersion": "IPv6"}, "IPv6NotSupportedByLocalAzure"),
        ({}, {"publicIPPrefix": {"id": "/subscriptions/s/resourceGroups/g/providers/x/y/z"}},
         "InvalidResourceReference"),
        ({"sku": {"name": "Golden"}}, {}, "InvalidPublicIpSku"),
        ({"sku": {"name": "Standard", "tier": "Global"}}, {}, "GlobalTierNotSupportedByLocalAzure"),
        ({}, {"dnsSettings": {"domainNameLabel": "web", "domainNameLabelScope": "WorldReuse"}},
         "InvalidRequestFormat"),
    ],
)  # fmt: skip
def test_a_bad_address_is_refused(
    arm: LocalAzure, group: Group, top: dict[str, Any], properties: dict[str, Any], code: str
) -> None:
    answer = _put(arm, group, top, **properties)
    assert (answer.status, answer.code) == (400, code)


@pytest.mark.parametrize(
    ("scope", "again"),
    [("TenantReuse", True), ("SubscriptionReuse", True), ("ResourceGroupReuse", False), ("NoReuse", False)],
)
def test_a_label_with_a_scope_is_another_one_outside_of_it(
    arm: LocalAzure, group: Group, scope: str, again: bool
) -> None:
    def made(of: Group, idle: int = 4) -> Any:
        settings = {"domainNameLabel": f"{group.name}s", "domainNameLabelScope": scope}
        arm.wait(_put(arm, of, dnsSettings=settings, idleTimeoutInMinutes=idle))
        return arm.call("GET", of.network("publicIPAddresses/ip")).body["properties"]["dnsSettings"]

    first = made(group)
    label, hashed, rest = first["fqdn"].split(".", 2)
    assert (label, len(hashed), rest) == (f"{group.name}s", 16, "westus.cloudapp.test.test")
    assert first["domainNameLabelScope"] == scope
    assert made(group, 10) == first  # the same PUT keeps the name
    arm.done("DELETE", group.network("publicIPAddresses/ip"))
    assert (made(Group(arm))["fqdn"] == first["fqdn"]) is again


def test_zones_stay_as_they_were(arm: LocalAzure, group: Group) -> None:
    arm.wait(_put(arm, group, {"zones": ["1", "2"]}))
    assert _put(arm, group, {"zones": ["3"]}).code == "ResourceAvailabilityZonesCannotBeModified"
    arm.wait(_put(arm, group, idleTimeoutInMinutes=10))
    shown = arm.call("GET", group.network("publicIPAddresses/ip")).body
    assert (shown["zones"], shown["properties"]["idleTimeoutInMinutes"]) == (["1", "2"], 10)


def test_a_new_label_leads_to_the_machine_at_once(arm: LocalAzure, group: Group) -> None:
    machine = group.machine(group.vm(public_ip=group.public_ip("ip", f"{group.name}a")))
    before = arm.platform.exposed[machine]
    arm.wait(_put(arm, group, dnsSettings={"domainNameLabel": f"{group.name}b"}))
    after = arm.platform.exposed[machine]
    assert before is not None
    assert after is not None
    assert after.address == before.address
    assert after.fqdn == f"{group.name}b.westus.cloudapp.test.test"
    arm.wait(_put(arm, group))
    nameless = arm.platform.exposed[machine]
    assert nameless is not None
    assert nameless.fqdn is None


def test_tags_are_patched_alone(arm: LocalAzure, group: Group) -> None:
    path = group.network("publicIPAddresses/ip")
    group.public_ip()
    before = arm.call("GET", path).body
    answer = arm.call("PATCH", path, {"tags": {"a": "b"}})
    assert (answer.status, answer.headers["Azure-AsyncNotification"]) == (200, "Enabled")
    assert answer.body["tags"] == {"a": "b"}
    assert answer.body["properties"] == before["properties"]


def test_etags_guard_network_writes(arm: LocalAzure, group: Group) -> None:
    path = group.network("publicIPAddresses/ip")
    group.public_ip()
    got = arm.call("GET", path)
    assert got.headers["ETag"] == got.body["etag"]
    headers = {"Authorization": f"Bearer {arm.token}", "If-Match": 'W/"not this one"'}
    answer = arm.raw("DELETE", f"{group.id_of(path)}?api-version=2025-07-01", headers=headers)
    assert (answer.status, answer.code) == (412, "PreconditionFailed")
