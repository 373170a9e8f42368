"""What to do about Azure's refusals, by their codes."""

from __future__ import annotations

from copy import copy

import pytest
from specs import changed

from azext_dockervm.advice import refusals
from azext_dockervm.error_map import as_az_error
from azext_dockervm.errors import AzureRefused, AzureUnreachable, NotFound
from azext_dockervm.spec.machine import Image

SUBSCRIPTION = "--subscription 'sub 1'"
SKUS = f"az vm list-skus --resource-type virtualMachines -l westus -o table {SUBSCRIPTION}"
CORES = f"az vm list-usage -l westus -o table {SUBSCRIPTION}"
ADDRESSES = f"az network list-usages -l westus -o table {SUBSCRIPTION}"
TERMS = f"az vm image terms accept --urn Debian:debian-13:13-gen2:latest {SUBSCRIPTION}"


@pytest.mark.parametrize(("code", "commands"), [
    ("SkuNotAvailable", [SKUS]), ("AllocationFailed", [SKUS]), ("OverconstrainedAllocationRequest", [SKUS]),
    ("ZonalAllocationFailed", ["az dockervm create -g 'my(group)' -n web1 -l westus --size", SKUS]),
    ("OverconstrainedZonalAllocationRequest", ["az dockervm create -g 'my(group)' -n web1 -l westus --size", SKUS]),
    ("QuotaExceeded", [CORES]),
    ("PublicIPCountLimitReached", [ADDRESSES, "az network public-ip list --query"]),
    ("IPv4StandardSkuPublicIpCountLimitReached", [ADDRESSES]),
    ("ResourcePurchaseValidationFailed", [TERMS]), ("MarketplacePurchaseEligibilityFailed", [TERMS]),
    ("MissingSubscriptionRegistration", [f"az provider register -n Microsoft.Compute --wait {SUBSCRIPTION}",
                                         f"az provider register -n Microsoft.Network --wait {SUBSCRIPTION}"]),
    ("AuthorizationFailed", ["az login"]),
    ("RequestDisallowedByPolicy", ["az policy assignment list -g 'my(group)'"]),
    ("ScopeLocked", [f"az lock list -g 'my(group)' -o table {SUBSCRIPTION}"]),
    ("VMAgentStatusCommunicationError", [f"az vm restart -g 'my(group)' -n web1 {SUBSCRIPTION}"]),
    ("VMExtensionProvisioningError", [f"az vm extension list -g 'my(group)' --vm-name web1 -o table {SUBSCRIPTION}"]),
    ("InvalidResourceReference", ["az dockervm create -g 'my(group)' -n web1"]),
    ("ReadOnlyDisabledSubscription", ["az account list -o table"]),
])
def test_a_refusal_that_is_known_comes_with_the_command_to_type(host, code, commands):
    host = changed(host, image=Image.parse("Debian:debian-13:13-gen2:latest"))
    advice = refusals.with_recommendation(AzureRefused("no", code=code), host).recommendations
    for command in commands:
        assert command in "\n".join(advice)


@pytest.mark.parametrize(("code", "words"), [
    ("ReservedResourceName", "another --name"), ("DomainNameLabelReserved", "another label"),
    ("VMMarketplaceInvalidInput", "must name the plan"), ("AllocationFailed", "another --size or --location"),
    ("AuthorizationFailed", "my(group)")])
def test_where_no_command_helps_it_says_what_does(host, code, words):
    assert words in refusals.with_recommendation(AzureRefused("no", code=code), host).recommendations[0]


def test_each_that_is_known_says_something(host):
    assert all(advised(host) for advised in refusals.ADVICE.values())


QUOTA = "Operation could not be completed as it results in exceeding approved Total Regional Cores quota."


@pytest.mark.parametrize(("message", "command"), [
    (QUOTA, CORES),
    ("Cannot modify extensions in the VM when the VM is not running.", "az vm start -g 'my(group)' -n web1"),
    ("The operation requires the VM to be running (or set to run).", "az vm start"),
    ("Operation 'redeploy' is not allowed on VM 'web1' since the VM is either deallocated or marked to be "
     "deallocated.", "az vm start"),
    ("This operation cannot be performed when extension operations are disallowed. To allow, please ensure VM Agent is "
     "installed on the VM and the osProfile.allowExtensionOperations property is true.",
     "az vm update -g 'my(group)' -n web1 --set osProfile.allowExtensionOperations=true"),
    ("Disk 'd' is attached to VM 'web2'.", None)])
