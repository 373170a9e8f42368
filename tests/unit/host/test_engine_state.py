"""What `info` reports of an engine, or the plain reason why it reports nothing; and what it warns of."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from fake_azure import ENGINE_VERSION, running

from azext_dockervm.azure import kinds
from azext_dockervm.certs.summary import describe
from azext_dockervm.errors import EngineUnreachable
from azext_dockervm.host import vm_state
from azext_dockervm.host.engine_state import EngineState, ask_engine, warnings
from azext_dockervm.host.renewal import moment

FQDN = "web1.westus.cloudapp.azure.com"
NOTED = "2030-01-31T12:00:00Z"


@pytest.fixture
def report(cloud, store, finished):
    """report(folder) → what info finds out; the tag notes an end that is not the certificate's."""
    cloud.retag(kinds.VM, "web1", dockervm_certificate_expires=NOTED)
    cloud.engines.knocks.clear()

    def ask(folder=None):
        return ask_engine(cloud.azure(), seen(cloud), folder or store.folder)

    return ask


def seen(cloud):
    return vm_state.read(cloud.azure(), "g", "web1", "mine")


def power(cloud, state):
    cloud.change(kinds.VM, "web1", instanceView=running(state))


def told(report_, cloud):
    """Of an engine that was not even asked."""
    assert report_.state is None and report_.certificate_expires == NOTED and not cloud.engines.knocks
    return report_.reason


def told_command(report_, cloud):
    assert told(report_, cloud)
    return report_.cause.commands[0]


def test_an_engine_that_answers(cloud, report):
    now = report()
    assert now.state["version"]["Version"] == ENGINE_VERSION and now.reason is None and now.closed == ()
    assert moment(now.certificate_expires) == describe(cloud.host().files.certificate).not_after
    assert set(cloud.engines.knocks) == {f"{FQDN}:4243"}


# Not asked


@pytest.mark.parametrize("state", ["deallocated", "stopped", "starting"])
def test_a_vm_that_is_off_is_not_asked_and_the_command_that_starts_it_is_told(cloud, report, state):
    power(cloud, state)
    now = report()
    assert told(now, cloud) == f"The VM 'web1' is {state}."
    assert now.cause.commands == ("To start it: az vm start -g g -n web1 --subscription mine",)


def test_a_vm_of_which_nobody_knows_is_asked(cloud, report):
    cloud.change(kinds.VM, "web1", instanceView=None)
    assert report().state


@pytest.mark.parametrize("tag", [None, "many", "70000"])
def test_a_vm_without_a_port_in_its_tags_is_not_asked(cloud, report, tag):
    cloud.retag(kinds.VM, "web1", dockervm_port=tag)
    assert f"docker --tlsverify -H tcp://{FQDN}:PORT info" in told_command(report(), cloud)


@pytest.mark.parametrize(("address", "shown"), [("20.0.0.1", "20.0.0.1"), (None, "ADDRESS")])
def test_the_command_names_the_address_that_there_is(cloud, report, address, shown):
    cloud.retag(kinds.VM, "web1", dockervm_port=None, dockervm_fqdn=None)
    cloud.change(kinds.PUBLIC_IP, "web1PublicIP", dnsSettings=None, ipAddress=address)
    assert f"-H tcp://{shown}:PORT" in told_command(report(), cloud)


def test_a_vm_without_an_address_is_not_asked(cloud, report):
    cloud.retag(kinds.VM, "web1", dockervm_fqdn=None)
    cloud.change(kinds.PUBLIC_IP, "web1PublicIP", dnsSettings=None, ipAddress=None)
    assert told(report(), cloud) == (
        "The host 'web1' has no public IP address, so it can't be reached from here.")


def test_a_vm_without_a_name_is_asked_by_its_number(cloud, report):
    cloud.retag(kinds.VM, "web1", dockervm_fqdn=None)
    cloud.change(kinds.PUBLIC_IP, "web1PublicIP", dnsSettings=None)
    assert report().state and set(cloud.engines.knocks) == {"20.0.0.1:4243"}


