"""Deployments over HTTPS: what they make, how they fail, what they show and never show, and a restart in the middle."""

from __future__ import annotations

import json
from typing import Any

import pytest
from arm_support import COMPUTE, NETWORK, PASSWORD, SUBSCRIPTION, Answer, Group, eventually
from template_support import resource

KIND = "providers/Microsoft.Resources/deployments"
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
IP = "Microsoft.Network/publicIPAddresses"
VNET = "Microsoft.Network/virtualNetworks"
ADDRESS = {"sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Static"}}


def body(
    *resources: Any, mode: str = "Incremental", given: dict[str, Any] | None = None, **sections: Any
) -> dict[str, Any]:
    template = {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": list(resources), **sections}
    parameters = {name: {"value": value} for name, value in (given or {}).items()}
    return {"properties": {"mode": mode, "template": template, "parameters": parameters}}


def address(name: str, *depends_on: str, **more: Any) -> dict[str, Any]:
    return resource(name, *depends_on, **{**ADDRESS, **more})


def vnet(name: str = "vnet", **more: Any) -> dict[str, Any]:
    properties = {
        "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
        "subnets": [{"name": "default", "properties": {"addressPrefix": "10.0.0.0/24"}}],
    }
    return resource(name, kind=VNET, properties=properties, **more)


class Deployment:
    """One deployment of a group, by its name."""

    def __init__(self, group: Group, name: str = "d") -> None:
        self.arm, self.path = group.arm, f"{group.path}/{KIND}/{name}"

    def put(self, sent: dict[str, Any]) -> Answer:
        return self.arm.call("PUT", self.path, sent)

    def done(self, sent: dict[str, Any]) -> dict[str, Any]:
        """The properties of a deployment that must succeed."""
        answer = self.put(sent)
        assert answer.status in (200, 201), answer.body
        status = self.arm.wait(answer)
        assert status.body["status"] == "Succeeded", status.body
        return self.properties

    def failed(self, sent: dict[str, Any]) -> dict[str, Any]:
        """The error of a deployment that must be accepted and fail."""
        answer = self.put(sent)
        assert answer.status == 201, answer.body
        status = self.arm.wait(answer)
        assert (status.status, status.body["status"]) == (200, "Failed")
        assert status.body["error"] == self.properties["error"]
        return status.body["error"]

    @property
    def properties(self) -> dict[str, Any]:
        answer = self.arm.call("GET", self.path)
        assert answer.status == 200, answer.body
        return answer.body["properties"]

    @property
    def operations(self) -> list[dict[str, Any]]:
        return [one["properties"] for one in self.arm.call("GET", f"{self.path}/operations").body["value"]]


@pytest.fixture
def deployment(group):
    return Deployment(group)


def test_it_makes_resources_in_their_order(deployment, group):
    nic = resource(
        "nic",
        "vnet",
        "ip",
        kind="Microsoft.Network/networkInterfaces",
        properties={
            "ipConfigurations": [
                {
                    "name": "one",
                    "properties": {
                        "subnet": {"id": f"[resourceId('{VNET}/subnets', 'vnet', 'default')]"},
                        "publicIPAddress": {"id": f"[resourceId('{IP}', 'ip')]"},
                    },
                }
            ]
        },
    )
    output = {
        "where": {"type": "string", "value": "[reference('nic').ipConfigurations[0].properties.privateIPAddress]"}
    }
    properties = deployment.done(body(nic, address("ip"), vnet(), outputs=output))
    assert properties["outputs"] == {"where": {"type": "String", "value": "10.0.0.4"}}
    assert {one["id"] for one in properties["outputResources"]} == {
        group.id_of(group.network(rest))
        for rest in ("networkInterfaces/nic", "publicIPAddresses/ip", "virtualNetworks/vnet")
    }
    (dependency,) = properties["dependencies"]
    assert dependency["resourceName"] == "nic"
    assert {one["resourceName"] for one in dependency["dependsOn"]} == {"ip", "vnet"}
    (provider,) = properties["providers"]
    assert provider["namespace"] == "Microsoft.Network"
    assert {"resourceType": "virtualNetworks", "locations": ["westus"]} in provider["resourceTypes"]
    assert properties["duration"].startswith("PT")
    assert properties["mode"] == "Incremental"


def test_the_first_answer_and_the_status(deployment):
    answer = deployment.put(body(address("ip")))
    assert answer.status == 201
    assert answer.body["properties"]["provisioningState"] == "Accepted"
    assert answer.body["type"] == "Microsoft.Resources/deployments"
    assert f"/{KIND}/d/operationStatuses/0858" in answer.headers["Azure-AsyncOperation"]
    assert deployment.arm.wait(answer).body == {"status": "Succeeded"}
    assert deployment.put(body(address("ip"))).status == 200


def test_operations_tell_what_was_done(deployment):
    deployment.done(body(address("ip"), outputs={"o": {"type": "int", "value": 1}}))
    made, evaluated = sorted(deployment.operations, key=lambda one: one["provisioningOperation"])
    assert (made["provisioningOperation"], made["provisioningState"], made["statusCode"]) == (
        "Create",
        "Succeeded",
        "Created",
    )
    assert made["targetResource"]["resourceType"] == IP
    assert evaluated["provisioningOperation"] == "EvaluateDeploymentOutput"
    listed = deployment.arm.call("GET", f"{deployment.path}/operations").body["value"][0]
    one = deployment.arm.call("GET", f"{deployment.path}/operations/{listed['operationId']}")
    assert one.body == listed


def test_loops_and_conditions(deployment, group):
    deployment.done(
        body(
            address("[concat('ip', copyIndex())]", copy={"name": "many", "count": 3}),
            address("left-out", condition="[parameters('wanted')]"),
            address("after", "left-out"),
            parameters={"wanted": {"type": "bool"}},
            given={"wanted": False},
        )
    )
    names = {one["name"] for one in group.arm.call("GET", group.network("publicIPAddresses")).body["value"]}
    assert names == {"ip0", "ip1", "ip2", "after"}


def test_it_is_held_to_the_same_checks_as_a_put(deployment, group):
    """A refusal of a provider is the error of the operation and of the deployment; what did not need it is made."""
    bad = address("bad", properties={"publicIPAllocationMethod": "Static", "dnsSettings": {"domainNameLabel": "No!"}})
    error = deployment.failed(body(bad, address("good"), address("never", "bad")))
    assert error["code"] == "DeploymentFailed"
    assert error["target"].endswith("/deployments/d")
    assert error["message"].startswith("At least one resource deployment operation failed.")
    direct = group.arm.call(
        "PUT",
        group.network("publicIPAddresses/bad"),
        {"location": "westus", **ADDRESS, **{"properties": bad["properties"]}},
    )
    assert error["details"] == [direct.body["error"]]
    assert {one["targetResource"]["resourceName"]: one["provisioningState"] for one in deployment.operations} == {
        "bad": "Failed",
        "good": "Succeeded",
    }
    assert group.arm.call("GET", group.network("publicIPAddresses/good")).status == 200
    assert group.arm.call("GET", group.network("publicIPAddresses/never")).status == 404


def test_an_operation_that_fails_later(deployment, group):
    vm = {
        **group.vm_body(group.nic(group.vnet())),
        "type": "Microsoft.Compute/virtualMachines",
        "name": "web1",
        "apiVersion": COMPUTE,
    }
    vm["properties"]["hardwareProfile"]["vmSize"] = "Standard_L8s_v3"
    (detail,) = deployment.failed(body(vm))["details"]
    assert detail["code"] == "ResourceDeploymentFailure"
    assert detail["target"].endswith("/virtualMachines/web1")
    assert [one["code"] for one in detail["details"]] == ["AllocationFailed"]
    (operation,) = deployment.operations
    assert operation["statusCode"] == "Conflict"
    assert operation["statusMessage"] == {"status": "Failed", "error": detail}


@pytest.mark.parametrize(
    ("sections", "code", "reason"),
    [
        ({"parameters": {"p": {"type": "string"}}}, "InvalidTemplate", "for the template parameter 'p'"),
        ({"resources": [address("a", "b")]}, "InvalidTemplate", "'b' is not defined in the template"),
        ({"resources": [address("[nosuch()]")]}, "InvalidTemplate", "The template function 'nosuch' is not valid"),
        ({"resources": [{**address("ip1"), "tags": {"a": "[concat(nosuch(), 'b')]"}}]}, "InvalidTemplate",
         "The template resource 'ip1' is not valid: The template function 'nosuch' is not valid"),
        ({"resources": [], "outputs": {"o": {"type": "string", "value": "[nosuch()]"}}}, "InvalidTemplate",
         "The template output 'o' is not valid: The template function 'nosuch' is not valid"),
        ({"resources": "none"}, "InvalidTemplate", "'resources' is of the wrong type"),
    ],
)
def test_a_template_that_can_not_be(deployment, sections, code, reason):
    sent = body()
    sent["properties"]["template"].update(sections)
    for answer in (deployment.put(sent), deployment.arm.call("POST", f"{deployment.path}/validate", sent)):
        assert (answer.status, answer.code) == (400, code)
        assert reason in answer.message
        assert answer.body["error"]["additionalInfo"][0]["type"] == "TemplateViolation"
    assert deployment.arm.call("GET", deployment.path).code == "DeploymentNotFound"


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (address("a", apiVersion="1999-01-01"), "NoRegisteredProviderFound"),
        (address("a", location="nowhere"), "LocationNotAvailableForResourceType"),
        (resource("a", kind="Microsoft.Nothing/things"), "InvalidResourceNamespace"),
        (resource("a", kind="Microsoft.Network/things"), "InvalidResourceType"),
        (
            resource(
                "a",
                kind="Microsoft.Compute/virtualMachines",
                apiVersion=COMPUTE,
                properties={"hardwareProfile": {"vmSize": "Standard_NC6s_v3"}},
            ),
            "SkuNotAvailable",
        ),
        (
            resource(
                "a",
                kind="Microsoft.Compute/virtualMachines",
                apiVersion=COMPUTE,
                properties={"hardwareProfile": {"vmSize": "Standard_M128s"}},
            ),
            "QuotaExceeded",
        ),
    ],
)
def test_preflight_refuses_before_anything_is_made(deployment, group, made, code):
    answer = deployment.put(body(address("good"), made))
    assert (answer.status, answer.code) == (400, "InvalidTemplateDeployment")
    assert [one["code"] for one in answer.body["error"]["details"]] == [code]
    assert group.arm.call("GET", group.network("publicIPAddresses")).body["value"] == []


