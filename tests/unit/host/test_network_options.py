"""Hosts that stand where they were told to: in somebody's network, by somebody's address or interface, or by none."""

from __future__ import annotations

import shutil

import pytest
from cryptography import x509
from networks import address, interface, network, resource_id
from specs import host_spec

from azext_dockervm.azure import kinds
from azext_dockervm.errors import AzureRefused, Conflict
from azext_dockervm.host import noted, remains, removal, vm_state
from azext_dockervm.host.context import docker_host
from azext_dockervm.host.enable import TrustReplacement
from azext_dockervm.output import shapes
from azext_dockervm.spec import network_rules as rules
from azext_dockervm.spec.machine import Image
from azext_dockervm.spec.words import NO_PUBLIC_IP

VNET, NSG, PIP, NIC, VM = (kinds.VIRTUAL_NETWORK, kinds.SECURITY_GROUP, kinds.PUBLIC_IP, kinds.NETWORK_INTERFACE,
                           kinds.VM)
FQDN = "web1.westus.cloudapp.azure.com"
CORP = rules.check_virtual_network("corp")
PRIVATE = {"virtual_network": CORP, "public_ip": NO_PUBLIC_IP, "provisioner": "run-command"}


def written(cloud):
    return [one for one in cloud.writes() if one.startswith("PUT ") and one.split()[1].split("/")[0] in (
        "virtualNetworks", "subnets", "publicIPAddresses", "networkInterfaces", "networkSecurityGroups")]


def left_alone(cloud):
    """Nothing is written but the VM's tags, which say the same again."""
    return [one for one in cloud.writes() if one != "PATCH virtualMachines/web1"] == []


def configuration(cloud, name="web1VMNic"):
    return cloud.find(NIC, name)["properties"]["ipConfigurations"][0]["properties"]


def certificate_names(cloud):
    found = x509.load_pem_x509_certificate(cloud.host().engine.certificate)
    inside = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {*inside.get_values_for_type(x509.DNSName), *map(str, inside.get_values_for_type(x509.IPAddress))}


def deleted(cloud, command):
    """What a deletion says that it would take, after it has."""
    found = remains.find(command.azure(), host_spec(), False)
    said = removal.loss(found, ())
    cloud.log.clear()
    removal.Removal(command.azure(), found, command.heard).carry_out()
    return said


# Networks


def test_a_host_stands_in_the_only_subnet_of_a_network_that_was_named(cloud, command):
    network(cloud)
    made = command.create(virtual_network=CORP)
    assert made.proof.reachable and "virtualNetworks" not in str(written(cloud))
    assert configuration(cloud)["subnet"]["id"] == resource_id("virtualNetworks/subnets", "corp", "apps")


def test_in_a_subnet_of_another_group_by_its_id(cloud, command):
    network(cloud, group="net")
    asked = resource_id("virtualNetworks/subnets", "corp", "apps", group="net")
    assert command.create(subnet=rules.check_subnet(asked)).proof.reachable
    assert configuration(cloud)["subnet"]["id"] == asked and not cloud.find(VNET, "corp")


def test_a_new_network_has_the_hosts_tags_a_private_subnet_and_no_name_of_one_host(cloud, command):
    command.create(virtual_network=CORP, subnet="apps", network_prefix="10.9.0.0/16", tags={"cost": "1"})
    made = cloud.find(VNET, "corp")
    assert made["tags"] == {"cost": "1", "dockervm-shared": "1", "dockervm-subnet": "apps",
                            "dockervm-run": cloud.tags()["dockervm-run"]}
    assert made["properties"]["addressSpace"] == {"addressPrefixes": ["10.9.0.0/16"]}
    inside, = made["properties"]["subnets"]
    assert (inside["name"], inside["properties"]["addressPrefix"], inside["properties"]["defaultOutboundAccess"]) == (
        "apps", "10.9.0.0/20", False)
    cloud.log.clear()
    command.create(name="web2", virtual_network=CORP)
    assert "PUT virtualNetworks/corp" not in cloud.writes() and "PUT subnets/corp/hosts" not in cloud.writes()
    assert configuration(cloud, "web2VMNic")["subnet"]["id"].endswith("/corp/subnets/apps")


