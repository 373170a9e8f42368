"""What a user can type wrong, and that the message names the rule that broke."""

from __future__ import annotations

import shlex

import pytest

from azext_dockervm.errors import InvalidValue
from azext_dockervm.spec import rules, sources

TAKEN_BY = {
    "--name": rules.check_vm_name, "--admin-username": rules.check_user_name, "--timeout": rules.check_timeout,
    "--resource-group": lambda text: rules.check_resource_name(text, "--resource-group"),
    "--docker-port": lambda text: rules.check_ports(rules.parse_port(text), None), "--ssh-port": rules.parse_port,
    "--public-ip-address-dns-name": rules.check_dns_label, "--tags": lambda text: rules.check_tags(
        dict([text.split("=")])), "--source-address-prefixes": lambda text: sources.check_sources([text])}


@pytest.mark.parametrize("refused", [
    lambda: rules.check_vm_name("web_1"), lambda: rules.check_vm_name("a" * 65),
    lambda: rules.check_resource_name("", "--resource-group"), lambda: rules.check_user_name("docker"),
    lambda: rules.check_user_name("root"), lambda: rules.check_user_name("a" * 33),
    lambda: rules.check_user_name("A!"), lambda: rules.check_ports(22, None),
    lambda: rules.check_ports(2222, 2222), lambda: rules.check_dns_label("-"), lambda: rules.check_timeout("soon"),
    lambda: rules.check_timeout("5s"), lambda: sources.check_sources([]),
    lambda: sources.check_sources(["*", "Internet"]), lambda: sources.check_sources(["::1", "10.0.0.1"]),
    lambda: sources.check_sources(["here"]),
    lambda: rules.check_tags({"a/b": ""}), lambda: rules.check_tags({"dockervm-x": ""}),
])
def test_the_example_that_is_given_instead_is_one_that_is_taken(refused):
    with pytest.raises(InvalidValue) as caught:
        refused()
    example, = caught.value.recommendations
    option, value = shlex.split(example.removeprefix("For example: "))
    assert option in caught.value.message
    TAKEN_BY[option](value)


@pytest.mark.parametrize(("name", "words"), [
    ("mywindowsvm", "that contain 'windows'"), ("web-Microsoft", "that contain 'microsoft'"),
    ("LOGIN-1", "that begin with 'login'"), ("Azure", "such as 'azure'")])
def test_a_name_that_azure_keeps_for_itself(name, words):
    with pytest.raises(InvalidValue) as caught:
        rules.check_vm_name(name)
    assert caught.value.message == (f"--name: '{name}' can't be used: Azure keeps names {words} for itself "
                                    "(ReservedResourceName).")


@pytest.mark.parametrize("name", ["azure1", "mylogin", "office2", "wind0ws"])
def test_a_name_that_only_looks_like_one(name):
    assert rules.check_vm_name(name) == name


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
    lambda end: sources.check_sources([f"Internet{end}"]), lambda end: rules.parse_port(f"22{end}"),
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


@pytest.mark.parametrize(("texts", "expected"), [
    (["203.0.113.7"], ("203.0.113.7",)),
    (["203.0.113.7/32"], ("203.0.113.7",)),
    (["203.0.113.0/24", "198.51.100.1"], ("203.0.113.0/24", "198.51.100.1")),
    (["203.0.113.0/24, 198.51.100.1", "192.0.2.1,192.0.2.2"],
     ("203.0.113.0/24", "198.51.100.1", "192.0.2.1", "192.0.2.2")),
    (["198.51.100.1", "198.51.100.1/32"], ("198.51.100.1",)),
    (["10.1.2.3", "10.0.0.0/8", "10.9.0.0/16"], ("10.0.0.0/8",)),
    (["2001:DB8:0::/32", "2001:db8::1"], ("2001:db8::/32",)),
    (["me"], ("me",)), (["10.0.0.1, ME", "me"], ("me", "10.0.0.1")),
    (["*"], ("*",)), (["0.0.0.0/0"], ("0.0.0.0/0",)), (["Internet"], ("Internet",)),
    (["AzureCloud.WestUS"], ("AzureCloud.WestUS",)), (["VirtualNetwork", "VirtualNetwork"], ("VirtualNetwork",)),
])
def test_who_may_reach_a_host(texts, expected):
    assert sources.check_sources(texts) == expected