def test_preflight_tells_all_mistakes(deployment):
    wrong = deployment.put(body(address("a", location="nowhere"), address("b", location="nowhere")))
    assert (wrong.code, len(wrong.body["error"]["details"])) == ("MultipleErrorsOccurred", 2)


def vms(name, count, **properties):
    return resource(
        f"[concat('{name}', copyIndex())]",
        kind="Microsoft.Compute/virtualMachines",
        apiVersion=COMPUTE,
        properties={"hardwareProfile": {"vmSize": "Standard_D2s_v5"}, **properties},
        copy={"name": name, "count": count},
    )


def test_preflight_adds_up_the_cores_regular_and_spot_ones_apart(deployment):
    for many in (vms("a", 60), vms("a", 60, priority="Spot")):
        assert deployment.put(body(many)).body["error"]["details"][0]["code"] == "QuotaExceeded"
    both = body(vms("a", 30), vms("b", 30, priority="Spot"))
    assert deployment.arm.call("POST", f"{deployment.path}/validate", both).status == 200


def test_validate_makes_nothing(deployment, group):
    answer = deployment.arm.call("POST", f"{deployment.path}/validate", body(address("ip")))
    assert answer.status == 200
    assert answer.body["properties"]["provisioningState"] == "Succeeded"
    assert answer.body["properties"]["validatedResources"] == [
        {"id": group.id_of(group.network("publicIPAddresses/ip"))}
    ]
    assert group.arm.call("GET", group.network("publicIPAddresses/ip")).status == 404
    assert deployment.arm.call("GET", deployment.path).status == 404


