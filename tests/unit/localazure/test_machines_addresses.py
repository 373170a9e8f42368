"""Blocks of addresses: instances side by side never share addresses, and the last one leaves nothing."""

from __future__ import annotations

import ipaddress
import shutil

import pytest

from localazure.machines.foundation import address_blocks, instance_registry
from localazure.machines.foundation.address_blocks import addresses_in_use, loopback_blocks, routed_blocks
from localazure.machines.foundation.instance_registry import InstanceRegistry
from localazure.machines.machine import MachineError


@pytest.fixture
def registry(tmp_path):
    return InstanceRegistry(tmp_path / "run")


def nothing():
    return []


def test_slots_do_not_overlap():
    for family in (routed_blocks(), loopback_blocks(0), loopback_blocks(1000)):
        networks = [net for block in family for net in (block.pool, block.links) if block.pool != block.links]
        merged = list(ipaddress.collapse_addresses(networks))
        assert sum(net.num_addresses for net in merged) == sum(net.num_addresses for net in networks)


def test_two_instances_get_two_blocks_and_keep_them(registry, tmp_path):
    one = registry.acquire("one", tmp_path / "one", routed_blocks(), nothing)
    two = registry.acquire("two", tmp_path / "two", routed_blocks(), nothing)
    assert not one.pool.overlaps(two.pool)
    registry.release("one")
    assert registry.acquire("two", tmp_path / "two", routed_blocks(), nothing) == two


def test_an_instance_gets_its_block_back_after_a_reboot_of_this_machine(registry, tmp_path):
    registry.acquire("one", tmp_path / "one", routed_blocks(), nothing)
    two = registry.acquire("two", tmp_path / "two", routed_blocks(), nothing)
    shutil.rmtree(registry.folder)
    assert registry.acquire("two", tmp_path / "two", routed_blocks(), nothing) == two


def test_ranges_in_use_are_passed_over(registry, tmp_path):
    used = [ipaddress.IPv4Network("198.51.100.0/24")]
    block = registry.acquire("one", tmp_path, routed_blocks(), lambda: used)
    assert str(block.pool) == "198.18.0.0/26"


def test_the_same_name_in_another_folder_is_refused_while_that_exists(registry, tmp_path):
    (tmp_path / "there").mkdir()
    registry.acquire("one", tmp_path / "there", routed_blocks(), nothing)
    with pytest.raises(MachineError, match="there"):
        registry.acquire("one", tmp_path / "here", routed_blocks(), nothing)
    shutil.rmtree(tmp_path / "there")
    registry.acquire("one", tmp_path / "here", routed_blocks(), nothing)


def test_the_last_instance_restores_sysctls_and_the_folder(registry, tmp_path, monkeypatch):
    fake_sys = tmp_path / "sys"
    (fake_sys / "net/conf/all").mkdir(parents=True)
    (fake_sys / "net/forward").write_text("0\n")
    (fake_sys / "net/conf/all/redirects").write_text("1\n")
    monkeypatch.setattr(instance_registry, "PROC_SYS", fake_sys)
    ended = []
    for name in ("one", "two"):
        registry.acquire(name, tmp_path / name, routed_blocks(), nothing)
        registry.set_sysctl("net/forward", "1", ("net/conf/*/redirects",))
        (fake_sys / "net/conf/all/redirects").write_text("0")
    registry.release("one", last=lambda: ended.append("one"))
    assert (fake_sys / "net/forward").read_text() == "1" and not ended
    registry.release("two", last=lambda: ended.append("two"))
    assert (fake_sys / "net/forward").read_text() == "0"
    assert (fake_sys / "net/conf/all/redirects").read_text() == "1"
    assert ended == ["two"] and not registry.folder.exists()


def test_fakes_that_run_on_keep_nothing_of_this_machine_changed(registry, tmp_path, monkeypatch):
    (tmp_path / "sys").mkdir()
    (tmp_path / "sys/forward").write_text("0\n")
    monkeypatch.setattr(instance_registry, "PROC_SYS", tmp_path / "sys")
    fakes, ended = InstanceRegistry(registry.folder, kind="loopback"), []
    fakes.acquire("fakes", tmp_path / "fakes", loopback_blocks(0), nothing)
    registry.acquire("one", tmp_path / "one", routed_blocks(), nothing)
    registry.set_sysctl("forward", "1")
    registry.release("one", last=lambda: ended.append("one"))
    assert (tmp_path / "sys/forward").read_text() == "0" and ended == ["one"]
    assert fakes.find("fakes") is not None
    fakes.release("fakes")
    assert not registry.folder.exists()


def test_this_machines_networks_are_routes_addresses_and_resolvers():
    routes = (
        '[{"dst":"default"},{"dst":"203.0.113.0/24","dev":"eth0"},{"type":"blackhole","dst":"198.51.100.0/26"},'
        '{"dst":"198.51.100.1","dev":"laz12345-0"}]'
    )
    links = '[{"ifname":"eth0","addr_info":[{"family":"inet","local":"192.0.2.2","prefixlen":24}]}]'
    found = {str(net) for net in addresses_in_use(routes, links, ["198.51.100.53", "fd00::1"])}
    assert found == {"203.0.113.0/24", "192.0.2.0/24", "198.51.100.53/32"}


def test_resolvers_are_read_from_resolv_conf(tmp_path):
    file = tmp_path / "resolv.conf"
    file.write_text("# x\nnameserver 192.0.2.53\nsearch a\nnameserver fe80::1%eth0\n")
    assert address_blocks.resolvers([str(file), str(tmp_path / "none")]) == ["192.0.2.53", "fe80::1"]
