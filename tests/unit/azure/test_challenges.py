"""Claims challenges: Azure's 401 becomes the login that meets it, in the words that az takes."""

from __future__ import annotations

import base64
import json
import logging
import time

import pytest
from arm_service import Credential, Reply
from azure.core.credentials import AccessToken
from knack.util import CLIError

from azext_dockervm import _client_factory
from azext_dockervm.advice.refusals import in_warning, of_any_command
from azext_dockervm.azure import kinds
from azext_dockervm.error_map import as_az_error
from azext_dockervm.errors import LoginRequired
from azext_dockervm.flow.request import Request

PUT = Request("PUT", kinds.VM.type, "g", ("web1",), {"location": "westus"})
MFA = '{"access_token":{"acrs":{"essential":true,"values":["p1"]}}}'
REVOKED = '{"access_token":{"nbf":{"essential":true,"value":"1726077595"},"xms_caeerror":{"value":"10012"}}}'
ENCODED = base64.b64encode(MFA.encode()).decode()
TENANT = "3f145493-536c-40aa-8a6d-ca91dd64cd3b"
LOGIN = (f"az login --tenant {TENANT} --scope https://management.core.windows.net//.default --claims-challenge "
         f"{ENCODED}")


def token(**claims) -> str:
    told = {"aud": "https://management.core.windows.net/", "tid": TENANT, **claims}
    return "h." + base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=") + ".s"


class Person(Credential):
    """As az's: it knows no token that meets a challenge, and raises its own error."""

    def __init__(self, error: Exception | None = None, **claims) -> None:
        super().__init__()
        self.error, self.token, self.challenged = error, token(**claims), []

    def get_token(self, *_scopes, claims=None, **_options):
        if claims:
            self.challenged.append(claims)
            if self.error:
                raise self.error
        return AccessToken(self.token, int(time.time()) + 3600)


def challenge(claims: str = ENCODED, error: str = "insufficient_claims") -> Reply:
    """As Azure Policy for MFA answers (azure-cli#31699)."""
    body = {"error": {"code": "RequestDisallowedByPolicy", "message": "Resource 'web1' was disallowed by policy."}}
    return Reply(401, body, {"WWW-Authenticate": f'Bearer realm="", authorization_uri="https://login.example/common", '
                                                 f'error="{error}", claims="{claims}"'})


def refused(connected, service, credential: Credential, reply: Reply | None = None) -> LoginRequired:
    service.replies("PUT", "web1", reply or challenge())
    with pytest.raises(LoginRequired) as caught:
        connected(credential=credential).send(PUT)
    return caught.value


@pytest.mark.parametrize("error", [None, CLIError("AADSTS50076: you must use multi-factor authentication")],
                         ids=["a token comes", "az asks for a login"])
def test_challenge_names_the_login_that_meets_it(connected, service, error):
    person = Person(error)
    told = refused(connected, service, person)
    assert person.challenged == [MFA]
    assert told.message == ("create the VM 'web1': Azure requires multi-factor authentication (MFA) for this request, "
                            "and the current login has none.")
    assert of_any_command(told) == ("Log in as Azure asks, then run the command again:", LOGIN)
    assert service.times("PUT", "web1") == (1 if error else 2)


def test_challenge_is_an_unauthorized_error_of_az(connected, service):
    from azure.cli.core.azclierror import UnauthorizedError

    told = as_az_error(refused(connected, service, Person()))
    assert isinstance(told, UnauthorizedError) and LOGIN in told.recommendations
    assert "RequestDisallowedByPolicy" not in told.error_msg, "no policy of the user's own"


@pytest.mark.parametrize(("version", "upgrade"), [
    ("2.75.0", True), ("2.9.1", True), ("1.99.0", True), ("2.76.0", False), ("2.100.1", False), ("3.0.0", False)])
def test_az_that_does_not_know_challenges_is_upgraded_first(connected, service, monkeypatch, version, upgrade):
    monkeypatch.setattr(_client_factory, "az_version", lambda: version)
    first, *commands = of_any_command(refused(connected, service, Person()))
    assert commands == ["az upgrade", LOGIN] if upgrade else [LOGIN]
    assert ("2.76" in first and version in first) == upgrade


