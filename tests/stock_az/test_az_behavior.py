"""What goes wrong on purpose (behavior.json), as the unmodified az meets it: one test a switch."""

from __future__ import annotations

import json
import re
import time

import pytest
from compute_support import PASSWORD, body, make_nic, make_vm, put_vm

pytestmark = pytest.mark.long

GROUPS = "*/resourcegroups"


@pytest.fixture(scope="module")
def home(azure):
    """A group with a VM "web1" that all tests of this file share."""
    azure.az("group", "create", "-n", "behavior", "-l", "westus", "-o", "none").succeeded()
    make_vm(azure, "behavior", "web1")
    yield "behavior"
    (azure.folder / "behavior.json").unlink(missing_ok=True)
    azure.az("group", "delete", "-n", "behavior", "--yes", "--no-wait")


@pytest.fixture
def web1(home):
    return ("-g", home, "-n", "web1")


class Timer:
    def __enter__(self):
        self._began = time.monotonic()
        return self

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self._began


def times(azure, since, pattern):
    """How often the server's log says something since then."""
    return len(re.findall(pattern, (azure.folder / "server.log").read_text()[since:]))


def now(azure):
    return len((azure.folder / "server.log").read_text())


def nsg(azure, group, name="nsg", *more):
    return azure.az("network", "nsg", "create", "-g", group, "-n", name, *more)


def ip(azure, group, name, *more):
    return azure.az("network", "public-ip", "create", "-g", group, "-n", name, "--sku", "Standard", *more)


def test_two_who_make_the_same_at_once(azure, group, behavior):
    behavior(rules=[
        {"do": "endless_operation", "method": "PUT", "type": "Microsoft.Network/virtualNetworks", "nth": 1}])
    words = ("network", "vnet", "create", "-g", group, "-n", "shared", "--address-prefixes", "10.0.0.0/16")
    first = azure.start(*words)
    first.until(lambda: "shared" in str(azure.query("network", "vnet", "list", "-g", group)), "made the network")
    assert azure.query(*words)["newVNet"]["provisioningState"] == "Succeeded"
    loser = first.finish()
    assert loser.code == 1 and "(Canceled) Operation was canceled." in loser.stderr
    assert "was canceled and superseded by operation PutVirtualNetworkOperation (" in loser.stderr


# budgets


# By the clock of the one who waits, at the time scale 0.02: more than a busy machine takes between two commands.
ONE_IN_SIX_SECONDS = {"bucket": 1, "per_minute": 0.2}


def test_429_of_resource_manager_is_waited_for(azure, home, behavior):
    since = now(azure)
    behavior(throttle={"arm": True, "sizes": {"reads": ONE_IN_SIX_SECONDS}})
    azure.query("group", "list")
    with Timer() as timer:
        assert "behavior" in [one["name"] for one in azure.query("group", "list")]
    assert timer.seconds >= 1
    assert times(azure, since, r"GET \S+/resourcegroups 429") >= 1


def test_429_of_compute_is_waited_for(azure, home, web1, behavior):
    since = now(azure)
    behavior(throttle={"compute": True, "sizes": {"LowCostGetResource": ONE_IN_SIX_SECONDS}})
    azure.query("vm", "show", *web1)
    assert azure.query("vm", "show", *web1)["name"] == "web1"
    assert times(azure, since, r"GET \S+/virtualMachines/web1 429") >= 1


def test_budgets_are_told_in_headers(azure, home, web1):
    said = azure.az("vm", "show", *web1, "--debug").succeeded().stderr
    assert re.search(r"'x-ms-ratelimit-remaining-subscription-reads': '2\d\d'", said)
    assert "Microsoft.Compute/LowCostGetResource;" in said


def test_budgets_refuse_nothing_at_a_small_time_scale(azure, home, behavior):
    since = now(azure)
    behavior(throttle={"sizes": {"reads": {"bucket": 1, "per_minute": 0.01}}})
    azure.query("group", "list")
    azure.query("group", "list")
    assert times(azure, since, " 429 ") == 0


# latencies


def test_an_operation_takes_its_time(azure, group, behavior):
    with Timer() as quick:
        ip(azure, group, "quick").succeeded()
    behavior(latencies={"Microsoft.Network/publicIPAddresses/write": 250})     # 5 s at the time scale 0.02
    with Timer() as slow:
        ip(azure, group, "slow").succeeded()
    assert slow.seconds >= max(5, quick.seconds + 3)


# rules


def test_an_answer_with_retry_after_is_waited_for(azure, home, behavior):
    behavior(rules=[{"do": "answer", "status": 429, "retry_after": 3, "path": GROUPS, "nth": 1}])
    with Timer() as timer:
        azure.query("group", "list")
    assert timer.seconds >= 3


