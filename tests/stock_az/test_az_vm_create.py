"""az vm create in its variants, as stock az has it: each sends a template deployment."""

from __future__ import annotations

import itertools

import pytest

IMAGE = "Ubuntu2204"
PASSWORD = "Correct-Horse-9"
_names = itertools.count(1)


@pytest.fixture(scope="module")
def key(azure, tmp_path_factory):
    """A public key's file: most of these tests need some key only, and making one takes az a second."""
    from running import run

    path = tmp_path_factory.mktemp("key") / "id"
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path]).succeeded()
    return path.with_suffix(".pub")


@pytest.fixture
def create(azure, group, key):
    """az vm create with what every VM needs, and a name of its own unless the words have one."""

    def run(*words: object, image: str = IMAGE, secret: tuple[object, ...] | None = None):
        secret = ("--ssh-key-values", key) if secret is None else secret
        name = () if "-n" in words else ("-n", f"vm{next(_names)}")
        return azure.query("vm", "create", "-g", group, *name, "--image", image, *secret, *words)

    return run


@pytest.fixture
def network(azure, group):
    """az network NOUN show, of the group."""

    def show(noun: str, name: str, *words: object):
        return azure.query(*f"network {noun} show".split(), "-g", group, "-n", name, *words)

    return show


def _vm(azure, created, *words: object):
    return azure.query("vm", "show", "--ids", created["id"], *words)


def test_vm_create_with_an_ephemeral_os_disk(azure, create):
    """Read-only caching is az's own doing; the place and the account type are the service's."""
    created = create("--size", "Standard_D2ds_v5", "--ephemeral-os-disk", "true")
    disk = _vm(azure, created, "--query", "storageProfile.osDisk")
    assert disk["diffDiskSettings"] == {"option": "Local", "placement": "CacheDisk"}
    assert (disk["caching"], disk["managedDisk"]["storageAccountType"]) == ("ReadOnly", "Standard_LRS")
    refused = azure.az("vm", "deallocate", "--ids", created["id"])
    assert (refused.code, "instances using an ephemeral OS disk" in refused.stderr) == (1, True)


def test_vm_create_with_defaults(azure, group, network):
    """Generated keys, and a network, public address, NSG and interface named after the VM."""
    created = azure.query("vm", "create", "-g", group, "-n", "plain", "--image", IMAGE, "--generate-ssh-keys")
    assert created["powerState"] == "VM running"
    assert created["resourceGroup"] == group
    assert created["location"] == "westus"
    assert created["id"].endswith(f"/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/plain")
    assert created["privateIpAddress"] == "10.0.0.4"
    assert created["fqdns"] == ""
    assert network("public-ip", "plainPublicIP")["ipAddress"] == created["publicIpAddress"]
    assert network("nic", "plainVMNic")["macAddress"] == created["macAddress"]
    assert [one["name"] for one in network("vnet", "plainVNET")["subnets"]] == ["plainSubnet"]
    (rule,) = network("nsg", "plainNSG")["securityRules"]
    assert (rule["name"], rule["destinationPortRange"], rule["priority"]) == ("default-allow-ssh", "22", 1000)
    public = (azure.home / ".ssh/id_rsa.pub").read_text().strip()
    linux = _vm(azure, created)["osProfile"]["linuxConfiguration"]
    assert linux["disablePasswordAuthentication"] is True
    assert linux["ssh"]["publicKeys"][0]["keyData"].strip() == public


def test_vm_create_with_password(azure, group, create, tmp_path):
    secret = ("--admin-username", "skipper", "--admin-password", PASSWORD, "--authentication-type", "password")
    created = create("-n", "withpassword", secret=secret)
    profile = _vm(azure, created)["osProfile"]
    assert profile["adminUsername"] == "skipper"
    assert profile["linuxConfiguration"]["disablePasswordAuthentication"] is False
    (deployment,) = azure.query("deployment", "group", "list", "-g", group)
    assert deployment["properties"]["parameters"] == {"adminPassword": {"type": "SecureString"}}
    kept = (azure.folder / "store.sqlite").read_bytes() + (azure.folder / "store.sqlite-wal").read_bytes()
    assert b"withpassword" in kept
    assert PASSWORD.encode() not in kept, "the password was written down"


def test_vm_create_with_custom_data(azure, create, tmp_path):
    data = tmp_path / "cloud-init.yaml"
    data.write_text("#cloud-config\nwrite_files: [{path: /etc/from-custom-data, content: hello}]\n")
    created = create("--custom-data", data)
    assert created["powerState"] == "VM running"
    assert "customData" not in _vm(azure, created)["osProfile"]


def test_vm_create_with_user_data(azure, create):
    created = create("--user-data", "seen in IMDS")
    assert _vm(azure, created, "--include-user-data")["userData"] == "c2VlbiBpbiBJTURT"
    assert "userData" not in _vm(azure, created)


