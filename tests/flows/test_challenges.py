"""Mandatory MFA: a person's command names the login that Azure asks for, whatever it was about to change."""

from __future__ import annotations

import re
import shlex

import people
import pytest
from flow_cloud import HOST

COMPUTE = "Microsoft.Compute"
LOGIN = re.compile(r"^az login --tenant \S+ --scope \S+ --claims-challenge \S+$", re.M)


@pytest.fixture
def person(cloud, tmp_path, monkeypatch):
    """Whose commands these are; called with the words of a login, she logs in with a second factor."""
    az, alice = people.az_of_nobody(cloud.instance, tmp_path), people.named(cloud.instance, "alice")
    people.log_in(cloud.instance, az, alice)
    monkeypatch.setenv("AZURE_CONFIG_DIR", str(tmp_path / "config"))
    return lambda words: people.log_in(cloud.instance, az, alice, *words, factors="true")


def asked(done) -> str:
    """The login that a refused command names, once."""
    assert done.code == 1, done
    found = LOGIN.findall(done.stderr)
    assert len(found) == 1 and "Traceback" not in done.stderr, done.stderr
    return found[0]


def test_create_enable_and_delete_name_the_login_that_lets_them_pass(cloud, person):
    cloud.behavior(conditions={"mfa": [{}]})
    refused = cloud.create("--provisioner", "run-command")
    login = asked(refused)
    assert "Azure requires multi-factor authentication" in refused.stderr and cloud.vm() is None
    # In the middle: what was made can't be undone by the same login, and one reason is told for all of it.
    cloud.behavior(conditions={"mfa": [{"method": "DELETE"}, {"type": f"{COMPUTE}/virtualMachines"}]})
    refused = cloud.create("--provisioner", "run-command")
    asked(refused)
    assert "Not all that was made could be undone" in refused.stderr and "To continue from there" in refused.stderr
    assert refused.stderr.count("Azure requires multi-factor") == 2, "its own, and that of the undoing"
    # The VM is there, and its set-up is refused.
    cloud.behavior(conditions={"mfa": [{"type": f"{COMPUTE}/virtualMachines/runCommands"}]})
    refused = cloud.create("--provisioner", "run-command")
    asked(refused)
    assert f"The VM '{HOST}' was kept" in refused.stderr
    cloud.behavior(conditions={"mfa": [{}]})
    asked(cloud.az("enable", "-g", cloud.group, "-n", HOST, "--replace-trust", "--yes"))
    refused = cloud.az("delete", "-g", cloud.group, "-n", HOST, "--yes")
    asked(refused)
    assert f"The VM '{HOST}' was not deleted" in refused.stderr
    person(shlex.split(login)[2:])
    cloud.create("--provisioner", "run-command").succeeded()
    cloud.az("delete", "-g", cloud.group, "-n", HOST, "--yes").succeeded()
    assert cloud.vm() is None