def test_an_answer_of_500_is_tried_again(azure, home, behavior):
    since = now(azure)
    behavior(rules=[{"do": "answer", "status": 500, "path": GROUPS, "times": 2}])
    azure.query("group", "list")
    assert times(azure, since, r"GET \S+/resourcegroups 500") == 2


def test_an_answer_of_409_is_shown(azure, home, behavior):
    behavior(rules=[{"do": "answer", "status": 409, "code": "Conflict", "message": "Somebody else was here.",
                   "type": "Microsoft.Network/networkSecurityGroups", "method": "PUT"}])
    refused = nsg(azure, home)
    assert refused.code == 1
    assert "(Conflict) Somebody else was here." in refused.stderr


def test_a_reset_connection_is_opened_again(azure, home, behavior):
    since = now(azure)
    behavior(rules=[{"do": "reset", "path": GROUPS, "times": 2}])
    azure.query("group", "list")
    assert times(azure, since, "behavior: rules.0.: reset on GET") == 2


def test_an_answer_that_is_lost_after_the_work(azure, home, behavior):
    since = now(azure)
    behavior(rules=[{"do": "reset", "when": "after", "method": "PUT", "path": "*/resourcegroups/lost", "nth": 1}])
    azure.az("group", "create", "-n", "lost", "-l", "westus").succeeded()
    # The first was performed, the second met what it had made.
    assert times(azure, since, r"PUT \S+/resourcegroups/lost 201") == 1
    assert times(azure, since, r"PUT \S+/resourcegroups/lost 200") == 1
    azure.az("group", "delete", "-n", "lost", "--yes").succeeded()


def test_a_connection_that_ends_without_an_answer(azure, home, behavior):
    since = now(azure)
    behavior(rules=[{"do": "close", "path": GROUPS, "times": 1}])
    azure.query("group", "list")
    assert times(azure, since, "behavior: rules.0.: close on GET") == 1


def test_silence_is_waited_out(azure, home, behavior):
    behavior(rules=[{"do": "silence", "seconds": 4, "path": GROUPS, "times": 1}])
    with Timer() as timer:
        azure.query("group", "list")
    assert timer.seconds >= 4


def test_half_a_body_is_no_result(azure, home, behavior):
    behavior(rules=[{"do": "truncate", "path": GROUPS}])
    failed = azure.az("group", "list", "-o", "json")
    assert failed.code != 0
    assert not failed.stdout.strip()


def test_a_proxys_page_is_tried_again_and_then_an_error(azure, home, behavior):
    behavior(rules=[{"do": "html", "status": 502, "path": GROUPS, "times": 1}])
    azure.query("group", "list")
    behavior(rules=[{"do": "html", "status": 404, "path": GROUPS}])
    failed = azure.az("group", "list")
    assert failed.code != 0
    assert "404" in failed.stderr or "Not Found" in failed.stderr


def test_a_slow_answer(azure, home, behavior):
    behavior(rules=[{"do": "slow", "seconds": 4, "path": GROUPS}])
    with Timer() as timer:
        azure.query("group", "list")
    assert timer.seconds >= 4


def test_a_wrong_retry_after_is_believed(azure, group, behavior):
    # Some polls are needed, so that the first one is not the last.
    behavior(rules=[{"do": "retry_after", "value": 4, "path": "*/operations/*", "nth": 1}],
           latencies={"Microsoft.Network/publicIPAddresses/write": 50})
    with Timer() as timer:
        ip(azure, group, "believed").succeeded()
    assert timer.seconds >= 4


def test_a_failed_operation(azure, group, behavior):
    behavior(rules=[{"do": "fail_operation", "code": "InternalOperationError", "message": "It broke.", "after": 1,
                   "type": "Microsoft.Network/publicIPAddresses", "method": "PUT"}])
    failed = ip(azure, group, "broken")
    assert failed.code == 1
    assert "(InternalOperationError) It broke." in failed.stderr
    shown = azure.query("network", "public-ip", "show", "-g", group, "-n", "broken")
    assert shown["provisioningState"] == "Failed"


def test_an_operation_without_end(azure, group, behavior):
    behavior(rules=[{"do": "endless_operation", "type": "Microsoft.Network/networkSecurityGroups", "method": "PUT"}])
    since = now(azure)
    create = azure.start("network", "nsg", "create", "-g", group, "-n", "endless")
    create.until(lambda: times(azure, since, r"GET \S+/operations/\S+ 200") > 8, "asked again and again")
    assert create.alive
    behavior()
    create.finish().succeeded()


