"""Reads before anything is made: what may not be read is unknown, what contradicts the host is refused."""

from __future__ import annotations

import pytest
from fake_azure import GROUP, SUBSCRIPTION, never_ran
from specs import changed, host_spec

from azext_dockervm.azure import kinds, names
from azext_dockervm.body.image import disk_size_gb
from azext_dockervm.errors import AzureRefused, Conflict, InvalidValue, NotFound, Obstacle
from azext_dockervm.preflight.look import Look, filling
from azext_dockervm.preflight.survey import survey
from azext_dockervm.spec.machine import Image

SPEC = host_spec(location=None)
# Images that the Docker VM extension was made for, and that it was not.
ERA, TODAY = "Canonical:UbuntuServer:18.04-LTS:latest", "Canonical:ubuntu-24_04-lts:server:latest"
OURS = {names.TAG_HOST: "web1"}
ADDRESS = {"location": "westus", "tags": OURS, "properties": {}}
PARTS = {kinds.SECURITY_GROUP.type: "web1NSG", kinds.PUBLIC_IP.type: "web1PublicIP",
         kinds.NETWORK_INTERFACE.type: "web1VMNic"}
EMPTY = {"ipConfigurations": []}
SUBNET = {"addressSpace": {}, "subnets": [{"name": "hosts", "properties": {}}]}


def see(cloud, spec=SPEC, **values):
    return survey(cloud.azure(), changed(spec, **values) if values else spec)


def refused(cloud, kind, spec=SPEC, **values):
    with pytest.raises(kind) as caught:
        see(cloud, spec, **values)
    assert not cloud.writes()
    return caught.value


def part(cloud, kind, tags=OURS, location="westus", **properties):
    properties = {**(EMPTY if kind is kinds.NETWORK_INTERFACE else {}), **properties}
    return cloud.put(kind, PARTS[kind.type], body={"location": location, "tags": tags, "properties": properties})


# The group and the region


def test_without_its_group_nothing_is_made_and_the_command_for_it_is_told(cloud):
    told = refused(cloud, NotFound, group="none")
    assert "'none' does not exist" in told.message
    assert told.recommendations == ("az group create -n none -l westus",)
    there = refused(cloud, NotFound, group="none", location="eastus", subscription="mine")
    assert there.recommendations == ("az group create -n none -l eastus --subscription mine",)


def test_the_group_s_region_is_the_host_s_unless_another_was_typed(cloud):
    assert see(cloud)[0].location == "westus" and "locations" not in cloud.asked
    assert see(cloud, location="eastus")[0].location == "eastus" and "locations" in cloud.asked


def test_a_region_that_the_subscription_has_not_is_refused(cloud):
    told = refused(cloud, InvalidValue, location="eastsu")
    assert told.message.startswith("--location:") and "'eastsu'" in told.message
    assert told.recommendations[0].startswith("az account list-locations")


def test_all_that_bears_the_host_s_names_is_found(cloud, finished):
    spec, found = see(cloud)
    assert found.vm["name"] == "web1" and found.virtual_network["name"] == "dockervm-westus-vnet"
    assert found.security_group["name"] == "web1NSG" and found.public_ip["name"] == "web1PublicIP"
    assert found.network_interface["name"] == "web1VMNic" and found.docker_port == 4243
    assert found.image is None and found.dns.name == "web1" and found.dns.was_replaced is None


def moved(cloud, finished):
    """The host and all its parts are in another region than the group."""
    for one in cloud.resources.values():
        one["location"] = "East US"


def test_a_host_elsewhere_is_gone_on_with_where_it_is(cloud, finished):
    moved(cloud, finished)
    spec, found = see(cloud)
    assert spec.location == "eastus" and found.virtual_network["location"] == "East US"


def test_a_host_elsewhere_than_was_typed_is_refused_with_the_command(cloud, finished):
    moved(cloud, finished)
    told = refused(cloud, Conflict, location="westus", typed={"-l": ("westus",)})
    assert "is in eastus, not in westus" in told.message
    assert told.recommendations == ("To go on with it there: az dockervm create -g g -n web1 -l eastus",)


# Rights


def test_rights_on_one_group_are_enough(cloud):
    cloud.forbidden = {"locations", "image_versions", "image", "extension_versions", "sizes", "label_is_free"}
    spec, found = see(cloud, location="nowhere", size="Standard_Unheard", image=Image.parse(ERA))
    assert spec.location == "nowhere" and found.dns.name == "web1"
    assert found.image is None and found.extension_published is None