def test_one_of_ours_in_another_group_is_mended_there(cloud, command):
    network(cloud, group="net", tags={"dockervm-shared": "1"})
    cloud.change(VNET, "corp", group="net", provisioningState="Failed")
    asked = rules.check_subnet(resource_id("virtualNetworks/subnets", "corp", "apps", group="net"))
    command.create(subnet=asked)
    assert [(one.group, one.names) for one in cloud.sent("PUT", VNET)] == [("net", ("corp",))]
    assert configuration(cloud)["subnet"]["id"] == asked.id("", "") and not cloud.find(VNET, "corp")


def test_a_new_subnet_of_a_network_that_is_there_is_made_alone(cloud, command):
    network(cloud)
    command.create(virtual_network=CORP, subnet="web", subnet_prefix="10.1.7.0/24")
    assert "PUT subnets/corp/web" in cloud.writes() and "PUT virtualNetworks/corp" not in cloud.writes()
    assert cloud.find(kinds.SUBNET, "corp", "web")["properties"] == {
        "addressPrefix": "10.1.7.0/24", "defaultOutboundAccess": False, "provisioningState": "Succeeded"}
    assert configuration(cloud)["subnet"]["id"].endswith("/corp/subnets/web")


def test_a_failed_create_leaves_a_subnet_that_it_made_and_says_so(cloud, command):
    network(cloud)
    cloud.refuse("PUT", VM, "SkuNotAvailable")
    told = command.failing(AzureRefused, virtual_network=CORP, subnet="web", subnet_prefix="10.1.7.0/24")
    assert "but for the subnet 'web' of the virtual network 'corp'" in told.message


def test_as_it_leaves_a_network_of_another_name(cloud, command):
    cloud.refuse("PUT", VM, "SkuNotAvailable")
    told = command.failing(AzureRefused, virtual_network=CORP)
    assert "but for the virtual network 'corp', which hosts share" in told.message


def test_a_private_address_is_static_and_the_interface_is_accelerated(cloud, command):
    network(cloud)
    command.create(virtual_network=CORP, private_address="10.1.0.77", accelerated=True)
    made = configuration(cloud)
    assert (made["privateIPAllocationMethod"], made["privateIPAddress"]) == ("Static", "10.1.0.77")
    assert cloud.find(NIC, "web1VMNic")["properties"]["enableAcceleratedNetworking"] is True
    assert "address g/corp 10.1.0.77" in cloud.asked and "10.1.0.77" in certificate_names(cloud)


def test_a_network_that_may_be_used_and_not_be_read(cloud, command):
    network(cloud, group="net")
    cloud.refuse("GET", VNET, "AuthorizationFailed", status=403)
    asked = resource_id("virtualNetworks/subnets", "corp", "apps", group="net")
    assert command.create(subnet=rules.check_subnet(asked)).proof.reachable
    assert configuration(cloud)["subnet"]["id"] == asked


# Public addresses


def test_an_address_that_is_there_gives_the_host_its_name_and_is_not_changed(cloud, command):
    before = address(cloud, label="boat", tags={"owner": "me"})
    made = command.create(public_ip=rules.check_public_ip("web-ip"))
    assert made.address.fqdn == "boat.westus.cloudapp.azure.com" and made.proof.reachable
    assert "publicIPAddresses" not in str(cloud.writes()) and cloud.find(PIP, "web-ip") == before
    assert configuration(cloud)["publicIPAddress"]["properties"] == {"deleteOption": "Detach"}
    assert "label" not in str(cloud.asked)


@pytest.mark.parametrize(("size", "cores", "asked", "on"), [
    ("Standard_D8s_v4", 8, None, True), ("Standard_D8s_v4", 8, False, False), ("Standard_D4s_v4", 4, None, None),
    ("Standard_D2s_v5", 2, None, None), ("Standard_D2s_v5", 2, True, True)])