# Asked in vain


def test_an_engine_that_refuses(cloud, report):
    cloud.host().engine = None
    now = report()
    assert now.state is None and now.certificate_expires == NOTED
    assert now.reason == f"{FQDN}:4243 refuses connections: nothing listens there"


@pytest.mark.parametrize(("kind", "hinted"), [("certificate", True), ("rejected", True), ("expired", False),
                                              ("timeout", False)])
def test_the_wrong_folder_is_thought_of_where_certificates_do_not_fit(cloud, report, kind, hinted):
    cloud.engine_says = [EngineUnreachable("no", kind=kind)]
    assert any("-dc FOLDER" in one for one in report().cause.commands) is hinted


def test_another_folder_s_certificates_do_not_open_it(cloud, report, other):
    cause = report(other.folder).cause
    assert cause.key == "other-authority" and "-dc FOLDER" in cause.commands[0]


def test_an_engine_that_shakes_hands_and_says_no_more(cloud, report):
    cloud.engine_says = [None, EngineUnreachable("did not answer as one", kind="protocol")]
    now = report()
    assert now.state is None and now.reason == "did not answer as one"
    assert moment(now.certificate_expires) == describe(cloud.host().files.certificate).not_after


@pytest.mark.parametrize("tag", [None, "soon"])
def test_an_end_that_nobody_tells(cloud, report, tag):
    cloud.retag(kinds.VM, "web1", dockervm_certificate_expires=tag)
    cloud.host().engine = None
    assert report().certificate_expires is None


# Published ports


def publishing(cloud, *ports):
    cloud.host().containers = [{"Ports": [{"IP": "0.0.0.0", "PublicPort": port, "Type": "tcp"} for port in ports]}]


def test_published_ports_that_the_security_group_keeps_closed(cloud, report):
    publishing(cloud, 80, 4243)
    now = report()
    assert now.closed == ((80, "tcp"),)
    assert now.openers == ("az dockervm create -g g -n web1 --open-ports 80 --subscription mine",)


def test_the_command_that_opens_one_keeps_what_is_open(cloud, report):
    publishing(cloud, 80)
    cloud.find(kinds.SECURITY_GROUP, "web1NSG")["properties"]["securityRules"].append({
        "name": "Allow-Ports", "properties": {
            "priority": 1020, "direction": "Inbound", "access": "Allow", "protocol": "Tcp", "sourcePortRange": "*",
            "destinationAddressPrefix": "*", "sourceAddressPrefix": "*", "destinationPortRanges": ["443", "90-99"]}})
    assert "--open-ports 443 90-99 80 --sub" in report().openers[0]


def test_in_a_group_of_others_it_says_that_it_adds_a_rule(cloud, report):
    publishing(cloud, 80)
    group = cloud.find(kinds.SECURITY_GROUP, "web1NSG")
    cloud.resources[(kinds.SECURITY_GROUP.type.lower(), "g", "corp")] = {
        **group, "id": group["id"].replace("web1NSG", "corp"), "name": "corp"}
    cloud.find(kinds.NETWORK_INTERFACE, "web1VMNic")["properties"]["networkSecurityGroup"]["id"] = (
        group["id"].replace("web1NSG", "corp"))
    assert "--open-ports 80 --open --sub" in report().openers[0]


def test_what_is_not_tcp_is_opened_by_a_rule_at_a_free_priority(cloud, report):
    cloud.host().containers = [{"Ports": [{"IP": "0.0.0.0", "PublicPort": 53, "Type": kind} for kind in (
        "tcp", "udp", "sctp")]}]
    tcp, sctp, udp = report().openers
    assert "--open-ports 53 --sub" in tcp
    assert "--nsg-name web1NSG -n allow-udp-901 --priority 901 --access Allow --protocol Udp" in udp
    assert " -n allow-sctp-900 --priority 900 --access Allow --protocol '*'" in sctp