@pytest.mark.parametrize(("texts", "words"), [
    ([], "the value is empty"), ([""], "the value is empty"), ([" , "], "the value is empty"),
    (["office.example.com"], "Host names are not accepted"), (["localhost"], "Host names are not accepted"),
    (["203.0.113.256"], "neither an IP address"), (["fe80::1%eth0"], "neither an IP address"),
    (["203.0.113.0/33"], "neither an IP address"),
    (["203.0.113.1-203.0.113.9"], "neither an IP address"),
    (["203.0.113.7/24"], "for the range use 203.0.113.0/24, for the address 203.0.113.7"),
    (["2001:db8::1/64"], "for the range use 2001:db8::/64, for the address 2001:db8::1"),
    (["203.0.113.7", "2001:db8::1"], "IPv4 and IPv6"),
    (["me", "*"], "'*' can't be combined"), (["Internet", "me"], "'Internet' can't be combined"),
    (["me", "2001:db8::1"], "IPv4 and IPv6"), (["mine"], "nor 'me', nor a service tag"),
    (["*", "203.0.113.7"], "'*' can't be combined with other values"),
    (["203.0.113.7", "Internet"], "'Internet' can't be combined with other values"),
    (["Internet", "Storage"], "can't be combined with other values"),
])
def test_who_can_t_be_named(texts, words):
    with pytest.raises(InvalidValue) as caught:
        sources.check_sources(texts)
    assert caught.value.message.startswith("--source-address-prefixes: ")
    assert words in caught.value.message


def test_a_security_rule_takes_four_thousand_sources_and_they_are_told_apart_at_once():
    many = [f"10.{high}.{low}.1" for high in range(16) for low in range(250)]
    assert sources.check_sources(many) == tuple(many)
    with pytest.raises(InvalidValue, match="4001 addresses and ranges; a security rule takes at most 4000"):
        sources.check_sources([*many, "192.0.2.1"])


def test_one_tag_in_two_cases_is_refused_before_azure_does():
    with pytest.raises(InvalidValue, match="twice"):
        rules.check_tags({"env": "test", "Env": "prod"})
    assert rules.check_tags({"env": "test", "team": "a"}) == {"env": "test", "team": "a"}


@pytest.mark.parametrize("name", ["", "a/b", "demo\n", "a b", "a?b", "ends.", "x" * 91])
def test_what_is_no_resource_s_name(name):
    with pytest.raises(InvalidValue, match="--resource-group"):
        rules.check_resource_name(name, "--resource-group")


@pytest.mark.parametrize("name", ["demo", "My_group-1.(x)", "größe", "x" * 90])
def test_what_is_a_resource_s_name(name):
    assert rules.check_resource_name(name, "--resource-group") == name