@pytest.mark.parametrize(
    "change",
    [
        {"mode": None},
        {"mode": "Sometimes"},
        {"template": None},
        {"templateLink": {"uri": "https://x"}},
        {"onErrorDeployment": {"type": "LastSuccessful"}},
        {"template": []},
        {"parameters": []},
    ],
)
def test_bad_bodies(deployment, change):
    sent = body()
    sent["properties"].update(change)
    assert deployment.put(sent).status == 400


@pytest.mark.parametrize(
    ("top", "properties", "code", "told"),
    [
        ({"location": "westus"}, {}, "InvalidDeployment", "'location' property is not allowed for"),
        ({"identity": {"type": "UserAssigned"}}, {}, "DeploymentIdentityNotSupportedByLocalAzure", "'identity'"),
        ({}, {"validationLevel": "Template"}, "BadRequest", "validationLevel"),
        ({}, {"extensionConfigs": {"a": {"b": {"value": 1}}}}, "BadRequest", "extensionConfigs"),
        ({}, {"externalInputs": {"a": {"value": 1}}}, "BadRequest", "externalInputs"),
        ({}, {"externalInputDefinitions": {"a": {"kind": "b"}}}, "BadRequest", "externalInputs"),
        ({}, {"speed": "fast"}, "InvalidRequestContent", "member 'speed'"),
    ],
)
def test_nothing_of_a_deployment_is_taken_and_lost(deployment, top, properties, code, told):
    sent = {**body(), **top}
    sent["properties"].update(properties)
    refused = deployment.put(sent)
    assert (refused.status, refused.code) == (400, code)
    assert told in refused.message


