"""az dockervm create from nothing."""

from __future__ import annotations


def test_a_host_is_made_and_proven(cloud):
    made = cloud.create("--provisioner", "run-command").succeeded()
    assert made.json["reachable"] is True
    assert made.json["provisioner"] == "run-command"
    assert cloud.run_commands() == []
