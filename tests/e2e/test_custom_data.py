"""The user's custom data on booted machines, by the genuine cloud-init: beside each way in which Docker comes."""

from __future__ import annotations

import base64
import json
import re

import pytest
from cloud_init_reading import GENUINE, of_genuine, seen
from custom_data_cases import CASES, TOKEN, TRICKY
from local_azure import GROUP
from secret_search import GUESTS, holders

from azext_dockervm.provision.custom_data import OUR_NAME, joined
from azext_dockervm.spec.custom_data import CustomData

pytestmark = pytest.mark.machines

# Of these cloud-init makes other parts, by what it fetches or unpacks.
BECOMES_OTHERS = ("archive", "include", "include once")


def own(host, file: str) -> str:
    """What the user's part has written, once cloud-init has ended; whatever it says of its end."""
    host.run("cloud-init status --wait >/dev/null 2>&1; true")
    return host.run(f"cat /root/own/{file}")


def test_with_cloud_init_it_comes_behind_ours_by_its_names_and_its_failure_is_its_own(prompted):
    assert prompted.result["provisioner"] == "cloud-init" and prompted.result["engineVersion"]
    assert own(prompted, "order").split() == ["fails", "script", "runcmd"]
    scripts = prompted.run("ls /var/lib/cloud/instance/scripts").split()
    assert sorted(scripts) == [OUR_NAME, "00-fails.sh", "20-goes-on.sh", "runcmd"]
    for name in ("fails", "script", "runcmd"):
        assert "Server:" in own(prompted, f"docker-{name}"), "the engine was there before"


def test_what_is_hard_to_quote_reaches_the_host_as_it_is(prompted):
    assert own(prompted, "tricky").splitlines() == TRICKY.splitlines()
    assert "No such file or directory" in prompted.run("ls /tmp/planted 2>&1 || true")


def test_beside_the_head_start_it_finds_docker_installed(extension):
    assert own(extension, "order").split() == ["script"]
    assert "Client:" in own(extension, "docker-script")
    assert extension.run("ls /var/lib/cloud/instance/scripts").split() == [OUR_NAME, "part-002"]


def test_alone_where_the_image_is_not_known_to_have_cloud_init(run_command):
    assert own(run_command, "order").split() == ["script"]
    assert run_command.run("ls /var/lib/cloud/instance/scripts").split() == ["part-001"]
    assert run_command.result["provisioner"] == "run-command"


def test_create_says_beforehand_what_becomes_of_it(prompted, extension):
    for host, kinds in ((prompted, "script, cloud-config, script"), (extension, "script")):
        found = re.search(rf"Custom data: yours \({kinds}\) and the set-up's own; ([\d,]+) bytes are left",
                          host.created.stderr)
        assert found and int(found[1].replace(",", "")) > 10_000


def test_it_is_shown_and_kept_nowhere_but_on_the_host(prompted, extension, run_command, machines):
    """By a file's name, or as @FILE: what is typed as a text, az itself writes to its log, as it does a password."""
    azure = prompted.azure
    for host in (prompted, extension):
        assert "Request body" in host.created.stderr      # --debug was in force
        assert TOKEN not in host.created.stderr + host.created.stdout and TOKEN not in str(machines[host.name])
        assert host.run(f"grep -l {TOKEN} /var/lib/cloud/instance/scripts/*").strip()
    assert TOKEN not in run_command.created.stderr + str(machines[run_command.name])
    assert holders(azure.folder, TOKEN, leave_out=GUESTS) == set()


def test_cloud_init_itself_reads_each_kind_as_we_do(prompted):
    names = [name for name in CASES if name not in BECOMES_OTHERS]
    messages = [joined(b"#!/bin/sh\n:\n", CustomData.read(CASES[name][0])) for name in names]
    given = json.dumps([base64.b64encode(one).decode() for one in messages])
    prompted.run(f"cat >/root/read.py <<'END'\n{GENUINE}\nEND\ncat >/root/given.json <<'END'\n{given}\nEND\n")
    found = of_genuine(prompted.run("python3 /root/read.py </root/given.json"))
    for name, message, parts in zip(names, messages, found, strict=True):
        assert parts == seen(message), name
        assert [(part.type, part.payload) for part in parts[1:]] == CASES[name][1], name


def test_the_same_create_says_that_the_host_keeps_what_it_was_given(prompted, local_azure):
    again = local_azure.az("dockervm", "create", "-g", GROUP, "-n", "prompted", "--validate", "--custom-data",
                           "#!/bin/sh\n:").succeeded()
    assert again.json["notApplied"] == [
        "--custom-data: a VM is given it at its creation only, and Azure shows it to nobody"]
