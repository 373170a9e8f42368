"""What a host lets in besides Docker and SSH, and who guards it."""

from __future__ import annotations

from networks import application_group, resource_id, security_group

from bad_values.row import asked, bad, pair

VALUES = (
    bad("open_ports", "--open-ports 0", "--open-ports", "'0'", "1 to 65535"),
    bad("open_ports", "--open-ports 80 443-", "--open-ports", "'443-'"),
    bad("open_ports", "--open-ports 90-80", "--open-ports", "ends before it begins", "80-90"),
    bad("open_ports", ("--open-ports", ""), "--open-ports", "empty"),
    bad("open_ports", "--open-ports " + " ".join(map(str, range(1000, 1502, 2))), "--open-ports", "at most 250"),
    bad("open_ports", "--open-ports 22 80", "--open-ports", "22 is SSH's port", "--open-ports 80"),
    bad("open_ports", "--open-ports 1-1000", "--open-ports", "SSH's port", "--open-ports 1-21 23-1000"),
    bad("open_ports_sources", "--open-ports 80 --open-ports-sources 10.0.0.0/33", "--open-ports-sources",
        "10.0.0.0/33"),
    bad("open_ports_sources", "--open-ports 80 --open-ports-sources '*' 10.0.0.1", "--open-ports-sources",
        "For example: --open-ports-sources"),
    asked("open_ports_sources", "--open-ports-sources 10.0.0.1", "--open-ports-sources", "opens nothing"),

    bad("nsg", "--nsg a/b", "--nsg", "a/b"),
    bad("nsg", f"--nsg {resource_id('applicationSecurityGroups', 'web')}", "--nsg", "right kind of resource"),
    asked("nsg", "--nsg none", "--nsg", "there is no network security group 'none'", "az network nsg list"),
    asked("nsg", "--nsg corp-nsg", "is in eastus", "-l eastus",
          there=lambda cloud: security_group(cloud, location="eastus")),
    asked("nsg", "--nsg corp-nsg", "does not let in", "4243", "--nsg corp-nsg --open", "az network nsg rule create",
          there=security_group),
    asked("nsg", ("--nsg", ""), "--nsg", "the subnet 'hosts' has no network security group", "Leave --nsg out"),
    bad("asgs", ("--asgs", ""), "--asgs", "empty"),
    bad("asgs", "--asgs web a/b", "--asgs", "a/b"),
    asked("asgs", "--asgs none", "--asgs", "there is no application security group 'none'", "az network asg create"),
    asked("asgs", "--asgs web", "--asgs", "is in eastus",
          there=lambda cloud: application_group(cloud, location="eastus")),
)

PAIRS = (
    pair("open_ports", "docker_port", "--open-ports 80 2376 -dp 2376", "--open-ports", "2376 is Docker's port"),
    pair("open_ports", "ssh_port", "--open-ports 80 2222 -e 2222", "--open-ports", "2222 is SSH's port"),
    pair("open_ports", "open_ports_sources", "--open-ports 4000-5000 --open-ports-sources 10.0.0.1",
         "--open-ports", "4000-5000 holds 4243, Docker's port", "--open-ports 4000-4242 4244-5000"),
    pair("open_ports_sources", "sources", "--open-ports 4243-4250 --sources 10.0.0.1 --open-ports-sources '*'",
         "--open-ports", "open to --source-address-prefixes only"),
    pair("nsg", "nics", "--nsg corp-nsg --nics nic1", "--nsg and --nics", "Leave one"),
    pair("asgs", "nics", "--asgs web --nics nic1", "--asgs and --nics", "Leave one"),
)
