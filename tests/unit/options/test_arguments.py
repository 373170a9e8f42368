"""From what was typed to the host that is meant, and what of it is said again."""

from __future__ import annotations

import pytest

from azext_dockervm.errors import ConflictingArguments, InvalidValue
from azext_dockervm.options.arguments import Arguments
from azext_dockervm.options.commands import option_of
from azext_dockervm.spec.host import Given
from azext_dockervm.spec.machine import Image
from azext_dockervm.spec.ports import PortRange

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDqPjJ7G1Y0mE1o3lQ0mT5p0cS7rVh2m5k8F3bq9yZ1X me@here"
NAMED = {"resource_group_name": "demo", "vm_name": "web1"}


@pytest.fixture
def spec(cli_ctx):
    def spec(command="create", **typed):
        return Arguments(command, {**NAMED, **typed}, cli_ctx).host_spec()
    return spec


def test_everything_that_is_typed_has_its_place(spec):
    made = spec(location="West US", image="Debian13", size="Standard_D4s_v5", admin_username="skipper",
                ssh_key_values=[KEY], docker_port=2376, ssh_port=2222, sources=["203.0.113.7"],
                public_ip_address_dns_name="boat", idle_timeout=15, provisioner="run-command", timeout="1h",
                tags={"a": "1"}, cert_dir="./certs", generate_ssh_keys=False)
    assert (made.group, made.name, made.location, made.provisioner, made.timeout, made.tags) == (
        "demo", "web1", "westus", "run-command", 3600, {"a": "1"})
    assert (made.machine.image, made.machine.size) == (Image.parse("Debian13"), "Standard_D4s_v5")
    assert (made.login.user, made.login.ssh_keys, made.login.password) == ("skipper", (KEY,), None)
    assert (made.network.ssh_port, made.network.sources, made.network.dns_label) == (2222, ("203.0.113.7",), "boat")
    assert (made.engine.port, made.subscription, made.cloud) == (2376, "mine", "AzureCloud")
    assert made.network.idle_timeout == 15


def test_what_is_open_besides(spec):
    made = spec(open_ports=["443", "32768-60999 80"], open_ports_sources=["203.0.113.7"]).network
    assert made.open_ports == (PortRange(80, 80), PortRange(443, 443), PortRange(32768, 60999))
    assert made.open_ports_sources == ("203.0.113.7",)
    assert spec(open_ports=["80"]).network.open_ports_sources is None
    every = spec(open_ports=["1-65535"], ssh_port=22, sources=["203.0.113.7"], open_ports_sources=["203.0.113.7"])
    assert every.network.open_ports == (PortRange(1, 65535),), "it lets nobody in who may not anyhow"


def test_where_it_stands_has_its_place_too(spec):
    made = spec(vnet_name="corp", subnet="apps", vnet_address_prefix="10.9.0.0/16", subnet_address_prefix="10.9.1.0/24",
                private_ip_address="10.9.1.9", public_ip_address="boat-ip", accelerated_networking="true",
                tls_san=["docker.example.com"])
    network = made.network
    assert (network.virtual_network.name, network.subnet, network.network_prefix, network.subnet_prefix) == (
        "corp", "apps", "10.9.0.0/16", "10.9.1.0/24")
    assert (network.private_address, network.public_ip.name, network.accelerated) == ("10.9.1.9", "boat-ip", True)
    assert made.engine.tls_names == ("docker.example.com",)
    assert made.given["vnet_name"] == Given(("--vnet-name", "corp"), only_new=True)
    assert made.given["tls_san"] == Given(("--tls-san", "docker.example.com"))


def test_an_empty_address_is_a_wish_and_said_again(spec):
    made = spec(public_ip_address="", accelerated_networking="false")
    assert (made.network.public_ip, made.network.accelerated) == ("", False)
    assert made.given["public_ip_address"] == Given(("--public-ip-address", ""), only_new=True)
    assert [one.name for one in spec(nics=["a", "b"]).network.interfaces] == ["a", "b"]


def test_nothing_but_the_name_is_a_host_of_defaults(spec, monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "Skipper")
    made = spec()
    assert (made.location, made.engine.port, made.machine.size) == (None, 4243, "Standard_D2s_v5")
    assert (made.network.ssh_port, made.network.sources, made.network.dns_label) == (None, ("*",), None)
    assert (made.provisioner, made.timeout, made.tags, made.given) == ("auto", 1200, {}, {})
    assert made.login.user == "skipper"


def test_nobody_is_given_keys_who_did_not_ask_for_them(cli_ctx, monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "Skipper")
    arguments = Arguments("create", NAMED, cli_ctx)
    assert arguments["generate_ssh_keys"] is False and arguments["admin_username"] == "skipper"


@pytest.mark.parametrize("local", ["root", "Admin", "docker", "x y", "", "a" * 40])
def test_the_local_user_s_name_is_only_taken_where_it_can_be_had(spec, monkeypatch, local):
    monkeypatch.setattr("getpass.getuser", lambda: local)
    assert spec().login.user == "azureuser"
    assert option_of("create", "admin_username").default_value() == "azureuser"