def test_a_deployment_tells_how_it_was_validated(deployment):
    sent = body()
    sent["properties"]["validationLevel"] = "providernorbac"
    assert deployment.put(sent).body["properties"]["validationLevel"] == "ProviderNoRbac"


def test_bad_names(group):
    for name in ("a b", "x" * 65, "a%2Fb"):
        assert group.arm.call("PUT", f"{group.path}/{KIND}/{name.replace(' ', '%20')}", body()).status in (400, 404)
    assert group.arm.call("PUT", f"{group.path}/{KIND}/{'x' * 65}", body()).code == "InvalidDeploymentName"


def test_comments_in_a_template(deployment):
    text = json.dumps(body(address("ip"))).replace('"resources"', '// what there is\n "resources" /* all */')
    answer = deployment.arm.raw(
        "PUT",
        f"/subscriptions/{SUBSCRIPTION}{deployment.path}?api-version=2024-11-01",
        text.encode(),
        {"Authorization": f"Bearer {deployment.arm.token}", "Content-Type": "application/json"},
    )
    assert answer.status == 201, answer.body


def test_complete_mode_deletes_the_rest(deployment, group):
    group.nic(group.vnet(), public_ip=group.public_ip("old"))
    deployment.done(body(address("new"), vnet(), mode="Complete"))
    left = {one["name"] for one in group.arm.call("GET", f"{group.path}/resources").body["value"]}
    assert left == {"new", "vnet"}
    deleted = {
        one["targetResource"]["resourceName"]
        for one in deployment.operations
        if one["provisioningOperation"] == "Delete"
    }
    assert deleted == {"nic", "old"}


def nested(scope: str, value: str) -> dict[str, Any]:
    inner = {
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "resources": [address(value)],
        "outputs": {"name": {"type": "string", "value": value}},
    }
    properties: dict[str, Any] = {
        "mode": "Incremental",
        "expressionEvaluationOptions": {"scope": scope},
        "template": inner,
    }
    if scope == "inner":
        inner["parameters"] = {"p": {"type": "string"}}
        properties["parameters"] = {"p": {"value": "[concat(parameters('p'), '-inner')]"}}
    return {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2021-04-01",
        "name": "nested",
        "properties": properties,
    }


@pytest.mark.parametrize(("scope", "name"), [("outer", "given"), ("inner", "given-inner")])
def test_nested_deployments(deployment, group, scope, name):
    properties = deployment.done(
        body(
            nested(scope, "[parameters('p')]"),
            parameters={"p": {"type": "string"}},
            given={"p": "given"},
            outputs={"got": {"type": "string", "value": "[reference('nested').outputs.name.value]"}},
        )
    )
    assert properties["outputs"]["got"]["value"] == name
    assert group.arm.call("GET", group.network(f"publicIPAddresses/{name}")).status == 200
    listed = group.arm.call("GET", f"{group.path}/{KIND}").body["value"]
    assert {one["name"] for one in listed} == {"d", "nested"}


def test_a_nested_deployment_that_fails(deployment):
    one = nested("outer", "x")
    one["properties"]["template"]["resources"] = [address("bad", properties={"publicIPAllocationMethod": "Often"})]
    (detail,) = deployment.failed(body(one))["details"]
    assert detail["code"] == "DeploymentFailed"
    assert detail["target"].endswith("/deployments/nested")


def test_no_secret_is_kept_or_shown(deployment, group, arm):
    """Not the value of a secure parameter, and no password or custom data that a template has in it."""
    vm = {
        **group.vm_body(group.nic(group.vnet()), adminPassword="[parameters('pw')]", customData="c2VjcmV0ZGF0YQ=="),
        "type": "Microsoft.Compute/virtualMachines",
        "name": "web1",
        "apiVersion": COMPUTE,
    }
    deployment.done(
        body(
            vm,
            parameters={"pw": {"type": "securestring"}},
            given={"pw": PASSWORD},
            outputs={"o": {"type": "string", "value": "[parameters('pw')]"}},
        )
    )
    assert deployment.properties["parameters"] == {"pw": {"type": "SecureString"}}
    assert deployment.properties["outputs"] == {"o": {"type": "String"}}
    exported = arm.call("POST", f"{deployment.path}/exportTemplate").body["template"]
    profile = exported["resources"][0]["properties"]["osProfile"]
    assert profile["adminPassword"] == "[parameters('pw')]"
    assert "customData" not in profile
    assert arm.platform.machines[group.machine(group.compute("virtualMachines/web1"))].custom_data == b"secretdata"
    kept = b"".join(path.read_bytes() for path in arm.folder.glob("store.sqlite*"))
    assert b"deployments/d" in kept
    for secret in (PASSWORD.encode(), b"c2VjcmV0ZGF0YQ", b"secretdata"):
        assert secret not in kept


