"""The fast lane on booted machines: five writes, states that are shown, a door that is gone afterwards, and where its
key lies."""

from __future__ import annotations

import json
import re

import pytest
from local_azure import GROUP
from one_time_key import SEED, forms, holders

from azext_dockervm.provision.custom_data import OUR_NAME

pytestmark = pytest.mark.machines

# Where custom data, and the one-time key in it, lies on a host: the agent's document, cloud-init's copies of it (as it
# came, unpacked, as the script that was run, in its cache).
INSTANCE = "/var/lib/cloud/instances/ID"
PLACES = {"/var/lib/waagent/ovf-env.xml", f"{INSTANCE}/user-data.txt", f"{INSTANCE}/user-data.txt.i",
          f"{INSTANCE}/obj.pkl"}
# Alone it is run under cloud-init's own name for a part without any.
SCRIPTS = {"plain": f"{INSTANCE}/scripts/part-001", "prompted": f"{INSTANCE}/scripts/{OUR_NAME}"}


@pytest.fixture(name="instance", scope="module")
def instance_id(plain) -> str:
    return plain.run("cat /var/lib/cloud/data/instance-id")


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


@pytest.mark.parametrize("name", SCRIPTS)
def test_where_the_one_time_key_lies_and_that_root_alone_reads_it(name, request):
    """HACKING.md tells these places: alone, and beside custom data of the user's. Whoever reads them now has a key that
    nobody asks for any more."""
    host = request.getfixturevalue(name)
    found = holders(host)
    assert {re.sub(r"/instances/[^/]+/", "/instances/ID/", path) for path in found} - {SEED} == {*PLACES, SCRIPTS[name]}
    for path in found:
        assert host.run(f"setpriv --reuid 65534 --regid 65534 --clear-groups cat '{path}' >/dev/null 2>&1; echo $?"
                        ) != "0", f"{path} is open to others"


def test_logs_that_cloud_init_collects_hold_it_unless_they_are_redacted(plain):
    """They are what people send to others. Of its own folder it takes the files of the machine, and no scripts."""
    for word, files in (("", {"user-data.txt", "user-data.txt.i", "obj.pkl"}), ("--redact-sensitive", set())):
        top = plain.run(f"cd $(mktemp -d) && cloud-init collect-logs -t logs {word} >/dev/null 2>&1 && "
                        "tar -xzf logs && rm logs && test -s cloud-init-logs-*/var/log/cloud-init.log && pwd")
        assert top.startswith("/"), "there are no logs to search"
        assert {path.rpartition("/")[2] for path in holders(plain, top)} == files
        plain.run(f"rm -r {top}")


def test_neither_the_metadata_service_nor_azure_shows_it(plain):
    """To whoever is on the host without being root, and to whoever reads the VM in Azure."""
    url = "http://169.254.169.254/metadata/instance?api-version=2023-07-01"
    told = plain.run(f"setpriv --reuid 65534 --regid 65534 --clear-groups curl -s -H Metadata:true '{url}'")
    compute = json.loads(told)["compute"]
    assert (compute["name"], compute["userData"], compute["customData"]) == (plain.name, "", "")
    shown = plain.azure.az("vm", "show", "-g", GROUP, "-n", plain.name, "--include-user-data").succeeded().stdout
    for text in (told, shown):
        assert not [form for form in forms(plain) if form in text.encode()]
