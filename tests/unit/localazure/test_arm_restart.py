"""State survives the server: resources stay, what was in flight ends sensibly, machines are adopted."""

from __future__ import annotations

from typing import Any

from arm_support import Group, eventually


def test_resources_finished_operations_and_tokens_outlive_the_server(instance: Any) -> None:
    group = Group(instance.arm)
    vm = group.vm(public_ip=group.public_ip(), nsg=group.nsg())
    operation = instance.arm.call("PATCH", vm, {"tags": {"a": "b"}})
    instance.arm.wait(operation)
    token, before = instance.arm.token, instance.arm.call("GET", vm).body
    arm = instance.restart()
    arm.token = token
    after = arm.call("GET", vm).body
    assert {**after, "etag": ""} == {**before, "etag": ""}
    path = "/subscriptions/" + operation.headers["Azure-AsyncOperation"].split("/subscriptions/", 1)[1]
    assert arm.raw("GET", path, headers={"Authorization": f"Bearer {token}"}).body["status"] == "Succeeded"


def test_machines_are_adopted_and_their_network_is_set_up_again(instance: Any) -> None:
    group = Group(instance.arm)
    machine = group.machine(group.vm(public_ip=group.public_ip()))
    platform = instance.platform
    platform.exposed.clear()
    platform.firewalls.clear()
    platform.networks.clear()
    platform.states[machine] = "stopped"  # this computer was restarted
    instance.restart()
    assert platform.states[machine] == "running"
    assert platform.exposed[machine] is not None
    assert machine in platform.firewalls
    assert platform.networks


def test_a_machine_that_is_gone_makes_its_vm_failed_and_deletable(instance: Any) -> None:
    group = Group(instance.arm)
    vm = group.vm()
    instance.platform.machines.clear()
    instance.platform.states.clear()
    arm = instance.restart()
    assert arm.call("GET", vm).body["properties"]["provisioningState"] == "Failed"
    arm.done("DELETE", vm)


def test_a_creation_cut_short_ends_as_failed_and_can_be_deleted_and_made_again(instance: Any) -> None:
    group = Group(instance.arm)
    body = group.vm_body(group.nic(group.vnet()))
    vm = group.compute("virtualMachines/web1")
    instance.platform.unblocked.clear()
    creation = instance.arm.call("PUT", vm, body)
    arm = group.arm = instance.restart()
    path = "/subscriptions/" + creation.headers["Azure-AsyncOperation"].split("/subscriptions/", 1)[1]
    status = arm.raw("GET", path, headers={"Authorization": f"Bearer {arm.token}"}).body
    assert status["status"] == "Failed"
    assert "restart of Local Azure" in status["error"]["message"]
    assert arm.call("GET", vm).body["properties"]["provisioningState"] == "Failed"
    arm.done("DELETE", vm)
    nic = group.nic(group.id_of(group.network("virtualNetworks/vnet/subnets/default")))
    arm.done("PUT", vm, group.vm_body(nic))


def test_a_deletion_cut_short_is_finished(instance: Any) -> None:
    group = Group(instance.arm)
    vm = group.vm()
    arm = instance.arm

    def die_after_noting_the_deletion() -> None:
        from localazure.arm.operations import Operation

        resource = arm.cloud.store.get(group.id_of(vm))
        resource.state = "Deleting"
        arm.cloud.store.put(resource)
        operation = Operation("0" * 8, "compute", "westus", group.id_of(vm).lower(), "delete")
        arm.cloud.operations.remember(operation)

    arm.on_loop(die_after_noting_the_deletion)
    arm = instance.restart()
    status = arm.call("GET", "/providers/Microsoft.Compute/locations/westus/operations/00000000").body["status"]
    assert status in ("Succeeded", "InProgress")
    eventually(lambda: arm.call("GET", vm).status == 404)
    assert group.machine(vm) not in instance.platform.machines


def test_an_extension_cut_short_ends_as_failed(instance: Any) -> None:
    group = Group(instance.arm)
    vm = group.vm()
    instance.platform.unblocked.clear()
    body = {
        "location": "westus",
        "properties": {"publisher": "Microsoft.Azure.Extensions", "type": "CustomScript", "typeHandlerVersion": "2.1"},
    }
    instance.arm.call("PUT", f"{vm}/extensions/x", body)
    arm = instance.restart()
    assert arm.call("GET", f"{vm}/extensions/x").body["properties"]["provisioningState"] == "Failed"
    arm.done("DELETE", f"{vm}/extensions/x")
    assert arm.call("GET", vm).body["properties"]["provisioningState"] == "Succeeded"


def test_files_are_readable_by_their_owner_only(instance: Any) -> None:
    for name in ("store.sqlite", "tls/server-key.pem"):
        assert (instance.folder / name).stat().st_mode & 0o077 == 0