@pytest.mark.parametrize(("check", "taken", "refused", "words"), [
    (rules.check_vm_name, "a" * 64, "a" * 65, "has 65 characters; a Linux VM's name can have 64"),
    (rules.check_user_name, "a" * 32, "a" * 33, "has 33 characters; Linux allows 32"),
    (rules.check_password, "Aa1" + "x" * 9, "Aa1" + "x" * 8, "it has 11 characters; it must have 12 to 72"),
    (rules.check_password, "Aa1" + "x" * 69, "Aa1" + "x" * 70, "it has 73 characters; it must have 12 to 72"),
    (rules.check_password, "Good-enough 1", "Good-enough\x1f1", "control character"),
    (rules.check_password, "Good-enough~1", "Good-enough\x7f1", "control character"),
    (rules.check_size, "Ab", "A", "'A' is not a valid VM size name"),
    (rules.check_size, "A" * 80, "A" * 81, "is not a valid VM size name"),
    (rules.check_dns_label, "abc", "ab", "'ab' is not a valid DNS label"),
    (rules.check_dns_label, "a" * 63, "a" * 64, "is not a valid DNS label"),
    (rules.check_tags, {str(number): "" for number in range(38)}, {str(number): "" for number in range(39)},
     "39 tags are more than 38: Azure allows 50 on a resource, and dockervm keeps up to 12"),
    (rules.check_tags, {"a" * 512: ""}, {"a" * 513: ""}, "is not a valid tag name: use 1 to 512 characters"),
    (rules.check_tags, {"a": "x" * 256}, {"a": "x" * 257}, "the value of 'a' has 257 characters; Azure allows 256"),
    (rules.check_tags, {"docker": ""}, {"Dockervm-x": ""}, "are reserved for dockervm"),
    (rules.check_tags, {"a": None}, {"": "x"}, "'' is not a valid tag name"),
])
def test_the_last_that_is_taken_and_the_first_that_is_not(check, taken, refused, words):
    assert check(taken) == taken
    with pytest.raises(InvalidValue) as caught:
        check(refused)
    assert words in caught.value.message


@pytest.mark.parametrize(("text", "port"), [("1", 1), ("22", 22), ("0080", 80), ("65535", 65535)])
def test_ports(text, port):
    assert rules.parse_port(text) == port


@pytest.mark.parametrize("text", ["0", "65536", "-1", "000080", "8 0", "x", "\u00b2", ""])
def test_what_is_no_port(text):
    with pytest.raises(InvalidValue, match="is not a valid port; use a number from 1 to 65535"):
        rules.parse_port(text)


@pytest.mark.parametrize(("docker", "ssh", "words"), [
    (4243, None, None), (4243, 22, None), (22, 2222, None), (2222, 2222, "are both 2222"),
    (22, None, "port 22 is the one of the host's SSH server"), (22, 22, "are both 22")])
def test_docker_and_ssh_have_a_port_each(docker, ssh, words):
    if words is None:
        rules.check_ports(docker, ssh)
        return
    with pytest.raises(InvalidValue) as caught:
        rules.check_ports(docker, ssh)
    assert words in caught.value.message


@pytest.mark.parametrize(("text", "words"), [
    ("59", "'59' is 59 seconds, shorter than a minute"), ("0m59s", "is 59 seconds"), ("", "is not a valid duration"),
    ("1d", "is not a valid duration"), ("m", "is not a valid duration"), ("30m1h", "is not a valid duration"),
    ("1234567s", "is not a valid duration")])
def test_what_is_no_time_that_a_host_could_start_in(text, words):
    with pytest.raises(InvalidValue) as caught:
        rules.check_timeout(text)
    assert caught.value.message.startswith("--timeout: ") and words in caught.value.message


def test_a_region_is_taken_as_it_is_read_or_typed():
    assert rules.check_location("West US") == rules.check_location("westus") == "westus"
    with pytest.raises(InvalidValue, match="--location: 'West/US' is not a valid region name"):
        rules.check_location("West/US")


@pytest.mark.parametrize("name", ["b", "_web", "web.1-x_"])
def test_user_names(name):
    assert rules.check_user_name(name) == name


@pytest.mark.parametrize(("name", "words"), [
    ("Docker", "Docker creates a group of that name"), ("Admin", "'Admin' is reserved"),
    ("1web", "is not a valid Linux user name"), ("Web", "is not a valid Linux user name"),
    ("", "is not a valid Linux user name")])
def test_what_is_no_user_name(name, words):
    with pytest.raises(InvalidValue) as caught:
        rules.check_user_name(name)
    assert caught.value.message.startswith("--admin-username: ") and words in caught.value.message


