"""Passwords and private keys are where they belong and nowhere else, whatever az is told to log."""

from __future__ import annotations

import base64
import gzip
import re

import pytest
from fleet import PASSWORD
from running import run
from secret_search import GUESTS, forms, found_in, holders, journal

pytestmark = pytest.mark.machines

KEY_BEGINS = re.compile("-----BEGIN [A-Z ]*PRIVATE KEY-----")


def key_file(host) -> str:
    by_extension = host.result["provisioner"] == "docker-extension"
    return f"etc/docker/{'key.pem' if by_extension else 'dockervm/server-key.pem'}"


def server_key(host) -> str:
    path = host.azure.disk(host.name) / key_file(host)
    assert path.stat().st_mode & 0o777 == 0o400
    return path.read_text()


@pytest.fixture(params=["extension", "prompted", "without_cloud_init"])
def debugged(request):
    """Made with --debug and a password, by the extension and by run commands, from @file and from the prompt."""
    return request.getfixturevalue(request.param)


def test_debug_shows_neither_password_nor_keys_nor_protected_settings(debugged):
    shown = debugged.created.stdout + debugged.created.stderr
    assert "Request body" in shown      # --debug was in force
    secrets = [PASSWORD, server_key(debugged), (debugged.folder / "key.pem").read_text(),
               (debugged.folder / "ca-key.pem").read_text()]
    for secret in secrets:
        assert not found_in(shown, secret)
    assert not KEY_BEGINS.search(shown)
    assert '"protectedSettings"' not in shown and '"adminPassword"' not in shown


def test_password_is_in_no_file_on_either_side(debugged):
    azure = debugged.azure
    assert "dockervm" in (azure.folder / "azure/logs/az.log").read_text()   # az's own log file was on
    assert holders(azure.folder, PASSWORD, leave_out=GUESTS) == set()
    disk = azure.disk(debugged.name)
    assert holders(disk, PASSWORD) == set()
    assert not found_in(journal(disk), PASSWORD)


def test_password_works_so_the_search_was_for_the_right_one(debugged):
    shadow = (debugged.azure.disk(debugged.name) / "etc/shadow").read_text()
    stored = next(line.split(":")[1] for line in shadow.splitlines() if line.startswith("skipper:"))
    assert stored.startswith("$") and PASSWORD not in stored


@pytest.mark.parametrize("name", ["plain", "run_command", "extension", "fallen_back"])
def test_server_key_lies_on_the_host_alone(name, request, fleet):
    host = request.getfixturevalue(name)
    key, azure = server_key(host), host.azure
    assert holders(azure.folder, key, leave_out=GUESTS) == set()    # database, logs, the client's home
    assert holders(fleet.files, key) == set()
    disk = azure.disk(host.name)
    assert holders(disk, key) == {key_file(host)}
    assert not found_in(journal(disk), key)


def test_the_key_that_was_searched_for_is_the_servers(run_command, tmp_path):
    """A search that looks for the wrong thing finds nothing either."""
    folder = run_command.azure.disk(run_command.name) / "etc/docker/dockervm"
    public = run(["openssl", "pkey", "-pubout"], stdin=server_key(run_command)).succeeded().stdout
    shown = run(["openssl", "x509", "-noout", "-pubkey", "-in", folder / "server-cert.pem"]).succeeded().stdout
    assert public == shown
    for number, form in enumerate(forms(server_key(run_command))):
        (tmp_path / f"leak{number}").write_bytes(b"log: " + form + b" and more")
    assert holders(tmp_path, server_key(run_command)) == {path.name for path in tmp_path.iterdir()}


def test_keys_of_the_folder_are_nowhere_else(local_azure, plain, extension, prompted, fallen_back):
    for name in ("ca-key.pem", "key.pem"):
        key = (plain.folder / name).read_text()
        assert holders(local_azure.folder, key, leave_out=GUESTS) == {f"home/.docker/{name}"}
        for host in (plain, extension, prompted, fallen_back):
            assert holders(local_azure.disk(host.name), key) == set()


def test_tags_and_custom_data_hold_no_secret(debugged, machines):
    vm = machines[debugged.name]
    for secret in (PASSWORD, server_key(debugged)):
        assert not found_in(str(vm), secret)
    disk = debugged.azure.disk(debugged.name)
    scripts = [script.read_bytes() for script in (disk / "var/lib/cloud/instances").glob("*/user-data.txt")]
    # Where the agent's provisioning document keeps it: in base64, in which no search finds a part of it.
    document = (disk / "var/lib/waagent/ovf-env.xml").read_text()
    scripts += [base64.b64decode(found) for found in re.findall(r"CustomData>([^<]+)<", document)]
    assert scripts or debugged.result["provisioner"] == "docker-extension"
    for script in map(unpacked, scripts):
        assert not found_in(script, PASSWORD) and not found_in(script, server_key(debugged))
        # The key of one run alone, which opens nothing after it (HACKING.md).
        assert not KEY_BEGINS.search(re.sub(r"(?m)^DOCKERVM_DOOR_KEY=.*$", "", script))


def unpacked(custom_data: bytes) -> str:
    """The script, with what it holds in base64 behind it."""
    text = (gzip.decompress(custom_data) if custom_data.startswith(b"\x1f\x8b") else custom_data).decode()
    values = {name: value.strip("'") for name, value in re.findall(r"(?m)^(DOCKERVM_\w+)=(\S+)$", text)}
    held = [base64.b64decode(value).decode(errors="replace") for name, value in values.items()
            if name in ("DOCKERVM_CA", "DOCKERVM_DAEMON_JSON", "DOCKERVM_DOOR_CERT")]
    return "\n".join([text, *held])


def test_the_hosts_files_have_the_modes_of_the_docker_benchmark(run_command, extension):
    """CIS Docker Benchmark 3.9 to 3.14: CA and certificate 0444, the key 0400, all root's."""
    files = ("ca.pem cert.pem key.pem", "dockervm/ca.pem dockervm/server-cert.pem dockervm/server-key.pem")
    for host, names in ((extension, files[0]), (run_command, files[1])):
        seen = host.run(f"cd /etc/docker && stat -c '%a %U:%G' {names}")
        assert seen.splitlines() == ["444 root:root", "444 root:root", "400 root:root"], host.name
