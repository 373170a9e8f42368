"""A host by its VM's tags: what they note, and which of them a hand has spoilt."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from azext_dockervm.azure import kinds
from azext_dockervm.errors import AzureRefused, Conflict, NotFound
from azext_dockervm.host import noted
from azext_dockervm.spec.host import HostSpec

SPEC = HostSpec("g", "web1")
FQDN = "web1.westus.cloudapp.azure.com"


def read(cloud, name="web1"):
    return noted.read(cloud.azure(), "g", name, "mine")


def test_all_that_is_noted_and_the_address_beside_it(cloud, finished):
    cloud.log.clear()
    host = read(cloud)
    assert sorted(one.name for one in cloud.log) == ["web1", "web1PublicIP"]
    assert (host.name, host.group, host.power_state, host.port, host.fqdn) == ("web1", "g", "running", 4243, FQDN)
    assert host.docker_host == f"tcp://{FQDN}:4243" and host.provisioner == "run-command" and host.problems == ()
    assert host.expires == finished.provisioned.expires and host.authority == cloud.tags()["dockervm-ca"]
    assert host.subscription == "mine"


def test_a_vm_that_is_not_there_is_told_with_the_command_that_lists_hosts(cloud):
    with pytest.raises(NotFound, match="There is no VM 'web1' in a resource group 'g'") as caught:
        read(cloud)
    assert caught.value.recommendations == (
        "The hosts that there are: az dockervm list -o table --subscription mine",)


def test_a_vm_that_dockervm_did_not_make_is_no_host(cloud, finished):
    cloud.find(kinds.VM, "web1")["tags"] = {"owner": "me"}
    with pytest.raises(Conflict, match="The VM 'web1' is no host of dockervm") as caught:
        read(cloud)
    assert "az dockervm info -g g -n web1 --subscription mine" in caught.value.recommendations[0]


def test_one_that_no_create_has_finished(cloud, finished):
    cloud.retag(kinds.VM, "web1", dockervm_provisioner=None, dockervm_certificate_expires=None)
    host = read(cloud)
    assert host.provisioner is None and host.expires is None and host.problems == ()


@pytest.mark.parametrize(("name", "value", "told"), [
    ("dockervm_host", "web9", "the tag dockervm-host is 'web9'; it must be 'web1'"),
    ("dockervm_host", None, "the tag dockervm-host is missing; it must be 'web1'"),
    ("dockervm_schema", "2", "the tag dockervm-schema is '2'; it must be '1' for this version of dockervm"),
    ("dockervm_port", "many", "the tag dockervm-port is 'many'; it must be the engine's port"),
    ("dockervm_port", None, "the tag dockervm-port is missing; it must be the engine's port"),
    ("dockervm_fqdn", None, "the tag dockervm-fqdn is missing; it must be the host's DNS name, or its "
                             "address where it has none"),
    ("dockervm_fqdn", "", "the tag dockervm-fqdn is missing; it must be the host's DNS name, or its "
                             "address where it has none"),
    ("dockervm_fqdn", "w$(x)", "the tag dockervm-fqdn is 'w$(x)'; it must be the host's DNS name, or its "
                             "address where it has none"),
    ("dockervm_ca", "mine", "the tag dockervm-ca is 'mine'; it must be the SHA-256 fingerprint of a certificate "
                            "authority")])
def test_a_tag_that_a_hand_has_spoilt_is_named(cloud, finished, name, value, told):
    cloud.retag(kinds.VM, "web1", **{name: value})
    assert read(cloud).problems == (told,)


def test_without_a_port_there_is_no_endpoint(cloud, finished):
    cloud.retag(kinds.VM, "web1", dockervm_port=None)
    assert read(cloud).docker_host is None


@pytest.mark.parametrize("tag", [None, "w$(x)", "evil.example.com", "10.9.9.9"])
def test_what_the_tag_says_of_the_address_does_not_count_beside_azure_s_word(cloud, finished, tag):
    cloud.retag(kinds.VM, "web1", dockervm_fqdn=tag)
    host = read(cloud)
    assert (host.endpoint, host.fqdn) == (FQDN, FQDN)
    noted.check_tags(host, SPEC)
    assert noted.docker_host(host, SPEC) == f"tcp://{FQDN}:4243"


def test_a_host_that_has_lost_its_address_is_told_with_the_command_that_gives_it_one(cloud, finished):
    interface = cloud.find(kinds.NETWORK_INTERFACE, "web1VMNic")
    del interface["properties"]["ipConfigurations"][0]["properties"]["publicIPAddress"]
    host = read(cloud)
    assert host.endpoint is None
    with pytest.raises(Conflict, match="The host 'web1' has no public IP address") as caught:
        noted.docker_host(host, SPEC)
    assert caught.value.recommendations == ("To give it one again: az dockervm create -g g -n web1",)


def test_an_address_that_may_not_be_read_is_not_taken_from_the_tag(cloud, finished):
    for kind in (kinds.PUBLIC_IP, kinds.NETWORK_INTERFACE):
        cloud.refuse("GET", kind, "AuthorizationFailed", status=403)
    with pytest.raises(AzureRefused) as caught:
        noted.docker_host(read(cloud), SPEC)
    assert "nobody knows the address of 'web1'" in caught.value.message and "Reader" in caught.value.recommendations[0]


@pytest.mark.parametrize("kept", ["host", "schema", "port", "ca", "fqdn", "provisioner"])
def test_one_tag_is_sign_enough_in_any_case(cloud, finished, kept):
    cloud.find(kinds.VM, "web1")["tags"] = {f"DockerVM-{kept.upper()}": "x", "dockervm-certificate-expires": "never"}
    host = read(cloud)
    assert host.problems and host.expires is None


def test_names_of_hosts_are_compared_without_case(cloud, finished):
    cloud.retag(kinds.VM, "web1", dockervm_host="WEB1")
    assert read(cloud).problems == ()


def test_the_end_of_the_certificate_as_it_is_noted(cloud, finished):
    cloud.retag(kinds.VM, "web1", dockervm_certificate_expires="2030-01-02T03:04:05Z")
    assert read(cloud).expires == datetime(2030, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


@pytest.mark.parametrize(("name", "value", "mended_by"), [
    ("dockervm_host", "web9", "az tag update --operation Merge --resource-id {id} --tags dockervm-host=web1"),
    ("dockervm_ca", "spoilt", "az dockervm enable -g g -n web1 --replace-trust"),
    ("dockervm_ca", None, "az dockervm create -g g -n web1"),
    ("dockervm_port", "many", "az dockervm create -g g -n web1")])
def test_what_mends_a_spoilt_tag_is_told(cloud, finished, name, value, mended_by):
    noted.check_tags(read(cloud), SPEC)
    cloud.retag(kinds.VM, "web1", **{name: value})
    host = read(cloud)
    with pytest.raises(Conflict, match="do not say how to reach it: the tag dockervm-") as caught:
        noted.check_tags(host, SPEC)
    mend, look = caught.value.recommendations
    assert mend.endswith(f": {mended_by.format(id=host.vm['id'])}") and look.endswith(": az dockervm info -g g -n web1")


def test_a_host_without_a_name_is_known_by_its_address(cloud, finished):
    cloud.retag(kinds.VM, "web1", dockervm_fqdn="10.0.0.4")
    del cloud.find(kinds.NETWORK_INTERFACE, "web1VMNic")["properties"]["ipConfigurations"][0]["properties"][
        "publicIPAddress"]
    cloud.remove(kinds.PUBLIC_IP, "web1PublicIP")
    host = noted.read(cloud.azure(), "g", "web1")
    assert (host.fqdn, host.endpoint, host.docker_host, host.problems) == (None, "10.0.0.4", "tcp://10.0.0.4:4243", ())