def test_az_vm_create_meets_what_its_deployment_meets(azure, group, behavior):
    create = ("vm", "create", "-g", group, "-n", "deployed", "--image", "Debian11", "--admin-username", "azureuser",
              "--admin-password", PASSWORD, "--authentication-type", "password", "--size", "Standard_B2s")
    behavior(rules=[{"do": "fail_operation", "code": "InternalExecutionError", "message": "It broke.",
                   "type": "Microsoft.Compute/virtualMachines", "method": "PUT"}])
    failed = azure.az(*create)
    assert failed.code == 1
    assert "InternalExecutionError" in failed.stderr
    behavior(conditions={"denied": [{"action": "Microsoft.Network/publicIPAddresses/write"}]})
    assert "AuthorizationFailed" in azure.az(*create).stderr


# regions


def test_a_size_that_is_not_available(azure, home, behavior):
    nic = make_nic(azure, home, "sku")
    behavior(conditions={"sku_not_available": [{"size": "Standard_B2s", "region": "westus"}]})
    assert "SkuNotAvailable" in put_vm(azure, home, "sku", body(nic, "sku")).stderr
    (sku,) = [one for one in azure.query("vm", "list-skus", "-l", "westus", "--all") if one["name"] == "Standard_B2s"]
    assert sku["restrictions"][0]["reasonCode"] == "NotAvailableForSubscription"


def test_a_quota(azure, home, behavior):
    nic = make_nic(azure, home, "quota")
    behavior(conditions={"quota": [{"region": "westus", "cores": 3}]})
    refused = put_vm(azure, home, "quota", body(nic, "quota"))
    assert "Current Limit: 3, Current Usage: 2, Additional Required: 2" in refused.stderr
    limits = {one["name"]["value"]: one["limit"] for one in azure.query("vm", "list-usage", "-l", "westus")}
    assert str(limits["cores"]) == "3"


def test_an_allocation_that_fails(azure, group, behavior):
    nic = make_nic(azure, group, "full")
    behavior(conditions={"allocation_failed": [{"size": "Standard_B2s"}]})
    put_vm(azure, group, "full", body(nic, "full"))
    failed = azure.az("vm", "wait", "-g", group, "-n", "full", "--created", "--interval", "1", "--timeout", "20")
    assert failed.code == 1
    view = azure.query("vm", "get-instance-view", "-g", group, "-n", "full")
    assert view["provisioningState"] == "Failed"
    assert view["instanceView"]["statuses"][0]["code"] == "ProvisioningState/failed/AllocationFailed"


# guests


def test_an_operating_system_that_never_reports(azure, group, behavior):
    nic = make_nic(azure, group, "mute")
    behavior(conditions={"os_provisioning_timed_out": [{"vm": "mute"}]})
    put_vm(azure, group, "mute", body(nic, "mute"))
    azure.az("vm", "wait", "-g", group, "-n", "mute", "--created", "--interval", "1", "--timeout", "20")
    statuses = azure.query("vm", "get-instance-view", "-g", group, "-n", "mute")["instanceView"]["statuses"]
    assert [one["code"] for one in statuses] == ["ProvisioningState/failed/OSProvisioningTimedOut",
                                                 "PowerState/running"]


def extension(azure, web1):
    group, name = web1[1], web1[3]
    return azure.az("vm", "extension", "set", "-g", group, "--vm-name", name, "-n", "CustomScript", "--publisher",
                    "Microsoft.Azure.Extensions", "--settings", '{"commandToExecute": "true"}')


def test_an_extension_that_fails_or_never_ends(azure, web1, behavior):
    for outcome, code in (("failed", "VMExtensionProvisioningError"), ("timed_out", "VMExtensionProvisioningTimeout")):
        ended = {"type": "CustomScript", "outcome": outcome, "message": "no route to host"}
        behavior(conditions={"extension": [ended]})
        failed = extension(azure, web1)
        assert failed.code == 1
        assert code in failed.stderr
    behavior()
    azure.az("vm", "extension", "delete", "-g", web1[1], "--vm-name", "web1", "-n", "CustomScript").succeeded()


def test_a_run_command_that_fails(azure, web1, behavior):
    behavior(conditions={"run_command": [{"vm": "web1", "outcome": "failed", "message": "Nobody is there."}]})
    failed = azure.az("vm", "run-command", "invoke", *web1, "--command-id", "RunShellScript", "--scripts", "true")
    assert failed.code == 1
    assert "Nobody is there." in failed.stderr


def test_an_agent_that_is_unavailable(azure, web1, behavior):
    behavior(conditions={"agent": [{"vm": "web1", "state": "unavailable"}]})
    agent = azure.query("vm", "get-instance-view", *web1)["instanceView"]["vmAgent"]
    assert (agent["vmAgentVersion"], agent["statuses"][0]["code"]) == ("Unknown", "ProvisioningState/Unavailable")
    assert "VMAgentStatusCommunicationError" in extension(azure, web1).stderr
    behavior()
    azure.az("vm", "extension", "delete", "-g", web1[1], "--vm-name", "web1", "-n", "CustomScript").succeeded()