def test_a_computer_without_user_names_has_one_too(spec, monkeypatch):
    def fail():
        raise KeyError("getpwuid(): uid not found: 4711")
    monkeypatch.setattr("getpass.getuser", fail)
    assert spec().login.user == "azureuser"


def test_what_is_typed_is_said_again_in_the_order_of_the_tables(spec):
    made = spec(tags={"a": "1", "b": "2"}, docker_port=4243, sources=["10.0.0.0/8", "192.0.2.1"], location="westus",
                generate_ssh_keys=True, image="debian13")
    assert dict(made.given) == {
        "location": Given(("-l", "westus")), "image": Given(("--image", "debian13"), only_new=True),
        "generate_ssh_keys": Given(("--generate-ssh-keys",), only_new=True), "docker_port": Given(("-dp", "4243")),
        "sources": Given(("--sources", "10.0.0.0/8", "192.0.2.1")), "tags": Given(("--tags", "a=1", "b=2"))}
    assert list(made.given) == ["location", "image", "generate_ssh_keys", "docker_port", "sources", "tags"]


def test_a_password_is_asked_for_again(spec):
    assert dict(spec(admin_password="Very-secret-1").given) == {"admin_password": Given(("-p",), only_new=True)}


def test_what_is_configured_was_not_typed(spec, config):
    config.set_value("dockervm", "docker_port", "2376")
    made = spec()
    assert made.engine.port == 2376 and "docker_port" not in made.given


def test_a_command_with_fewer_options_means_a_host_with_what_is_configured(spec, config):
    config.set_value("dockervm", "docker_port", "2376")
    made = spec("enable", timeout="2m", yes=True, replace_trust=True, cert_dir="./certs")
    assert (made.engine.port, made.timeout) == (2376, 120)
    assert list(made.given) == ["cert_dir", "timeout"]


@pytest.mark.parametrize(("typed", "says"), [
    ({"docker_port": 22, "ssh_port": 22}, "both 22"),
    ({"docker_port": 22}, "SSH server"),
    ({"admin_username": "docker"}, "--admin-username: 'docker' can't be used"),
    ({"admin_username": "root"}, "--admin-username: 'root' is reserved"),
    ({"admin_username": ""}, "--admin-username: ''"),
    ({"vm_name": "web_1"}, "--name: 'web_1'"),
    ({"resource_group_name": ""}, "--resource-group: ''"),
    ({"image": "ubuntu"}, "--image: 'ubuntu'"),
    ({"size": "Standard D2"}, "--size: 'Standard D2'"),
    ({"location": "West/US"}, "--location: 'West/US'"),
    ({"public_ip_address_dns_name": "-web"}, "--public-ip-address-dns-name: '-web'"),
    ({"timeout": "soon"}, "--timeout: 'soon'"),
    ({"tags": {"a/b": "c"}}, "--tags: 'a/b'"),
    ({"sources": ["*", "192.0.2.1"]}, "--source-address-prefixes: '*'"),
    ({"ssh_key_values": ["no-such-file"]}, "--ssh-key-values: 'no-such-file'"),
    ({"provisioner": "magic"}, "--provisioner: 'magic' is none of auto"),
])
def test_a_wrong_value_is_told_in_the_words_of_its_option(spec, typed, says):
    with pytest.raises(InvalidValue) as caught:
        spec(**typed)
    assert says in caught.value.message


def test_an_image_that_the_extension_does_not_know_excludes_it(spec):
    with pytest.raises(ConflictingArguments) as caught:
        spec(provisioner="docker-extension", image="Debian:debian-13:13-gen2:latest")
    assert caught.value.message == (
        "--provisioner docker-extension: the Docker VM extension knows Ubuntu, RHEL, CentOS and CoreOS only, not the "
        "image 'Debian:debian-13:13-gen2:latest'.")
    assert "run-command" in caught.value.recommendations[0]


@pytest.mark.parametrize(("typed", "says", "safer"), [
    ({"admin_password": "x", "ssh_key_values": [KEY]}, "--admin-password and --ssh-key-values", True),
    ({"admin_password": "", "generate_ssh_keys": True}, "--admin-password and --generate-ssh-keys", True),
    ({"ssh_key_values": [KEY], "generate_ssh_keys": True}, "--ssh-key-values and --generate-ssh-keys", False),
])
def test_what_excludes_each_other(spec, typed, says, safer):
    with pytest.raises(ConflictingArguments) as caught:
        spec(**typed)
    assert caught.value.message == f"{says} exclude each other."
    assert ("keys are safer" in caught.value.recommendations[0]) is safer


def test_a_switch_that_was_not_typed_excludes_nothing(spec):
    spec(admin_password="x", generate_ssh_keys=False)


