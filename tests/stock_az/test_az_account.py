"""az account, as stock az has it."""

from __future__ import annotations

import json
import shlex

import people
import pytest


@pytest.fixture
def elsewhere(azure, tmp_path):
    """az with another profile: nobody is logged in there."""
    return people.az_of_nobody(azure, tmp_path)


def test_person_logs_in_and_is_asked_for_more_factors_where_a_behaviour_says_so(azure, elsewhere):
    alice = people.named(azure, "alice")
    people.log_in(azure, elsewhere, alice)
    user = elsewhere("account", "show", "--query", "user").finish().succeeded().json
    assert user == {"name": alice["upn"], "type": "user"}
    behavior = azure.folder / "behavior.json"
    behavior.write_text(json.dumps({"conditions": {"mfa": [{"method": "PUT"}]}}))
    try:
        refused = elsewhere("group", "create", "-n", "mfa", "-l", "westus").finish()
        assert refused.code != 0 and "--claims-challenge" in refused.stderr and "AADSTS50076" in refused.stderr
        assert elsewhere("group", "list").finish().succeeded().json is not None
        printed = shlex.split(refused.stderr.split("az login")[1].splitlines()[0])
        people.log_in(azure, elsewhere, alice, *printed, factors="true")
        elsewhere("group", "create", "-n", "mfa", "-l", "westus").finish().succeeded()
        azure.az("group", "create", "-n", "mfa", "-l", "westus").succeeded()    # an application is never asked
    finally:
        behavior.unlink()
    azure.az("group", "delete", "-n", "mfa", "--yes").succeeded()


def test_wrong_secret_and_unknown_application_are_refused_as_by_entra(azure, elsewhere):
    tenant = azure.environment["LOCALAZURE_TENANT"]
    for application, code in ((azure.environment["LOCALAZURE_CLIENT_ID"], "AADSTS7000215"),
                              ("00000000-0000-0000-0000-00000000000b", "AADSTS700016")):
        words = ("login", "--service-principal", "-u", application, "-p", "wrong", "--tenant", tenant)
        refused = elsewhere(*words).finish()
        assert refused.code != 0 and code in refused.stderr


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
