"""The command `join`: what it refuses before anything is touched."""

from __future__ import annotations

import pytest

from localazure import network_join
from localazure.__main__ import main
from localazure.instance import Instance, InstanceError
from localazure.machines.fake.platform import FakePlatform
from localazure.machines.foundation.records import Records
from localazure.protocol import ids
from localazure.store.database import Database
from localazure.store.resources import Resource, ResourceStore

VNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v"


@pytest.fixture
def instance(tmp_path, monkeypatch):
    monkeypatch.setenv("LOCALAZURE_HOME", str(tmp_path))
    return Instance("joiner")


def test_an_instance_that_was_never_started(instance, capsys):
    assert main(["join", "--instance", "joiner", VNET]) == 1
    assert "has not been started" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("network", "said"),
    [
        ("v", "not a resource id"),
        (f"{VNET}/subnets/s", "not the id of a virtual network"),
        (VNET.replace("virtualNetworks", "networkInterfaces"), "not the id of a virtual network"),
        (VNET, "fake machines have no networks"),
    ],
)
def test_what_can_not_be_joined(instance, network, said):
    instance.prepare()
    instance.write(instance.new_settings(FakePlatform.kind), port=0, pid=None)
    with pytest.raises(InstanceError, match=said):
        network_join.run(instance, network, leave=False)
    assert network_join.run(instance, None, leave=True) == 0


def test_without_an_id_it_names_the_networks(instance, capsys):
    instance.prepare()
    instance.write(instance.new_settings(FakePlatform.kind), port=0, pid=None)
    assert network_join.run(instance, None, leave=False) == 0
    assert "'joiner' has no virtual network yet: az network vnet create" in capsys.readouterr().out
    database = Database(instance.store)
    store = ResourceStore(database, "s")
    for name in ("v", "w"):
        store.put(Resource(ids.parse(VNET[:-1] + name)))
    store.put(Resource(ids.parse(VNET.replace("virtualNetworks", "networkInterfaces"))))
    database.close()
    records = Records(instance.folder / "machines")
    records.folder.mkdir(parents=True, exist_ok=True)
    records.save_joined([ids.short_id(ids.parse(VNET))])
    assert main(["join", "--instance", "joiner"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [f"* {VNET}", f"  {VNET[:-1]}w"]


def test_leaving_what_was_never_joined_is_no_error(instance, capsys):
    instance.prepare()
    instance.write(instance.new_settings(FakePlatform.kind), port=0, pid=None)
    assert network_join.run(instance, VNET, leave=True) == 0
    assert "is not a member of" in capsys.readouterr().out
