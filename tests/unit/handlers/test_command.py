"""How az calls a handler: what its parser makes of the words, and what a handler's failure becomes."""

from __future__ import annotations

import json
import subprocess
import sys
from inspect import signature
from pathlib import Path

import pytest
from azure.cli.core import azclierror

from azext_dockervm.errors import NotFound
from azext_dockervm.handlers import command as decorator
from azext_dockervm.handlers import create as handlers

ROOT = Path(__file__).parents[3]
NAMED = ("-g", "demo", "-n", "web1")


@pytest.fixture
def parsed(tmp_path, monkeypatch):
    """Run ``az dockervm create WORDS`` with a handler that only tells what it was given → that, or the exit code."""
    sys.path.insert(0, str(ROOT / "tests/scenario"))
    import in_process_az

    monkeypatch.setenv("AZURE_CONFIG_DIR", str(tmp_path / "azure"))
    seen: list[dict] = []

    def handler(cmd, **typed):
        seen.append(typed)

    handler.__signature__ = signature(handlers.create)
    monkeypatch.setattr(handlers, "create", handler)

    def parsed(*words):
        ran = in_process_az.run(tmp_path / "azure", "dockervm", "create", *NAMED, *words)
        return seen[-1] if seen else ran
    return parsed


def typed(given: dict) -> dict:
    return {name: value for name, value in given.items()
            if value not in (None, False) and name not in ("resource_group_name", "vm_name")}


@pytest.mark.parametrize(("words", "gives"), [
    ((), {}),
    (("-e",), {"ssh_port": 22}), (("-e", "2222"), {"ssh_port": 2222}), (("-p",), {"admin_password": "\0"}),
    (("-dp", "5000", "-dc", "x"), {"docker_port": 5000, "cert_dir": "x"}),
    (("-l", "West US"), {"location": "westus"}),
    (("--sources", "10.0.0.1", "10.0.0.2"), {"sources": ["10.0.0.1", "10.0.0.2"]}),
    (("--source-address-prefixes", "*"), {"sources": ["*"]}),
    (("--dns-name", "x"), {"public_ip_address_dns_name": "x"}),
    (("--tags", "a=1", "b"), {"tags": {"a": "1", "b": ""}}), (("--tags", ""), {"tags": {}}),
    (("--provisioner", "Run-Command"), {"provisioner": "run-command"}),
    (("--generate-ssh-keys", "--timeout", "2m"), {"generate_ssh_keys": True, "timeout": "2m"}),
])
def test_what_the_parser_makes_of_the_words(parsed, words, gives):
    assert typed(parsed(*words)) == gives


@pytest.mark.parametrize(("words", "says"), [
    *[(("-dp", text), "1 to 65535") for text in ("0", "70000", "abc", "-1", "", "22.0", "٢٢", "²", "22\n", "9" * 5000)],
    (("-e", "x"), "--ssh-port"), (("-l", " "), "the value is empty; leave the option out"),
    (("--dns-name", ""), "the value is empty"), (("--sources", ""), "the value is empty"),
    (("--provisioner", "magic"), "--provisioner"),
])
def test_what_the_parser_refuses_ends_with_2(parsed, words, says):
    refused = parsed(*words)
    assert refused.code == 2 and says in refused.stderr


def test_a_region_may_come_from_az_s_own_defaults(parsed, monkeypatch):
    monkeypatch.setenv("AZURE_DEFAULTS_LOCATION", "West US")
    assert typed(parsed()) == {"location": "westus"}


def test_a_handler_gets_values_and_its_errors_become_az_s(cli_ctx_of):
    @decorator.command("info")
    def handler(cmd, arguments):
        """As one."""
        if arguments["vm_name"] == "gone":
            raise NotFound("There is none.", "az vm list")
        return arguments["cert_dir"]

    assert handler(cli_ctx_of, resource_group_name="g", vm_name="x") == "~/.docker"
    assert handler.__doc__ == "As one." and list(signature(handler).parameters)[:2] == ["cmd", "resource_group_name"]
    with pytest.raises(azclierror.ResourceNotFoundError) as refused:
        handler(cli_ctx_of, vm_name="gone")
    assert (refused.value.error_msg, refused.value.recommendations) == ("There is none.", ["az vm list"])


@pytest.fixture
def cli_ctx_of():
    from types import SimpleNamespace

    config = SimpleNamespace(get=lambda _section, _option, fallback: fallback)
    return SimpleNamespace(cli_ctx=SimpleNamespace(config=config))


def test_the_help_of_a_group_loads_no_tables():
    program = ("import sys, json\n"
               "from azext_dockervm.handlers import cert, create, enable, info\n"
               "create.create.__doc__, create.create.__signature__\n"
               "print(json.dumps([name for name in sys.modules if name.startswith('azext_dockervm.')]))")
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    rooms = {name.split(".")[1] for name in json.loads(done.stdout)}
    assert rooms == {"_help", "handlers", "error_map", "errors"}