def test_an_operation_that_is_not_allowed_is_advised_on_by_what_its_message_means(host, message, command):
    advice = "\n".join(refusals.with_recommendation(AzureRefused(message, code="OperationNotAllowed", status=409),
                                                    host).recommendations)
    assert command in advice if command else advice == ""
    assert ("list-usage" in advice) is (message == QUOTA)


def test_a_request_too_many_is_no_quota(host):
    """Compute's throttling has the code of a quota that is used up."""
    throttled, quota = (refusals.with_recommendation(AzureRefused(QUOTA, code="OperationNotAllowed", status=status),
                                                     host).recommendations for status in (429, 409))
    assert "try again in a few minutes" in throttled[0] and "list-usage" not in "".join(throttled)
    assert "list-usage" in quota[0]


@pytest.mark.parametrize(("code", "status"), [
    ("RetryableError", 429), ("AnotherOperationInProgress", 409), ("ReferencedResourceNotProvisioned", 400),
    ("Conflict", 409), ("OperationPreempted", 409)])
def test_what_is_at_work_passes_and_is_no_request_too_many(host, code, status):
    advice, = refusals.with_recommendation(AzureRefused("no", code=code, status=status), host).recommendations
    assert "still busy with a change" in advice and "Try again in a few minutes" in advice


def test_advice_that_is_there_and_unknown_codes_are_left_alone(host):
    def advised(error):
        return refusals.with_recommendation(error, host).recommendations

    assert advised(AzureRefused("no", "do this", code="SkuNotAvailable")) == ("do this",)
    assert advised(AzureRefused("no", code="Unheard")) == ()
    assert advised(NotFound("no")) == ()
    assert refusals.of_any_command(NotFound("no")) == ()


def test_a_fault_of_ours_says_that_it_is_one_and_how_to_see_more():
    own, there = refusals.for_the_unexpected()
    assert "fault of the extension" in own and "--debug" in own
    assert there.endswith(": az dockervm info -g GROUP -n NAME")


@pytest.mark.parametrize(("error", "words"), [
    (AzureRefused("no", code="InvalidAuthenticationToken", status=401), "az login"),
    (AzureUnreachable("no", why="refused"), "az cloud show"),
    (AzureUnreachable("no", why="untrusted"), "REQUESTS_CA_BUNDLE"),
])
def test_what_helps_whatever_the_command_was_about(host, error, words):
    assert words in " ".join(refusals.of_any_command(error))
    assert words in " ".join(as_az_error(error).recommendations)
    assert words in " ".join(refusals.with_recommendation(copy(error), host).recommendations)


def test_what_helps_whatever_the_command_was_about_comes_after_what_the_command_knows():
    assert refusals.of_any_command(AzureRefused("no", status=403)) == ()


def test_who_may_not_read_is_told_whom_to_ask():
    advice, = refusals.of_reading(AzureRefused("no", status=403))
    assert "the role Reader" in advice and advice.endswith(": az login")
    assert refusals.of_reading(AzureRefused("no", status=404)) == refusals.of_reading(NotFound("no")) == ()
    assert as_az_error(AzureRefused("no", "first this", status=401)).recommendations == ["first this"]


def test_an_error_of_ours_stays_itself_and_gets_what_is_known_to_help(host):
    error = AzureRefused("no", code="ScopeLocked")
    assert refusals.as_extension_error(error, host) is error and error.message == "no"
    assert "az lock list" in error.recommendations[0]


def test_an_error_of_az_keeps_its_recommendations(host):
    class Login(Exception):
        recommendations = ["az login"]

    error = refusals.as_extension_error(Login("expired"), host)
    assert error.message == "expired" and error.recommendations == ("az login",)


def test_the_unexpected_is_told_as_such(host):
    error = refusals.as_extension_error(KeyError("name"), host)
    assert error.message == "The command failed unexpectedly: KeyError: 'name'"
    assert "--debug" in error.recommendations[0] and "az dockervm info" in error.recommendations[1]
