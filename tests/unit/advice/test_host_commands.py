"""Commands about one host: complete, quoted, and never more than the user meant."""

from __future__ import annotations

import pytest
from specs import changed, host_spec

from azext_dockervm.advice import host_commands
from azext_dockervm.secret import Secret

CREATE = "az dockervm create -g 'my(group)' -n web1"
AT = "-g 'my(group)' -n web1"
SUBSCRIPTION = "--subscription 'sub 1'"


def test_the_create_that_goes_on_has_all_that_was_typed_but_what_a_vm_keeps(host):
    assert host_commands.create_again(host) == (
        f"{CREATE} -l westus -e 2222 -dc 'my certs' --tags env=test {SUBSCRIPTION}")


def test_where_there_is_no_vm_yet_login_and_machine_are_said_again_but_no_password(host):
    command = host_commands.create_anew(changed(host, password=Secret("Very-secret-1")))
    assert command == (f"{CREATE} -l westus --size Standard_D4s_v5 -p -e 2222 --dns-name mine -dc 'my certs' "
                       f"--tags env=test {SUBSCRIPTION}")


def test_one_option_can_be_said_otherwise_whether_it_was_typed_or_not(host):
    assert host_commands.create_with(host, "location", "-l", "eastus") == (
        f"{CREATE} -l eastus -e 2222 -dc 'my certs' --tags env=test {SUBSCRIPTION}")
    assert "--provisioner run-command" in host_commands.create_with(host, "provisioner", "--provisioner", "run-command")


@pytest.mark.parametrize(("command", "words"), [
    (host_commands.enable, f"az dockervm enable {AT} --replace-trust -dc 'my certs'"),
    (host_commands.create_by_owner, f"az dockervm create {AT}"),
    (host_commands.create_group, "az group create -n 'my(group)' -l westus"),
    (host_commands.info, f"az dockervm info {AT}"),
    (host_commands.info_as_asked, f"az dockervm info {AT} -dc 'my certs'"),
    (host_commands.delete, f"az dockervm delete {AT}"),
    (host_commands.start, f"az vm start {AT}"),
    (host_commands.restart, f"az vm restart {AT}"),
    (host_commands.show_state, f"az vm get-instance-view {AT}"),
    (host_commands.wait_until_deleted, f"az vm wait {AT} --deleted"),
    (lambda host: host_commands.resize(host, "Standard_D4s_v5"), f"az vm resize {AT} --size Standard_D4s_v5"),
    (lambda host: host_commands.set_login(host, "me"), f"az vm user update {AT} -u me"),
    (host_commands.delete_extension,
     "az vm extension delete -g 'my(group)' --vm-name web1 -n DockerExtension"),
    (lambda host: host_commands.delete_run_command(host, "dockervm-check"),
     "az vm run-command delete -g 'my(group)' --vm-name web1 -n dockervm-check --yes"),
    (host_commands.list_parts, "az resource list --tag dockervm-host=web1 -o table"),
    (lambda host: host_commands.list_hosts(host.subscription), "az dockervm list -o table"),
    (lambda host: host_commands.list_vms(host.subscription), "az vm list -o table"),
    (lambda host: host_commands.mark_as_part(host, "/id"),
     "az tag update --operation Merge --resource-id /id --tags dockervm-host=web1"),
    (lambda host: host_commands.remove_tags(host, "/id"),
     "az tag update --operation Delete --resource-id /id --tags NAME=VALUE"),
])
def test_each_command_is_whole_and_names_the_subscription(host, command, words):
    assert command(host) == f"{words} {SUBSCRIPTION}"


def test_where_no_subscription_was_named_none_is_and_a_group_gets_a_region():
    plain = host_spec(location=None)
    assert host_commands.start(plain) == "az vm start -g g -n web1"
    assert host_commands.create_group(plain) == "az group create -n g -l westus"
    assert host_commands.enable(plain) == "az dockervm enable -g g -n web1 --replace-trust"
