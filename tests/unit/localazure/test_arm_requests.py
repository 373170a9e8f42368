"""What the front door takes and refuses: bodies, api-versions, paths, methods, subscriptions, regions."""

from __future__ import annotations

import pytest
from arm_support import SUBSCRIPTION, Group, LocalAzure


def _put(arm: LocalAzure, body: bytes, content_type: str = "application/json") -> object:
    headers = {"Authorization": f"Bearer {arm.token}", "Content-Type": content_type}
    return arm.raw("PUT", f"/subscriptions/{SUBSCRIPTION}/resourcegroups/x?api-version=2024-11-01", body, headers)


@pytest.mark.parametrize(
    "body",
    [b"{", b"", b"[]", b"null", b'"text"', b"\xff\xfe{}", b'{"location": NaN}', b"[" * 100_000, b'{"location": [7]}',
     b'{"location": "westus", "tags": []}', b'{"location": "westus", "tags": {"a": 1}}'],
)  # fmt: skip
def test_a_malformed_body_is_refused_in_the_services_words(arm: LocalAzure, body: bytes) -> None:
    answer = _put(arm, body)
    assert (answer.status, answer.code) == (400, "InvalidRequestContent")


def test_a_body_of_another_type_or_too_large_is_refused(arm: LocalAzure) -> None:
    assert _put(arm, b"location=westus", "text/plain").code == "UnsupportedMediaType"
    assert _put(arm, b'{"a": "' + b"x" * 5_000_000 + b'"}').code == "RequestContentTooLarge"


@pytest.mark.parametrize(
    ("path", "api", "code"),
    [
        ("/resourcegroups", "", "MissingApiVersionParameter"),
        ("/resourcegroups", "1999-01-01", "InvalidApiVersionParameter"),
        ("/providers/Microsoft.Compute/virtualMachines", "1999-01-01", "NoRegisteredProviderFound"),
        ("/providers/Microsoft.Network/virtualNetworks", "2099-01-01", "NoRegisteredProviderFound"),
    ],
)
def test_a_missing_or_unknown_api_version_is_refused(arm: LocalAzure, path: str, api: str, code: str) -> None:
    answer = arm.call("GET", path, api=api)
    assert (answer.status, answer.code) == (400, code)


def test_the_refusal_names_the_versions_that_are_known(arm: LocalAzure) -> None:
    answer = arm.call("GET", "/providers/Microsoft.Compute/virtualMachines", api="1999-01-01")
    assert "2024-11-01" in answer.message
    assert "2026-04-01" in answer.message


@pytest.mark.parametrize("api", ["2024-11-01", "2026-04-01", "2025-04-01", "2022-11-01"])
def test_the_versions_of_both_sdks_and_of_az_are_taken(arm: LocalAzure, api: str) -> None:
    assert arm.call("GET", "/providers/Microsoft.Compute/virtualMachines", api=api).status == 200


@pytest.mark.parametrize(
    ("path", "versions"),
    [
        ("Microsoft.Compute/virtualMachines", "2015-05-01-preview 2015-06-15 2016-03-30 2016-04-30-preview 2016-08-30"),
        ("Microsoft.Network/networkInterfaces",
         "2014-12-01-preview 2015-05-01-preview 2015-06-15 2016-03-30 2016-06-01 2016-07-01 2016-08-01 2016-09-01 "
         "2016-10-01 2016-11-01 2016-12-01 2017-03-01 2017-04-01 2017-06-01 2017-08-01 2018-03-01 2018-05-01"),
    ],
)  # fmt: skip
def test_the_versions_that_public_refusals_of_the_service_name(arm: LocalAzure, path: str, versions: str) -> None:
    refused = [one for one in versions.split() if arm.call("GET", f"/providers/{path}", api=one).status != 200]
    assert refused == []


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/providers/Microsoft.Nothing/things", 404, "InvalidResourceNamespace"),
        ("GET", "/providers/Microsoft.Compute/nothings", 404, "InvalidResourceType"),
        ("GET", "/resourcegroups/a%2f..%2fb", 404, "ResourceGroupNotFound"),
        ("GET", "/../../etc/passwd", 404, "NotFound"),
        ("PATCH", "/resourcegroups", 405, "MethodNotAllowed"),
        ("GET", "/resourceGroups/none/providers/Microsoft.Compute/virtualMachines/x", 404, "ResourceGroupNotFound"),
    ],
)
def test_a_path_that_nobody_serves_is_refused(arm: LocalAzure, method: str, path: str, status: int, code: str) -> None:
    answer = arm.call(method, path, {} if method == "PATCH" else None, api="2024-11-01")
    assert (answer.status, answer.code) == (status, code)


