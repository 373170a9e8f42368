"""What was asked of the security, plan and architecture of a host that exists."""

from __future__ import annotations

import pytest
from specs import changed, host_spec

from azext_dockervm.options.commands import option_of
from azext_dockervm.options.existing import not_applied

SECURED = {"securityType": "TrustedLaunch", "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": False}}
PLAN = {"name": "N", "product": "p", "publisher": "q"}
SECURE = "az vm update -g g -n web1"


def told(name, value, size="Standard_D2s_v5", **vm):
    option = option_of("create", name)
    spec = changed(host_spec(), typed={option.shortest: ("x",)}).having({option.place: option.checked(value)})
    properties = {"hardwareProfile": {"vmSize": size}, **vm.pop("properties", {})}
    found = not_applied(spec, {"id": "/vm", "properties": properties, **vm})
    return found[0].partition(": ")[2] if found else None


@pytest.mark.parametrize(("name", "value", "vm"), [
    ("security_type", "TrustedLaunch", {"properties": {"securityProfile": SECURED}}), ("security_type", "Standard", {}),
    ("enable_secure_boot", "true", {"properties": {"securityProfile": SECURED}}), ("enable_secure_boot", "false", {}),
    ("enable_vtpm", "false", {"properties": {"securityProfile": SECURED}}), ("plan_name", "n", {"plan": PLAN}),
    ("plan_publisher", "q", {"plan": PLAN}), ("plan_promotion_code", "x", {"plan": {**PLAN, "promotionCode": "X"}}),
    ("arch", "amd64", {}), ("arch", "arm64", {"size": "Standard_D2ps_v6"}), ("arch", "arm64", {"size": "Standard_X"})])
def test_what_it_has_is_not_named(name, value, vm):
    assert told(name, value, **vm) is None


@pytest.mark.parametrize(("name", "value", "vm", "says"), [
    ("security_type", "TrustedLaunch", {}, "the host's is Standard.\nTo change it, which stops the host "
     f"meanwhile:\n    az vm deallocate -g g -n web1\n    {SECURE} --security-type TrustedLaunch\n"
     "    az vm start -g g -n web1"),
    ("enable_secure_boot", "true", {}, f"it is off.\nTo change it: {SECURE} --enable-secure-boot true"),
    ("enable_secure_boot", "false", {"properties": {"securityProfile": SECURED}},
     f"it is on.\nTo change it: {SECURE} --enable-secure-boot false"),
    ("enable_vtpm", "true", {"properties": {"securityProfile": SECURED}},
     f"it is off.\nTo change it: {SECURE} --enable-vtpm true"),
    ("plan_name", "other", {"plan": PLAN}, "a VM keeps the plan that it was made with"),
    ("plan_product", "p", {}, "the host was made without a plan, and a VM stays so"),
    ("plan_promotion_code", "x", {}, "the host was made without a plan, and a VM stays so"),
    ("plan_promotion_code", "x", {"plan": PLAN}, "a VM keeps the plan that it was made with"),
    ("arch", "arm64", {}, "a VM keeps its architecture, which is amd64")])
def test_what_it_has_not_is_told_with_the_command_that_changes_it(name, value, vm, says):
    assert told(name, value, **vm) == says
