"""az account, as stock az has it."""

from __future__ import annotations


def test_account_list_and_show(azure):
    (account,) = azure.query("account", "list")
    assert account["id"] == azure.subscription
    assert account["state"] == "Enabled"
    assert azure.query("account", "show")["id"] == account["id"]


def test_account_get_access_token(azure):
    answer = azure.query("account", "get-access-token")
    assert answer["tokenType"] == "Bearer"
    assert answer["subscription"] == azure.subscription
    assert answer["accessToken"].count(".") == 2


def test_account_list_locations(azure):
    names = {one["name"]: one["displayName"] for one in azure.query("account", "list-locations")}
    assert names["westus"] == "West US"
    assert names["westeurope"] == "West Europe"