@pytest.mark.parametrize("name", ["locations", "image_versions", "extension_versions", "label_is_free", "sizes"])
def test_any_other_refusal_of_a_read_is_told(cloud, name, monkeypatch):
    def broken(*_arguments):
        raise AzureRefused("broken", status=500)

    monkeypatch.setattr("fake_azure.FakeAzure." + name, broken)
    with pytest.raises(AzureRefused, match="broken"):
        see(cloud, location="eastus", size="Standard_B2s", image=Image.parse(ERA))


# What is there and is not ours


@pytest.mark.parametrize("kind", [kinds.KINDS[one] for one in PARTS], ids=lambda kind: kind.operations)
def test_a_part_that_dockervm_did_not_make_is_left(cloud, kind):
    part(cloud, kind, {"owner": "me"})
    told = refused(cloud, Conflict)
    assert f"has a {kind.noun} '{PARTS[kind.type]}' already" in told.message and "left as it is" in told.message
    assert told.recommendations == ("Choose another --name, or another --resource-group.",)


def test_a_vm_of_that_name_is_left(cloud, finished):
    cloud.retag(kinds.VM, "web1", dockervm_host="web2")
    told = refused(cloud, Conflict)
    assert "has a VM 'web1' already" in told.message


@pytest.mark.parametrize("tags", [{"Dockervm-Run": "abc"}, {"dockervm-ca": "abc"}])
def test_what_lost_its_tag_is_told_how_to_get_it_back(cloud, tags):
    made = part(cloud, kinds.SECURITY_GROUP, tags)
    told = refused(cloud, Conflict, subscription="mine")
    assert told.recommendations[1] == (
        "If it is this host's, say so with its tag: az tag update --operation Merge --resource-id "
        f"{made['id']} --tags dockervm-host=web1 --subscription mine")


def test_so_is_a_part_of_a_host_of_ours(cloud, finished):
    cloud.retag(kinds.PUBLIC_IP, "web1PublicIP", dockervm_host=None, dockervm_run=None)
    assert len(refused(cloud, Conflict).recommendations) == 2


def test_tags_are_compared_without_case(cloud):
    part(cloud, kinds.SECURITY_GROUP, {"DockerVM-Host": "WEB1"})
    assert see(cloud)[1].security_group


def test_a_part_in_another_region_is_refused(cloud):
    part(cloud, kinds.SECURITY_GROUP, location="eastus")
    assert "network security group 'web1NSG' is in eastus, not in westus" in refused(cloud, Conflict).message


def test_a_label_that_contradicts_the_address_that_is_there_is_refused(cloud):
    part(cloud, kinds.PUBLIC_IP, dnsSettings={"domainNameLabel": "web1"})
    assert see(cloud)[1].dns.name == "web1" and see(cloud, dns_label="web1")[1].dns.name == "web1"
    assert "has the DNS label 'web1' already, not 'other'" in refused(cloud, Conflict, dns_label="other").message


# Parts that the host does not stand on


def network(cloud, tags, **properties):
    made = cloud.put(kinds.VIRTUAL_NETWORK, "dockervm-westus-vnet", body={
        "location": "westus", "tags": tags, "properties": properties})
    made["properties"]["provisioningState"] = properties.get("provisioningState", "Succeeded")


def test_somebody_else_s_network_is_used_where_it_has_what_hosts_need(cloud):
    network(cloud, {}, **SUBNET)
    assert see(cloud)[1].virtual_network


@pytest.mark.parametrize(("properties", "why"), [
    ({"subnets": []}, "it has no subnet 'hosts'"), ({"subnets": [{"name": "default"}]}, "it has no subnet 'hosts'"),
    ({**SUBNET, "provisioningState": "Failed"}, "its provisioning state is Failed")])
def test_it_is_left_where_it_has_not_and_ours_is_mended(cloud, properties, why):
    network(cloud, {}, **properties)
    told = refused(cloud, Conflict, subscription="mine")
    assert why in told.message and told.recommendations == (
        "To look at it: az network vnet show -g g -n dockervm-westus-vnet --subscription mine",)
    network(cloud, {names.TAG_SHARED: "1"}, **properties)
    assert see(cloud)[1].virtual_network


def test_a_vm_on_another_interface_that_is_not_there_is_left(cloud, finished):
    cloud.change(kinds.VM, "web1", networkProfile={"networkInterfaces": [{"id": "/x/y/z/r/p/n/k/other"}]})
    told = refused(cloud, Conflict, subscription="mine")
    assert "stands on the network interface 'other', which is not there" in told.message
    assert told.recommendations[0].endswith("az vm nic list -g g --vm-name web1 --subscription mine")


