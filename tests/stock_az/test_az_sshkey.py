"""az sshkey, as stock az has it, and the virtual machines that take such a key."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.long

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE+N4unGvv6pXPYebWiQ6Ak618DjYm5g6d2ECnq/1F0x somebody"


def test_sshkey_create_list_show_update_and_delete(azure, group):
    generated = azure.query("sshkey", "create", "-g", group, "-n", "own", "--encryption-type", "Ed25519")
    assert generated["publicKey"].startswith("ssh-ed25519 ")
    assert azure.query("sshkey", "create", "-g", group, "-n", "given", "--public-key", KEY)["publicKey"] == KEY
    other = KEY.replace("somebody", "other")
    assert azure.query("sshkey", "update", "-g", group, "-n", "given", "--public-key", other)["publicKey"] == other
    azure.az("sshkey", "delete", "-g", group, "-n", "given", "--yes").succeeded()
    assert [one["name"] for one in azure.query("sshkey", "list", "-g", group)] == ["own"]
    create = ("vm", "create", "-g", group, "--image", "Ubuntu2204", "--admin-username", "me", "--nsg-rule", "NONE",
              "--size", "Standard_B2s")
    azure.az(*create, "-n", "web1", "--ssh-key-name", "own", "--public-ip-address", "").succeeded()
    vm = azure.query("vm", "show", "-g", group, "-n", "web1")
    (key,) = vm["osProfile"]["linuxConfiguration"]["ssh"]["publicKeys"]
    assert key["keyData"].strip() == generated["publicKey"].strip()
    azure.az(*create, "-n", "web2", "--ssh-key-name", "new", "--generate-ssh-keys", "--validate").succeeded()
    assert azure.query("sshkey", "show", "-g", group, "-n", "new")["publicKey"].startswith("ssh-")
