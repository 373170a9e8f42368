"""The fast lane on booted machines: five writes, a door that is gone afterwards, and what goes wrong on the way."""

from __future__ import annotations

import base64
import gzip
import re
import signal

import pytest
from fleet import IPTABLES
from local_azure import GROUP
from test_resume import answers, create

pytestmark = pytest.mark.machines

# Where custom data, and the one-time key in it, lies on a host: the agent's document, cloud-init's copies of it (as it
# came, unpacked, as the script that was run, in its cache). Local Azure hands it to cloud-init by a seed (NoCloud), of
# which Azure has none.
PLACES = {
    "/var/lib/waagent/ovf-env.xml",
    "/var/lib/cloud/instances/ID/user-data.txt", "/var/lib/cloud/instances/ID/user-data.txt.i",
    "/var/lib/cloud/instances/ID/scripts/part-001", "/var/lib/cloud/instances/ID/obj.pkl",
}
SEED = "/var/lib/cloud/seed/nocloud/user-data"

# Prints each file that holds one of the texts given.
SEARCH = r"""
import gzip, os, sys
wanted = [bytes.fromhex(one) for one in sys.argv[1:]]
for folder, folders, files in os.walk("/"):
    if folder == "/":
        folders[:] = [one for one in folders if one not in ("proc", "sys", "dev")]
    for name in files:
        path = os.path.join(folder, name)
        try:
            if os.path.islink(path) or not os.path.isfile(path) or os.path.getsize(path) > 32 << 20:
                continue
            data = open(path, "rb").read()
            if data[:2] == b"\x1f\x8b":
                data += gzip.decompress(data)
        except (OSError, EOFError):
            continue
        if any(one in data for one in wanted):
            print(path)
"""


@pytest.fixture(name="instance", scope="module")
def instance_id(plain) -> str:
    return plain.run("cat /var/lib/cloud/data/instance-id")


@pytest.fixture(name="order")
def order_of_a_host(local_azure, fleet, tmp_path):
    """order(name, region, ...) → the words that make a host; its machine goes when the test ends."""
    made = []

    def order(name: str, region: str, *words: object) -> tuple[object, ...]:
        made.append(name)
        return (*create(fleet, name, region, tmp_path / "certificates"), *words)

    yield order
    for name in made:
        path = f"{local_azure.group_path(GROUP)}/providers/Microsoft.Compute/virtualMachines/{name}"
        local_azure.arm("DELETE", path, "2024-11-01")


def custom_data(host) -> bytes:
    """As it came to the guest."""
    return (host.azure.disk(host.name) / SEED.lstrip("/")).read_bytes()


def door_key(host) -> str:
    text = gzip.decompress(custom_data(host)).decode()
    found = re.search(r"^DOCKERVM_DOOR_KEY=(\S+)$", text, re.M)
    assert found, "there is no key in the custom data: the search would find nothing"
    return found[1].strip("'")


def test_a_default_host_costs_five_writes(plain):
    """The network is shared by the hosts of its region; the other four bear the host's name."""
    log = (plain.azure.folder / "server.log").read_text()
    writes = re.findall(r"(?:PUT|PATCH|DELETE|POST) \S+/providers/\S+?/([A-Za-z]+/plain\S*) 20", log)
    assert sorted(writes) == ["networkInterfaces/plainVMNic", "networkSecurityGroups/plainNSG",
                              "publicIPAddresses/plainPublicIP", "virtualMachines/plain"]


def test_its_states_were_shown(plain):
    said = re.findall(r"^'plain' says: (.*)\.$", plain.created.stderr, re.M)
    assert "it installs Docker" in said and len(set(said)) == len(said)


def test_the_door_is_gone_and_the_run_is_closed_for_good(plain, instance):
    assert plain.run("systemctl is-active dockervm-door.service; ls /run/dockervm-door /run/dockervm/door 2>&1"
                     ).count("No such file") == 2
    marker = plain.run("cat /var/lib/dockervm/closed").splitlines()
    assert f"instance {instance}" in marker and [line for line in marker if line.startswith("run ")]


def test_the_script_that_runs_again_does_nothing(plain):
    """As after a reset, or on a clone: the run is closed, and the engine is left alone."""
    before = plain.run("systemctl show -P ActiveEnterTimestamp docker")
    said = plain.run("sh /var/lib/cloud/instance/scripts/part-001 2>&1")
    assert "result: ok" in said and "csr" not in said
    assert plain.run("systemctl show -P ActiveEnterTimestamp docker") == before
    assert plain.docker("version").code == 0


