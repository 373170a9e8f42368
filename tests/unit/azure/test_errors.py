"""The border: each way in which a call can go wrong is told in words for people, as an error of ours."""

from __future__ import annotations

import errno
import logging
import re
import socket
import ssl
from json import JSONDecodeError

import pytest
from arm_service import HANG_UP, ID, PAGE, RESET, Credential, Reply, cut, refusal, truncated
from azure.core import exceptions as azure_errors
from knack.util import CLIError
from requests import exceptions as requests_errors
from urllib3 import exceptions as urllib3_errors

from azext_dockervm.advice.refusals import of_any_command
from azext_dockervm.azure import kinds
from azext_dockervm.azure.errors import translated
from azext_dockervm.errors import AnswerUnreadable, AzureRefused, AzureUnreachable, DockerVMError, HostGone, NotFound
from azext_dockervm.flow.request import Request

VM = {"id": ID, "name": "web1", "properties": {}}
PUT = Request("PUT", kinds.VM.type, "g", ("web1",), {"location": "westus"})
# What only libraries say.
RAW = re.compile(r"HTTPSConnectionPool|urllib3|Errno|object at 0x|Connection aborted|RemoteDisconnected|Traceback|"
                 r"_ssl\.c|Expecting value|JSONDecode|NewConnectionError|\('")


def failing(call, kind=DockerVMError):
    with pytest.raises(kind) as caught:
        call()
    error = caught.value
    assert not RAW.search(error.message), error.message
    return error


def read(azure):
    return failing(lambda: azure.get(kinds.VM, "g", "web1"))


# Seen from the wire, with the SDKs

def test_what_is_no_answer_is_asked_for_three_times_with_pauses(azure, service):
    service.replies("GET", "web1", PAGE)
    assert "web page" in read(azure).message
    assert service.times("GET", "web1") == 3 and azure.deadline.slept == [1, 2]


@pytest.mark.parametrize("way,words", [
    (HANG_UP, "closed before an answer came"), (RESET, "closed before an answer came"),
    (truncated(VM), "closed in the middle of the answer"), (cut(VM), "not what Azure answers, or only a part"),
    (Reply(200, {}), "not what Azure answers"), (Reply(200, []), "not what Azure answers"), (Reply(200), "not what"),
    (Reply(200, "null"), "not what"), (Reply(200, {"id": ID, "properties": None}), "not what"),
    (Reply(200, {"id": 1, "properties": {}}), "not what"), (PAGE, "web page"),
], ids=lambda value: value.way if isinstance(value, Reply) else value[:12])
def test_what_is_no_answer_of_azure_s_is_told_and_asked_for_again_first(azure, service, way, words):
    service.replies("GET", "web1", way)
    error = read(azure)
    assert type(error) in (AzureUnreachable, AnswerUnreadable) and words in error.message
    assert error.message.startswith("read the VM 'web1': ") and of_any_command(error)
    service.replies("GET", "web1", way, way, Reply(200, VM))
    assert azure.get(kinds.VM, "g", "web1") == VM


@pytest.mark.parametrize("status,body,words,kind", [
    (502, "<html>Bad Gateway</html>", "out of order (HTTP 502)", AzureRefused),
    (503, None, "out of order (HTTP 503)", AzureRefused),
    (407, "proxy", "the proxy asks for a login", AzureRefused),
    (401, None, "the login is not accepted", AzureRefused),
    (409, "gateway", "HTTP 409", AzureRefused),
    (418, {"strange": 1}, "HTTP 418", AzureRefused),
    (302, None, "leads elsewhere (HTTP 302)", AzureRefused),
    (404, "<html>nginx</html>", "not in Azure's words", AnswerUnreadable),
])
@pytest.mark.parametrize("operations", ["compute", "network"])
def test_statuses_without_azure_s_words(azure, service, status, body, words, kind, operations):
    service.replies("GET", "web1", Reply(status, body))
    service.replies("PUT", "web1", Reply(status, body))
    error = read(azure)
    assert isinstance(error, kind) and words in error.message and of_any_command(error)
    put = PUT if operations == "compute" else Request("PUT", kinds.SECURITY_GROUP.type, "g", ("web1",), {})
    if kind is AzureRefused:
        assert failing(lambda: azure.send(put), kind).status == status


