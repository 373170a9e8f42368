"""Pages: every long list comes in the service's pages, each leading to the next with the whole query."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from arm_support import RESOURCES, SUBSCRIPTION, Group, LocalAzure

from localazure.arm import paging
from localazure.protocol import ids
from localazure.store.resources import Resource

VMS = "Microsoft.Compute/virtualMachines"
IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"
VERSION = "2023-01-31"


def _fill(arm: LocalAzure, group: Group, count: int, prefix: str = "n") -> None:
    """Many identities, put in the store at once."""

    def put() -> None:
        for number in range(count):
            identifier = ids.resource_id(SUBSCRIPTION, group.name, IDENTITIES, f"{prefix}{number:04}")
            tags = {"even": "yes"} if number % 2 == 0 else None
            arm.cloud.store.put(Resource(identifier, "westus", tags, {"principalId": "p", "clientId": "c"}))

    arm.on_loop(put)


def _pages(arm: LocalAzure, path: str, api: str = RESOURCES, **query: str) -> list[dict[str, Any]]:
    """The bodies of all pages of a list."""
    answer = arm.call("GET", path, api=api, **query)
    pages = [answer.body]
    while "nextLink" in pages[-1]:
        url = pages[-1]["nextLink"]
        assert url.startswith(f"https://localhost:{arm.port}/")
        path = url.split(str(arm.port), 1)[1]
        pages.append(arm.raw("GET", path, headers={"Authorization": f"Bearer {arm.token}"}).body)
        assert len(pages) < 100
    return pages


def _in(group: Group) -> str:
    return f"{group.path}/providers/{IDENTITIES}"


def _names(pages: list[dict[str, Any]]) -> list[str]:
    return [one["name"] for page in pages for one in page["value"]]


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "LARGEST_PAGE", 10)
    monkeypatch.setattr(paging, "SUBSCRIPTION_PAGES", {"microsoft.managedidentity": 7})


def test_a_list_that_fits_has_no_next_link(arm: LocalAzure, group: Group, small_pages: None) -> None:
    _fill(arm, group, 10)
    assert list(arm.call("GET", _in(group), api=VERSION).body) == ["value"]


def test_all_pages_together_are_the_list_and_none_is_too_long(arm: LocalAzure, group: Group, small_pages: None) -> None:
    _fill(arm, group, 25)
    pages = _pages(arm, _in(group), VERSION)
    assert [len(page["value"]) for page in pages] == [10, 10, 5]
    assert _names(pages) == [f"n{number:04}" for number in range(25)]


def test_the_next_link_keeps_the_query(arm: LocalAzure, group: Group, small_pages: None) -> None:
    _fill(arm, group, 42)
    wanted = "tagName eq 'even' and tagValue eq 'yes'"
    first = arm.call("GET", f"{group.path}/resources", _filter=wanted)
    query = parse_qs(urlsplit(first.body["nextLink"]).query)
    assert query["$filter"] == [wanted]
    assert query["api-version"] == ["2024-11-01"]
    assert len(_names(_pages(arm, f"{group.path}/resources", _filter=wanted))) == 21


def test_a_page_goes_on_behind_its_last_item_whatever_has_gone_meanwhile(
    arm: LocalAzure, group: Group, small_pages: None
) -> None:
    _fill(arm, group, 20)
    first = arm.call("GET", _in(group), api=VERSION).body
    for name in ("n0000", "n0001"):
        gone = ids.resource_id(SUBSCRIPTION, group.name, IDENTITIES, name)
        arm.on_loop(lambda gone=gone: arm.cloud.store.delete(gone))
    arm.on_loop(lambda: arm.server._pager._snapshots.clear())  # as after a restart
    path = first["nextLink"].split(str(arm.port), 1)[1]
    second = arm.raw("GET", path, headers={"Authorization": f"Bearer {arm.token}"}).body
    assert [one["name"] for one in second["value"]] == [f"n{number:04}" for number in range(10, 20)]


def test_lists_of_the_subscription_have_pages_of_their_own_size(
    arm: LocalAzure, group: Group, small_pages: None
) -> None:
    _fill(arm, group, 20)
    pages = _pages(arm, f"/providers/{IDENTITIES}", VERSION)
    assert all(len(page["value"]) == 7 for page in pages[:-1])
    assert len(set(_names(pages)) & {f"n{number:04}" for number in range(20)}) == 20


def test_top_makes_pages_smaller_and_must_be_a_number(arm: LocalAzure, group: Group) -> None:
    _fill(arm, group, 7)
    pages = _pages(arm, f"{group.path}/resources", _top="3")
    assert [len(page["value"]) for page in pages] == [3, 3, 1]
    for wrong in ("0", "-1", "x", "1001", "٣", "9" * 5000):
        answer = arm.call("GET", f"{group.path}/resources", _top=wrong)
        assert (answer.status, answer.code) == (400, "InvalidTopInQueryString")


@pytest.mark.parametrize("token", ["x", "", "W10=", "WzEsIG51bGxd", "WyJhIiwgImIiXQ==", "%00", "é"])
def test_a_token_that_nobody_gave_is_refused_or_harmless(arm: LocalAzure, group: Group, token: str) -> None:
    _fill(arm, group, 3)
    answer = arm.call("GET", _in(group), api=VERSION, **{"$skiptoken": token})
    assert answer.status == 200 or answer.code == "InvalidSkipToken"


def test_virtual_machines_come_by_fifty_in_the_subscription_and_at_once_in_a_group() -> None:
    from localazure.protocol.request import Request

    def size(params: dict[str, str], **query: str) -> int | None:
        return paging.page_size(Request("GET", "/", params, query, None, "", "", VMS))

    assert size({"subscription": "s"}) == 50
    assert size({"subscription": "s", "group": "g"}) == 1000
    assert size({"subscription": "s"}, statusonly="true") == paging.STATUS_ONLY_PAGE


def test_two_thousand_resources_are_listed_within_a_second(arm: LocalAzure, group: Group) -> None:
    import time

    _fill(arm, group, 2000)
    began = time.perf_counter()
    assert len(_names(_pages(arm, f"{group.path}/resources"))) == 2000
    assert len(_names(_pages(arm, f"/providers/{IDENTITIES}", VERSION))) >= 2000
    # Generous: it takes a tenth of this alone; other tests run beside it.
    assert time.perf_counter() - began < 2


def test_the_sdk_follows_the_pages(
    arm: LocalAzure, group: Group, small_pages: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    resource_sdk = pytest.importorskip("azure.mgmt.resource.resources")
    from test_arm_sdk import Credential

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(arm.folder / "tls" / "ca.pem"))
    endpoint = f"https://localhost:{arm.port}"
    client = resource_sdk.ResourceManagementClient(
        Credential(arm.token), SUBSCRIPTION, base_url=endpoint, credential_scopes=[f"{endpoint}/.default"]
    )
    _fill(arm, group, 33)
    wanted = "tagName eq 'even' and tagValue eq 'yes'"
    found = client.resources.list_by_resource_group(group.name, filter=wanted)
    assert [one.name for one in found] == [f"n{number:04}" for number in range(0, 33, 2)]
    pages = list(client.resources.list_by_resource_group(group.name, top=9).by_page())
    assert [len(list(page)) for page in pages] == [9, 9, 9, 6]
