"""What to do about a policy: the tag that it asks for, the sources, regions and sizes that it allows, exemptions."""

from __future__ import annotations

import pytest
from specs import changed

from azext_dockervm.advice import refusals
from azext_dockervm.errors import AzureRefused, PolicyViolation

CREATE = ("az dockervm create -g 'my(group)' -n web1 -l westus --size Standard_D4s_v5 -p -e 2222 --dns-name mine "
          "-dc 'my certs' --tags env=test")
SUBSCRIPTION = " --subscription 'sub 1'"
ADDRESS = ("type", "Equals", ("Microsoft.Network/publicIPAddresses",))


def advised(host, *fields, assignment_id="/subscriptions/s/a"):
    """What is said of a policy that looked at these fields, without where to look."""
    violation = PolicyViolation("No", "Pay", assignment_id, fields)
    *found, last = refusals.with_recommendation(
        AzureRefused("no", code="RequestDisallowedByPolicy", violations=(violation, violation)), host).recommendations
    assert last == ("The policies that apply: az policy assignment list -g 'my(group)' --disable-scope-strict-match "
                    "-o table" + SUBSCRIPTION)
    return found


@pytest.mark.parametrize(("fields", "added"), [
    ([("tags[cost]", "Exists", ("false",))], "cost=VALUE"), ([("tags['cost']", "Exists", ("false",))], "cost=VALUE"),
    ([("tags.cost", "Exists", ("false",))], "cost=VALUE"), ([("tags[cost]", "Equals", ("7",))], "cost=7"),
    ([ADDRESS, ("tags[cost]", "NotIn", ("a", "b"))], "cost=a"), ([("tags[cost]", "Equals", ("",))], "cost=VALUE"),
    ([("tags[cost]", "Exists", ("false",)), ("tags[team]", "Exists", ("false",))], "cost=VALUE team=VALUE")])
def test_a_tag_that_is_asked_for_is_added_to_those_that_were_typed(host, fields, added):
    [sentence] = advised(host, *fields)
    assert sentence.endswith(f": {CREATE} {added}{SUBSCRIPTION}")
    assert "asks for the tag 'cost'" in sentence and "on all that it makes" in sentence


def test_a_tag_with_another_value_is_replaced(host):
    [sentence] = advised(host, ("tags[ENV]", "NotEquals", ("prod",)))
    assert sentence.endswith(f"{CREATE.replace('env=test', 'ENV=prod')}{SUBSCRIPTION}")


def test_where_none_were_typed_it_is_the_only_one(host):
    [sentence] = advised(changed(host, typed={}), ("tags[cost]", "Exists", ("false",)))
    assert sentence.endswith(": az dockervm create -g 'my(group)' -n web1 --tags cost=VALUE" + SUBSCRIPTION)


def test_rules_for_everybody_are_made_for_some(host):
    alias = "Microsoft.Network/networkSecurityGroups/securityRules[*].sourceAddressPrefix"
    [sentence] = advised(host, ("type", "Equals", ("Microsoft.Network/networkSecurityGroups",)),
                         (alias, "In", ("*", "Internet")))
    assert sentence.endswith(f": {CREATE} --source-address-prefixes ADDRESSES{SUBSCRIPTION}")


@pytest.mark.parametrize("field", [
    ADDRESS, ("Microsoft.Network/networkInterfaces/ipconfigurations[*].publicIpAddress.id", "NotLike", ("*",))])
def test_a_host_does_without_a_public_address_or_somebody_exempts_it(host, field):
    [without, exempted] = advised(host, field)
    typed = CREATE.replace(" --dns-name mine", "")      # the address's
    assert without.endswith(f": {typed} --public-ip-address '' --subnet SUBNET-ID{SUBSCRIPTION}")
    assert exempted.endswith(": az policy exemption create -n dockervm -g 'my(group)' --policy-assignment "
                             f"/subscriptions/s/a --exemption-category Waiver{SUBSCRIPTION}")
    [_, unknown] = advised(host, field, assignment_id="")
    assert "--policy-assignment ASSIGNMENT " in unknown


@pytest.mark.parametrize(("field", "words"), [
    (("location", "NotIn", ("uksouth", "westeurope")), "-l uksouth"),
    (("Microsoft.Compute/virtualMachines/sku.name", "NotIn", ("Standard_B2s",)), "--size Standard_B2s")])
def test_what_it_allows_is_told(host, field, words):
    [sentence] = advised(host, field)
    assert words in sentence and ", ".join(field[2]) in sentence


@pytest.mark.parametrize("fields", [
    [], [("location", "In", ("westus",))], [("location", "NotIn", ())], [("something", "NotIn", ("else",))],
    [("type", "Equals", ("Microsoft.Compute/virtualMachines",))]])
def test_of_what_is_not_known_only_where_to_look_is_said(host, fields):
    assert advised(host, *fields) == []


def test_who_logged_in_without_a_second_factor_logs_in_again(host):
    name = "[Preview]: Users must authenticate with multi-factor authentication to create or update resources"
    violation = PolicyViolation(name, "MFA", "/a", (("location", "NotIn", ("westus",)),))
    refused = AzureRefused("no", code="RequestDisallowedByPolicy", violations=(violation,))
    assert refusals.with_recommendation(refused, host).recommendations[0] == (
        "It wants a login with multi-factor authentication: az login")
