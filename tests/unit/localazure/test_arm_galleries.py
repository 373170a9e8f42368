"""Galleries, their image definitions and versions, and managed images; and what VMs of them must be."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from arm_support import Answer, Group, LocalAzure

SHOWS = "2024-03-03"
TRUSTED = {"securityType": "TrustedLaunch", "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True}}
IDENTIFIER = {"publisher": "us", "offer": "hosts", "sku": "docker"}


class Gallery:
    """A gallery `own` in a group, with one definition `host`."""

    def __init__(self, group: Group, **definition: Any) -> None:
        self.group, self.arm = group, group.arm
        self.path = group.compute("galleries/own")
        self.done("PUT", self.path, {"location": "westus"})
        self.definition = f"{self.path}/images/host"
        self.done("PUT", self.definition, self.body(**definition))

    @staticmethod
    def body(**properties: Any) -> dict[str, Any]:
        known = {"osType": "Linux", "osState": "Generalized", "hyperVGeneration": "V2", "identifier": IDENTIFIER}
        return {"location": "westus", "properties": {**known, **properties}}

    def call(self, method: str, path: str, body: Any = None, **query: str) -> Answer:
        return self.arm.call(method, path, body, api=SHOWS, **query)

    def done(self, method: str, path: str, body: Any = None) -> Answer:
        return self.arm.done(method, path, body, api=SHOWS)

    def version(self, source: str, name: str = "1.0.0", **profile: Any) -> Answer:
        body = {"location": "westus", "properties": {
            "publishingProfile": profile, "storageProfile": {"source": {"virtualMachineId": source}}}}  # fmt: skip
        return self.call("PUT", f"{self.definition}/versions/{name}", body)

    def published(self, name: str = "1.0.0", **more: Any) -> str:
        """The id of a version that was made of a VM of its own."""
        answer = self.version(template(self.group, f"template{name.replace('.', '')}", **more), name)
        assert answer.status == 201, answer.body
        assert self.arm.wait(answer).body["status"] == "Succeeded"
        return self.group.id_of(f"{self.definition}/versions/{name}")


def template(group: Group, name: str = "template", **properties: Any) -> str:
    """The id of a generalized VM."""
    arm = group.arm
    path = group.compute(f"virtualMachines/{name}")
    body = group.vm_body(group.nic(group.vnet(), name))
    body["properties"].update(properties)
    arm.done("PUT", path, body)
    arm.done("POST", f"{path}/deallocate")
    assert arm.call("POST", f"{path}/generalize").status == 200
    return group.id_of(path)


def of_image(group: Group, identifier: str, name: str = "web1", **top: Any) -> Answer:
    body = group.vm_body(group.nic(group.vnet(), name))
    body["properties"]["storageProfile"]["imageReference"] = {"id": identifier}
    body["properties"].update(top.pop("properties", {}))
    return group.arm.call("PUT", group.compute(f"virtualMachines/{name}"), {**body, **top})


def test_a_vm_of_a_gallery_image_boots_what_the_image_came_from(arm: LocalAzure, group: Group) -> None:
    gallery = Gallery(group)
    version = gallery.published()
    answer = of_image(group, version)
    assert answer.status == 201, answer.body
    assert arm.wait(answer).body["status"] == "Succeeded"
    vm = arm.call("GET", group.compute("virtualMachines/web1")).body
    assert vm["properties"]["storageProfile"]["imageReference"] == {"id": version, "exactVersion": "1.0.0"}
    view = arm.call("GET", group.compute("virtualMachines/web1/instanceView")).body
    assert (view["osName"], view["hyperVGeneration"]) == ("ubuntu-24_04-lts", "V2")
    assert arm.platform.machines[group.machine(group.compute("virtualMachines/web1"))].cloud_init
    again = arm.call("PUT", group.compute("virtualMachines/web1"), vm)
    assert again.status == 200
    arm.wait(again)
    other = {**vm, "properties": {"storageProfile": {"imageReference": {"id": f"{version}0"}}}}
    assert arm.call("PATCH", group.compute("virtualMachines/web1"), other).code == "PropertyChangeNotAllowed"
    # By the definition, and by "latest", the newest is meant; what it was made of may be gone.
    arm.done("DELETE", group.compute("virtualMachines/template100"))
    newest = gallery.published("1.0.12")
    definition = group.id_of(gallery.definition)
    for name, identifier in (("web2", definition), ("web3", f"{definition}/versions/latest")):
        assert arm.wait(of_image(group, identifier, name)).body["status"] == "Succeeded"
        shown = arm.call("GET", group.compute(f"virtualMachines/{name}")).body["properties"]["storageProfile"]
        assert shown["imageReference"] == {"id": identifier, "exactVersion": newest.rpartition("/")[2]}


def test_what_is_kept_of_them(group: Group) -> None:
    gallery = Gallery(group, features=[{"name": "SecurityType", "value": "TrustedLaunch"}],
                      purchasePlan={"name": "a", "publisher": "b", "product": "c"})  # fmt: skip
    shown = gallery.call("GET", gallery.path).body["properties"]
    assert shown["provisioningState"] == "Succeeded" and shown["identifier"]["uniqueName"].endswith("-OWN")
    kept = gallery.call("GET", gallery.definition).body["properties"]
    assert kept["purchasePlan"] == {"name": "a", "publisher": "b", "product": "c"}
    assert (kept["features"][0]["value"], kept["architecture"]) == ("TrustedLaunch", "x64")
    gallery.done("PATCH", gallery.definition, {"properties": {"description": "for all"}, "tags": {"a": "b"}})
    changed = gallery.call("GET", gallery.definition).body
    assert (changed["properties"]["description"], changed["tags"]) == ("for all", {"a": "b"})
    fixed = gallery.call("PUT", gallery.definition, gallery.body(hyperVGeneration="V1"))
    assert fixed.code == "PropertyChangeNotAllowed"
    gallery.published(securityProfile=TRUSTED)
    answer = gallery.call("GET", f"{gallery.definition}/versions/1.0.0", _expand="ReplicationStatus")
    version = answer.body["properties"]
    assert version["publishingProfile"]["targetRegions"][0]["name"] == "westus"
    assert version["replicationStatus"]["aggregatedState"] == "Completed"
    names = [one["name"] for one in gallery.call("GET", f"{gallery.definition}/versions").body["value"]]
    assert names == ["1.0.0"]


def test_they_go_from_the_inside_out(group: Group) -> None:
    gallery = Gallery(group)
    gallery.published()
    for path in (gallery.path, gallery.definition):
        refused = gallery.call("DELETE", path)
        assert (refused.status, refused.code) == (409, "CannotDeleteResource")
    for path in (f"{gallery.definition}/versions/1.0.0", gallery.definition, gallery.path):
        gallery.done("DELETE", path)
        assert gallery.call("GET", path).status == 404


# what a VM of an image must be


@pytest.mark.parametrize(("feature", "trusted", "refusal"), [
    ("TrustedLaunch", False, "The provided gallery image only supports creation of VMs and VM Scale Sets with "
     "'TrustedLaunch' security type."),
    ("TrustedLaunch", True, ""), (None, False, ""),
    (None, True, "Use of TrustedLaunch setting is not supported for the provided image."),
])  # fmt: skip
def test_trusted_launch_is_the_images_matter(
    arm: LocalAzure, group: Group, feature: str | None, trusted: bool, refusal: str
) -> None:
    features = [{"name": "SecurityType", "value": feature}] if feature else []
    gallery = Gallery(group, features=features)
    version = gallery.published(**({"securityProfile": TRUSTED} if feature else {}))
    answer = of_image(group, version, properties={"securityProfile": TRUSTED} if trusted else {})
    if refusal:
        assert (answer.status, answer.code) == (400, "BadRequest") and answer.message.startswith(refusal)
    else:
        assert arm.wait(answer).body["status"] == "Succeeded"


PLAN = {"name": "docker", "publisher": "us", "product": "hosts"}


@pytest.mark.parametrize(("plan", "words"), [
    ({}, "requires Plan information in the request. VM: '/subscriptions/"),
    ({"plan": {**PLAN, "name": "other"}}, "The purchase information does not match."), ({"plan": PLAN}, ""),
])  # fmt: skip
def test_an_image_that_is_sold_wants_its_plan(
    arm: LocalAzure, group: Group, plan: dict[str, Any], words: str
) -> None:
    version = Gallery(group, purchasePlan=PLAN).published()
    status = arm.wait(of_image(group, version, **plan)).body
    assert status["status"] == ("Failed" if words else "Succeeded")
    if words:
        assert status["error"]["code"] == "VMMarketplaceInvalidInput" and words in status["error"]["message"]
        vm = arm.call("GET", group.compute("virtualMachines/web1")).body
        assert vm["properties"]["provisioningState"] == "Failed"


@pytest.mark.parametrize("with_plan", [True, False])
def test_so_does_a_platform_image_which_tells_it(arm: LocalAzure, group: Group, with_plan: bool) -> None:
    reference = {"publisher": "kinvolk", "offer": "flatcar-container-linux", "sku": "stable-gen2", "version": "latest"}
    at = "/providers/Microsoft.Compute/locations/westus/publishers/kinvolk/artifacttypes/vmimage/offers/"
    shown = arm.call("GET", f"{at}flatcar-container-linux/skus/stable-gen2/versions/4230.2.1").body["properties"]
    assert shown["plan"] == {"name": "stable-gen2", "publisher": "kinvolk", "product": "flatcar-container-linux"}
    body = group.vm_body(group.nic(group.vnet()))
    body["properties"]["storageProfile"]["imageReference"] = reference
    if with_plan:
        body["plan"] = shown["plan"]
        agreement = ("/providers/Microsoft.MarketplaceOrdering/offerTypes/virtualmachine/publishers/kinvolk/offers/"
                     "flatcar-container-linux/plans/stable-gen2/agreements/current")  # fmt: skip
        arm.done("PUT", agreement, {"properties": {"accepted": True}}, api="2021-01-01")
    status = arm.wait(arm.call("PUT", group.compute("virtualMachines/web1"), body)).body
    assert status["status"] == ("Succeeded" if with_plan else "Failed")


@pytest.mark.parametrize("missing", ["galleries/own/images/none", "galleries/own/images/host",
                                     "galleries/own/images/host/versions/9.9.9", "images/none"])  # fmt: skip
def test_an_image_that_is_not_there_is_told(arm: LocalAzure, group: Group, missing: str) -> None:
    Gallery(group)
    answer = of_image(group, group.id_of(group.compute(missing)))
    assert answer.status == 404
    assert answer.code == ("NotFound" if missing == "images/none" else "GalleryImageNotFound")


def test_an_image_version_is_where_it_was_published_to(arm: LocalAzure, group: Group) -> None:
    gallery = Gallery(group)
    arm.wait(gallery.version(template(group), targetRegions=[{"name": "East US"}]))
    refused = of_image(group, group.id_of(f"{gallery.definition}/versions/1.0.0"))
    assert (refused.status, refused.code) == (404, "GalleryImageNotFound")


# what images are made of


def test_a_managed_image_and_a_version_of_it(arm: LocalAzure, group: Group) -> None:
    path = group.compute("images/mine")
    body = {"location": "westus", "properties": {"sourceVirtualMachine": {"id": template(group)}}}
    assert arm.done("PUT", path, body).status == 201
    shown = arm.call("GET", path).body["properties"]
    assert (shown["hyperVGeneration"], shown["storageProfile"]["osDisk"]["osState"]) == ("V2", "Generalized")
    assert arm.done("PUT", path, {**body, "tags": {"a": "b"}}).status == 200
    assert arm.wait(of_image(group, group.id_of(path))).body["status"] == "Succeeded"
    assert of_image(group, group.id_of(path), "web2", properties={"securityProfile": TRUSTED}).code == "BadRequest"
    gallery = Gallery(group, features=[{"name": "SecurityType", "value": "TrustedLaunchSupported"}])
    version = {"location": "westus", "properties": {"storageProfile": {"source": {"id": group.id_of(path)}}}}
    gallery.done("PUT", f"{gallery.definition}/versions/1.0.0", version)
    name = group.id_of(f"{gallery.definition}/versions/1.0.0")
    answer = of_image(group, name, "web3", properties={"securityProfile": TRUSTED})
    assert arm.wait(answer).body["status"] == "Succeeded"
    arm.done("DELETE", path)
    assert arm.call("GET", path).status == 404


def test_a_vm_must_be_generalized_and_of_the_kind(arm: LocalAzure, group: Group) -> None:
    gallery = Gallery(group)
    vm = group.vm()
    refused = gallery.version(group.id_of(vm))
    assert (refused.status, refused.code) == (409, "OperationNotAllowed") and "not generalized" in refused.message
    assert gallery.version(f"{group.id_of(vm)}x").code == "NotFound"
    trusted = template(group, "trusted", securityProfile=TRUSTED)
    assert gallery.version(trusted).code == "InvalidParameter"
    image = {"location": "westus", "properties": {"sourceVirtualMachine": {"id": trusted}}}
    told = arm.call("PUT", group.compute("images/mine"), image)
    assert told.message.startswith("Creation of managed images are not supported for virtual machine with Trusted")


def test_a_vm_can_not_say_of_itself_that_trusted_launch_is_supported(group: Group) -> None:
    """As the service has it (packer-plugin-azure issue 304)."""
    gallery = Gallery(group, features=[{"name": "SecurityType", "value": "TrustedLaunchSupported"}])
    refused = gallery.version(template(group))
    assert refused.code == "InvalidParameter"
    assert "Currently only Vhd Blob, User Image and Gallery Image Version sources are supported" in refused.message


@pytest.mark.parametrize(("change", "code"), [
    ({"osState": "Specialized"}, "OperationNotAllowed"), ({"osType": "Windows"}, "OperationNotAllowed"),
    ({"identifier": {"publisher": "us"}}, "InvalidParameter"), ({"osType": None}, "InvalidParameter"),
    ({"features": [{"name": "SecurityType", "value": "Odd"}]}, "InvalidParameter"), ({"odd": 1}, "BadRequest"),
    ({}, "Conflict"),
])  # fmt: skip
def test_a_definition_that_can_not_be_is_refused(group: Group, change: dict[str, Any], code: str) -> None:
    gallery = Gallery(group)
    assert gallery.call("PUT", f"{gallery.path}/images/two", gallery.body(**change)).code == code


@pytest.mark.parametrize("path", ["galleries/a-b", "galleries/own/images/host/versions/1", "galleries/none/images/x",
                                  "galleries/own/images/none/versions/1.0.0"])  # fmt: skip
def test_names_and_parents_are_checked(group: Group, path: str) -> None:
    gallery = Gallery(group)
    answer = gallery.call("PUT", group.compute(path), gallery.body())
    assert answer.code in ("InvalidParameter", "ParentResourceNotFound", "BadRequest")
    assert (answer.code == "ParentResourceNotFound") is ("none" in path)


def test_neither_an_image_nor_what_it_was_made_of_is_held_by_the_other(arm: LocalAzure, group: Group) -> None:
    """Each goes with its own group."""
    images, vms = Group(arm), Group(arm)
    gallery = Gallery(images)
    answer = gallery.version(template(group))
    assert arm.wait(answer).body["status"] == "Succeeded"
    of = of_image(vms, images.id_of(f"{gallery.definition}/versions/1.0.0"))
    assert arm.wait(of).body["status"] == "Succeeded"
    for one in (group, images, vms):
        arm.done("DELETE", one.path)


@pytest.mark.parametrize("kind", ["gallery", "definition", "version", "image"])
def test_what_is_refused_while_it_is_changed_leaves_all_as_it_was(
    arm: LocalAzure, group: Group, behavior: Any, kind: str
) -> None:
    gallery = Gallery(group)
    paths = {"gallery": gallery.path, "definition": gallery.definition,
             "version": f"{gallery.definition}/versions/1.0.0", "image": group.compute("images/i")}  # fmt: skip
    path, source = paths[kind], template(group)
    method, body = "PATCH", {"tags": {"a": "b"}, "properties": {}}
    if kind == "version":
        arm.wait(gallery.version(source))
        body["properties"] = {"publishingProfile": {"replicaCount": 3}}
    elif kind == "image":
        properties = {"sourceVirtualMachine": {"id": source}}
        arm.wait(arm.call("PUT", path, {"location": "westus", "properties": properties}))
        method, body = "PUT", {"location": "westus", "tags": {"a": "b"}, "properties": properties}
    else:
        body["properties"] = {"description": "another"}
    before = gallery.call("GET", path).body if kind != "image" else arm.call("GET", path).body
    call = arm.call if kind == "image" else gallery.call
    with slowly(arm, behavior):
        busy = call(method, path, {**body, "tags": None, "properties": properties if kind == "image" else {}})
        assert call(method, path, body).code == "Conflict"
    arm.wait(busy)
    after = call("GET", path).body
    assert {**after, "tags": None} == {**before, "tags": None}
    assert not after.get("tags")


def test_tags_of_a_change_are_checked(arm: LocalAzure, group: Group) -> None:
    gallery = Gallery(group)
    gallery.published()
    for path in (gallery.path, gallery.definition, f"{gallery.definition}/versions/1.0.0"):
        for tags, code in ((1.5, "InvalidRequestContent"), ({"<": "x"}, "InvalidTagNameCharacters")):
            assert gallery.call("PATCH", path, {"tags": tags}).code == code
        assert gallery.call("PATCH", path, {"tags": {"a": None}}).body["tags"] == {"a": ""}


def test_nothing_new_comes_into_what_is_going(arm: LocalAzure, group: Group, behavior: Any) -> None:
    gallery = Gallery(group)
    source = template(group)
    with slowly(arm, behavior):
        going = gallery.call("DELETE", gallery.definition)
        assert gallery.version(source).code == "Conflict"
    arm.wait(going)
    with slowly(arm, behavior):
        going = gallery.call("DELETE", gallery.path)
        assert gallery.call("PUT", gallery.definition, gallery.body()).code == "Conflict"
    arm.wait(going)
    assert gallery.call("GET", gallery.path).code == "ResourceNotFound"


def test_of_disks_beside_the_system_there_is_no_image(arm: LocalAzure, group: Group) -> None:
    with_data = {**group.vm_body("")["properties"]["storageProfile"],
                 "dataDisks": [{"lun": 0, "createOption": "Empty", "diskSizeGB": 4}]}  # fmt: skip
    source = template(group, storageProfile=with_data)
    image = {"location": "westus", "properties": {"sourceVirtualMachine": {"id": source}}}
    for refused in (arm.call("PUT", group.compute("images/i"), image), Gallery(group).version(source)):
        assert (refused.status, refused.code) == (409, "OperationNotAllowed")
        assert refused.message.startswith("Local Azure copies no contents of disks")


def test_of_a_vm_with_an_ephemeral_disk_there_is_no_image(arm: LocalAzure, group: Group) -> None:
    vm = group.compute("virtualMachines/web1")
    body = group.vm_body(group.nic(group.vnet()))
    body["properties"]["hardwareProfile"]["vmSize"] = "Standard_D2ds_v5"
    body["properties"]["storageProfile"]["osDisk"] |= {"caching": "ReadOnly", "diffDiskSettings": {"option": "Local"}}
    arm.done("PUT", vm, body)
    arm.done("POST", f"{vm}/powerOff")
    assert arm.call("POST", f"{vm}/generalize").status == 200
    image = {"location": "westus", "properties": {"sourceVirtualMachine": {"id": group.id_of(vm)}}}
    for refused in (arm.call("PUT", group.compute("images/i"), image), Gallery(group).version(group.id_of(vm))):
        assert (refused.status, refused.code) == (409, "NotSupported")


def test_an_image_has_one_name(arm: LocalAzure, group: Group) -> None:
    body = group.vm_body(group.nic(group.vnet()))
    reference = body["properties"]["storageProfile"]["imageReference"]
    reference["id"] = group.id_of(group.compute("images/i"))
    refused = arm.call("PUT", group.compute("virtualMachines/web1"), body)
    assert (refused.status, refused.code, "publisher" in refused.message) == (400, "InvalidParameter", True)


@contextlib.contextmanager
def slowly(arm: LocalAzure, behavior: Any) -> Iterator[None]:
    """Operations of Compute that begin now take a while."""
    behavior(latencies={"Microsoft.Compute/*": 0.5})
    arm.on_loop(lambda: setattr(arm.cloud.operations, "time_scale", 1.0))
    try:
        yield
    finally:
        arm.on_loop(lambda: setattr(arm.cloud.operations, "time_scale", 0.0))