def test_the_interface_is_accelerated_as_az_does_it_without_a_further_read(cloud, command, size, cores, asked, on):
    cloud.sizes = {size: cores}
    command.create(size=size, image=Image.parse("FlatcarLinuxFreeGen2"), accelerated=asked)
    assert cloud.find(NIC, "web1VMNic")["properties"].get("enableAcceleratedNetworking") is on
    assert "skus" not in str(cloud.asked)
    command.anew()
    command.create(size=size, image=Image.parse("FlatcarLinuxFreeGen2"))
    assert left_alone(cloud)


def test_the_idle_time_out_of_an_address_that_is_there_is_told_with_the_command_that_changes_it(cloud, command):
    address(cloud, label="boat", idleTimeoutInMinutes=4)
    command.create(public_ip=rules.check_public_ip("web-ip"))
    told, = [one for one in command.heard.warned if "after 4 minutes" in one]
    assert told.endswith("To change it: az network public-ip update -g g -n web-ip --idle-timeout 30")
    command.anew()
    command.create(public_ip=rules.check_public_ip("web-ip"))
    assert command.heard.warned == []       # of a host that is to be made


def test_nothing_is_told_of_an_address_that_lasts_as_long(cloud, command):
    address(cloud, label="boat", idleTimeoutInMinutes=30)
    command.create(public_ip=rules.check_public_ip("web-ip"))
    assert command.heard.warned == []


def test_an_earlier_host_s_address_gets_its_idle_time_out_when_it_is_typed(cloud, command, finished):
    ip = cloud.find(PIP, "web1PublicIP")["properties"]
    ip["idleTimeoutInMinutes"] = 4
    command.anew()
    command.create()
    assert left_alone(cloud) and ip["idleTimeoutInMinutes"] == 4
    typed = {"idle_timeout": 20, "typed": {"--idle-timeout": ("20",)}}
    made = command.create(**typed)
    assert written(cloud) == ["PUT publicIPAddresses/web1PublicIP"] and made.proof.reachable
    after = cloud.find(PIP, "web1PublicIP")["properties"]
    assert (after["idleTimeoutInMinutes"], after["ipAddress"]) == (20, ip["ipAddress"])
    command.anew()
    command.create(**typed)
    assert left_alone(cloud)


def test_one_without_a_label_is_the_hosts_name_itself(cloud, command):
    ip = address(cloud, group="net")["properties"]["ipAddress"]
    asked = rules.check_public_ip(resource_id("publicIPAddresses", "web-ip", group="net"))
    made = command.create(public_ip=asked, provisioner="run-command")
    assert (made.address.fqdn, made.address.endpoint) == (None, ip) and made.proof.reachable
    assert cloud.tags()["dockervm-fqdn"] == ip and ip in certificate_names(cloud)
    shown = shapes.host(made, "/certs")
    assert (shown["fqdn"], shown["publicIpAddress"], shown["dockerHost"]) == (None, ip, f"tcp://{ip}:4243")


def test_an_address_of_another_name_is_made_like_the_usual_one_and_goes_with_the_host(cloud, command):
    made = command.create(public_ip=rules.check_public_ip("boat-ip"))
    assert made.address.fqdn == FQDN and cloud.tags(PIP, "boat-ip")["dockervm-host"] == "web1"
    assert not cloud.find(PIP, "web1PublicIP")
    command.anew()
    assert command.create().proof.reachable and written(cloud) == []
    assert "the public IP address 'boat-ip'" in deleted(cloud, command)
    assert not cloud.find(PIP, "boat-ip")


def test_what_a_killed_create_left_of_it_is_used_and_found_by_its_tag(cloud, command):
    address(cloud, "boat-ip")
    cloud.retag(PIP, "boat-ip", dockervm_host="web1", dockervm_run="old")
    assert "the public IP address 'boat-ip'" in deleted(cloud, command) and not cloud.find(PIP, "boat-ip")
    address(cloud, "boat-ip")
    cloud.retag(PIP, "boat-ip", dockervm_host="web1", dockervm_run="old")
    assert command.create(public_ip=rules.check_public_ip("boat-ip")).address.fqdn == FQDN     # it lacked its label


# Without one


@pytest.fixture
def private(cloud, command):
    """A host that is known by its private address, and this computer in its network."""
    network(cloud)
    cloud.joined = True
    made = command.create(**PRIVATE)
    command.anew()
    return made


