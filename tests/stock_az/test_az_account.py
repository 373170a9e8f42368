"""az account, as stock az has it."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import ssl
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

import pytest
from local_azure import cache
from running import Running


@pytest.fixture
def elsewhere(azure, tmp_path):
    """az with another profile: nobody is logged in there."""
    config = tmp_path / "config"
    config.mkdir()
    for name in ("config", "clouds.config"):
        shutil.copy(Path(azure.environment["AZURE_CONFIG_DIR"]) / name, config / name)

    def start(*words: object) -> Running:
        environment = {**azure.environment, "AZURE_CONFIG_DIR": str(config)}
        return Running([cache() / "az/bin/az", *words], environment, tmp_path)

    return start


def log_in(azure, az, person: dict[str, str], *words: str, factors: str = "") -> None:
    """By a device code, which the person enters somewhere else."""
    running = az("login", "--use-device-code", *words or ("--tenant", azure.environment["LOCALAZURE_TENANT"]))
    running.until_said("enter the code")
    code = re.search(r"enter the code (\w+)", running.stderr)[1]
    form = urlencode({"user_code": code, "username": person["upn"], "factors": factors,
                      "password": Path(person["secretFile"]).read_text()})
    context = ssl.create_default_context(cafile=str(azure.folder / "tls/ca.pem"))
    with build_opener(ProxyHandler({}), HTTPSHandler(context=context)).open(
            f"{azure.environment['LOCALAZURE_ENDPOINT']}/common/oauth2/deviceauth", form.encode(), timeout=20):
        running.finish().succeeded()


def test_person_logs_in_and_is_asked_for_more_factors_where_a_behaviour_says_so(azure, elsewhere):
    listed = json.loads(Path(azure.environment["LOCALAZURE_IDENTITIES"]).read_text())
    alice = next(one for one in listed if one["name"] == "alice")
    log_in(azure, elsewhere, alice)
    user = elsewhere("account", "show", "--query", "user").finish().succeeded().json
    assert user == {"name": alice["upn"], "type": "user"}
    behavior = azure.folder / "behavior.json"
    behavior.write_text(json.dumps({"conditions": {"mfa": [{"method": "PUT"}]}}))
    try:
        refused = elsewhere("group", "create", "-n", "mfa", "-l", "westus").finish()
        assert refused.code != 0 and "--claims-challenge" in refused.stderr and "AADSTS50076" in refused.stderr
        assert elsewhere("group", "list").finish().succeeded().json is not None
        printed = shlex.split(refused.stderr.split("az login")[1].splitlines()[0])
        log_in(azure, elsewhere, alice, *printed, factors="true")
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
