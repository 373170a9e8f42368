"""Commands about disks, as they can be pasted."""

from __future__ import annotations

import pytest
from specs import host_spec

from azext_dockervm.advice import disk_commands

HOST = host_spec("my group", "web1", subscription="mine")
AT = "-g 'my group'"


@pytest.mark.parametrize(("command", "line"), [
    (disk_commands.list_disks("g", None), "az disk list -g g -o table"),
    (disk_commands.list_encryption_sets("g", "mine"), "az disk-encryption-set list -g g -o table --subscription mine"),
    (disk_commands.detach("other", "web9", "data", None), "az vm disk detach -g other --vm-name web9 -n data"),
    (disk_commands.add(HOST, 64),
     f"az vm disk attach {AT} --vm-name web1 -n DISK --new --size-gb 64 --subscription mine"),
    (disk_commands.attach(HOST, "data"), f"az vm disk attach {AT} --vm-name web1 -n data --subscription mine"),
    (disk_commands.grow(HOST, "os", 64), f"az disk update {AT} -n os --size-gb 64 --subscription mine"),
    (disk_commands.change_type(HOST, "os", "Premium_LRS"),
     f"az disk update {AT} -n os --sku Premium_LRS --subscription mine"),
    (disk_commands.encrypt(HOST, "os", "own"), f"az disk update {AT} -n os --encryption-type "
     "EncryptionAtRestWithCustomerKey --disk-encryption-set own --subscription mine"),
    (disk_commands.cache(HOST, "os=None", "0=ReadOnly"),
     f"az vm update {AT} -n web1 --disk-caching os=None 0=ReadOnly --subscription mine"),
    (disk_commands.encrypt_at_host(HOST, True),
     f"az vm update {AT} -n web1 --set securityProfile.encryptionAtHost=true --subscription mine"),
    (disk_commands.deallocate(HOST), f"az vm deallocate {AT} -n web1 --subscription mine"),
    (disk_commands.register_feature("EncryptionAtHost", None),
     "az feature register --namespace Microsoft.Compute --name EncryptionAtHost")])
def test_a_command_is_one_line_that_can_be_pasted(command, line):
    assert command == line
