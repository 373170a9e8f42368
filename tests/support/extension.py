"""The extension from its wheel, in the newest or the oldest az that it is for, beside a Local Azure of the tests."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from local_azure import ROOT, LocalAzure, cache
from running import Finished, run

NEWEST, OLDEST = "az", "oldest-az"      # environments of the cache, as script/lib.sh names them


class AzWithExtension:
    """One az with the extension, a home of its own below ``folder``, and a copy of the login to ``azure``."""

    def __init__(self, azure: LocalAzure, environment: str, folder: Path) -> None:
        self.program = cache() / environment / "bin/az"
        self.home = folder / "home"
        self.home.mkdir()
        # A copy, because each version of az rewrites what the other one has noted of its commands.
        shutil.copytree(azure.environment["AZURE_CONFIG_DIR"], folder / "azure",
                        ignore=shutil.ignore_patterns("*ndex*.json", "logs", "commands", "telemetry*"))
        self.environment = {**azure.environment, "HOME": str(self.home), "AZURE_CONFIG_DIR": str(folder / "azure"),
                            "AZURE_EXTENSION_DIR": installed(environment)}

    def az(self, *words: object, **more: str) -> Finished:
        return run([self.program, *words], {**self.environment, **more}, self.home)

    def shell(self, script: str, **more: str) -> Finished:
        """A line as it is typed, with this az on the PATH."""
        path = f"{self.program.parent}:{self.environment['PATH']}"
        return run(["bash", "-c", script], {**self.environment, "PATH": path, **more}, self.home)


def installed(environment: str) -> str:
    """The folder of extensions into which ``az extension add`` of that environment has put the wheel."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AZURE_")}
    script = f'. "{ROOT}/script/lib.sh"; need_extension_in {environment}; echo "$AZURE_EXTENSION_DIR"'
    return run(["bash", "-c", script], kept, Path("/"), timeout=300).succeeded().stdout.strip()
