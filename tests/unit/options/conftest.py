"""az as far as options look at it: its own class of configuration, in a folder of the test's."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest
from knack.config import CLIConfig


@pytest.fixture
def config(tmp_path, monkeypatch):
    """Nothing is set in it; beside the folder in which the command runs, somebody has planted a configuration."""
    for name in [name for name in os.environ if name.startswith("AZURE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AZURE_CONFIG_DIR", str(tmp_path / "azure"))
    (tmp_path / "work/azure").mkdir(parents=True)
    (tmp_path / "work/azure/config").write_text("[dockervm]\ncert_dir = /planted\n")
    monkeypatch.chdir(tmp_path / "work")
    return CLIConfig(config_dir=str(tmp_path / "azure"), config_env_var_prefix="AZURE")


@pytest.fixture
def cli_ctx(config):
    return SimpleNamespace(config=config, data={"subscription_id": "mine"}, cloud=SimpleNamespace(name="AzureCloud"))
