"""README's table of options is made of their declarations."""

from __future__ import annotations

import json
import re

import option_table

from azext_dockervm.options.commands import options_of

# What other tools had, as their own sources declare it: Azure/azure-xplat-cli, lib/commands/asm/vm._js and
# lib/commands/arm/vm/vm._js, `vm docker create`; drivers/azure/azure.go and commands/create.go of docker/machine and
# of rancher/machine; Azure/azure-docker-extension, handlersettings.go.
CLASSIC = frozenset("""
    -p,--docker-port -C,--docker-cert-dir -N,--docker-cert-cn -o,--community -c,--connect -l,--location
    -a,--affinity-group -u,--blob-url -z,--vm-size -n,--vm-name -e,--ssh -t,--ssh-cert -P,--no-ssh-password
    -E,--no-ssh-endpoint -G,--generate-ssh-keys -w,--virtual-network-name -b,--subnet-names -S,--static-ip
    -R,--reserved-ip -A,--availability-set -s,--subscription -d,--custom-data""".split())
ARM = frozenset("""
    -g,--resource-group -n,--name -T,--docker-port -O,--docker-cert-dir -E,--docker-extension-version
    -c,--docker-cert-cn -D,--nic-id -f,--nic-name -I,--nic-ids -N,--nic-names -l,--location -y,--os-type -Q,--image-urn
    -u,--admin-username -p,--admin-password -M,--ssh-publickey-file -G,--generate-ssh-keys -z,--vm-size
    -U,--public-ip-id -i,--public-ip-name -w,--public-ip-domain-name -m,--public-ip-allocationmethod
    -t,--public-ip-idletimeout -S,--subnet-id -F,--vnet-name -P,--vnet-address-prefix -j,--vnet-subnet-name
    -k,--vnet-subnet-address-prefix -r,--availset-name -o,--storage-account-name -R,--storage-account-container-name
    -d,--os-disk-vhd -a,--data-disk-caching -x,--data-disk-vhd -e,--data-disk-size -Y,--data-disk-existing
    -C,--custom-data -s,--subscription""".split())
DRIVER = frozenset("""
    environment subscription-id tenant-id resource-group ssh-user docker-port location size image vnet subnet
    subnet-prefix availability-set managed-disks fault-domain-count update-domain-count disk-size open-port
    private-ip-address use-private-ip static-public-ip no-public-ip dns storage-type custom-data client-id client-secret
    nsg plan tags accelerated-networking enable-public-ip-standard-sku availability-zone encryption-at-host""".split())
MACHINE = frozenset("""
    --driver --engine-install-url --engine-opt --engine-insecure-registry --engine-registry-mirror --engine-label
    --engine-storage-driver --engine-env --tls-san --swarm --swarm-* --custom-install-script
    --hostname-override""".split())
SETTINGS = frozenset("""
    docker.port docker.options compose compose-environment azure-environment environment certs.ca certs.cert certs.key
    login.server login.username login.password login.email""".split())


def table(head: str) -> list[list[str]]:
    """The rows of README's table with this head, each as its cells."""
    readme = option_table.README.read_text(encoding="utf-8")
    body = readme.partition(f"{head}\n")[2].partition("\n\n")[0].splitlines()[1:]
    assert body, head
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in body]


def named(cells: list[str]) -> list[str]:
    return [word.replace(", ", ",") for cell in cells for word in re.findall("`([^`]+)`", cell)]


def test_readme_has_the_table_that_the_declarations_give():
    assert option_table.written() == option_table.table(), "run: python tests/support/option_table.py"


def test_every_option_that_can_be_left_out_has_a_row():
    rows = [line for line in option_table.table().splitlines() if line.startswith("| `-")]
    assert len(rows) == len([option for option in options_of("create") if not option.required])
    assert all(row.replace(r"\|", "").count("|") == 4 for row in rows)


def test_what_can_be_configured_is_named():
    sentence = option_table.table().partition("\n\n")[2]
    assert "`docker_port`" in sentence and "`timeout`" not in sentence


def test_options_files_and_quotes_are_written_as_code():
    assert option_table._marked("-p @file or --name x-y, ~/.ssh/id.pub; 'auto' isn't a|b") == (
        r"`-p @file` or `--name` x-y, `~/.ssh/id.pub`; `auto` isn't a\|b")


def test_every_option_of_other_tools_leads_to_one_that_there_is():
    """README's tables of what the old CLI and docker-machine had: what is called ours is ours, or az's own."""
    readme = option_table.README.read_text(encoding="utf-8")
    text = readme.partition("## Coming from the old CLI")[2].partition("\n## ")[0]
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|") and "---" not in line]
    assert len(rows) > 70
    named = {word for row in rows for word in re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", row[-1])}
    ours = {word for option in options_of("create") for word in option.words}
    assert named - ours == {"--subscription", "--service-principal", "--publisher", "--all",
                            "--tlsverify", "--via", "--tls"}


def test_every_option_of_the_old_cli_has_a_row():
    rows = table("| classic | ARM | now |")
    for column, had in ((0, CLASSIC), (1, ARM)):
        found = named([row[column] for row in rows])
        assert set(found) == had and len(found) == len(had)


def test_every_option_of_docker_machine_s_driver_has_a_row():
    found = named([row[0] for row in table("| driver | now |")])
    assert set(found) - {"GROUP:NAME"} == DRIVER | MACHINE and len(set(found)) == len(found)


def test_every_setting_of_the_docker_vm_extension_has_its_option():
    ours = {word for option in options_of("create") for word in option.words}
    found, without = set(), set()
    for left, right in table("| setting | now |"):
        words = named([left])
        fields = {word if not word.startswith(".") else words[0].partition(".")[0] + word for word in words}
        found |= fields
        if not ours & {word.split()[0] for word in named([right])}:
            without |= fields
    assert found == SETTINGS
    assert without == {"login.email", "azure-environment"}


def test_each_row_says_what_there_is_now_or_why_not():
    for head in ("| classic | ARM | now |", "| driver | now |", "| setting | now |"):
        assert [row for row in table(head) if not re.search("`(--|az )", row[-1]) and "none: " not in row[-1]] == []


def test_the_version_is_the_newest_that_history_calls_released():
    root = option_table.ROOT
    version, = re.findall('^VERSION = "(.+)"$', (root / "setup.py").read_text(encoding="utf-8"), re.MULTILINE)
    history = (root / "HISTORY.rst").read_text(encoding="utf-8")
    headings = re.findall(r"^(\d+\.\d+\.\d+)( \(unreleased\))?\n-+$", history, re.MULTILINE)
    assert len(headings) > 3 and not any(mark for _, mark in headings[1:])
    assert version == next(number for number, mark in headings if not mark)
    assert f"dist/dockervm-{version}-py3" in option_table.README.read_text(encoding="utf-8")


def test_the_oldest_az_is_the_same_in_every_document():
    root = option_table.ROOT
    least = json.loads((root / "azext_dockervm/azext_metadata.json").read_text())["azext.minCliCoreVersion"]
    told = {document: re.findall(r"az (?:of your own \()?(\d\.\d+) or newer", (root / document).read_text())
            for document in ("README.md", "localazure/README.md")}
    assert told == dict.fromkeys(told, [least.rpartition(".")[0]])
