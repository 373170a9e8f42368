"""Clients that have nothing to do with az, create to delete: each is installed as its own users install it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from local_azure import cache
from running import run

pytestmark = pytest.mark.long

HERE = Path(__file__).parent
# Majors are pinned: the next ones may have other names.
JAVASCRIPT = {"@azure/arm-compute": "24", "@azure/arm-network": "36", "@azure/arm-resources": "7",
              "@azure/identity": "4"}


def test_the_sdks_for_javascript(azure, tmp_path):
    packages = [f"{name}@{major}" for name, major in JAVASCRIPT.items()]
    own = {**os.environ, "HOME": str(tmp_path)}
    run(["npm", "install", "--silent", "--prefix", tmp_path, *packages], own, timeout=300).succeeded()
    environment = {**azure.environment, "NODE_PATH": str(tmp_path / "node_modules"),
                   "NODE_EXTRA_CA_CERTS": str(azure.folder / "tls/ca.pem")}
    done = run(["node", HERE / "javascript_sdk.js", "javascript"], environment, azure.home, timeout=300)
    said = done.succeeded().json
    assert {name: version.partition(".")[0] for name, version in said["versions"].items()} == JAVASCRIPT
    assert {"makeVm", "switchPower", "runCommands", "attachAndDetach", "deleteInOrder"} <= {*said["steps"]}


def test_apache_libcloud(azure):
    environment = {**azure.environment, "SSL_CERT_FILE": str(azure.folder / "tls/ca.pem")}
    words = [cache() / "libcloud/bin/python", "-B", HERE / "libcloud_driver.py", "libcloud"]
    # Three lives of the same names in a row: a deletion leaves nothing that the next one meets.
    said, *again = [run(words, environment, azure.home, timeout=300).succeeded().json for _ in range(3)]
    assert again == [said, said]
    assert {"make_node", "switch_power", "tag", "use_volume", "run_command", "destroy"} <= {*said["steps"]}