def test_a_private_host_is_known_by_its_address(cloud, private):
    assert private.proof.reachable and private.address.endpoint == "10.0.0.4"
    assert "publicIPAddress" not in configuration(cloud) and not cloud.find(PIP, "web1PublicIP")
    assert certificate_names(cloud) == {"localhost", "10.0.0.4", "127.0.0.1"}
    assert cloud.tags()["dockervm-fqdn"] == "10.0.0.4" and docker_host(private) == "tcp://10.0.0.4:4243"
    shown = shapes.host(private, "/certs")
    assert (shown["fqdn"], shown["publicIpAddress"], shown["privateIpAddress"], shown["dockerHost"]) == (
        None, None, "10.0.0.4", "tcp://10.0.0.4:4243")


def test_all_that_is_asked_of_it_later_knows_it_so(cloud, command, private):
    seen = noted.read(cloud.azure(), "g", "web1")
    assert shapes.noted(seen)["dockerHost"] == "tcp://10.0.0.4:4243" and shapes.noted(seen)["fqdn"] is None
    state = vm_state.read(cloud.azure(), "g", "web1")
    assert shapes.machine(state)["dockerHost"] == "tcp://10.0.0.4:4243" and shapes.machine(state)["fqdn"] is None


@pytest.mark.parametrize("typed", [{}, PRIVATE], ids=["by its name alone", "as it was made"])
def test_the_same_create_leaves_it_alone(cloud, command, private, typed):
    made = command.create(**typed)
    assert made.address.endpoint == "10.0.0.4" and made.proof.reachable
    assert left_alone(cloud) and cloud.host().asked() == []


def test_one_that_a_template_made_gets_none_either(cloud, command, private):
    """Which can't note what it does not know."""
    cloud.retag(VM, "web1", dockervm_fqdn=None)
    made = command.create(**PRIVATE)
    assert made.address.endpoint == "10.0.0.4" == cloud.tags()["dockervm-fqdn"] and written(cloud) == []


def test_from_elsewhere_it_is_sound_and_out_of_reach(cloud, command, private):
    cloud.joined = False
    made = command.create()
    assert not made.proof.reachable and cloud.host().asked() == ["check"] and written(cloud) == []


def test_a_new_authority_is_given_to_it_too(cloud, command, private, other):
    replacement = TrustReplacement(command.azure(), host_spec(location=None), other, command.heard)
    replacement.ask_the_host()
    made = replacement.carry_out()
    assert made.address.endpoint == "10.0.0.4" and made.proof.reachable
    assert cloud.tags()["dockervm-ca"] == other.authority_fingerprints()[0]


def test_it_is_deleted_and_its_network_is_left_and_named(cloud, command, private):
    said = deleted(cloud, command)
    assert "Kept: the virtual network 'corp'." in said
    assert cloud.there() == {"virtualnetworks/corp"}


def test_in_an_image_of_somebodys_own_docker_may_be_there(cloud, command):
    from azext_dockervm.spec.machine import Image

    network(cloud, apps={"addressPrefix": "10.1.0.0/24", "defaultOutboundAccess": False})
    cloud.joined = True
    cloud.image = {"name": "mine", "location": "westus", "properties": {}}
    image = Image.parse(resource_id("images", "mine").replace("Network", "Compute"))
    assert command.create(**PRIVATE, image=image).proof.reachable
    assert "only if Docker is in the image" in str(command.heard.warned)


# Interfaces that are there


@pytest.fixture
def stands(cloud, command):
    """A host on two interfaces of somebody's, the first with a public address that has a label."""
    network(cloud)
    interface(cloud, public_ip=address(cloud, label="boat"))
    interface(cloud, "nic2", private="10.1.0.5")
    before = {name: str(cloud.find(NIC, name)["properties"]["ipConfigurations"]) for name in ("nic1", "nic2")}
    made = command.create(interfaces=rules.check_interfaces(["nic1", "nic2"]), provisioner="run-command")
    assert {name: str(cloud.find(NIC, name)["properties"]["ipConfigurations"]) for name in before} == before
    return made


