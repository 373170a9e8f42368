"""The scenarios of tests/scenario can be recorded, here against these tests' Local Azure, and then replayed."""

from __future__ import annotations

import sys

import pytest
from local_azure import ROOT
from running import run

pytestmark = pytest.mark.machines

# One host from nothing to its engine, and one that is refused and undone.
SCENARIOS = ("tests/scenario/test_create.py::CreateTest::test_create_by_run_command",
             "tests/scenario/test_failures.py::Refused::test_allocation_failed")


@pytest.mark.long
def test_scenarios_record_and_replay(local_azure, tmp_path):
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *SCENARIOS]
    environment = {**local_azure.environment, "SCENARIO_RECORDINGS": str(tmp_path), "LOCALAZURE_MACHINES": "nspawn",
                   "PYTHONDONTWRITEBYTECODE": "1"}
    run(words, {**environment, "AZURE_TEST_RUN_LIVE": "true"}, ROOT).succeeded()
    recorded = {path.name for path in tmp_path.iterdir()}
    assert recorded == {"create_by_run_command.yaml", "allocation_failed.yaml"}
    # Without what names the instance, its login and its certificates.
    kept = {name: value for name, value in environment.items() if not name.startswith(("AZURE_", "LOCALAZURE_", "REQ"))}
    replayed = run(words, kept, ROOT).succeeded()
    assert "2 passed" in replayed.stdout
    groups = local_azure.query("group", "list", "--tag", "dockervm-scenario")
    assert groups == []