def test_values_of_a_command_by_the_names_of_its_options(cli_ctx):
    arguments = Arguments("info", {"resource_group_name": "demo", "vm_name": "any_vm.1"}, cli_ctx)
    assert (arguments["vm_name"], arguments["cert_dir"], arguments.typed("cert_dir")) == (
        "any_vm.1", "~/.docker", None)
    assert arguments.typed("vm_name") == "any_vm.1"
    with pytest.raises(InvalidValue, match="--name: 'a/b'"):
        Arguments("info", {"vm_name": "a/b"}, cli_ctx)["vm_name"]


def test_a_named_host_has_what_messages_say_of_it_and_nothing_that_is_configured(cli_ctx):
    cli_ctx.data["subscription_id"] = "mine"
    typed = {"resource_group_name": "demo", "hosts": ["web1"], "cert_dir": "./certs", "builder_name": "pool"}
    host = Arguments("builder create", typed, cli_ctx).named_host("web1")
    assert (host.group, host.name, host.subscription) == ("demo", "web1", "mine")
    assert {name: one.words for name, one in host.given.items()} == {"cert_dir": ("-dc", "./certs")}
    with pytest.raises(InvalidValue, match="--name: 'a b'"):
        Arguments("context create", {"resource_group_name": "g", "vm_name": "a b"}, cli_ctx).named_host()


@pytest.mark.parametrize(("typed", "read"), [("create.svg", "create.svg"), ("~/a b.svg", "/home/me/a b.svg"),
                                             ("./-", "./-"), (r"C:\a\b.svg", r"C:\a\b.svg")])
def test_a_timeline_s_file_is_taken_as_it_is_but_for_the_home_folder(monkeypatch, typed, read):
    monkeypatch.setenv("HOME", "/home/me")
    assert option_of("create", "timeline").read(typed) == read


@pytest.mark.parametrize(("typed", "says"), [("-", "stdout has the result"), ("", "empty"), (" ", "empty")])
def test_a_timeline_needs_a_file(typed, says):
    with pytest.raises(InvalidValue, match=says):
        option_of("create", "timeline").read(typed)


def test_a_timeline_is_made_for_who_asks_for_one_and_is_no_part_of_the_host(spec):
    assert option_of("create", "timeline").default_value() is None
    assert dict(spec(timeline="a.svg").given) == {"timeline": Given(("--timeline", "a.svg"))}


@pytest.mark.parametrize(("typed", "said"), [
    ({"log_options": ["splunk-token=s3cret", "max-size=1m"], "log_driver": "splunk"},
     ("--log-options", "splunk-token=VALUE", "max-size=1m")),
    ({"engine_options": ['features={"Password": "s3cret"}', "dns=10.0.0.4"]},
     ("--engine-options", "features=VALUE", "dns=10.0.0.4")),
    ({"engine_labels": ["mirror=https://me:s3cret@example.com", "stage=test"]},
     ("--engine-labels", "mirror=VALUE", "stage=test")),
    ({"daemon_json": '{"x": {"secret-key": "s3cret"}}'}, ("--daemon-json", "@FILE")),
    ({"daemon_json": '{"debug": true,\n"labels": []}'}, ("--daemon-json", "@FILE")),
    ({"daemon_json": '{"debug": true}'}, ("--daemon-json", '{"debug": true}')),
    ({"http_proxy": "http://me:s3cret@proxy:3128"}, ("--http-proxy", "http://USER:PASSWORD@proxy:3128")),
])
def test_a_setting_that_looks_like_a_password_is_not_said_again(spec, typed, said):
    """What az has read from @file would be on the screen, in the log of a job, in an issue."""
    given = spec(**typed).given
    assert given[next(iter(typed))].words == said
    assert "s3cret" not in str(given)


@pytest.mark.parametrize("typed", [
    {"log_options": ["Splunk-token=s3cret"]}, {"log_options": ["splunk-token=", "s3cret"]},
    {"log_options": ["splunk-token=s3cret\n"]}, {"engine_options": ["log opts.token=s3cret"]},
    {"engine_options": ['log-opts={"splunk-token": "s3cret"']}, {"engine_labels": [" password=s3cret"]},
    {"daemon_json": '"log-opts": {"splunk-token": "s3cret"}'}, {"daemon_json": '{"splunk-token": "s3cret'},
    {"registry_mirrors": ["me:s3cret@mirror"]}, {"registry_mirrors": ["https://mirror?key=s3cret"]},
    {"insecure_registries": ["me:s3cret@registry"]}, {"log_driver": "splunk token=s3cret"},
    {"http_proxy": "http://me:s3cret"}, {"https_proxy": "me:s3cret@proxy"},
    {"http_proxy": "http://p:1", "no_proxy": ["http://me:s3cret@p"]},
    {"registry_login": ["a.io=me:s3cret"]}, {"registry_login": ["me:s3cret@a.io"]},
    {"compose_env_file": "TOKEN=s3cret"},
])
def test_nor_is_one_that_is_refused(spec, typed):
    with pytest.raises((InvalidValue, ConflictingArguments)) as caught:
        spec(**typed)
    assert "s3cret" not in f"{caught.value.message} {caught.value.recommendations}"
