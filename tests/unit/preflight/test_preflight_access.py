"""What a host shall let in, beside what it and its group are already."""

from __future__ import annotations

import pytest
from specs import host_spec

from azext_dockervm.azure import names
from azext_dockervm.errors import InvalidValue
from azext_dockervm.preflight import access
from azext_dockervm.preflight.found import Found
from azext_dockervm.spec.ports import parse_ports


def group(*rules):
    return {"properties": {"securityRules": [
        {"name": name, "properties": {"sourceAddressPrefix": source, "destinationPortRange": port}}
        for name, source, port in rules]}}


def host(ports, **values):
    return host_spec(open_ports=parse_ports([ports]) if ports else (), **values)


def refused(spec, found):
    with pytest.raises(InvalidValue) as caught:
        access.check_ports(spec, found)
    return caught.value


def test_the_docker_port_that_counts_is_the_host_s_own_unless_another_is_typed():
    moved = Found(vm={"tags": {names.TAG_PORT: "2376"}})
    access.check_ports(host("4243"), moved)
    assert "2376 is Docker's port" in refused(host("2376"), moved).message
    assert "4243 is Docker's port" in refused(host("4243", typed={"-dp": ("4243",)}), moved).message
    assert "4243 is Docker's port" in refused(host("4243"), Found()).message


def test_a_range_holds_docker_s_port_only_where_its_rule_lets_in_nobody_else():
    narrow = group(("allow-docker", "192.0.2.1", "4243"))
    access.check_ports(host("4000-5000"), Found(security_group=narrow))
    told = refused(host("4000-5000", open_ports_sources=("*",)), Found(security_group=narrow))
    assert "holds 4243, Docker's port, which is open to --source-address-prefixes only" in told.message
    apart = group(("allow-docker", "192.0.2.1", "4243"), ("allow-ports", "*", "80"))
    assert refused(host("4000-5000"), Found(security_group=apart))


def test_so_does_one_with_ssh_s():
    narrow = group(("allow-docker", "*", "4243"), ("allow-ssh", "192.0.2.1", "22"))
    access.check_ports(host("80"), Found(security_group=narrow))
    assert "holds 22, SSH's port" in refused(host("1-80", ssh_port=22), Found(security_group=narrow)).message


def test_sources_of_open_ports_want_open_ports():
    asked = host("", open_ports_sources=("*",))
    told = refused(asked, Found())
    assert told.message.startswith("--open-ports-sources:") and "--open-ports 80 443" in told.recommendations[0]
    access.check_ports(asked, Found(security_group=group(("allow-ports", "192.0.2.1", "80"))))