def test_an_output_that_fails(deployment):
    error = deployment.failed(
        body(address("ip"), outputs={"o": {"type": "string", "value": "[reference('ip').nothing]"}})
    )
    assert error["code"] == "DeploymentOutputEvaluationFailed"
    assert error["details"][0]["target"] == "o"


def slow(group: Group) -> dict[str, Any]:
    """A VM that boots while the platform is blocked."""
    vm = {
        **group.vm_body(group.nic(group.vnet())),
        "type": "Microsoft.Compute/virtualMachines",
        "name": "slow",
        "apiVersion": COMPUTE,
    }
    group.arm.platform.unblocked.clear()
    return vm


def test_an_active_deployment_can_not_be_replaced_or_deleted(deployment, group):
    answer = deployment.put(body(slow(group)))
    assert deployment.put(body()).code == "DeploymentActive"
    assert deployment.arm.call("DELETE", deployment.path).status == 409
    group.arm.platform.unblocked.set()
    assert deployment.arm.wait(answer).body["status"] == "Succeeded"


def test_cancel_begins_nothing_more(deployment, group):
    answer = deployment.put(body(slow(group), address("later", "slow")))
    eventually(lambda: deployment.operations != [])
    assert deployment.arm.call("POST", f"{deployment.path}/cancel").status == 204
    assert deployment.arm.wait(answer).body["status"] == "Canceled"
    assert deployment.properties["provisioningState"] == "Canceled"
    group.arm.platform.unblocked.set()
    assert group.arm.call("GET", group.network("publicIPAddresses/later")).status == 404
    again = deployment.arm.call("POST", f"{deployment.path}/cancel")
    assert (again.status, again.code) == (409, "DeploymentCannotBeCancelled")


def test_head_list_filter_and_delete(deployment, group):
    arm = group.arm
    assert arm.call("HEAD", deployment.path).status == 404
    deployment.done(body())
    assert arm.call("HEAD", deployment.path).status == 204
    bad = address("bad", properties={"publicIPAllocationMethod": "Often"})
    Deployment(group, "broken").failed(body(bad))
    found = arm.call("GET", f"{group.path}/{KIND}", **{"_filter": "provisioningState eq 'Failed'"})
    assert [one["name"] for one in found.body["value"]] == ["broken"]
    arm.done("DELETE", deployment.path)
    assert arm.call("HEAD", deployment.path).status == 404
    assert arm.call("DELETE", deployment.path).status == 204


def test_deployments_go_with_their_group(arm):
    group = Group(arm)
    Deployment(group).done(body(address("ip")))
    arm.done("DELETE", group.path)
    arm.done("PUT", group.path, {"location": "westus"})
    assert arm.call("GET", f"{group.path}/{KIND}").body["value"] == []
    arm.done("DELETE", group.path)


def test_deployments_are_no_resources(deployment, group):
    deployment.done(body())
    assert group.arm.call("GET", f"{group.path}/resources").body["value"] == []


def test_a_deployment_that_a_restart_cut_short_has_failed(instance):
    group = Group(instance.arm)
    sent = body(slow(group), address("later", "slow"))
    answer = instance.arm.call("PUT", f"{group.path}/{KIND}/d", sent)
    assert answer.status == 201
    arm = instance.restart()
    found = arm.call("GET", f"{group.path}/{KIND}/d").body["properties"]
    assert found["provisioningState"] == "Failed"
    assert "restart" in found["error"]["message"]
    url = answer.headers["Azure-AsyncOperation"]
    status = arm.raw(
        "GET", "/subscriptions" + url.partition("/subscriptions")[2], headers={"Authorization": f"Bearer {arm.token}"}
    )
    assert status.body["status"] == "Failed"


def test_calculate_template_hash(arm, deployment):
    template = body(address("ip"))["properties"]["template"]
    answer = arm.raw(
        "POST",
        "/providers/Microsoft.Resources/calculateTemplateHash?api-version=2024-11-01",
        json.dumps(template).encode(),
        {"Authorization": f"Bearer {arm.token}", "Content-Type": "application/json"},
    )
    assert answer.body["templateHash"] == deployment.done(body(address("ip")))["templateHash"]


def test_many_resources_side_by_side(deployment, group):
    deployment.done(body(address("[concat('ip', copyIndex())]", copy={"name": "l", "count": 40})))
    listed = group.arm.call("GET", group.network("publicIPAddresses"), api=NETWORK).body["value"]
    assert len(listed) == 40