def test_a_host_stands_on_interfaces_that_were_named_and_makes_none_of_their_parts(cloud, stands):
    assert stands.address.fqdn == "boat.westus.cloudapp.azure.com" and stands.proof.reachable
    assert written(cloud) == []
    assert [(one["id"].rpartition("/")[2], one["properties"]) for one in cloud.find(VM, "web1")["properties"][
        "networkProfile"]["networkInterfaces"]] == [("nic1", {"primary": True, "deleteOption": "Detach"}),
                                                    ("nic2", {"primary": False, "deleteOption": "Detach"})]


def test_the_same_create_finds_them_again(cloud, command, stands):
    command.anew()
    assert command.create().address.fqdn == "boat.westus.cloudapp.azure.com"
    assert left_alone(cloud) and not command.heard.warned


def test_they_stay_when_the_host_goes(cloud, command, stands):
    said = deleted(cloud, command)
    assert "Kept: the network interface 'nic1'; the network interface 'nic2'." in said
    assert cloud.find(NIC, "nic1") and cloud.find(NIC, "nic2") and cloud.find(PIP, "web-ip")
    assert not cloud.find(VM, "web1") and cloud.writes() == ["DELETE virtualMachines/web1"]


def test_a_private_one_that_nothing_guards_is_told_of(cloud, command):
    network(cloud)
    interface(cloud, guarded=False)
    cloud.joined = True
    made = command.create(interfaces=rules.check_interfaces(["nic1"]))
    assert made.address.endpoint == "10.1.0.4" and made.proof.reachable
    assert "Neither the network interface 'nic1' nor its subnet has a network security group" in str(
        command.heard.warned)


# What its certificate names


def test_further_names_are_in_the_certificate_and_in_a_tag(cloud, command):
    command.create(tls_names=("docker.example.com", "192.0.2.7"))
    assert {"docker.example.com", "192.0.2.7", FQDN} <= certificate_names(cloud)
    assert cloud.tags()["dockervm-tls-san"] == "docker.example.com,192.0.2.7"


@pytest.mark.parametrize("provisioner", ["run-command", "docker-extension"])
def test_they_are_kept_changed_and_taken_away(cloud, command, provisioner):
    command.create(provisioner=provisioner, tls_names=("docker.example.com",))
    command.anew()
    command.create()
    assert left_alone(cloud)
    command.create(tls_names=("other.example.com",), typed={"--tls-san": ("other.example.com",)})
    assert "other.example.com" in certificate_names(cloud) and "docker.example.com" not in certificate_names(cloud)
    assert "its certificate is to name other.example.com besides" in str(command.heard.said)
    command.create(tls_names=(), typed={"--tls-san": ("",)})
    assert "other.example.com" not in certificate_names(cloud) and cloud.tags()["dockervm-tls-san"] == ""
    command.anew()
    command.create()
    assert left_alone(cloud)


def test_a_new_authority_signs_none_that_only_the_tag_has_and_names_them(cloud, command, other):
    command.create(provisioner="run-command", tls_names=("docker.example.com",))
    replacement = TrustReplacement(command.azure(), host_spec(location=None), other, command.heard)
    replacement.ask_the_host()
    replacement.carry_out()
    assert certificate_names(cloud) == OWN_NAMES
    assert "does not name docker.example.com: only a tag" in str(command.heard.warned)
    assert "--tls-san docker.example.com" in str(command.heard.warned)


# Whoever may write tags gets nothing signed

OWN_NAMES = {FQDN, "localhost", "127.0.0.1", "20.0.0.1", "10.0.0.4"}
EVIL = "*.westus.cloudapp.azure.com,web2.westus.cloudapp.azure.com,203.0.113.99,bank.example.com"


@pytest.mark.parametrize("provisioner", ["run-command", "docker-extension", "cloud-init"])
@pytest.mark.parametrize("has_record", [True, False])
def test_names_of_a_tag_are_never_signed(cloud, command, store, provisioner, has_record):
    command.create(provisioner=provisioner)
    if not has_record:      # another computer with the same certificates
        shutil.rmtree(store.folder / "dockervm-hosts")
    cloud.retag(kinds.VM, "web1", dockervm_tls_san=EVIL, dockervm_fqdn="evil.example.com")
    for renews in (False, True):
        command.anew()
        if renews:
            cloud.host().engine = None
        command.create(typed={})
        assert certificate_names(cloud) == OWN_NAMES
        assert "bank.example.com" in str(command.heard.warned)