def test_azure_s_own_words_stay_as_they_are(azure, service):
    service.replies("GET", "web1", refusal(403, "AuthorizationFailed", "The client 'X' may not."))
    assert read(azure).message == "read the VM 'web1': The client 'X' may not."
    service.replies("GET", "web1", Reply(400, {"code": "Odd", "message": "An older shape."}))
    assert (read(azure).message, read(azure).code) == ("read the VM 'web1': An older shape.", "Odd")


def test_a_refused_login_says_what_to_type(azure, service):
    service.replies("GET", "web1", refusal(401, "InvalidAuthenticationToken", "expired"))
    error = read(azure)
    assert (error.status, of_any_command(error)) == (401, ("az login",))


def test_what_az_s_login_says_is_kept(connected, service):
    class LoggedOut(Credential):
        def get_token(self, *_scopes, **_options):
            error = CLIError("AADSTS70043: The refresh token has expired.")
            error.recommendations = ["az login --scope x"]
            raise error

    error = read(connected(credential=LoggedOut()))
    assert isinstance(error, AzureRefused) and error.status == 401 and error.recommendations == ("az login --scope x",)
    assert "AADSTS70043" in error.message and not service.asked


def test_a_list_of_something_else(azure, service):
    for body in ({}, [], {"value": None}, {"value": [1]}, {"value": [{"no": "name"}]}, "<html>"):
        service.replies("GET", "runCommands", Reply(200, body))
        assert isinstance(failing(lambda: azure.list(kinds.RUN_COMMAND, "g", "web1")), AnswerUnreadable), body


@pytest.mark.parametrize("body", [{}, [], "null", [{"no": "name"}], {"value": [{}]}, "<html>"], ids=str)
def test_other_reads_of_something_else(azure, service, body):
    for last in ("g", "versions", "1", "vmSizes", "skus", "CheckDnsNameAvailability"):
        service.replies("GET", last, Reply(200, body))
    for ask in (lambda: azure.group("g"), lambda: azure.image_versions("w", "P", "O", "S") or 1 / 0,
                lambda: azure.image("w", "P", "O", "S", "1"), lambda: azure.extension_versions("w", "P", "T") or 1 / 0,
                lambda: azure.sizes("w"), lambda: azure.offered_sizes("w"), lambda: azure.label_is_free("w", "l")):
        if body != []:
            assert isinstance(failing(ask), AnswerUnreadable)


def test_nobody_listens(connected):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    error = read(connected(endpoint=f"https://localhost:{port}"))
    assert isinstance(error, AzureUnreachable)
    assert "the connection to 'localhost' is refused" in error.message


def test_a_name_that_does_not_exist(connected):
    error = read(connected(endpoint="https://nowhere.invalid"))
    assert "the name 'nowhere.invalid' can't be resolved" in error.message
    assert any("az cloud show" in advice for advice in of_any_command(error))


def test_a_certificate_that_is_not_trusted(connected):
    error = read(connected(connection_verify=True))
    assert "certificate of Azure's endpoint is not trusted" in error.message
    assert any("REQUESTS_CA_BUNDLE" in advice for advice in of_any_command(error))


def test_no_tls_at_all(connected):
    import threading

    with socket.create_server(("127.0.0.1", 0)) as plain:
        def answer():
            while True:
                try:
                    peer, _ = plain.accept()
                except OSError:
                    return
                peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                peer.close()

        threading.Thread(target=answer, daemon=True).start()
        error = read(connected(endpoint=f"https://localhost:{plain.getsockname()[1]}"))
    assert isinstance(error, AzureUnreachable) and ("no TLS" in error.message or "closed" in error.message)


