"""Local Azure's README: its five minutes with stock az, typed as they are printed."""

from __future__ import annotations

import re

import pytest
from local_azure import ROOT, cache
from running import run

pytestmark = [pytest.mark.machines, pytest.mark.long]


def printed() -> str:
    """The commands, but for those that start and end the instance: here it runs already, and goes on running."""
    text = (ROOT / "localazure/README.md").read_text(encoding="utf-8")
    section = text.partition("## Five minutes with stock az\n")[2].partition("\n## ")[0]
    lines = [line[4:] for line in re.findall(r"^    .*|^$", section, re.M)]
    return "\n".join(line for line in lines if not re.match(r"script/localazure (up|down)", line))


def test_a_newcomers_five_minutes_work_as_printed(local_azure, tmp_path):
    script = printed()
    assert script.count("\naz ") > 8
    # Its own configuration, so that the other tests' az stays signed in as it is.
    own = f"export AZURE_CONFIG_DIR={tmp_path}/azure\naz config set"
    environment = {**local_azure.environment, "HOME": str(tmp_path), "AZURE_EXTENSION_DIR": f"{tmp_path}/none",
                   "PATH": f"{cache() / 'az/bin'}:{local_azure.environment['PATH']}"}
    # ssh looks for keys in the home that the system knows, not in HOME.
    ssh = f"ssh() {{ command ssh -i {tmp_path}/.ssh/id_rsa -o UserKnownHostsFile={tmp_path}/known \"$@\"; }}\n"
    words = ["bash", "-euo", "pipefail", "-c", ssh + script.replace("az config set", own, 1)]
    said = run(words, environment, ROOT).succeeded().stdout
    assert "ID=debian" in said
    assert "\nhello\n" in said
    assert re.search(r"^web1 +demo +VM running", said, re.M), said