def test_a_name_of_the_tag_is_signed_once_somebody_types_it(cloud, command):
    command.create(provisioner="run-command")
    cloud.retag(kinds.VM, "web1", dockervm_tls_san="docker.example.com")
    command.anew()
    command.create()
    assert "--tls-san docker.example.com" in command.heard.warned[0] and certificate_names(cloud) == OWN_NAMES
    command.anew()
    command.create(tls_names=("docker.example.com",), typed={"--tls-san": ("docker.example.com",)})
    assert "docker.example.com" in certificate_names(cloud)


def test_names_are_kept_from_the_certificate_that_the_host_presents_where_nothing_is_recorded(cloud, command, store):
    command.create(provisioner="run-command", tls_names=("docker.example.com",))
    shutil.rmtree(store.folder / "dockervm-hosts")
    cloud.retag(kinds.VM, "web1", dockervm_tls_san=None)
    command.anew()
    command.create(port=2376, typed={"-dp": ("2376",)})
    assert "docker.example.com" in certificate_names(cloud)


def test_names_are_kept_from_the_record_where_the_host_is_not_reached(cloud, command, store):
    command.create(provisioner="run-command", tls_names=("docker.example.com",))
    cloud.retag(kinds.VM, "web1", dockervm_tls_san=None)
    cloud.host().engine = None
    command.anew()
    command.create()
    assert "docker.example.com" in certificate_names(cloud)


def test_wildcards_and_names_of_the_cloud_have_to_be_typed_each_time(cloud, command):
    wild = ("*.example.com", "front.westus.cloudapp.azure.com", "docker.example.com")
    command.create(provisioner="run-command", tls_names=wild, typed={"--tls-san": wild})
    assert set(wild) <= certificate_names(cloud)
    command.anew()
    command.create()
    assert set(wild) <= certificate_names(cloud) and command.heard.warned == [], "a sound host is left alone"
    command.anew()
    command.create(port=2376, typed={"-dp": ("2376",)})
    assert certificate_names(cloud) == {*OWN_NAMES, "docker.example.com"}
    assert "does not name *.example.com, front.westus.cloudapp.azure.com any more" in str(command.heard.warned)


def test_a_new_host_has_none_of_an_earlier_one_of_its_name(cloud, command, store):
    command.create(provisioner="run-command", tls_names=("docker.example.com",))
    folder = store.folder / "dockervm-hosts"
    before = [path.read_bytes() for path in folder.iterdir()]
    cloud.resources.clear()
    command.anew()
    command.create(provisioner="run-command")
    after = [path.read_bytes() for path in folder.iterdir()]
    assert len(before) == len(after) == 1 and before != after
    assert "docker.example.com" not in certificate_names(cloud)


# What an existing host does not get


def test_each_option_is_told_with_what_changes_it(cloud, command, finished):
    network(cloud)
    address(cloud)
    command.create(
        virtual_network=CORP, subnet="apps", network_prefix="10.1.0.0/16", private_address="10.0.0.9",
        public_ip=rules.check_public_ip("web-ip"), accelerated=True,
        typed={"--vnet-name": ("corp",), "--subnet": ("apps",), "--vnet-address-prefix": ("10.1.0.0/16",),
               "--private-ip-address": ("10.0.0.9",), "--public-ip-address": ("web-ip",),
               "--accelerated-networking": ("true",)})
    update = "az network nic ip-config update -g g --nic-name web1VMNic -n ipconfig1"
    assert left_alone(cloud) and command.heard.warned == [
        "Not applied: --vnet-name: the host stands in the virtual network 'dockervm-westus-vnet', and a VM can't leave "
        "the one that it was made in.",
        "Not applied: --subnet: the host stands in the subnet 'hosts', and keeps it.",
        "Not applied: --vnet-address-prefix: it is for a network that is to be made; the host's is there already, and "
        "stays as it is.",
        f"Not applied: --private-ip-address: the host has 10.0.0.4.\nTo change it: {update} --private-ip-address "
        "10.0.0.9",
        "Not applied: --public-ip-address: the host has the public IP address 'web1PublicIP'.\nTo change it: "
        f"{update} --public-ip-address {resource_id('publicIPAddresses', 'web-ip')}",
        "Not applied: --accelerated-networking: the host's interface is without accelerated networking.\n"
        "To change it, which stops the host meanwhile:\n    az vm deallocate -g g -n web1\n"
        "    az network nic update -g g -n web1VMNic --accelerated-networking true\n    az vm start -g g -n web1"]


