"""The same SDK script, create to delete, with the SDK versions of az and with the newest ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from local_azure import cache
from running import run

SCRIPT = Path(__file__).with_name("sdk_script.py")


@pytest.mark.parametrize(
    ("environment", "compute", "network"),
    [pytest.param("sdk", "34.1.", "28.", id="az's own"), pytest.param("dev", "", "", id="the newest")],
)
def test_sdk_script_from_create_to_delete(azure, environment, compute, network):
    # azure-mgmt-network is not part of az: the oldest that the extension takes stands beside az's compute.
    done = run([cache() / environment / "bin/python", "-B", SCRIPT, f"sdk{environment}"], azure.environment,
               azure.home, timeout=180).succeeded().json
    assert done["versions"]["azure-mgmt-compute"].startswith(compute), done
    assert done["versions"]["azure-mgmt-network"].startswith(network), done
    assert {"make_vm", "add_extension", "run_commands", "attach_disk", "switch_power", "delete_in_order"} <= {
        *done["steps"]}


def test_the_environments_have_different_sdk_generations():
    """Else the script would prove the same thing twice."""
    found = [run([cache() / name / "bin/python", "-c", "import azure.mgmt.compute as c; print(c.__version__)"],
                 {}, Path("/")).succeeded().stdout.split(".")[0] for name in ("sdk", "dev")]
    assert int(found[0]) < int(found[1])