def test_a_vm_with_another_one_besides_is_ours(cloud, finished):
    own = cloud.find(kinds.NETWORK_INTERFACE, "web1VMNic")["id"].upper()
    cloud.change(kinds.VM, "web1", networkProfile={"networkInterfaces": [{"id": "/other"}, {"id": own}]})
    assert see(cloud)[1].vm


def test_a_vm_that_azure_could_not_make_uses_nothing(cloud, finished):
    cloud.change(kinds.VM, "web1", networkProfile=None, **never_ran())
    del cloud.resources[next(key for key in cloud.resources if key[0].endswith("networkinterfaces"))]
    assert see(cloud)[1].network_interface is None


def test_a_vm_without_its_interface_is_left(cloud, finished):
    del cloud.resources[next(key for key in cloud.resources if key[0].endswith("networkinterfaces"))]
    assert "stands on the network interface 'web1VMNic', which is not there" in refused(cloud, Conflict).message


def interface(cloud, address=None, **properties):
    return part(cloud, kinds.NETWORK_INTERFACE, **properties, ipConfigurations=[])["properties"].update(
        ipConfigurations=[{"name": "ipconfig1", "properties": {"publicIPAddress": address and {"id": address}}}])


def test_an_interface_that_another_vm_uses_is_left(cloud):
    interface(cloud, virtualMachine={"id": "/subscriptions/s/vms/web9"})
    assert "in use by another VM, 'web9'" in refused(cloud, Conflict).message


def address_id(group, name):
    return f"/subscriptions/s/resourceGroups/{group}/providers/Microsoft.Network/publicIPAddresses/{name}"


def test_an_interface_with_another_address_is_left_and_the_command_told(cloud):
    for group, name in (("g", "web2PublicIP"), ("h", "web1PublicIP")):
        interface(cloud, address_id(group, name))
        told = refused(cloud, Conflict, subscription="mine")
        assert f"has the public IP address '{name}' of the group '{group}', not 'web1PublicIP' of 'g'" in told.message
        assert told.recommendations[0].endswith(
            "az network nic ip-config update -g g --nic-name web1VMNic -n ipconfig1 --public-ip-address null "
            "--subscription mine")


@pytest.mark.parametrize("address", [None, address_id("G", "WEB1publicip")])
def test_an_interface_with_none_or_its_own_is_used(cloud, address):
    interface(cloud, address)
    assert see(cloud)[1].network_interface


# Image and size


def test_latest_is_looked_up_and_its_newest_version_read(cloud):
    assert see(cloud)[1].image == cloud.image
    assert "image Canonical:ubuntu-24_04-lts:server:24.04.202511" in cloud.asked


def test_a_version_that_was_typed_is_read_itself(cloud):
    see(cloud, image=Image.parse("Canonical:ubuntu-24_04-lts:server:24.04.1"))
    assert "image Canonical:ubuntu-24_04-lts:server:24.04.1" in cloud.asked and "image_versions" not in cloud.asked


@pytest.mark.parametrize("lacking", [{"versions": None}, {"versions": []}, {"image": None}])
def test_an_image_that_the_region_has_not_is_refused(cloud, lacking):
    for name, value in lacking.items():
        setattr(cloud, name, value)
    told = refused(cloud, InvalidValue)
    assert told.message.startswith("--image: westus has no image 'Canonical:ubuntu-24_04-lts:server:latest'")
    assert told.recommendations[0].startswith("az vm image list -l westus --publisher Canonical")


OWN = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute"
IN_GALLERY = f"{OWN}/galleries/own/images/host/versions/1.0.0"


def test_an_image_of_one_s_own_is_read_before_anything_is_made(cloud):
    cloud.image = {"location": "eastus", "properties": {"hyperVGeneration": "V2"}}
    assert see(cloud, image=Image.parse(IN_GALLERY))[1].image == cloud.image
    assert f"image {IN_GALLERY} westus" in cloud.asked and "image_versions" not in cloud.asked


@pytest.mark.parametrize(("image_id", "image", "words"), [
    (IN_GALLERY, None, "there is no image"), (f"{OWN}/images/i", None, "there is no image"),
    (IN_GALLERY, {"location": "westus", "properties": {"osType": "Windows"}}, "it is an image of Windows"),
    (f"{OWN}/images/i", {"location": "East US", "properties": {}}, "it is in eastus")])
def test_one_of_which_no_host_can_be_made_is_refused(cloud, image_id, image, words):
    cloud.image = image
    told = refused(cloud, InvalidValue, image=Image.parse(image_id))
    assert told.message.startswith("--image: ") and words in told.message and image_id in told.message
    assert told.recommendations == (f"az resource show --ids {image_id}",)