def test_a_proxy_that_refuses(connected, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("NO_PROXY", "")
    error = read(connected(endpoint="https://management.invalid"))
    assert "the proxy refuses, or can't be reached" in error.message
    assert any("HTTPS_PROXY" in advice for advice in of_any_command(error))


def test_no_traceback_is_logged_for_a_proxy_s_page(azure, service, caplog):
    """As az shows it: the SDKs' warnings are for --debug."""
    from azext_dockervm._client_factory import _quieten_the_sdk

    _quieten_the_sdk()
    for kind in (kinds.SECURITY_GROUP, kinds.VM):
        for reply in (Reply(502, "<html>Bad Gateway</html>", {"Content-Type": "text/html"}), truncated(VM)):
            service.replies("PUT", "web1", reply)
            failing(lambda: azure.send(Request("PUT", kind.type, "g", ("web1",), {"location": "westus"})))  # noqa: B023
    shown = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert not shown, [record.getMessage() for record in shown]


# Foreign errors by type

def ours(error):
    with pytest.raises(DockerVMError) as caught, translated("do it"):
        raise error
    assert caught.value.message.startswith("do it: ") and caught.value.__cause__ is error
    assert not RAW.search(caught.value.message), caught.value.message
    return caught.value


def reason(error):
    return ours(error).message.removeprefix("do it: ")


@pytest.mark.parametrize("error", [KeyError("properties"), ValueError("x"), AttributeError("x"), TypeError("x"),
                                   IndexError("x"), JSONDecodeError("Expecting value", "", 0), RuntimeError("x"),
                                   requests_errors.JSONDecodeError("Expecting value", "", 0)],
                         ids=lambda error: type(error).__name__)
def test_whatever_an_sdk_trips_over_is_an_answer_that_can_t_be_read(error):
    assert type(ours(error)) is AnswerUnreadable


@pytest.mark.parametrize("inner,words", [
    (requests_errors.ProxyError(urllib3_errors.ProxyError("x", OSError("Tunnel connection failed: 403"))), "the proxy"),
    (requests_errors.SSLError(ssl.SSLCertVerificationError(1, "x")), "not trusted"),
    (requests_errors.SSLError(ssl.SSLError(1, "WRONG_VERSION_NUMBER")), "no TLS"),
    (requests_errors.ConnectionError(socket.gaierror(-2, "x")), "can't be resolved"),
    (requests_errors.ConnectionError(ConnectionRefusedError(111, "x")), "is refused"),
    (requests_errors.ConnectTimeout("x"), "comes about in time"),
    (requests_errors.ReadTimeout("x"), "does not come, or not whole, in time"),
    (requests_errors.ConnectionError(urllib3_errors.ProtocolError("('Connection aborted.', x)")), "closed before"),
    (requests_errors.ConnectionError(OSError(errno.ENETUNREACH, "x")), "Azure can't be reached."),
], ids=lambda value: type(value).__name__)
def test_what_az_s_login_or_the_sdk_meets_on_the_way(inner, words):
    """az fetches tokens with requests itself; the SDK wraps."""
    assert words in reason(inner)
    assert words in reason(azure_errors.ServiceRequestError("raw ('Connection aborted.',)", error=inner))
    assert type(ours(inner)) is AzureUnreachable and of_any_command(ours(inner))


def test_causes_are_found_however_they_are_kept():
    try:
        try:
            raise socket.gaierror(-2, "x")
        except OSError as first:
            raise urllib3_errors.HTTPError("x") from first
    except urllib3_errors.HTTPError as second:
        assert "resolved" in reason(second)
    wrapped = urllib3_errors.MaxRetryError(None, "/", ConnectionRefusedError(111, "x"))
    assert "refused" in reason(requests_errors.ConnectionError(wrapped))


def test_a_file_of_az_s_own_is_named():
    error = ours(PermissionError(13, "Permission denied", "/home/me/.azure/msal_token_cache.json"))
    assert isinstance(error, AzureRefused)
    assert error.message == "do it: /home/me/.azure/msal_token_cache.json: Permission denied"


def test_ours_pass_as_they_are():
    mine = HostGone("gone")
    with pytest.raises(HostGone) as caught, translated("do it"):
        raise mine
    assert caught.value is mine
    with pytest.raises(KeyboardInterrupt), translated("do it"):
        raise KeyboardInterrupt


def test_not_found_is_by_status_and_in_azure_s_words(azure, service):
    service.replies("PUT", "web1", refusal(404, "ResourceGroupNotFound", "Resource group 'g' could not be found."))
    assert failing(lambda: azure.send(PUT), NotFound).message == (
        "create the VM 'web1': Resource group 'g' could not be found.")


VIOLATION = {"type": "PolicyViolation", "info": {
    "evaluationDetails": {"evaluatedExpressions": [
        {"result": "True", "expressionKind": "Field", "expression": "type", "path": "type",
         "expressionValue": "Microsoft.Network/publicIPAddresses", "targetValue": "Microsoft.Network/publicIPAddresses",
         "operator": "Equals"},
        {"result": "True", "expressionKind": "Field", "expression": "tags[cost]", "path": "tags[cost]",
         "targetValue": "false", "operator": "Exists"},
        {"result": "True", "expressionKind": "Field", "expression": "location", "operator": "NotIn",
         "targetValue": ["westeurope", "uksouth"]}, "odd", {"expression": 7}]},
    "policyDefinitionDisplayName": "Require a tag", "policyDefinitionName": "871b6d14",
    "policyAssignmentId": "/subscriptions/s/a", "policyAssignmentName": "3fd3", "policyAssignmentDisplayName": "Pay"}}
DISALLOWED = {"code": "RequestDisallowedByPolicy", "target": "ip", "message": "Resource 'ip' was disallowed by policy. "
              "Policy identifiers: '[{\"policyAssignment\":{}}]'.", "additionalInfo": [VIOLATION, VIOLATION, {}]}


@pytest.mark.parametrize("error", [
    DISALLOWED, {"code": "InvalidTemplateDeployment", "message": "Failed.", "details": [DISALLOWED, "odd"]}])
def test_policies_are_told_by_name_with_what_they_looked_at(azure, service, error):
    service.replies("PUT", "web1", Reply(403, {"error": error}))
    refused = failing(lambda: azure.send(PUT), AzureRefused)
    assert refused.message == "create the VM 'web1': the policy 'Require a tag' (assigned as 'Pay') disallows it."
    assert (refused.code, refused.status) == ("RequestDisallowedByPolicy", 403)
    [found] = refused.violations
    assert (found.definition, found.assignment, found.assignment_id) == ("Require a tag", "Pay", "/subscriptions/s/a")
    assert found.fields[1:] == (("tags[cost]", "Exists", ("false",)), ("location", "NotIn", ("westeurope", "uksouth")),
                                ("", "", ()))


@pytest.mark.parametrize("words", ["'Ask team Pay, see https://in.test/tags'", "You need to\ndeploy in East US"])
@pytest.mark.parametrize("nested", [False, True])
def test_what_the_company_says_of_its_policy_is_told_too(azure, service, words, nested):
    """Its non-compliance message, quoted or not."""
    error = {**DISALLOWED, "message": f"Resource 'ip' was disallowed by policy. Reasons: {words}. See error details "
                                      "for policy resource IDs."}
    if nested:
        error = {"code": "InvalidTemplateDeployment", "message": "Failed.", "details": ["odd", error]}
    service.replies("PUT", "web1", Reply(403, {"error": error}))
    told = failing(lambda: azure.send(PUT), AzureRefused).message
    assert told.endswith(f"(assigned as 'Pay') disallows it. Reasons: {' '.join(words.split())}.")


@pytest.mark.parametrize("info", [None, "odd", [], [{"type": "PolicyViolation"}], [{"type": "Other", "info": {}}]])
def test_where_nothing_of_a_policy_is_told_azure_s_words_are(azure, service, info):
    service.replies("PUT", "web1", Reply(403, {"error": {**DISALLOWED, "additionalInfo": info}}))
    refused = failing(lambda: azure.send(PUT), AzureRefused)
    assert refused.message.startswith("create the VM 'web1': Resource 'ip' was disallowed by policy")
    assert refused.violations == ()
