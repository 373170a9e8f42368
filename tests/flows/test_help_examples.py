"""The examples of create's help do what they say, as they are printed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable

import pytest
import yaml
from flow_cloud import PASSWORD, REGION, Cloud
from flow_networks import NETWORK, lay_interface, lay_network
from knack.help_files import helps
from local_azure import eventually

import azext_dockervm._help  # noqa: F401  # fills ``helps``

EXAMPLES = [(one["name"], one["text"]) for one in yaml.safe_load(helps["dockervm create"])["examples"]]
# A host of its own address is open to us, unless an example is about others.
ENDS_UNREACHABLE = ("--sources", "--public-ip-address \"\"")


def commands(text: str) -> list[list[str]]:
    """The words of each ``az dockervm create`` in an example, which may stand in $(...)."""
    return [shlex.split(one) for one in re.findall(r"az dockervm create ([^)>|&\n]*)", text)]


def test_there_are_examples_and_each_is_a_create():
    assert len(EXAMPLES) >= 8 and all(commands(text) for _name, text in EXAMPLES)


@pytest.fixture
def example(cloud, monkeypatch):
    """Runs an example in a group of its own, each command with ``more`` words."""
    monkeypatch.chdir(cloud.home)
    monkeypatch.setattr("knack.prompting.prompt_pass", lambda *_: PASSWORD)
    monkeypatch.setenv("DOCKER_CONFIG", str(cloud.home / "client"))

    def run(text: str, *more: str):
        for word, make in NEEDS.items():
            if word in text:
                make(cloud)
        for words in commands(text):
            words[words.index("-g") + 1] = cloud.group
            yield cloud.az("create", *words, *(word for word in more if word not in words))
    return run


each = pytest.mark.parametrize("text", [text for _name, text in EXAMPLES], ids=[name for name, _text in EXAMPLES])


@each
def test_an_example_passes_all_looks_before_anything_is_made(example, text):
    for done in example(re.sub(r" --(timeline|query) \S+", "", text), "--dry-run"):
        assert done.code == 0 and done.stdout, f"{done.stderr}\n{done.error}"


@pytest.mark.long
@each
def test_an_example_does_what_it_says(example, text):
    for done in example(text):
        expected = 4 if "--dry-run" not in text and any(word in text for word in ENDS_UNREACHABLE) else 0
        assert done.code == expected and done.stdout, f"{done.stderr}\n{done.error}"


# What an example names has to be there: by a word of its text.
DISK = "Microsoft.Compute/disks"


def _disk(cloud: Cloud) -> None:
    body = {"location": REGION, "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 8}}
    cloud.instance.arm("PUT", cloud.path(DISK, "mydisk"), "2023-04-02", body)
    eventually(lambda: cloud.instance.arm("GET", cloud.path(DISK, "mydisk"), "2023-04-02")["properties"][
        "provisioningState"] == "Succeeded", "the disk", 30)


def _security_group(cloud: Cloud) -> None:
    """It lets nobody in."""
    cloud.arm("PUT", f"{NETWORK}/networkSecurityGroups", "corp-nsg", {"location": REGION, "properties": {}})
    cloud.settled(f"{NETWORK}/networkSecurityGroups", "corp-nsg")


def _guarded_subnet(cloud: Cloud) -> None:
    """Once its network is there: by a group that lets everybody in."""
    rule = {"priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "*", "sourcePortRange": "*",
            "sourceAddressPrefix": "*", "destinationAddressPrefix": "*", "destinationPortRange": "*"}
    cloud.arm("PUT", f"{NETWORK}/networkSecurityGroups", "open", {"location": REGION, "properties": {
        "securityRules": [{"name": "all", "properties": rule}]}})
    cloud.settled(f"{NETWORK}/networkSecurityGroups", "open")
    network = cloud.get(f"{NETWORK}/virtualNetworks", "corp")
    network["properties"]["subnets"][0]["properties"]["networkSecurityGroup"] = {
        "id": cloud.path(f"{NETWORK}/networkSecurityGroups", "open")}
    cloud.arm("PUT", f"{NETWORK}/virtualNetworks", "corp", network)
    cloud.settled(f"{NETWORK}/virtualNetworks", "corp")


def _application_groups(cloud: Cloud) -> None:
    for name in ("web", "db"):
        cloud.arm("PUT", f"{NETWORK}/applicationSecurityGroups", name, {"location": REGION})


def _encryption_set(cloud: Cloud) -> None:
    key = "https://vault1.vault.azure.net/keys/mine/0123456789abcdef0123456789abcdef"
    body = {"location": REGION, "identity": {"type": "SystemAssigned"}, "properties": {"activeKey": {"keyUrl": key}}}
    at = cloud.path("Microsoft.Compute/diskEncryptionSets", "mykeys")
    cloud.instance.arm("PUT", at, "2022-03-02", body)
    eventually(lambda: cloud.instance.arm("GET", at, "2022-03-02")["properties"]["provisioningState"] == "Succeeded",
               "the encryption set", 30)


def _terms(cloud: Cloud) -> None:
    subscription = cloud.path(DISK, "any").split("/resourceGroups/")[0]
    at = (f"{subscription}/providers/Microsoft.MarketplaceOrdering/offerTypes/VirtualMachine/publishers/kinvolk/"
          "offers/flatcar-container-linux/plans/stable-gen2/agreements/current")
    cloud.instance.arm("PUT", at, "2021-01-01", {"properties": {"accepted": True}})


def _compose_files(cloud: Cloud) -> None:
    (cloud.home / "compose.yaml").write_text("services:\n  web:\n    image: busybox\n    ports: ['80:80']\n")
    (cloud.home / "production.env").write_text("TOKEN=abc\n")


NEEDS: dict[str, Callable[[Cloud], object]] = {
    "mykeys": _encryption_set, "kinvolk": _terms, "mydisk": _disk, "--vnet-name corp": lay_network,
    "--nics mynic": lay_interface, "--nsg corp-nsg": _security_group, '--nsg ""': _guarded_subnet,
    "--asgs": _application_groups, "compose.yaml": _compose_files,
    "init.yaml": lambda cloud: (cloud.home / "init.yaml").write_text("#cloud-config\n"),
    "daemon.json": lambda cloud: (cloud.home / "daemon.json").write_text('{"debug": true}\n')}