@pytest.mark.parametrize("text", ["Ubuntu2404", "a:b:c:d", "/subscriptions/s/image", "/sharedgalleries/g/i"])
def test_an_image_is_taken_as_it_was_typed(text):
    assert rules.check_image(text) == text


def test_the_sizes_to_choose_from_are_those_of_a_region_that_the_user_fills_in():
    with pytest.raises(InvalidValue) as caught:
        rules.check_size("Standard D2")
    assert caught.value.recommendations == (
        "az vm list-skus --resource-type virtualMachines -l REGION -o table",)


DISKS = "Microsoft.Compute/disks"
SUBNETS = "Microsoft.Network/virtualNetworks/subnets"
SUBSCRIPTION = "00000000-0000-0000-0000-0000000000AB"


def test_a_name_means_a_resource_of_the_hosts_group():
    named = rules.resource_name_or_id("data", "--attach-data-disks", DISKS)
    assert (named.name, named.group, named.subscription, named.is_id) == ("data", None, None, False)
    assert named.id("S", "G") == "/subscriptions/S/resourceGroups/G/providers/Microsoft.Compute/disks/data"
    assert (named.group_or("G"), str(named)) == ("G", "data")


def test_an_id_means_a_resource_of_any_group():
    text = f"/Subscriptions/{SUBSCRIPTION}/resourcegroups/other/providers/microsoft.network/VirtualNetworks/n/subnets/s"
    named = rules.resource_name_or_id(text, "--subnet", SUBNETS)
    assert (named.names, named.group, named.subscription, named.is_id) == (("n", "s"), "other", SUBSCRIPTION, True)
    whole = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/other/providers/{SUBNETS.rpartition('/')[0]}/n/subnets/s"
    assert named.id("S", "G") == str(named) == whole
    assert named.group_or("G") == "other"


@pytest.mark.parametrize(("text", "group", "means"), [
    ("data", "Other", True), ("data", "g", False),
    (f"/subscriptions/{SUBSCRIPTION}/resourceGroups/OTHER/providers/{DISKS}/DATA", "g", True)])
def test_what_is_named_means_one_resource_however_its_id_is_spelt(text, group, means):
    named = rules.resource_name_or_id(text, "--it", DISKS)
    there = f"/subscriptions/{SUBSCRIPTION.lower()}/resourceGroups/other/providers/Microsoft.Compute/disks/data"
    assert named.means(there, group) is means
    assert not named.means(None, group) and not named.means("", group) and not named.means(f"{there}2", group)


@pytest.mark.parametrize(("text", "type_name", "words"), [
    ("", DISKS, "is not a valid name"), ("a b", DISKS, "is not a valid name"), ("a.", DISKS, "is not a valid name"),
    ("a/b", DISKS, "neither a name nor the id"), ("/", DISKS, "neither a name nor the id"),
    (f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.Compute/images/a", DISKS,
     "neither a name nor the id of the right kind of resource; such an id reads /subscriptions/ID/resourceGroups/GROUP/"
     "providers/Microsoft.Compute/disks/NAME."),
    (f"subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers/{DISKS}/a", DISKS, "neither a name nor the id"),
    (f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers/{DISKS}/a/b", DISKS, "neither a name nor the id"),
    (f"/subscriptions/me/resourceGroups/g/providers/{DISKS}/a", DISKS, "is not a valid resource id"),
    (f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers/{DISKS}/a?b", DISKS, "is not a valid resource id"),
    (f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g?/providers/{DISKS}/a", DISKS, "is not a valid resource id"),
    ("hosts", SUBNETS, "name it by its whole id"),
])
def test_what_names_no_resource(text, type_name, words):
    with pytest.raises(InvalidValue) as caught:
        rules.resource_name_or_id(text, "--it", type_name)
    assert caught.value.message.startswith("--it: ")
    assert words in caught.value.message
