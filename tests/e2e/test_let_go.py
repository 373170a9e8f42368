"""A host from `create` to `delete` on a booted machine: found, dialled, waited for, and gone with all that was made."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.machines

LET_GO, NAME, REGION = "let-go", "gone1", "francecentral"
LISTS = (("resource", "list"), ("vm", "list"), ("disk", "list"), ("network", "nic", "list"),
         ("network", "public-ip", "list"), ("network", "nsg", "list"), ("network", "vnet", "list"))


@pytest.fixture
def group(local_azure):
    """With something in it that was there before."""
    local_azure.az("group", "create", "-n", LET_GO, "-l", REGION).succeeded()
    local_azure.az("network", "nsg", "create", "-g", LET_GO, "-n", "mine").succeeded()
    yield LET_GO
    local_azure.az("group", "delete", "-n", LET_GO, "--yes").succeeded()


def there(azure, group: str) -> dict:
    return {" ".join(words): sorted(azure.query(*words, "-g", group, "--query", "[].name")) for words in LISTS}


def test_a_host_is_found_and_leaves_nothing(local_azure, fleet, group):
    az, before = local_azure.az, there(local_azure, group)
    at = ("-g", group, "-n", NAME)
    az("dockervm", "create", *at, "--ssh-key-values", f"{fleet.ssh_key}.pub").succeeded()
    az("dockervm", "wait", *at, "--custom", "finished").succeeded()
    one, = local_azure.query("dockervm", "list", "-g", group, "--check")
    assert (one["name"], one["powerState"], one["reachable"], one["problems"]) == (NAME, "running", True, [])
    az("vm", "stop", *at).succeeded()
    off, = local_azure.query("dockervm", "list", "-g", group, "--check")
    assert (off["powerState"], off["reachable"]) == ("stopped", False) and "is stopped" in off["engineUnreachable"]
    assert local_azure.query("dockervm", "show", *at)["dockerHost"] == one["dockerHost"]
    az("dockervm", "delete", *at, "--yes").succeeded()
    az("dockervm", "wait", *at, "--deleted").succeeded()
    assert there(local_azure, group) == before
    for words in (("dockervm", "show", *at), ("dockervm", "delete", *at, "--yes")):
        assert az(*words).code == 3
