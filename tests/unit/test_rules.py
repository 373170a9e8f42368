"""What a user can type wrong, and that the message names the rule that broke."""

from __future__ import annotations

from dataclasses import replace

import pytest

from azext_dockervm import rules
from azext_dockervm._validators import admin_password
from azext_dockervm.errors import ConflictingArguments, InvalidValue
from azext_dockervm.spec import HostSpec

GOOD = {"location": None, "image": "Canonical:ubuntu-24_04-lts:server:latest", "size": "Standard_D2s_v5",
        "admin_username": "azureuser", "docker_port": 4243, "ssh_port": None,
        "dns_label": None, "provisioner": "auto", "timeout": "20m", "tags": None}


def spec(name: str = "web1", **changes) -> HostSpec:
    return HostSpec.from_arguments("demo", name, **{**GOOD, **changes})


@pytest.mark.parametrize(("changes", "words"), [
    ({"docker_port": 0}, "from 1 to 65535"),
    ({"docker_port": 70000}, "from 1 to 65535"),
    ({"ssh_port": 65536}, "from 1 to 65535"),
    ({"docker_port": 22, "ssh_port": 22}, "both 22"),
    ({"docker_port": 22}, "sshd listens"),
    ({"admin_username": "docker"}, "group of that name"),
    ({"admin_username": "Docker"}, "group of that name"),
    ({"admin_username": "root"}, "reserved"),
    ({"admin_username": "Admin!"}, "lower-case letters"),
    ({"admin_username": "a" * 65}, "65 characters"),
    ({"name": "web_1"}, "hyphens only"),
    ({"name": "web1-"}, "ending with a letter or digit"),
    ({"name": "a" * 65}, "65 characters"),
    ({"image": "ubuntu"}, "publisher:offer:sku:version"),
    ({"size": "Standard D2"}, "VM size"),
    ({"location": "West/US"}, "region"),
    ({"dns_label": "-web"}, "beginning with a letter"),
    ({"timeout": "soon"}, "20m"),
    ({"timeout": "5s"}, "shorter than a minute"),
    ({"timeout": "20"}, "20 seconds, shorter than a minute; no host comes up in that time. A bare number is seconds"),
    ({"timeout": ""}, "--timeout"),
    ({"timeout": "²"}, "no duration"),
    ({"timeout": "٢٠m"}, "no duration"),
    ({"timeout": "9" * 5000}, "no duration"),
    ({"timeout": "1h30"}, "no duration"),
    ({"tags": {"a/b": "c"}}, "tag name"),
    ({"tags": {"dockervm-host": "mine"}}, "dockervm's own"),
    ({"provisioner": "magic"}, "none of auto"),
])
def test_one_error_that_names_the_rule(changes, words):
    with pytest.raises(InvalidValue) as caught:
        spec(**changes)
    assert words in caught.value.message


@pytest.mark.parametrize(("password", "words"), [
    ("Short1!", "12 to 72"),
    ("A1!" + "a" * 70, "12 to 72"),
    ("onlylowercaseletters", "an upper-case letter, a digit, a special character"),
    ("ONLYUPPERCASELETTERS", "a lower-case letter, a digit, a special character"),
    ("123456789012345", "a lower-case letter, an upper-case letter, a special character"),
    ("!!!!!!!!!!!!!!!!", "a lower-case letter, an upper-case letter, a digit"),
    ("P@$$w0rd", "too common"),
    ("Good-enough1\n", "control character"),
])
def test_a_password_that_breaks_a_rule(password, words):
    with pytest.raises(InvalidValue) as caught:
        rules.check_password(password)
    assert words in caught.value.message


def test_no_message_holds_the_password():
    for password in ("P@$$w0rd", "onlylowercaseletters", "Short1!"):
        with pytest.raises(InvalidValue) as caught:
            rules.check_password(password)
        assert password not in caught.value.message


def test_three_of_four_classes_are_enough():
    for password in ("lower-and-1digit", "UPPER-AND-1DIGIT", "lowerUPPER123456", "lowerUPPER------"):
        assert rules.check_password(password) == password


def test_an_image_that_the_extension_does_not_know_excludes_it():
    with pytest.raises(ConflictingArguments):
        spec(provisioner="docker-extension", image="Debian:debian-13:13-gen2:latest")


def test_regions_are_written_either_way():
    assert spec(location="West US").location == spec(location="westus").location == "westus"


def test_a_password_never_shows_in_the_values():
    assert "Very-secret-1" not in repr(replace(spec(), admin_password=admin_password("Very-secret-1")))


@pytest.mark.parametrize(("text", "seconds"), [("20m", 1200), ("1h30m", 5400), ("600s", 600), ("600", 600),
                                              ("20M", 1200), ("060", 60)])
def test_durations(text, seconds):
    assert rules.check_timeout(text) == seconds