def gallery_version(name: str, region: str, **storage) -> dict:
    return {"name": name, "properties": {"publishingProfile": {"targetRegions": [{"name": region}]},
                                         "storageProfile": storage}}


LATEST = IN_GALLERY.rpartition("/versions")[0]


@pytest.mark.parametrize("image_id", [LATEST, IN_GALLERY])
def test_the_version_in_a_gallery_tells_of_its_disks(cloud, image_id):
    cloud.image = {"location": "eastus", "properties": {"hyperVGeneration": "V2"}}
    cloud.gallery_versions = [gallery_version("1.0.0", "West US", osDiskImage={"sizeInGB": 64})]
    assert disk_size_gb(see(cloud, image=Image.parse(image_id))[1].image) == 64


@pytest.mark.parametrize(("image_id", "versions", "words"), [
    (IN_GALLERY, [], "there is no image"), (LATEST, [], "no version of it is in westus"),
    (IN_GALLERY, [gallery_version("1.0.0", "East US")], "this version is not in westus, but in eastus"),
    (LATEST, [gallery_version("1.0.0", "East US")], "no version of it is in westus")])
def test_a_version_that_can_not_be_booted_there_is_refused(cloud, image_id, versions, words):
    cloud.image, cloud.gallery_versions = {"location": "westus", "properties": {}}, versions
    assert words in refused(cloud, InvalidValue, image=Image.parse(image_id)).message


def test_versions_that_may_not_be_read_are_no_obstacle(cloud):
    cloud.forbidden = {"versions of a gallery"}
    cloud.image = {"location": "westus", "properties": {"hyperVGeneration": "V2"}}
    assert see(cloud, image=Image.parse(IN_GALLERY))[1].image == cloud.image


@pytest.mark.parametrize("refusal", [("AuthorizationFailed", 403), ("InvalidAuthenticationTokenTenant", 401)])
def test_one_that_may_not_be_read_is_taken_on_trust(cloud, refusal):
    cloud.forbidden, cloud.refusal = {"image"}, refusal
    assert see(cloud, image=Image.parse(IN_GALLERY))[1].image is None


def test_a_login_that_has_run_out_is_no_such_refusal(cloud):
    cloud.forbidden, cloud.refusal = {"image"}, ("ExpiredAuthenticationToken", 401)
    refused(cloud, AzureRefused, image=Image.parse(IN_GALLERY))


def test_image_and_size_of_a_host_that_exists_are_not_asked_for(cloud, finished):
    see(cloud, size="Standard_None")
    assert not {"image", "image_versions", "sizes"} & set(cloud.asked)


def test_a_size_that_the_region_has_not_is_refused(cloud):
    told = refused(cloud, InvalidValue, size="Standard_None")
    assert told.message == "--size: westus has no size 'Standard_None'."
    assert told.recommendations[0].startswith("az vm list-skus")


@pytest.mark.parametrize("typed, meant", [
    ("Standard_D2s_v55", "Standard_D2s_v5"), ("D2s_v5", "Standard_D2s_v5"), ("standard-b2s", "Standard_B2s")])
def test_a_misspelled_size_is_refused_with_the_nearest_ones(cloud, typed, meant):
    cloud.sizes = {"Standard_D2s_v5": 2, "Standard_B2s": 2, "Standard_NC24ads_A100_v4": 24}
    told = refused(cloud, InvalidValue, size=typed)
    assert f"has no size '{typed}'. Did you mean {meant}" in told.message and "A100" not in told.message


def test_a_misspelled_region_is_refused_with_the_nearest_ones(cloud):
    assert "Did you mean eastus" in refused(cloud, InvalidValue, location="eastsu").message


def test_a_misspelled_image_is_refused_with_the_alias_s_urn(cloud):
    cloud.versions = None
    told = refused(cloud, InvalidValue, image=Image.parse("Canonical:ubuntu-2404-lts:servers:latest"))
    assert "Did you mean Canonical:ubuntu-24_04-lts:server:latest?" in told.message


def test_a_size_is_taken_in_any_case_and_where_azure_tells_none(cloud):
    assert see(cloud, size="STANDARD_b2s")
    cloud.sizes = ()
    assert see(cloud, size="Standard_None")


def test_the_usual_size_is_taken_on_trust(cloud):
    see(cloud)
    assert "sizes" not in cloud.asked


# The extension


@pytest.mark.parametrize(("provisioner", "image", "published", "found"), [
    ("auto", ERA, True, True), ("auto", ERA, False, False), ("auto", TODAY, True, None),
    ("run-command", ERA, True, None),
    ("docker-extension", TODAY, True, True), ("docker-extension", ERA, False, False)])
