"""az vm extension, run-command, user and boot-diagnostics: what happens inside a VM."""

from __future__ import annotations

import pytest
from compute_support import USER, make_vm

pytestmark = pytest.mark.long

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDqPjJ7G1Y0mE1o3lQ0mT5p0cS7rVh2m5k8F3bq9yZ1X me@here"
PUBLISHER = "Microsoft.Azure.Extensions"


@pytest.fixture(scope="module")
def home(azure):
    """A group with a VM "box" that all tests of this file share."""
    azure.az("group", "create", "-n", "guestgroup", "-l", "westus", "-o", "none").succeeded()
    make_vm(azure, "guestgroup", "box")
    yield "guestgroup"
    azure.az("group", "delete", "-n", "guestgroup", "--yes", "--no-wait")


def test_vm_extension_set_show_list_and_delete(azure, home):
    at = ("-g", home, "--vm-name", "box")
    settings = ("--settings", '{"commandToExecute": "echo it was here"}')
    done = azure.query("vm", "extension", "set", *at, "-n", "CustomScript", "--publisher", PUBLISHER, *settings)
    assert (done["provisioningState"], done["typeHandlerVersion"]) == ("Succeeded", "2.1")
    azure.az("vm", "extension", "wait", *at, "-n", "CustomScript", "--created").succeeded()
    shown = azure.query("vm", "extension", "show", *at, "-n", "CustomScript", "--instance-view")
    assert "[stdout]\nit was here\n" in shown["instanceView"]["statuses"][0]["message"]
    assert [one["name"] for one in azure.query("vm", "extension", "list", *at)] == ["CustomScript"]
    failing = ("--settings", '{"commandToExecute": "echo no >&2; exit 3"}', "--force-update")
    failed = azure.az("vm", "extension", "set", *at, "-n", "CustomScript", "--publisher", PUBLISHER, *failing)
    assert failed.code == 1
    assert "VMExtensionProvisioningError" in failed.stderr
    azure.az("vm", "extension", "delete", *at, "-n", "CustomScript").succeeded()
    assert azure.query("vm", "extension", "list", *at) == []


def test_vm_extension_image(azure):
    at = ("-l", "westus", "--publisher", PUBLISHER)
    names = [one["name"] for one in azure.query("vm", "extension", "image", "list-names", *at)]
    assert {"CustomScript", "DockerExtension"} <= set(names)
    versions = azure.query("vm", "extension", "image", "list-versions", *at, "-n", "CustomScript")
    assert versions[-1]["name"] == "2.1.13"
    shown = azure.query("vm", "extension", "image", "show", *at, "-n", "CustomScript", "--version", "2.1.13")
    assert shown["operatingSystem"] == "Linux"
    latest = azure.query("vm", "extension", "image", "list", *at, "--latest")
    assert {"name": "DockerExtension", "publisher": PUBLISHER, "version": "1.2.2"} in latest


def test_vm_run_command_invoke(azure, home):
    at = ("-g", home, "-n", "box")
    script = ("--scripts", "echo hello $1; echo oops >&2", "--parameters", "world")
    (answer,) = azure.query("vm", "run-command", "invoke", *at, "--command-id", "RunShellScript", *script)["value"]
    assert answer["message"] == "Enable succeeded: \n[stdout]\nhello world\n\n[stderr]\noops\n"


def test_vm_run_command_create_show_list_update_and_delete(azure, home):
    at = ("-g", home, "--vm-name", "box")
    one = (*at, "--run-command-name", "greet")
    azure.az("vm", "run-command", "create", *one, "-l", "westus", "--script", "echo $who", "--parameters", "who=you",
             "--protected-parameters", "secret=hidden").succeeded()
    azure.az("vm", "run-command", "wait", *one, "--created").succeeded()
    shown = azure.query("vm", "run-command", "show", *one, "--instance-view")
    assert (shown["instanceView"]["executionState"], shown["instanceView"]["output"]) == ("Succeeded", "you\n")
    assert "hidden" not in str(shown)
    assert [found["name"] for found in azure.query("vm", "run-command", "list", *at)] == ["greet"]
    changed = azure.query("vm", "run-command", "update", *one, "-l", "westus", "--script", "echo again")
    assert changed["source"]["script"] == "echo again"
    azure.az("vm", "run-command", "delete", *one, "--yes").succeeded()
    assert azure.query("vm", "run-command", "list", *at) == []


def test_vm_run_command_documents(azure):
    assert "RunShellScript" in [one["id"] for one in azure.query("vm", "run-command", "list", "-l", "westus")]
    shown = azure.query("vm", "run-command", "show", "-l", "westus", "--command-id", "RunShellScript")
    assert shown["osType"] == "Linux"


def test_vm_user(azure, home):
    at = ("-g", home, "-n", "box")
    done = azure.query("vm", "user", "update", *at, "-u", USER, "-p", "Another-Pass-8!")
    assert (done["name"], done["provisioningState"]) == ("enablevmaccess", "Succeeded")
    assert "Another-Pass" not in str(done)
    azure.az("vm", "user", "update", *at, "-u", "second", "--ssh-key-value", KEY).succeeded()
    azure.az("vm", "user", "reset-ssh", *at).succeeded()
    azure.az("vm", "user", "delete", *at, "-u", "second").succeeded()


def test_vm_boot_diagnostics(azure, group):
    # A VM of its own: az itself stumbles over the extensions of a VM when it updates one this way.
    make_vm(azure, group, "screen")
    at = ("-g", group, "-n", "screen")
    refused = azure.az("vm", "boot-diagnostics", "get-boot-log", *at)
    assert refused.code == 1
    assert "enable boot diagnostics" in refused.stderr
    azure.az("vm", "boot-diagnostics", "enable", *at).succeeded()
    assert "fake machine was started" in azure.az("vm", "boot-diagnostics", "get-boot-log", *at).succeeded().stdout
    assert "sig=" in azure.query("vm", "boot-diagnostics", "get-boot-log-uris", *at)["serialConsoleLogBlobUri"]
    azure.az("vm", "boot-diagnostics", "disable", *at).succeeded()
    assert azure.az("vm", "boot-diagnostics", "get-boot-log", *at).code == 1