def test_none_is_told_of_what_it_has(cloud, command):
    network(cloud)
    address(cloud, label="boat")
    asked = {"virtual_network": CORP, "subnet": "apps", "private_address": "10.1.0.9",
             "public_ip": rules.check_public_ip("web-ip"), "accelerated": False}
    command.create(**asked, provisioner="run-command")
    command.anew()
    command.create(**asked, typed={"--vnet-name": ("corp",), "--subnet": ("apps",),
                                   "--private-ip-address": ("10.1.0.9",), "--public-ip-address": ("web-ip",),
                                   "--accelerated-networking": ("false",)})
    assert command.heard.warned == [] and left_alone(cloud)


def test_an_address_of_somebody_s_gets_no_other_label(cloud, command):
    network(cloud)
    address(cloud, label="boat")
    asked = {"virtual_network": CORP, "subnet": "apps", "public_ip": rules.check_public_ip("web-ip")}
    command.create(**asked, provisioner="run-command")
    command.anew()
    command.create(**asked, dns_label="boat", typed={"--dns-name": ("boat",)})
    assert command.heard.warned == []
    command.anew()
    command.create(**asked, dns_label="other", typed={"--dns-name": ("other",)})
    assert left_alone(cloud) and command.heard.warned == [
        "Not applied: --dns-name: the host's public IP address 'web-ip' has the DNS label 'boat', and is not changed.\n"
        "To change it, before the same create again: az network public-ip update -g g -n web-ip --dns-name other"]


def test_interfaces_and_no_address_can_t_be_had_any_more(cloud, command, finished):
    network(cloud)
    interface(cloud)
    command.create(interfaces=rules.check_interfaces(["nic1"]), typed={"--nics": ("nic1",)})
    command.create(public_ip=NO_PUBLIC_IP, typed={"--public-ip-address": ("",)})
    assert [one.split(".\n")[0] for one in command.heard.warned] == [
        "Not applied: --nics: the VM keeps the interfaces that it was made with: 'web1VMNic'",
        "Not applied: --public-ip-address: the host has the public IP address 'web1PublicIP'"]
    assert left_alone(cloud)


# A host whose parts bear other names than usual


def test_an_address_that_somebody_gave_a_host_is_its_name_from_then_on(cloud, command, finished):
    theirs = address(cloud, "their-ip", label="boat")
    cloud.find(NIC, "web1VMNic")["properties"]["ipConfigurations"][0]["properties"]["publicIPAddress"] = {
        "id": theirs["id"]}
    made = command.create()
    assert made.address.fqdn == "boat.westus.cloudapp.azure.com" == cloud.tags()["dockervm-fqdn"]
    assert written(cloud) == [] and "boat.westus.cloudapp.azure.com" in certificate_names(cloud)


@pytest.mark.parametrize(("asked", "says"), [
    ({"virtual_network": CORP}, "stands elsewhere than it was asked for now"),
    ({"public_ip": NO_PUBLIC_IP}, "and the host is to have none"),
    ({"private_address": "10.0.0.99"}, "stands elsewhere than it was asked for now")])
def test_what_a_create_has_left_is_no_part_of_one_that_asks_for_something_else(cloud, command, finished, asked, says):
    network(cloud)
    del cloud.resources[next(key for key in cloud.resources if key[0] == VM.type.lower())]
    cloud.find(NIC, "web1VMNic")["properties"].pop("virtualMachine")
    assert says in command.failing(Conflict, **asked).message
    assert cloud.writes() == []