def test_whether_the_region_has_the_extension_is_asked_where_it_matters(cloud, provisioner, image, published, found):
    cloud.published = published
    assert see(cloud, provisioner=provisioner, image=Image.parse(image))[1].extension_published is found
    assert ("extension_versions" in cloud.asked) is (found is not None)


# The label


def derived(name="web1"):
    return names.derived_dns_label(name, cloud_group())


def cloud_group():
    return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"


def test_the_name_is_the_label_where_it_is_free(cloud):
    found = see(cloud, name="Web1")[1]
    assert (found.dns.name, found.dns.other, found.dns.was_replaced) == ("web1", derived("Web1"), None)


def test_another_is_found_where_it_is_taken_and_where_it_is_none(cloud):
    cloud.taken_labels = {"web1"}
    taken = see(cloud)[1]
    assert (taken.dns.name, taken.dns.was_replaced) == (derived(), "'web1' is taken")
    none = see(cloud, name="1host")[1]
    assert none.dns.name == derived("1host") and "'1host' is not a valid DNS label (3 to 63" in none.dns.was_replaced


def test_a_label_that_was_typed_is_taken_or_refused_never_replaced(cloud):
    found = see(cloud, dns_label="mine")[1]
    assert (found.dns.name, found.dns.other, found.dns.was_replaced) == ("mine", "", None)
    cloud.taken_labels = {"mine"}
    told = refused(cloud, InvalidValue, dns_label="mine")
    assert told.message == "--public-ip-address-dns-name: 'mine' is taken in westus."


def test_a_label_that_azure_keeps_for_itself_is_replaced_and_refused_where_it_was_typed(cloud):
    cloud.reserved_labels = {"my-xbox"}
    found = see(cloud, name="my-xbox")[1]
    assert (found.dns.name, found.dns.was_replaced) == (
        derived("my-xbox"), "'my-xbox' holds a word that Azure keeps for itself")
    told = refused(cloud, InvalidValue, dns_label="my-xbox")
    assert "'my-xbox' holds a word that Azure keeps for itself in westus" in told.message


def test_a_lost_address_is_made_again_under_its_old_name(cloud, finished):
    cloud.retag(kinds.VM, "web1", dockervm_fqdn="docker9.westus.cloudapp.azure.com")
    cloud.change(kinds.PUBLIC_IP, "web1PublicIP", dnsSettings=None)
    assert see(cloud)[1].dns.name == "docker9"
    cloud.retag(kinds.VM, "web1", dockervm_fqdn="-")
    assert see(cloud)[1].dns.name == "web1"


def test_the_label_of_an_address_that_is_there_is_not_asked_for(cloud, finished):
    see(cloud)
    assert "label_is_free" not in cloud.asked


# Looks and remarks


def test_a_look_fills_one_field_or_several():
    assert filling("vm", None).filled([1, 2]) == {"vm": [1, 2]}
    assert filling("vm image", None).filled([1, 2]) == {"vm": 1, "image": 2}
    assert Look("size", None).filled(None) == {}


def test_what_is_no_error_is_a_remark(cloud, monkeypatch):
    monkeypatch.setattr("azext_dockervm.preflight.survey.REMARKS", (
        lambda spec, found: [f"{spec.location} {found.group['location']}"], lambda *_: []))
    assert see(cloud)[1].remarks == ("westus westus",)


# Azure's limit of tags


def test_a_vm_that_others_have_tagged_since_has_no_room_for_more_tags(cloud, finished):
    cloud.retag(kinds.VM, "web1", **{f"theirs{number}": "x" for number in range(38)})
    assert see(cloud, tags={"theirs1": "y"})
    told = refused(cloud, Obstacle, tags={"mine": "x"})
    assert "the VM 'web1' has 4" in told.message and "would have up to 51; Azure allows 50" in told.message
    assert told.recommendations[0].startswith("To see them: az tag list --resource-id ")


def test_a_part_that_has_more_tags_than_are_allowed_is_no_reason_to_refuse_without_new_ones(cloud, finished):
    cloud.retag(kinds.PUBLIC_IP, "web1PublicIP", **{f"theirs{number}": "x" for number in range(48)})
    assert see(cloud)
    assert "the public IP address" in refused(cloud, Obstacle, tags={"mine": "x"}).message


def test_all_tags_of_ours_on_a_vm_are_counted(cloud, command):
    command.create(provisioner="run-command", tls_names=("a.example.com",))
    assert {name for name in cloud.tags() if name.startswith("dockervm-")} <= set(names.VM_TAGS)
    assert len(names.VM_TAGS) == len({value for name, value in vars(names).items() if name.startswith("TAG_")}) - 2, (
        "all but the two of networks")
