"""Ports that are open besides Docker's and SSH's: how they are read, and which are not for this option."""

from __future__ import annotations

import pytest

from azext_dockervm.errors import InvalidValue
from azext_dockervm.spec.ports import PortRange, check_open_ports, parse_ports


@pytest.mark.parametrize(("texts", "ports"), [
    (["80"], "80"), (["443", "80", "80"], "80 443"), (["80,443 8000-8080"], "80 443 8000-8080"),
    (["80-90", "85-100", "88"], "80-100"), (["1-65535", "22"], "1-65535"), (["80-90", "91"], "80-90 91"),
    (["80-80"], "80")])
def test_they_are_read_in_order_and_none_lies_in_another(texts, ports):
    assert " ".join(map(str, parse_ports(texts))) == ports


@pytest.mark.parametrize("text", ["0", "65536", "80-65536", "-80", "80-", "a", "8\u0660", "80:90", "1-2-3", "*", "+80"])
def test_what_is_no_port_is_told_as_it_was_typed(text):
    with pytest.raises(InvalidValue) as caught:
        parse_ports(["443", text])
    assert f"'{text}'" in caught.value.message and caught.value.recommendations == (
        "For example: --open-ports 80 443 32768-60999",)


def test_how_many_one_rule_gets():
    ports = [str(port) for port in range(1000, 1500, 2)]
    assert len(parse_ports(ports)) == 250
    with pytest.raises(InvalidValue, match="251 ports and ranges; at most 250"):
        parse_ports([*ports, "80"])


@pytest.mark.parametrize(("ports", "ssh_port", "same", "problem", "left"), [
    ("80 443", None, False, None, None), ("23-4242 4244-5000", None, False, None, None),
    ("4243", None, True, "4243 is Docker's port, which is open anyhow", ""),
    ("4243", None, False, "4243 is Docker's port, which is open to --source-address-prefixes only", ""),
    ("4000-5000", None, True, None, None),
    ("80 4000-5000", None, False, "4000-5000 holds 4243, Docker's port, which is open to", "80 4000-4242 4244-5000"),
    ("4243-5000", None, False, "4243-5000 holds 4243,", "4244-5000"),
    ("4000-4243", None, False, "4000-4243 holds 4243,", "4000-4242"),
    ("22", None, True, "22 is SSH's port, which stays closed unless -e opens it", ""),
    ("1-80", None, True, "1-80 holds 22, SSH's port, which stays closed unless -e opens it", "1-21 23-80"),
    ("1-80", 22, True, None, None), ("1-80", 22, False, "1-80 holds 22, SSH's port, which is open to", "1-21 23-80"),
    ("22", 2222, False, None, None), ("2222 80", 2222, True, "2222 is SSH's port", "80")])
def test_the_ports_of_docker_and_ssh_are_not_for_this(ports, ssh_port, same, problem, left):
    parsed = parse_ports([ports])
    if problem is None:
        check_open_ports(parsed, 4243, ssh_port, same)
        return
    with pytest.raises(InvalidValue) as caught:
        check_open_ports(parsed, 4243, ssh_port, same)
    assert problem in caught.value.message
    assert caught.value.recommendations == (
        (f"To open the others: --open-ports {left}",) if left else ("Leave --open-ports out.",))


def test_a_range_without_one_of_its_ports():
    assert PortRange(1, 3).without(2) == (PortRange(1, 1), PortRange(3, 3)) and PortRange(5, 5).without(5) == ()
