"""Extensions and run commands: what reaches the guest, what comes back, how failures look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from arm_support import Group, LocalAzure, eventually

from localazure.machines.machine import Guise, RunResult


def _extension(location: str = "westus", **properties: Any) -> dict[str, Any]:
    docker = {"publisher": "Microsoft.Azure.Extensions", "type": "DockerExtension", "typeHandlerVersion": "1.0"}
    settings = {"settings": {"docker": {"port": "4243"}}, "protectedSettings": {"certs": {"key": "TOP-SECRET-KEY"}}}
    return {"location": location, "properties": {**docker, "autoUpgradeMinorVersion": True, **settings, **properties}}


@pytest.fixture
def vm(arm: LocalAzure, group: Group) -> Any:
    arm.platform.extension_result = RunResult(0, "enabled", "")
    yield group.vm()
    arm.platform.extension_result = RunResult(0, "enabled", "")


def test_an_extension_gets_its_settings_and_never_shows_the_protected_ones(
    arm: LocalAzure, vm: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        answer = arm.done("PUT", f"{vm}/extensions/DockerExtension", _extension())
    assert (answer.status, answer.body["properties"]["provisioningState"]) == (201, "Creating")
    publisher, name, settings, protected = arm.platform.extensions[-1]
    assert (publisher, name, settings) == (
        "Microsoft.Azure.Extensions",
        "DockerExtension",
        {"docker": {"port": "4243"}},
    )
    assert protected == {"certs": {"key": "TOP-SECRET-KEY"}}
    shown = str(arm.call("GET", f"{vm}/extensions/DockerExtension", _expand="instanceView").body) + str(
        arm.call("GET", vm).body
    )
    kept = b"".join(path.read_bytes() for path in arm.folder.glob("store.sqlite*"))
    assert "TOP-SECRET" not in shown + caplog.text
    assert b"TOP-SECRET" not in kept


def test_an_extension_is_seen_in_the_vm_and_its_instance_view(arm: LocalAzure, vm: str) -> None:
    arm.done("PUT", f"{vm}/extensions/docker", _extension())
    assert [one["name"] for one in arm.call("GET", vm).body["resources"]] == ["docker"]
    listed = arm.call("GET", vm.rsplit("/", 1)[0]).body["value"][0]
    assert listed["resources"] == [{"id": f"{listed['id']}/extensions/docker"}]  # whole ones break `az vm list`
    view = arm.call("GET", f"{vm}/instanceView").body
    assert view["extensions"][0]["type"] == "Microsoft.Azure.Extensions.DockerExtension"
    assert view["extensions"][0]["typeHandlerVersion"] == "1.2.2"
    assert view["vmAgent"]["extensionHandlers"][0]["status"]["displayStatus"] == "Ready"
    arm.done("DELETE", f"{vm}/extensions/docker")
    assert arm.call("GET", f"{vm}/extensions").body["value"] == []


def test_a_handler_that_fails_makes_operation_extension_and_vm_fail(arm: LocalAzure, vm: str) -> None:
    arm.platform.extension_result = RunResult(1, "", "no space left")
    status = arm.wait(arm.call("PUT", f"{vm}/extensions/docker", _extension()))
    assert status.code == "VMExtensionProvisioningError"
    assert status.message.startswith("VM has reported a failure when processing extension 'docker'")
    assert "no space left" in status.message
    assert arm.call("GET", f"{vm}/extensions/docker").body["properties"]["provisioningState"] == "Failed"
    assert arm.call("GET", vm).body["properties"]["provisioningState"] == "Failed"
    arm.done("DELETE", f"{vm}/extensions/docker")
    assert arm.call("GET", vm).body["properties"]["provisioningState"] == "Succeeded"


def test_where_it_is_published_but_failing_the_guest_is_left_alone(arm: LocalAzure) -> None:
    group = Group(arm, "centralus")
    vm = group.vm()
    before = len(arm.platform.extensions)
    status = arm.wait(arm.call("PUT", f"{vm}/extensions/docker", _extension("centralus")))
    assert status.code == "VMExtensionProvisioningError"
    assert (
        '"Enable Docker failed: ERROR: executing /bin/sh [-c curl -sSL https://get.docker.com/ | sh] failed: exit '
        'status 100"' in status.message
    )
    assert len(arm.platform.extensions) == before


def test_the_handler_is_told_what_the_image_passes_for(arm: LocalAzure, group: Group) -> None:
    old = {"publisher": "Canonical", "offer": "UbuntuServer", "sku": "18.04-LTS", "version": "latest"}
    body = group.vm_body(group.nic(group.vnet()))
    for reference, guise in (({}, Guise("Ubuntu", "24.04", False, 0.0)), (old, Guise("Ubuntu", "18.04", True, 0.0))):
        body["properties"]["storageProfile"]["imageReference"].update(reference)
        vm = group.compute("virtualMachines/web1")
        arm.done("PUT", vm, body)
        arm.done("PUT", f"{vm}/extensions/docker", _extension())
        assert arm.platform.guises[-1] == guise
        arm.done("DELETE", vm)
        body = group.vm_body(group.nic(group.vnet()))


def test_where_it_is_not_published_it_is_not_found(arm: LocalAzure) -> None:
    group = Group(arm, "eastus2")
    answer = arm.call("PUT", f"{group.vm()}/extensions/docker", _extension("eastus2"))
    assert (answer.status, answer.code) == (404, "ArtifactNotFound")


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"type": "Nothing"}, "ArtifactNotFound"), ({"typeHandlerVersion": "7.0"}, "ArtifactVersionNotFound"),
     ({"typeHandlerVersion": "x"}, "ArtifactVersionNotFound"), ({"publisher": None}, "InvalidParameter"),
     ({"settings": "text"}, "BadRequest")],
)  # fmt: skip
def test_a_bad_extension_is_refused(arm: LocalAzure, vm: str, changes: dict[str, Any], code: str) -> None:
    assert arm.call("PUT", f"{vm}/extensions/docker", _extension(**changes)).code == code


def test_one_handler_is_there_once_and_one_extension_is_changed_once_at_a_time(arm: LocalAzure, vm: str) -> None:
    arm.platform.unblocked.clear()
    first = arm.call("PUT", f"{vm}/extensions/docker", _extension())
    assert arm.call("PUT", f"{vm}/extensions/docker", _extension()).code == "Conflict"
    assert arm.call("PUT", f"{vm}/extensions/again", _extension()).code == "BadRequest"
    arm.platform.unblocked.set()
    arm.wait(first)
    assert arm.done("PUT", f"{vm}/extensions/docker", _extension()).status == 200


def test_extensions_and_run_commands_need_a_running_vm(arm: LocalAzure, vm: str) -> None:
    arm.done("POST", f"{vm}/deallocate")
    calls = [
        arm.call("PUT", f"{vm}/extensions/docker", _extension()),
        arm.call("PUT", f"{vm}/runCommands/one", _command("true")),
        arm.call("POST", f"{vm}/runCommand", {"commandId": "RunShellScript", "script": ["true"]}),
    ]
    assert {(one.status, one.code) for one in calls} == {(409, "OperationNotAllowed")}


def test_children_of_a_missing_vm_are_refused(arm: LocalAzure, group: Group) -> None:
    for path in ("extensions/x", "runCommands/x"):
        answer = arm.call("PUT", group.compute(f"virtualMachines/no/{path}"), _extension())
        assert (answer.status, answer.code) == (404, "ParentResourceNotFound")


# run commands


def _command(script: str, **properties: Any) -> dict[str, Any]:
    return {"location": "westus", "properties": {"source": {"script": script}, **properties}}


def _view(arm: LocalAzure, vm: str, name: str = "one") -> dict[str, Any]:
    properties = arm.call("GET", f"{vm}/runCommands/{name}", _expand="instanceView").body["properties"]
    view: dict[str, Any] = properties["instanceView"]
    return view


def test_a_managed_run_command_answers_in_its_instance_view(arm: LocalAzure, vm: str) -> None:
    body = _command(
        "echo $OPEN $HIDDEN; echo oops >&2; exit 3",
        parameters=[{"name": "OPEN", "value": "a"}], protectedParameters=[{"name": "HIDDEN", "value": "b-secret"}],
    )  # fmt: skip
    answer = arm.done("PUT", f"{vm}/runCommands/one", body)
    assert answer.status == 201
    view = _view(arm, vm)
    assert (view["executionState"], view["exitCode"], view["output"], view["error"]) == (
        "Failed",
        3,
        "a b-secret\n",
        "oops\n",
    )
    plain = arm.call("GET", f"{vm}/runCommands/one").body["properties"]
    assert plain["provisioningState"] == "Succeeded"
    assert "instanceView" not in plain
    assert "b-secret" not in str(plain) + str(arm.call("GET", f"{vm}/runCommands").body)


def test_a_managed_run_command_shows_what_was_sent_and_no_more(arm: LocalAzure, vm: str) -> None:
    arm.done("PUT", f"{vm}/runCommands/one", _command("exit 127"))
    shown = arm.call("GET", f"{vm}/runCommands/one").body["properties"]
    assert (shown["timeoutInSeconds"], shown["asyncExecution"]) == (0, False)
    assert not {"parameters", "treatFailureAsDeploymentFailure", "runAsUser"} & set(shown)
    message = "Execution failed: failed to execute command: command terminated with exit status=127"
    assert _view(arm, vm)["executionMessage"] == message
    arm.done("PATCH", f"{vm}/runCommands/one", {"properties": {"treatFailureAsDeploymentFailure": False}})
    shown = arm.call("GET", f"{vm}/runCommands/one").body["properties"]
    assert shown["treatFailureAsDeploymentFailure"] is False


def test_protected_parameters_are_neither_kept_nor_logged(
    arm: LocalAzure, vm: str, caplog: pytest.LogCaptureFixture
) -> None:
    body = _command('echo "${#HIDDEN}"', protectedParameters=[{"name": "HIDDEN", "value": "q-secret"}])
    with caplog.at_level("DEBUG"):
        arm.done("PUT", f"{vm}/runCommands/one", body)
    assert _view(arm, vm)["output"] == "8\n"
    kept = b"".join(path.read_bytes() for path in arm.folder.glob("store.sqlite*"))
    assert b"q-secret" not in kept
    assert "q-secret" not in caplog.text


def test_output_is_cut_to_its_last_four_kilobytes(arm: LocalAzure, vm: str) -> None:
    arm.done("PUT", f"{vm}/runCommands/one", _command("yes ab | head -n 5000; printf end"))
    output = _view(arm, vm)["output"]
    assert len(output) == 4096
    assert output.endswith("ab\nend")


def test_a_failure_can_be_treated_as_one_of_the_deployment(arm: LocalAzure, vm: str) -> None:
    body = _command("echo why >&2; exit 9", treatFailureAsDeploymentFailure=True)
    status = arm.wait(arm.call("PUT", f"{vm}/runCommands/one", body))
    assert status.code == "VMExtensionProvisioningError"
    assert "why" in status.message
    assert arm.call("GET", f"{vm}/runCommands/one").body["properties"]["provisioningState"] == "Failed"


def test_a_script_that_outlasts_its_time_has_failed_with_minus_one(arm: LocalAzure, vm: str) -> None:
    """The handler of Linux guests knows no TimedOut."""
    arm.done("PUT", f"{vm}/runCommands/one", _command("exec sleep 20", timeoutInSeconds=1))
    view = _view(arm, vm)
    assert (view["executionState"], view["exitCode"]) == ("Failed", -1)
    assert view["executionMessage"].endswith("command terminated with exit status=-1")


def test_an_asynchronous_command_is_provisioned_while_it_runs(arm: LocalAzure, vm: str) -> None:
    arm.done("PUT", f"{vm}/runCommands/one", _command("sleep 0.3; echo late", asyncExecution=True))
    assert _view(arm, vm)["executionState"] == "Running"
    eventually(lambda: _view(arm, vm)["executionState"] == "Succeeded")
    assert _view(arm, vm)["output"] == "late\n"


def test_a_run_command_can_be_deleted_and_run_again(arm: LocalAzure, vm: str) -> None:
    arm.done("PUT", f"{vm}/runCommands/one", _command("echo 1"))
    assert arm.done("PUT", f"{vm}/runCommands/one", _command("echo 2")).status == 200
    assert _view(arm, vm)["output"] == "2\n"
    arm.done("DELETE", f"{vm}/runCommands/one")
    assert arm.call("GET", f"{vm}/runCommands/one").code == "ResourceNotFound"


def test_the_same_run_command_again_does_not_run_again(
    arm: LocalAzure, vm: str, tmp_path: Path
) -> None:
    def runs() -> int:
        return len((tmp_path / "runs").read_text().splitlines())

    def body(**more: Any) -> dict[str, Any]:
        secret = {"name": "HIDDEN", "value": more.pop("hidden", "a")}
        return {**_command(f"echo $WHO >>{tmp_path}/runs", protectedParameters=[secret], **more), "tags": {"a": "b"}}

    arm.done("PUT", f"{vm}/runCommands/one", body())
    first = _view(arm, vm)
    assert arm.done("PUT", f"{vm}/runCommands/one", {**body(), "tags": {"a": "c"}}).status == 200
    assert (runs(), _view(arm, vm)) == (1, first)
    assert arm.call("GET", f"{vm}/runCommands/one").body["tags"] == {"a": "c"}
    for number, change in enumerate(
        ({"hidden": "b"}, {"parameters": [{"name": "WHO", "value": "x"}]}, {"timeoutInSeconds": 60}), 2
    ):
        arm.done("PUT", f"{vm}/runCommands/one", body(**change))
        assert runs() == number


def test_the_same_failed_run_command_again_fails_again(arm: LocalAzure, vm: str) -> None:
    body = _command("exit 9", treatFailureAsDeploymentFailure=True)
    first, again = (arm.wait(arm.call("PUT", f"{vm}/runCommands/one", body)) for _ in range(2))
    assert first.body["error"] == again.body["error"]
    assert arm.call("GET", f"{vm}/runCommands/one").body["properties"]["provisioningState"] == "Failed"


def test_the_name_of_a_deleted_run_command_is_spent_while_another_one_remains(arm: LocalAzure, vm: str) -> None:
    for name in ("one", "other"):
        arm.done("PUT", f"{vm}/runCommands/{name}", _command(f"echo {name}"))
    arm.done("DELETE", f"{vm}/runCommands/one")
    status = arm.wait(arm.call("PUT", f"{vm}/runCommands/ONE", _command("echo again")))
    assert status.code == "VMExtensionProvisioningError" and "Non-zero exit code: 3" in status.message
    view = _view(arm, vm, "ONE")
    assert (view["executionState"], view["output"]) == ("Unknown", "")
    assert arm.call("GET", f"{vm}/runCommands/one").body["properties"]["provisioningState"] == "Failed"
    arm.done("PUT", f"{vm}/runCommands/three", _command("echo 3"))
    # A change has the next number, which is newer than what the host has noted.
    arm.done("PUT", f"{vm}/runCommands/one", _command("echo changed"))
    assert _view(arm, vm)["output"] == "changed\n"


def test_a_changed_run_command_spends_more_numbers(arm: LocalAzure, vm: str) -> None:
    arm.done("PUT", f"{vm}/runCommands/other", _command("true"))
    for number in range(2):
        arm.done("PUT", f"{vm}/runCommands/one", _command(f"echo {number}"))
    arm.done("DELETE", f"{vm}/runCommands/one")
    for number in range(2):
        assert "Non-zero exit code: 3" in arm.wait(
            arm.call("PUT", f"{vm}/runCommands/one", _command(f"echo again {number}"))
        ).message
    arm.done("PUT", f"{vm}/runCommands/one", _command("echo newer"))
    assert _view(arm, vm)["output"] == "newer\n"


def test_the_last_deletion_makes_all_names_new(arm: LocalAzure, vm: str) -> None:
    for name in ("one", "other"):
        arm.done("PUT", f"{vm}/runCommands/{name}", _command(f"echo {name}"))
    for name in ("one", "other"):
        arm.done("DELETE", f"{vm}/runCommands/{name}")
    arm.done("PUT", f"{vm}/runCommands/one", _command("echo anew"))
    assert _view(arm, vm)["output"] == "anew\n"


def test_the_list_shows_all_and_their_views_when_it_is_asked_to(arm: LocalAzure, vm: str) -> None:
    for name in ("one", "other"):
        arm.done("PUT", f"{vm}/runCommands/{name}", _command(f"echo {name}"))
    plain = arm.call("GET", f"{vm}/runCommands").body["value"]
    assert [one["name"] for one in plain] == ["one", "other"]
    assert all("instanceView" not in one["properties"] for one in plain)
    seen = arm.call("GET", f"{vm}/runCommands", _expand="instanceView").body["value"]
    assert [one["properties"]["instanceView"]["output"] for one in seen] == ["one\n", "other\n"]


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"source": {}}, "InvalidParameter"),
        ({"source": {"script": "true", "commandId": "ifconfig"}}, "InvalidParameter"),
        ({"source": {"commandId": "nothing"}}, "NotFound"),
        ({"source": {"scriptUri": "https://x"}}, "OperationNotAllowed"),
        ({"outputBlobUri": "https://x"}, "OperationNotAllowed"),
        ({"timeoutInSeconds": 99999}, "InvalidParameter"),
        ({"retries": 3}, "BadRequest"),
    ],
)
def test_a_bad_run_command_is_refused(arm: LocalAzure, vm: str, properties: dict[str, Any], code: str) -> None:
    body = _command("true")
    body["properties"].update(properties)
    assert arm.call("PUT", f"{vm}/runCommands/one", body).code == code


def test_nameless_parameters_become_arguments_of_a_managed_command(arm: LocalAzure, vm: str) -> None:
    body = _command("#!/bin/sh\necho $name: $1 $2")
    body["properties"]["parameters"] = [{"name": "name", "value": "got"}, {"value": "a b"}]
    body["properties"]["protectedParameters"] = [{"value": "c"}]
    arm.done("PUT", f"{vm}/runCommands/one", body)
    view = arm.call("GET", f"{vm}/runCommands/one", _expand="instanceView").body["properties"]["instanceView"]
    assert view["output"] == "got: a b c\n"


def test_the_action_brings_output_and_errors_at_its_location(arm: LocalAzure, vm: str) -> None:
    body = {
        "commandId": "RunShellScript",
        "script": ["echo $who is $1", "echo oops >&2", "exit 1"],
        "parameters": [{"name": "who", "value": "me"}],
    }
    answer = arm.call("POST", f"{vm}/runCommand", body)
    assert (answer.status, answer.body) == (202, None)
    assert arm.wait(answer).body["status"] == "Succeeded"
    end = arm.raw(
        "GET", answer.headers["Location"].split(str(arm.port), 1)[1], headers={"Authorization": f"Bearer {arm.token}"}
    )
    (value,) = end.body["value"]
    assert value["code"] == "ProvisioningState/succeeded"
    assert value["message"] == "Enable succeeded: \n[stdout]\nme is me\n\n[stderr]\noops\n"


def test_one_action_at_a_time_and_only_known_ones(arm: LocalAzure, vm: str) -> None:
    body = {"commandId": "RunShellScript", "script": ["sleep 0.3"]}
    first = arm.call("POST", f"{vm}/runCommand", body)
    assert (arm.call("POST", f"{vm}/runCommand", body).status, arm.call("POST", f"{vm}/runCommand", body).code) == (
        409,
        "Conflict",
    )
    arm.wait(first)
    assert arm.call("POST", f"{vm}/runCommand", {"commandId": "Nothing"}).status == 404