@pytest.mark.parametrize("given", [ENCODED, ENCODED.rstrip("="),
                                   base64.urlsafe_b64encode(MFA.encode()).decode().rstrip("=")])
def test_claims_are_printed_in_the_alphabet_that_az_login_decodes(connected, service, given):
    command = of_any_command(refused(connected, service, Person(), challenge(given)))[-1]
    assert base64.b64decode(command.split()[-1], validate=True).decode() == MFA


def test_claims_of_both_alphabets_are_one_text(connected, service):
    claims = json.dumps({"access_token": {"acrs": {"value": "ÿ?>~"}}}, ensure_ascii=False)
    urlsafe = base64.urlsafe_b64encode(claims.encode()).decode()
    assert set("-_") & set(urlsafe)
    told = refused(connected, service, Person(), challenge(urlsafe))
    assert base64.b64decode(told.challenge.claims, validate=True).decode() == claims


def test_a_revoked_session_is_no_lack_of_factors(connected, service):
    told = refused(connected, service, Person(), challenge(base64.b64encode(REVOKED.encode()).decode()))
    assert told.message == "create the VM 'web1': Azure requires a new login for this request."
    assert "--claims-challenge" in of_any_command(told)[-1]


def test_an_application_is_not_sent_to_an_interactive_login(connected, service):
    told = of_any_command(refused(connected, service, Person(idtyp="app")))
    assert "application" in told[0] and "--claims-challenge" not in " ".join(told)


def test_a_token_that_can_t_be_read_leaves_tenant_and_scope_out(connected, service):
    assert of_any_command(refused(connected, service, Credential()))[-1] == f"az login --claims-challenge {ENCODED}"


@pytest.mark.parametrize("reply", [
    challenge(error="invalid_token"), challenge(claims=""), challenge(claims="!!"),
    Reply(401, {"error": {"code": "Odd", "message": "no"}})])
def test_other_refusals_of_a_login_stay_what_they_are(connected, service, reply):
    from azext_dockervm.errors import AzureRefused

    service.replies("PUT", "web1", reply)
    with pytest.raises(AzureRefused) as caught:
        connected(credential=Person()).send(PUT)
    assert caught.value.status == 401 and of_any_command(caught.value) == ("az login",)


def test_a_challenge_to_a_read_or_a_poll_is_told_too(connected, service):
    accepted = Reply(202, None, {"Azure-AsyncOperation": f"{service.endpoint}/operations/1"})
    service.replies("DELETE", "web1", accepted)
    service.replies("GET", "1", challenge())
    with pytest.raises(LoginRequired, match=r"^delete the VM 'web1': "):
        connected(credential=Person()).send(Request("DELETE", kinds.VM.type, "g", ("web1",)))


def test_az_s_own_warning_of_a_challenge_is_for_debug_only(caplog):
    """az prints it for each request that was refused, and not with --only-show-errors; the error has the command."""
    _client_factory._quieten_the_sdk()
    logger = logging.getLogger(_client_factory.CHALLENGE_LOGGER)
    with caplog.at_level(logging.DEBUG, logger=logger.name):
        logger.warning("Run the command below: az login --claims-challenge x")
        logger.warning("A Cloud Shell credential problem occurred.")
    assert [record.levelname for record in caplog.records] == ["DEBUG", "WARNING"]


def test_az_warns_of_challenges_by_that_logger():
    from azure.cli.core.auth import util

    assert util.logger.name == _client_factory.CHALLENGE_LOGGER
    assert "--claims-challenge" in util._generate_login_command("t", ["s"], MFA)
    assert util._generate_login_command(TENANT, ["https://management.core.windows.net//.default"], MFA).replace(
        '"', "").endswith(LOGIN)


def test_a_warning_has_the_login_on_lines_of_its_own(connected, service):
    told = in_warning(refused(connected, service, Person()))
    assert told.splitlines()[-1] == LOGIN and in_warning(ValueError("x")) == "x"
