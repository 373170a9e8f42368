"""A host that is sound but can't be reached from here."""

from __future__ import annotations

import pytest
from fleet import Wall
from local_azure import GROUP, eventually

pytestmark = pytest.mark.machines


@pytest.fixture(scope="module", autouse=True)
def wall(unreachable):
    """Tests of this module find the wall as the host was made behind it, and leave none."""
    own = Wall(unreachable.azure)
    yield own
    own.tear_down()


def test_create_ends_with_4_and_says_why_it_is_not_reachable(unreachable):
    assert unreachable.created.code == 4
    assert unreachable.result["reachable"] is False and unreachable.result["engineVersion"] is None
    warning = next(line for line in unreachable.created.stderr.splitlines() if line.startswith("WARNING: Docker on"))
    assert "works, as the host itself has checked" in warning and "drops the packets" in warning


def test_packets_that_were_dropped_at_its_door_brought_run_commands_by_azure_s_own_channel(unreachable):
    said = unreachable.created.stderr
    assert "drops the packets" in said and "for 20 seconds after the VM was ready. run-command takes over." in said
    assert "'unreachable' says:" not in said and unreachable.result["provisioner"] == "run-command"


def test_info_gives_the_machines_half_and_a_plain_reason(unreachable):
    seen = unreachable.info().succeeded().json
    assert (seen["powerState"], seen["provisioner"], seen["dockerPort"]) == ("running", "run-command", 4243)
    assert seen["engine"] is None and "drops the packets" in seen["engineUnreachable"]
    assert seen["serverCertificateExpires"] == unreachable.result["serverCertificateExpires"]


def test_it_is_reached_once_the_way_is_free(unreachable, wall):
    wall.tear_down()
    assert unreachable.docker("info", "--format", "{{.LiveRestoreEnabled}} {{.LoggingDriver}}").succeeded().stdout == (
        "true json-file\n")
    again = unreachable.azure.az(*unreachable.created.words[1:]).succeeded().json
    assert again["reachable"] is True and again["engineVersion"]


def test_a_closed_security_rule_is_a_reason_too(unreachable, wall):
    wall.tear_down()
    rule = ("-g", GROUP, "--nsg-name", f"{unreachable.name}NSG", "-n", "allow-docker")
    unreachable.azure.az("network", "nsg", "rule", "update", *rule, "--access", "Deny").succeeded()
    try:
        assert "No network security rule lets anybody in" in unreachable.info().succeeded().json["engineUnreachable"]
    finally:
        unreachable.azure.az("network", "nsg", "rule", "update", *rule, "--access", "Allow").succeeded()
    eventually(lambda: unreachable.docker("version", timeout=20).code == 0, "the engine answers again", 20)
