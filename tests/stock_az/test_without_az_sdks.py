"""az is giving up azure-mgmt-resource and azure-mgmt-compute: the extension has its own where az has none."""

from __future__ import annotations

import pytest
from extension import NEWEST, AzWithExtension
from local_azure import cache
from running import run

pytestmark = pytest.mark.long

# az, started where its own folder has none of these packages: what is imported comes from an extension's folder.
PROGRAM = """
import importlib.machinery, runpy, sys

class Without(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if not name.startswith(("azure.mgmt.resource", "azure.mgmt.compute")):
            return None
        inside = [one for one in path if one not in own]
        found = super().find_spec(name, inside, target)
        if found is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return found

import azure.mgmt
own = list(azure.mgmt.__path__)
sys.meta_path.insert(0, Without)
sys.argv[0] = "az"
import atexit
if "--told" in sys.argv:
    sys.argv.remove("--told")
    atexit.register(lambda: print(sys.modules["azure.mgmt.resource.resources"].__file__, file=sys.stderr))
runpy.run_module("azure.cli", run_name="__main__")
"""


def test_hosts_are_listed_and_planned_by_the_extensions_own_sdks(azure, group, tmp_path):
    az = AzWithExtension(azure, NEWEST, tmp_path)
    python = cache() / NEWEST / "bin/python"

    def without(*words: str):
        return run([python, "-c", PROGRAM, *words], az.environment, az.home)

    listed = without("dockervm", "list", "-g", group, "--told").succeeded()
    assert listed.json == [] and f"{az.environment['AZURE_EXTENSION_DIR']}/dockervm/azure/mgmt/" in listed.stderr
    plan = without("dockervm", "create", "-g", group, "-n", "web1", "-p", "Tall-Ships_2014+Docker", "--dry-run")
    assert plan.succeeded().json["steps"]