def test_where_the_one_time_key_lies_and_that_root_alone_reads_it(plain, instance):
    """HACKING.md tells these places. Whoever reads them now has a key that nobody asks for any more."""
    packed, key = custom_data(plain), door_key(plain)
    forms = [key[:60].encode(), packed[:60], base64.b64encode(packed)[:80],
             base64.b64decode(key).decode().splitlines()[1].encode()]
    words = " ".join(form.hex() for form in forms)
    script = f"cat >/root/search.py <<'END'\n{SEARCH}\nEND\npython3 -I /root/search.py {words}"
    found = plain.run(script).splitlines()
    assert {path.replace(f"/{instance}/", "/ID/") for path in found} - {SEED} == PLACES
    for path in found:
        assert plain.run(f"setpriv --reuid 65534 --regid 65534 --clear-groups cat '{path}' >/dev/null 2>&1; echo $?"
                         ) != "0", f"{path} is open to others"


def test_a_client_that_dies_between_request_and_certificate_goes_on_by_run_commands(local_azure, order, tmp_path):
    folder, words = tmp_path / "certificates", order("orpheus", "westus2")
    running = local_azure.start(*words)
    running.until_said("wait for 'orpheus' at its door")
    running.signal(signal.SIGKILL)
    assert running.finish().code == -signal.SIGKILL
    finished = local_azure.az(*words).succeeded()
    assert (finished.json["provisioner"], finished.json["reachable"]) in (
        ("run-command", True), ("cloud-init", True)), "cloud-init's where the certificate was in time"
    assert answers(local_azure, finished.json, folder) == finished.json["engineVersion"]
    assert local_azure.in_guest("orpheus", "systemctl is-active dockervm-door.service") != "active"


def test_a_reset_while_docker_installs_is_finished_by_run_commands_in_the_same_create(local_azure, order, tmp_path):
    words = order("sisyphus", "southcentralus")
    running = local_azure.start(*words)
    running.until_said("create the VM 'sisyphus'")
    local_azure.in_guest("sisyphus", "echo 1 >/proc/sys/kernel/sysrq; systemctl reboot --force --force")
    finished = running.finish()
    assert finished.code == 0, str(finished)
    assert "run-command takes over" in finished.stderr and finished.json["provisioner"] == "run-command"
    assert answers(local_azure, finished.json, tmp_path / "certificates") == finished.json["engineVersion"]


def test_a_firewall_of_the_guest_s_own_is_opened_before_the_door(local_azure, order, tmp_path):
    """Azure Linux's iptables drop all but SSH; a port below 1024 takes a right of the door's own."""
    words = order("janus", "canadacentral", "--provisioner", "cloud-init", "--image", IPTABLES, "-dp", "443")
    finished = local_azure.az(*words).succeeded()
    assert (finished.json["provisioner"], finished.json["reachable"]) == ("cloud-init", True)
    assert answers(local_azure, finished.json, tmp_path / "certificates") == finished.json["engineVersion"]


@pytest.mark.long
def test_an_image_without_cloud_init_is_set_up_by_run_commands_after_all(local_azure, order):
    """Nobody opens a door: a minute and a half is waited for it."""
    words = order("echo", "uksouth", "--provisioner", "cloud-init", "-u", "skipper", "--image",
                  "LocalAzure:linux-without-cloud-init:agent-only:latest")
    finished = local_azure.az(*words).succeeded()
    assert "90 seconds after the VM was ready. run-command takes over." in finished.stderr
    assert (finished.json["provisioner"], finished.json["reachable"]) == ("run-command", True)


@pytest.mark.long
def test_a_set_up_that_fails_tells_why_through_the_door_and_the_machine_is_kept(local_azure, order):
    requests = local_azure.requests()
    words = order("tantalus", "francecentral", "--provisioner", "cloud-init", "--image",
                  "LocalAzure:linux-variants:dnf-without-docker:latest")
    failed = local_azure.az(*words)
    assert failed.code == 1 and "'tantalus' says: its set-up has failed" in failed.stderr, str(failed)
    assert "The host says:" in failed.stderr and "The VM 'tantalus' was kept" in failed.stderr
    assert r"PUT \S+/runCommands/" not in requests, "the same script would fail again"
