"""``create --dry-run`` and ``--validate``: what would be done is what is done, and nothing is written meanwhile."""

from __future__ import annotations

import base64
import json
import os
import re
from pathlib import Path

import good_values
import networks
import pytest
from az_parser import parsed
from azure.cli.core import azclierror
from bad_values.custom_data import script_of
from fake_azure import never_ran
from fake_door import settings
from good_values import KEY, PASSWORD
from plan_text import fits, requests

from azext_dockervm.azure import kinds
from azext_dockervm.certs.summary import describe
from azext_dockervm.flow.request import to_bytes
from azext_dockervm.handlers.create import create
from azext_dockervm.options.commands import options_of
from azext_dockervm.output import tables

RUN_COMMANDS = kinds.RUN_COMMAND.type
# What the script in the custom data has besides of what is told: all of this run alone.
OF_THE_RUN = {f"DOCKERVM_{name}" for name in ("ACTION", "RUN_ID", "CA", "DOOR_CERT", "DOOR_KEY")}


@pytest.fixture
def az(cmd, cloud, folder, monkeypatch, tmp_path):
    """``az dockervm create -g g -n web1 …`` at a home without keys."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()

    def az(*words):
        return create(cmd, **parsed("dockervm", "create", "-g", "g", "-n", "web1", "-dc", str(folder), *words))
    return az


def sent(cloud) -> dict[tuple[str, str, str], object]:
    """What was written, without the deletion of run commands, whose step has no body."""
    return {(one.method, one.kind, one.name): json.loads(to_bytes(one.body)) if one.body is not None else None
            for one in cloud.log if one.method not in ("GET", "LIST")
            and (one.method, one.kind) != ("DELETE", RUN_COMMANDS)}


def anonymous(tree, run_id):
    """Each run has an id of its own, which is in tags and in names."""
    return json.loads(json.dumps(tree).replace(run_id, "RUN"))


def run_of(steps) -> str:
    vm = next(one for one in requests(steps) if one["type"] == kinds.VM.type and one["method"] == "PUT")
    return vm["body"]["tags"]["dockervm-run"]


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {str(path): (os.stat(path).st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


def same_on_the_wire(az, cloud, words) -> str:
    """What was sent, as text, once it was found to be what was printed before."""
    seen = json.loads(json.dumps(az("--dry-run", *words)))
    assert not cloud.writes()
    az(*words)
    asked, done = run_of(seen["steps"]), cloud.tags()["dockervm-run"]
    shown = {(one["method"], one["type"], one["name"]): one.get("body")
             for one in anonymous(requests(seen["steps"]), asked)}
    written = {tuple(anonymous(list(key), done)): anonymous(body, done) for key, body in sent(cloud).items()}
    # A tag that came with the VM's own PUT is not written again.
    unneeded = {("PATCH", kinds.VM.type, "web1")} - written.keys() if seen["provisioner"] == "cloud-init" else set()
    # Who is not let in has the host look at itself.
    checks = {key for key in written if "/dockervm-check-" in key[2]}
    assert shown.keys() - unneeded == written.keys() - checks
    for key, body in written.items():
        assert key in checks or fits(shown[key], body), (key, shown[key], body)
    assert PASSWORD not in json.dumps(seen)
    assert speaks_for(seen["certificates"]["serverNames"], describe(cloud.host().files.certificate).names)
    told = set_up(seen, written["PUT", kinds.VM.type, "web1"])
    return json.dumps([*([*key, body] for key, body in written.items()), told])


def speaks_for(told, names) -> bool:
    """Whether these are the names that were told before, where what was not known yet stands for anything."""
    patterns = [re.sub("<[^<>]+>", ".+", re.escape(one)) for one in told]
    known = {one for one in told if "<" not in one}
    found = [one.partition(":")[2] for one in names]
    return len(told) == len(found) and known <= set(found) and all(
        any(re.fullmatch(one, name) for one in patterns) for name in found)


def set_up(seen, vm):
    """What the script in the custom data is told; None where run commands tell it."""
    if seen["provisioner"] != "cloud-init":
        assert seen["setUp"] is None
        return None
    given = settings(vm["properties"]["osProfile"]["customData"])
    assert given == {**seen["setUp"]["parameters"], **{name: given[name] for name in OF_THE_RUN}}
    assert seen["setUp"]["daemonJson"] == json.loads(base64.b64decode(given["DOCKERVM_DAEMON_JSON"]))
    return seen["setUp"]["parameters"]


@pytest.mark.parametrize("words", [
    ("-p", PASSWORD), ("--ssh-key-values", KEY, "-e", "2222", "--provisioner", "run-command", "--tags", "a=1"),
    ("-p", PASSWORD, "--provisioner", "docker-extension", "-dp", "2376")],
    ids=["defaults", "run-command", "docker-extension"])
def test_what_is_printed_is_what_create_sends(az, cloud, words):
    same_on_the_wire(az, cloud, words)


@pytest.mark.parametrize("row", good_values.ROWS, ids=lambda row: row.label)
def test_so_it_is_for_each_option(az, cloud, row):
    if row.there:
        row.there(cloud)
    login = () if {"-p", "--ssh-key-values", "--ssh-key-name"} & set(row.words) else ("-p", PASSWORD)
    said = same_on_the_wire(az, cloud, (*login, *row.words))
    for part in row.says:
        assert part in said


def test_what_a_row_says_is_said_because_of_its_option(az, cloud):
    """Else the test above would pass without the option, too."""
    plain = same_on_the_wire(az, cloud, ("-p", PASSWORD))
    assert not [(row.option, part) for row in good_values.ROWS for part in row.says
                if row.option != "admin_password" and part in plain]


def test_each_option_that_changes_a_body_is_tried():
    assert {option.name for option in options_of("create")} == (
        {row.option for row in good_values.ROWS} | good_values.OF_NO_BODY)


def test_nothing_is_written_anywhere(az, cloud, folder, tmp_path):
    before = contents(tmp_path)
    for words in (("--dry-run",), ("--validate",), ("--dry-run", "-p"), ("--dry-run", "--generate-ssh-keys")):
        az(*words)
    assert not cloud.writes() and contents(tmp_path) == before


def test_certificates_that_have_yet_to_be_made_are_told_and_not_made(az, cloud, tmp_path):
    told = az("--dry-run", "-dc", str(tmp_path / "none"))["certificates"]
    assert (told["authority"], told["client"], told["authorityFingerprint"]) == ("made", "made", None)
    assert not (tmp_path / "none").exists()
    kept = az("--dry-run")["certificates"]
    assert (kept["authority"], kept["client"]) == ("kept", "kept") and len(kept["authorityFingerprint"]) == 64


def test_what_cloud_init_is_told_and_whom_the_certificate_speaks_for_are_printed(az, cloud, folder):
    words = ("-p", PASSWORD, "--engine-labels", "a=b", "--tls-san", "docker.example.com", "192.0.2.7", "-e", "2222")
    seen = az("--dry-run", *words)
    assert seen["certificates"]["serverNames"] == [
        "web1.<public_ip: domain>", "localhost", "docker.example.com", "<public_ip.properties.ipAddress>",
        "<network_interface: private address>", "127.0.0.1", "192.0.2.7"]
    assert seen["setUp"]["daemonJson"]["labels"] == ["a=b"]
    told = seen["setUp"]["parameters"]
    assert (told["DOCKERVM_PORT"], told["DOCKERVM_SSH_PORT"], told["DOCKERVM_USER"]) == ("4243", "2222", "azureuser")
    keys = [path.read_text() for path in folder.glob("*key.pem")]
    assert keys and not any(secret in json.dumps(seen) for secret in (PASSWORD, *keys))


def test_addresses_that_are_known_are_printed_as_the_certificate_s(az, cloud):
    networks.network(cloud)
    networks.address(cloud, label="boat")
    told = az("--dry-run", "-p", PASSWORD, "--vnet-name", "corp", "--public-ip-address", "web-ip",
              "--private-ip-address", "10.1.0.40")["certificates"]["serverNames"]
    there = cloud.find(kinds.PUBLIC_IP, "web-ip")["properties"]
    assert told == [there["dnsSettings"]["fqdn"], "localhost", there["ipAddress"], "10.1.0.40", "127.0.0.1"]


def test_settings_that_are_secret_are_in_no_custom_data_and_not_printed(az, cloud):
    seen = az("--dry-run", "-p", PASSWORD, "--http-proxy", "http://me:hunter2@p.corp:3128", "--engine-labels", "a=b")
    assert (seen["provisioner"], seen["setUp"]) == ("run-command", None) and "hunter2" not in json.dumps(seen)


def test_of_a_host_that_exists_the_names_are_those_of_a_new_certificate(az, cloud):
    az("-p", PASSWORD, "--tls-san", "docker.example.com")
    seen = az("--dry-run", "-e", "22")
    assert speaks_for(seen["certificates"]["serverNames"], describe(cloud.host().files.certificate).names)
    assert "docker.example.com" in seen["certificates"]["serverNames"] and seen["setUp"] is None


def test_a_password_is_not_asked_for_and_a_bad_one_is_refused(az, cloud):
    vm = next(one for one in requests(az("--dry-run", "-p")["steps"]) if one["type"] == kinds.VM.type)
    assert vm["body"]["properties"]["osProfile"]["adminPassword"] == "<redacted>"
    with pytest.raises(azclierror.InvalidArgumentValueError, match="12 to 72"):
        az("--dry-run", "-p", "short")


def test_keys_are_not_made(az, cloud, tmp_path):
    vm = next(one for one in requests(az("--dry-run")["steps"]) if one["type"] == kinds.VM.type)
    keys = vm["body"]["properties"]["osProfile"]["linuxConfiguration"]["ssh"]["publicKeys"]
    assert keys[0]["keyData"].startswith("<made by create") and not (tmp_path / "home/.ssh").exists()


def test_validate_tells_what_was_found_and_refuses_what_create_would(az, cloud):
    told = az("--validate")
    assert (told["exists"], told["location"], told["size"], told["provisioner"]) == (
        False, "westus", "Standard_D2s_v5", "cloud-init") and "steps" not in told
    cloud.taken_labels.add("mine")
    with pytest.raises(azclierror.InvalidArgumentValueError, match="mine"):
        az("--validate", "--dns-name", "mine")
    with pytest.raises(azclierror.ResourceNotFoundError):
        az("--validate", "-g", "nowhere")


@pytest.mark.parametrize("words", [("--validate",), ("--dry-run",), ()])
def test_an_unknown_key_of_the_file_is_told_once_before_anything_is_made(az, cloud, capsys, words):
    az(*words, "-p", PASSWORD, "--provisioner", "run-command", "--daemon-json", '{"max-concurent-downloads": 6}')
    said = capsys.readouterr().err
    assert said.count("does not know the key 'max-concurent-downloads'") == 1
    assert "Did you mean max-concurrent-downloads?" in said
    if not words:
        assert said.index("does not know") < said.index("create the")


def test_of_a_host_that_exists_the_ways_from_its_answer_are_printed(az, cloud, capsys):
    az("-p", PASSWORD, "--provisioner", "run-command")
    cloud.log.clear()
    seen = az("--dry-run", "-e", "22", "--size", "Standard_B2s", "-dp", "2376")
    assert seen["exists"] and "Standard_D2s_v5" in seen["notApplied"][0] and not cloud.writes()
    assert [one["step"] for one in seen["steps"][:2]] == ["authority", "look"]
    written = requests(seen["steps"])
    assert [(one["method"], one["name"]) for one in written] == [("PUT", "web1NSG")]
    ways = seen["steps"][-1]
    assert {one["type"] for one in requests(ways["ifSound"])} == {RUN_COMMANDS, kinds.VM.type}
    assert [one["step"] for one in ways["otherwise"]][:3] == ["request", "certificate", "serve"]
    assert "Not applied: --size" in capsys.readouterr().err


def test_a_vm_that_never_ran_would_be_deleted_first(az, cloud):
    az("-p", PASSWORD, "--provisioner", "run-command")
    cloud.change(kinds.VM, "web1", **never_ran())
    cloud.retag(kinds.VM, "web1", dockervm_provisioner=None)
    cloud.log.clear()
    seen = az("--dry-run", "-p", PASSWORD)
    assert [one["method"] for one in requests(seen["steps"])][0] == "DELETE"
    assert ("PUT", "web1") in [(one["method"], one["name"]) for one in requests(seen["steps"])]
    assert not cloud.writes()


def test_as_tables(az, cloud):
    rows = tables.created_rows(az("--dry-run"))
    assert ("vm", "PUT", "web1") in [(row["Step"], row["Method"], row["Name"]) for row in rows]
    assert {row["Way"] for row in rows} == {"", "first", "otherwise"}
    assert tables.created_rows(az("--validate"))["Provisioner"] == "cloud-init"


# As an ARM template


def test_the_template_has_network_and_vm_and_no_secret(az, cloud):
    found = az("--dry-run", "template", "-p", PASSWORD, "--tags", "a=1")
    assert [one["type"].partition("/")[2] for one in found["resources"]] == [
        "networkSecurityGroups", "virtualNetworks", "publicIPAddresses", "networkInterfaces", "virtualMachines"]
    vm = found["resources"][-1]
    assert vm["properties"]["osProfile"]["adminPassword"] == "[parameters('adminPassword')]"
    assert "customData" not in vm["properties"]["osProfile"] and PASSWORD not in json.dumps(found)
    assert vm["tags"]["a"] == "1" and "dockervm-fqdn" not in vm["tags"] and "dockervm-provisioner" not in vm["tags"]
    assert not cloud.writes() and "<" not in json.dumps(found)
    assert [row["Name"] for row in tables.created_rows(found)][-1] == "web1"


def test_a_key_that_is_yet_to_be_made_is_a_parameter(az):
    assert az("--dry-run", "template")["parameters"] == {"sshPublicKey": {"type": "string"}}


# Custom data of the user's own

SECRET_SCRIPT = "#!/bin/sh\nexport TOKEN=hunter2\n"


@pytest.mark.parametrize(("words", "parts"), [
    ((), ["set-up", "script"]), (("--provisioner", "run-command"), ["set-up", "script"]),
    (("--image", "FlatcarLinuxFreeGen2"), ["script"]),
    (("--provisioner", "docker-extension"), ["set-up", "script"])], ids=lambda value: str(value))
def test_custom_data_of_the_user_s_own_is_told_by_size_and_kind_and_never_shown(az, cloud, words, parts, capsys):
    words = ("-p", PASSWORD, "--custom-data", SECRET_SCRIPT, *words)
    seen = az("--dry-run", *words)
    told = seen["customData"]
    assert told["parts"] == parts and told["bytes"] + told["bytesLeft"] == 65_535
    same_on_the_wire(az, cloud, words)
    said = capsys.readouterr().err
    assert f"Custom data: yours {'' if len(parts) > 1 else 'alone '}(script)" in said
    encoded = base64.b64encode(SECRET_SCRIPT.encode()).decode()
    for text in (said, json.dumps(seen), json.dumps(cloud.tags())):
        assert "hunter2" not in text and encoded[:40] not in text


def test_without_it_the_set_up_s_own_is_told_where_there_is_one(az):
    assert az("--validate", "-p", PASSWORD)["customData"]["parts"] == ["set-up"]
    old = ("--image", "Canonical:UbuntuServer:18.04-LTS:latest", "--provisioner", "docker-extension")
    assert az("--validate", "-p", PASSWORD, *old)["customData"] is None


def test_a_host_that_exists_keeps_what_it_was_given(az, cloud):
    az("-p", PASSWORD, "--provisioner", "run-command")
    seen = az("--validate", "--custom-data", SECRET_SCRIPT)
    assert seen["notApplied"] == ["--custom-data: a VM is given it at its creation only, and Azure shows it to nobody"]
    assert seen["customData"] is None


def test_where_both_do_not_fit_into_the_fast_lane_run_commands_are_chosen_aloud(az, cloud):
    seen = az("--validate", "-p", PASSWORD, "--custom-data", script_of(40_000))
    assert seen["provisioner"] == "run-command" and "with your own custom data, has " in seen["reason"]
    assert seen["customData"]["parts"] in (["script"], ["set-up", "script"])


def test_in_a_template_it_is_a_parameter(az):
    found = az("--dry-run", "template", "-p", PASSWORD, "--custom-data", SECRET_SCRIPT)
    assert found["resources"][-1]["properties"]["osProfile"]["customData"] == "[parameters('customData')]"
    parameter = found["parameters"]["customData"]
    assert parameter["type"] == "securestring" and "base64" in parameter["metadata"]["description"]
    assert "hunter2" not in json.dumps(found)


def test_there_is_no_template_of_a_host_that_exists(az, cloud):
    az("-p", PASSWORD, "--provisioner", "run-command")
    with pytest.raises(azclierror.ValidationError, match="exists"):
        az("--dry-run", "template")