def test_another_subscription_is_not_found(arm: LocalAzure) -> None:
    answer = arm.call("GET", "/subscriptions/99999999-9999-4999-8999-999999999999/resourcegroups")
    assert (answer.status, answer.code) == (404, "SubscriptionNotFound")


def test_paths_ignore_case_and_keep_the_ids_spelling(arm: LocalAzure, group: Group) -> None:
    group.nsg("MyNsg")
    answer = arm.call(
        "GET", group.network("networksecuritygroups/mynsg").upper().replace("MICROSOFT.NETWORK", "Microsoft.Network")
    )
    assert answer.body["name"] == "MyNsg"
    assert answer.body["id"].endswith("/networkSecurityGroups/MyNsg")


def test_ids_keep_the_subscriptions_and_the_groups_spelling(arm: LocalAzure, group: Group) -> None:
    path = f"/subscriptions/{SUBSCRIPTION}{group.network('networkSecurityGroups/MyNsg')}".upper()
    made = arm.call("PUT", path.replace("/SUBSCRIPTIONS/", "/subscriptions/"), {"location": "westus"}, api="2024-05-01")
    assert made.status == 201
    assert made.body["id"].startswith(f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group.name}/providers/")


def test_regions_are_listed_with_the_names_that_people_write(arm: LocalAzure) -> None:
    regions = {one["name"]: one["displayName"] for one in arm.call("GET", "/locations", api="2022-12-01").body["value"]}
    assert regions["westus"] == "West US"
    assert regions["eastus2"] == "East US 2"
    assert regions["eastus2euap"] == "East US 2 EUAP"  # where Azure tries itself out; many public templates name it
    assert len(regions) > 40


def test_a_region_tells_which_zones_stand_behind_the_subscription_s(arm: LocalAzure) -> None:
    regions = {one["name"]: one for one in arm.call("GET", "/locations", api="2022-12-01").body["value"]}
    assert regions["eastus"]["availabilityZoneMappings"][1] == {"logicalZone": "2", "physicalZone": "eastus-az2"}
    assert "availabilityZoneMappings" not in regions["westus"]


def test_a_region_that_does_not_exist_is_refused_for_groups_and_resources(arm: LocalAzure, group: Group) -> None:
    assert (
        arm.call("PUT", "/resourcegroups/mars", {"location": "West Mars"}).code
        == "LocationNotAvailableForResourceGroup"
    )
    answer = arm.call("PUT", group.network("networkSecurityGroups/n"), {"location": "West Mars"})
    assert answer.code == "LocationNotAvailableForResourceType"
    assert arm.call("PUT", group.network("networkSecurityGroups/n"), {}).code == "LocationRequired"


def test_a_provider_tells_types_regions_and_versions(arm: LocalAzure) -> None:
    provider = arm.call("GET", "/providers/Microsoft.Compute", api="2024-11-01").body
    types = {one["resourceType"]: one for one in provider["resourceTypes"]}
    assert provider["registrationState"] == "Registered"
    assert "West US" in types["virtualMachines"]["locations"]
    assert types["virtualMachines"]["apiVersions"][0] == "2026-04-01"


def test_a_read_takes_less_than_five_milliseconds_at_the_server(
    arm: LocalAzure, group: Group, caplog: pytest.LogCaptureFixture
) -> None:
    vm = group.vm()
    with caplog.at_level("INFO", logger="localazure.arm.server"):
        for _ in range(20):
            arm.call("GET", vm)
    times = sorted(record.args[3] for record in caplog.records if record.args[:3] == ("GET", record.args[1], 200))
    assert len(times) >= 20
    assert times[len(times) // 2] < 5