def test_vm_create_with_existing_nic(azure, group, create):
    azure.query("network", "vnet", "create", "-g", group, "-n", "net", "--subnet-name", "inner")
    nic = azure.query(
        "network",
        "nic",
        "create",
        "-g",
        group,
        "-n",
        "ownnic",
        "--vnet-name",
        "net",
        "--subnet",
        "inner",
        "--private-ip-address",
        "10.0.0.77",
    )["NewNIC"]
    created = create("--nics", "ownnic", "--nic-delete-option", "Delete")
    assert created["privateIpAddress"] == "10.0.0.77"
    assert created["publicIpAddress"] == ""
    (interface,) = _vm(azure, created)["networkProfile"]["networkInterfaces"]
    assert interface["id"] == nic["id"]
    assert interface["deleteOption"] == "Delete"


def test_vm_create_with_count(azure, group, create):
    created = create("-n", "many", "--count", "2")
    assert [one["id"].rpartition("/")[2] for one in created] == ["many0", "many1"]
    assert len({one["publicIps"] for one in created}) == 2
    assert {one["privateIps"] for one in created} == {"10.0.0.4", "10.0.0.5"}
    names = {_vm(azure, one)["osProfile"]["computerName"] for one in created}
    assert names == {"many0", "many1"}


def test_vm_create_with_existing_network(azure, group, create, network):
    azure.query(
        "network",
        "vnet",
        "create",
        "-g",
        group,
        "-n",
        "net",
        "--address-prefixes",
        "10.9.0.0/16",
        "--subnet-name",
        "inner",
        "--subnet-prefixes",
        "10.9.4.0/24",
    )
    azure.query("network", "nsg", "create", "-g", group, "-n", "ownnsg")
    address = azure.query("network", "public-ip", "create", "-g", group, "-n", "ownip", "--sku", "Standard")["publicIp"]
    created = create(
        "-n", "guest", "--vnet-name", "net", "--subnet", "inner", "--nsg", "ownnsg", "--public-ip-address", "ownip"
    )
    assert created["privateIpAddress"] == "10.9.4.4"
    assert created["publicIpAddress"] == address["ipAddress"]
    nic = network("nic", "guestVMNic")
    assert nic["networkSecurityGroup"]["id"].endswith("/networkSecurityGroups/ownnsg")
    assert network("nsg", "ownnsg")["securityRules"] == [], "an existing NSG is left as it is"


def test_vm_create_finds_the_groups_network(create):
    """Without any word on the network, az takes the first VNet of the group in the VM's region."""
    first, second = create(), create()
    assert (first["privateIpAddress"], second["privateIpAddress"]) == ("10.0.0.4", "10.0.0.5")


def test_vm_create_without_public_address_and_nsg(create, azure, group, network):
    created = create("-n", "hidden", "--public-ip-address", "", "--nsg", "")
    assert created["publicIpAddress"] == ""
    assert "networkSecurityGroup" not in network("nic", "hiddenVMNic")
    assert azure.query("network", "nsg", "list", "-g", group) == []


def test_vm_create_with_nsg_rule(create, network):
    create("-n", "closed", "--nsg-rule", "NONE")
    assert network("nsg", "closedNSG")["securityRules"] == []
    create("-n", "open", "--nsg-rule", "SSH")
    assert [one["destinationPortRange"] for one in network("nsg", "openNSG")["securityRules"]] == ["22"]


def test_vm_create_with_dns_name_which_vm_list_show_and_list_ip_addresses_tell(create, azure, group):
    created = create("-n", "named", "--public-ip-address-dns-name", "createdbyaz")
    assert created["fqdns"] == f"createdbyaz.westus.cloudapp.{azure.name}.test"
    shown = azure.query("vm", "show", "-g", group, "-n", "named", "-d")
    assert azure.query("vm", "list", "-g", group, "-d") == [shown]
    assert (shown["publicIps"], shown["fqdns"]) == (created["publicIpAddress"], created["fqdns"])
    assert shown["macAddresses"] == created["macAddress"]
    (found,) = azure.query("vm", "list-ip-addresses", "-g", group)
    (address,) = found["virtualMachine"]["network"]["publicIpAddresses"]
    assert (address["name"], address["ipAddress"]) == ("namedPublicIP", created["publicIpAddress"])


def test_vm_create_with_size_zone_and_tags(create, azure):
    created = create("--size", "Standard_D4s_v5", "--zone", "2", "-l", "westus2", "--tags", "a=1", "b=2")
    assert created["zones"] == "2"
    vm = _vm(azure, created)
    assert vm["hardwareProfile"]["vmSize"] == "Standard_D4s_v5"
    assert vm["zones"] == ["2"]
    assert vm["tags"] == {"a": "1", "b": "2"}


def test_vm_create_with_identity(create, azure):
    created = create("--assign-identity", "[system]")
    assert created["identity"]["systemAssignedIdentity"] == _vm(azure, created)["identity"]["principalId"]


def test_vm_create_with_identity_and_role(create, azure, group):
    scope = f"/subscriptions/{azure.subscription}/resourceGroups/{group}"
    created = create("--assign-identity", "[system]", "--role", "Reader", "--scope", scope)
    assert created["identity"]["role"] == "Reader"
    assigned = azure.query("role", "assignment", "list", "--scope", scope, "--fill-principal-name", "false")
    assert [one["principalId"] for one in assigned] == [created["identity"]["systemAssignedIdentity"]]