@pytest.mark.parametrize("end", ["\n", "\r", "\x1b[31m", "\0", "\u202e", "\udc80"])
@pytest.mark.parametrize("check", [
    lambda end: rules.check_vm_name(f"web1{end}"), lambda end: rules.check_location(f"westus{end}"),
    lambda end: rules.check_user_name(f"skipper{end}"), lambda end: rules.check_size(f"Standard_D2s_v5{end}"),
    lambda end: rules.check_resource_name(f"demo{end}", "--resource-group"),
    lambda end: rules.check_image(f"a:b:c:d{end}"), lambda end: rules.check_image(f"Ubuntu2204{end}"),
    lambda end: rules.check_image(f"/subscriptions/x{end}"), lambda end: rules.check_dns_label(f"web1{end}"),
    lambda end: rules.check_timeout(f"20m{end}"),
    lambda end: rules.check_sources([f"Internet{end}"]), lambda end: rules.parse_port(f"22{end}"),
    lambda end: rules.check_tags({f"a/b{end}": "c"}),
], ids=["name", "location", "user", "size", "group", "urn", "alias", "id", "label", "timeout", "sources", "port",
        "tag"])
def test_nothing_that_can_not_be_seen_is_taken_or_printed(check, end):
    """Such as a line end that came with $(cat file)."""
    try:
        taken = check(end)
    except InvalidValue as error:
        told = "".join((error.message, *error.recommendations))
        assert told.isprintable(), ascii(told)
    else:
        assert end in "\n\r" and taken == ("Internet",), "only what separates the words of a list is dropped"


@pytest.mark.parametrize(("texts", "sources"), [
    (["203.0.113.7"], ("203.0.113.7",)),
    (["203.0.113.7/32"], ("203.0.113.7",)),
    (["203.0.113.0/24", "198.51.100.1"], ("203.0.113.0/24", "198.51.100.1")),
    (["203.0.113.0/24, 198.51.100.1", "192.0.2.1,192.0.2.2"],
     ("203.0.113.0/24", "198.51.100.1", "192.0.2.1", "192.0.2.2")),
    (["198.51.100.1", "198.51.100.1/32"], ("198.51.100.1",)),
    (["10.1.2.3", "10.0.0.0/8", "10.9.0.0/16"], ("10.0.0.0/8",)),
    (["2001:DB8:0::/32", "2001:db8::1"], ("2001:db8::/32",)),
    (["*"], ("*",)), (["0.0.0.0/0"], ("0.0.0.0/0",)), (["Internet"], ("Internet",)),
    (["AzureCloud.WestUS"], ("AzureCloud.WestUS",)), (["VirtualNetwork", "VirtualNetwork"], ("VirtualNetwork",)),
])
def test_who_may_reach_a_host(texts, sources):
    assert rules.check_sources(texts) == sources


@pytest.mark.parametrize(("texts", "words"), [
    ([], "it is empty"), ([""], "it is empty"), ([" , "], "it is empty"),
    (["office.example.com"], "Host names are not taken"), (["localhost"], "Host names are not taken"),
    (["203.0.113.256"], "neither an IP address"), (["fe80::1%eth0"], "neither an IP address"),
    (["203.0.113.0/33"], "neither an IP address"),
    (["203.0.113.1-203.0.113.9"], "neither an IP address"),
    (["203.0.113.7/24"], "for the range write 203.0.113.0/24, for the address 203.0.113.7"),
    (["2001:db8::1/64"], "for the range write 2001:db8::/64, for the address 2001:db8::1"),
    (["203.0.113.7", "2001:db8::1"], "IPv4 and IPv6"), (["*", "203.0.113.7"], "'*' can't stand beside others"),
    (["203.0.113.7", "Internet"], "'Internet' can't stand beside others"),
    (["Internet", "Storage"], "can't stand beside others"),
])
def test_who_can_t_be_named(texts, words):
    with pytest.raises(InvalidValue) as caught:
        rules.check_sources(texts)
    assert caught.value.message.startswith("--source-address-prefixes: ")
    assert words in caught.value.message


def test_a_security_rule_takes_four_thousand_sources_and_they_are_told_apart_at_once():
    many = [f"10.{high}.{low}.1" for high in range(16) for low in range(250)]
    assert rules.check_sources(many) == tuple(many)
    with pytest.raises(InvalidValue, match="4001 addresses and ranges; a security rule takes 4000"):
        rules.check_sources([*many, "192.0.2.1"])


def test_one_tag_in_two_cases_is_refused_before_azure_does():
    with pytest.raises(InvalidValue, match="twice"):
        rules.check_tags({"env": "test", "Env": "prod"})
    assert rules.check_tags({"env": "test", "team": "a"}) == {"env": "test", "team": "a"}
