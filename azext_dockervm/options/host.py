"""Options that say which host is meant."""

from __future__ import annotations

from dataclasses import replace

from azext_dockervm.options.option import Option
from azext_dockervm.spec import rules

_GROUP = Option(
    "resource_group_name", "--resource-group -g", "Name of the resource group.", required=True,
    check=lambda name: rules.check_resource_name(name, "--resource-group"), place="group",
    parser={"type": "resource_group_name_type"})
_NAME = Option(
    "vm_name", "--name -n", "Name of the host: its VM, its host name and, where it is free, its DNS label.",
    required=True, check=rules.check_vm_name, place="name")
_EXISTING_NAME = replace(_NAME, help="Name of the host.", parser={"completer": "host_names"})
# Any VM, whoever made it, also one that ``--ids`` names.
_VM_NAME = replace(_EXISTING_NAME, check=lambda name: rules.check_resource_name(name, "--name"),
                   parser={"completer": "host_names", "id_part": "name"})

_ANY_GROUP = replace(_GROUP, required=False, help="Name of the resource group. Default: all of the subscription.")
CHECK = Option("check", "--check", "Dial every engine with the certificates of the folder: side by side, and for five "
               "seconds at the most.", default=False)

NEW_HOST = (_GROUP, _NAME)
HOST = (_GROUP, _EXISTING_NAME)
# Where an option says that none is needed; the handler asks for what is missing.
OPTIONAL_HOST = (replace(_GROUP, required=False), replace(_EXISTING_NAME, required=False))
VM = (_GROUP, _VM_NAME)
HOSTS = (_ANY_GROUP,)
GROUP = (_GROUP,)
DELETION = (
    Option("data_disks", "--data-disks",
           "What becomes of data disks that were made with the VM or for it. Those that were there before they were "
           "attached are always kept.", default="keep", choices=("keep", "delete")),
    Option("no_wait", "--no-wait", "Do not wait for the VM's deletion. Its security group and the network stay until "
           "the same command is given again.", default=False),
)