def test_vm_create_with_availability_set(create, azure, group):
    azure.query("vm", "availability-set", "create", "-g", group, "-n", "set")
    created = create("--availability-set", "set")
    assert _vm(azure, created)["availabilitySet"]["id"].lower().endswith("/availabilitysets/set")


def test_vm_create_with_proximity_placement_group(create, azure, group):
    azure.query("ppg", "create", "-g", group, "-n", "near")
    created = create("--ppg", "near")
    assert _vm(azure, created)["proximityPlacementGroup"]["id"].lower().endswith("/proximityplacementgroups/near")


def test_vm_create_with_application_security_groups(create, azure, group, network):
    azure.query("network", "asg", "create", "-g", group, "-n", "web")
    create("-n", "member", "--asgs", "web")
    (configuration,) = network("nic", "memberVMNic")["ipConfigurations"]
    assert [one["id"].rpartition("/")[2] for one in configuration["applicationSecurityGroups"]] == ["web"]


def test_vm_create_with_disks(create, azure):
    created = create(
        "--data-disk-sizes-gb",
        "4",
        "8",
        "--os-disk-size-gb",
        "64",
        "--storage-sku",
        "os=StandardSSD_LRS",
        "0=Premium_LRS",
        "1=Standard_LRS",
    )
    storage = _vm(azure, created)["storageProfile"]
    assert storage["osDisk"]["diskSizeGB"] == 64
    assert storage["osDisk"]["managedDisk"]["storageAccountType"] == "StandardSSD_LRS"
    disks = [(one["lun"], one["diskSizeGB"], one["managedDisk"]["storageAccountType"]) for one in storage["dataDisks"]]
    assert disks == [(0, 4, "Premium_LRS"), (1, 8, "Standard_LRS")]


def test_vm_create_no_wait_then_vm_wait(create, azure, group):
    azure.az(
        "vm", "create", "-g", group, "-n", "later", "--image", IMAGE, "--generate-ssh-keys", "--no-wait"
    ).succeeded()
    azure.az(
        "deployment",
        "group",
        "wait",
        "-g",
        group,
        "--created",
        "--interval",
        "1",
        "-n",
        azure.query("deployment", "group", "list", "-g", group)[0]["name"],
    ).succeeded()
    assert azure.query("vm", "show", "-g", group, "-n", "later")["provisioningState"] == "Succeeded"


def test_vm_create_validate(create, azure, group):
    validated = create("-n", "checked", "--validate")
    assert validated["properties"]["provisioningState"] == "Succeeded"
    assert any(one["id"].endswith("/virtualMachines/checked") for one in validated["properties"]["validatedResources"])
    assert azure.query("vm", "list", "-g", group) == [], "--validate makes nothing"


@pytest.mark.parametrize(
    ("image", "offer"),
    [
        ("Canonical:ubuntu-24_04-lts:server:latest", "ubuntu-24_04-lts"),
        pytest.param("Debian:debian-12:12-gen2:0.20250814.2204", "debian-12", marks=pytest.mark.long),
        pytest.param("Debian11", "debian-11", marks=pytest.mark.long),
    ],
)
def test_vm_create_by_image(create, azure, image, offer):
    created = create(image=image)
    assert _vm(azure, created)["storageProfile"]["imageReference"]["offer"] == offer


def test_vm_create_by_an_unknown_alias_looks_for_an_own_image(azure, group):
    refused = azure.az("vm", "create", "-g", group, "-n", "nope", "--image", "NoSuchLinux", "--generate-ssh-keys")
    assert refused.code == 2
    assert "ResourceNotFound" in refused.stderr
    assert "Microsoft.Compute/images/NoSuchLinux" in refused.stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--size", "Standard_NC6s_v3"), "SkuNotAvailable"),
        (("--size", "Standard_M128s"), "QuotaExceeded"),
        (("--size", "Standard_L8s_v3"), "AllocationFailed"),
    ],
)
def test_vm_create_that_fails_says_why(azure, group, key, words, code):
    refused = azure.az("vm", "create", "-g", group, "-n", "nope", "--image", IMAGE, "--ssh-key-values", key, *words)
    assert refused.code == 1
    assert code in refused.stderr


def test_vm_create_again_changes_nothing(create, azure):
    first = create("-n", "twice", "--tags", "a=1")
    again = create("-n", "twice", "--tags", "a=2")
    assert again["publicIpAddress"] == first["publicIpAddress"]
    assert _vm(azure, again)["tags"] == {"a": "2"}


def test_vm_delete_after_vm_create(create, azure, group):
    created = create("-n", "gone", "--os-disk-delete-option", "Delete", "--nic-delete-option", "Delete")
    azure.az("vm", "delete", "--ids", created["id"], "--yes").succeeded()
    assert azure.az("vm", "show", "--ids", created["id"]).code == 3
    left = {one["type"].rpartition("/")[2] for one in azure.query("resource", "list", "-g", group)}
    assert left == {"virtualNetworks", "networkSecurityGroups", "publicIPAddresses"}