def test_an_agent_that_is_absent_and_a_cloud_init_that_is_late(azure, group, behavior):
    behavior(conditions={"agent": [{"vm": "bare", "state": "absent"}],
                       "cloud_init_delay": [{"vm": "bare", "seconds": 9}]})
    make_vm(azure, group, "bare")
    record = next(one for one in azure.folder.glob("machines/*/machine.json") if '"bare"' in one.read_text())
    assert '"agent": false' in record.read_text()
    assert re.search(r'"cloud_init_delay_s": 9\b', record.read_text())
    at = ("-g", group, "-n", "bare")
    assert azure.query("vm", "get-instance-view", *at)["instanceView"]["vmAgent"]["vmAgentVersion"] == "Unknown"


# time


def test_a_deletion_that_lags(azure, group, behavior):
    behavior(conditions={"deletion_lag": [{"type": "Microsoft.Network/networkInterfaces", "seconds": 60}]})
    make_nic(azure, group, "ghost")
    azure.az("network", "nic", "delete", "-g", group, "-n", "ghost").succeeded()
    assert azure.query("network", "nic", "show", "-g", group, "-n", "ghost")["name"] == "ghost"
    refused = azure.az("network", "vnet", "delete", "-g", group, "-n", "ghost")
    assert "InUseSubnetCannotBeDeleted" in refused.stderr
    behavior()
    deadline = time.monotonic() + 20
    while azure.az("network", "nic", "show", "-g", group, "-n", "ghost").code == 0:
        assert time.monotonic() < deadline
    azure.az("network", "vnet", "delete", "-g", group, "-n", "ghost").succeeded()


def test_replication_lag(azure, group, behavior):
    behavior(conditions={"replication_lag": [{"type": "*/networkSecurityGroups", "seconds": 8, "list_seconds": 60}]})
    nsg(azure, group, "new", "--no-wait").succeeded()
    show = ("network", "nsg", "show", "-g", group, "-n", "new")
    assert azure.az(*show).code == 3
    azure.az("network", "nsg", "wait", "-g", group, "-n", "new", "--created", "--interval", "1").succeeded()
    azure.az(*show).succeeded()
    assert azure.query("network", "nsg", "list", "-g", group) == []


# denials


def test_a_denied_permission(azure, home, behavior):
    behavior(conditions={"denied": [{"action": "Microsoft.Network/*/write", "scope": "*/resourceGroups/behavior/*"}]})
    refused = nsg(azure, home)
    assert refused.code == 1
    assert "(AuthorizationFailed)" in refused.stderr
    assert "'Microsoft.Network/networkSecurityGroups/write'" in refused.stderr


def test_a_policy(azure, home, behavior):
    behavior(conditions={"policy": [{"type": "Microsoft.Network/networkSecurityGroups", "without_tag": "owner",
                                   "assignment": "Owners please"}]})
    refused = nsg(azure, home, "policy")
    assert "(RequestDisallowedByPolicy) Resource 'policy' was disallowed by policy." in refused.stderr
    assert '"policyAssignment":{"name":"Owners please"' in refused.stderr
    nsg(azure, home, "policy", "--tags", "owner=me").succeeded()


def test_a_read_only_subscription(azure, home, behavior):
    behavior(conditions={"read_only_subscription": True})
    azure.query("group", "list")
    assert "(ReadOnlyDisabledSubscription)" in nsg(azure, home).stderr


# the file


def test_a_broken_file_changes_nothing_and_is_told(azure, home, behavior):
    behavior(rules=[{"do": "answer", "status": 409, "code": "Kept", "message": "Kept.", "path": GROUPS}])
    assert "(Kept)" in azure.az("group", "list").stderr
    (azure.folder / "behavior.json").write_text("{")
    assert "(Kept)" in azure.az("group", "list").stderr
    status = azure._script("localazure", "status", "--instance", azure.name).succeeded()
    assert "behavior.json:  broken and not used: the file is not JSON" in status.stdout


def test_the_command_line(azure, home, tmp_path):
    rule = tmp_path / "rule.json"
    given = {"do": "answer", "status": 409, "code": "Mine", "message": "Mine.", "path": GROUPS}
    rule.write_text(json.dumps({"rules": [given]}))
    command = ("localazure", "behavior", "--instance", azure.name)
    assert "1 rule" in azure._script(*command, "set", str(rule)).succeeded().stdout
    assert "(Mine)" in azure.az("group", "list").stderr
    azure._script(*command, "reset").succeeded()
    azure.query("group", "list")