def opened_for(cloud, address):
    rule = cloud.find(kinds.SECURITY_GROUP, "web1NSG")["properties"]["securityRules"][0]
    cloud.find(kinds.SECURITY_GROUP, "web1NSG")["properties"]["securityRules"].append(
        {**rule, "properties": {**rule["properties"], "priority": 200, "destinationPortRange": "80",
                                "destinationAddressPrefix": address}})


def test_a_rule_for_the_host_s_private_address_opens_a_port(cloud, report):
    publishing(cloud, 80)
    opened_for(cloud, seen(cloud).private_address)
    assert report().closed == ()


def test_a_rule_for_an_address_opens_nothing_of_a_host_whose_address_nobody_knows(cloud, report):
    publishing(cloud, 80)
    opened_for(cloud, seen(cloud).private_address)
    del cloud.find(kinds.NETWORK_INTERFACE, "web1VMNic")["properties"]["ipConfigurations"][0]["properties"][
        "privateIPAddress"]
    assert report().closed == ((80, "tcp"),)


def test_a_free_priority_is_found(cloud, report):
    cloud.host().containers = [{"Ports": [{"IP": "0.0.0.0", "PublicPort": 53, "Type": "udp"}]}]
    rule = cloud.find(kinds.SECURITY_GROUP, "web1NSG")["properties"]["securityRules"][0]
    for priority in (900, 901):
        cloud.find(kinds.SECURITY_GROUP, "web1NSG")["properties"]["securityRules"].append(
            {**rule, "properties": {**rule["properties"], "priority": priority}})
    assert "--priority 902 " in report().openers[0]


def test_where_the_rules_may_not_be_read_none_is_called_closed(cloud, report):
    publishing(cloud, 80)
    cloud.refuse("GET", kinds.SECURITY_GROUP, "AuthorizationFailed", status=403)
    now = report()
    assert now.state and now.closed == ()


@pytest.mark.parametrize("container", [{}, {"Ports": None}, {"Ports": [{"PrivatePort": 80}]}])
def test_containers_that_publish_nothing(cloud, report, container):
    cloud.host().containers = [container]
    assert report().closed == ()


# What it warns of


def state(days=None, **values):
    ends = None if days is None else datetime.now(timezone.utc) + timedelta(days=days, seconds=30)
    return EngineState(None, None, ends, **values)


@pytest.mark.parametrize(("days", "words"), [
    (29, "expires on"), (5, "in 5 days"), (1, "in 1 day."), (-3, "expired on"), (30, None), (None, None)])
def test_a_certificate_that_ends_soon_is_warned_of_with_the_command(cloud, finished, days, words):
    texts = warnings(seen(cloud), state(days), None)
    if words is None:
        assert texts == []
        return
    assert len(texts) == 1 and words in texts[0]
    assert texts[0].endswith("To renew it: az dockervm create -g g -n web1 --subscription mine")


def test_the_command_names_the_folder_that_was_typed(cloud, finished):
    text, = warnings(seen(cloud), state(5), "/my/certs")
    assert text.endswith("az dockervm create -g g -n web1 -dc /my/certs --subscription mine")


def test_closed_ports_are_warned_of_with_the_command_that_opens_them(cloud, finished):
    closed = ((53, "tcp"), (53, "udp"), (80, "tcp"))
    text, = warnings(seen(cloud), state(closed=closed, openers=("az one", "az two")), None)
    assert "53/tcp, 53/udp, 80/tcp" in text and text.endswith("To open them: az one and az two")


def test_both_are_told_and_nothing_where_nothing_is_wrong(cloud, finished):
    assert len(warnings(seen(cloud), state(5, closed=((80, "tcp"),)), None)) == 2
    assert warnings(seen(cloud), state(500), None) == []
