"""What az's configuration says for dockervm: typed wins, then the environment, then the file, then the default."""

from __future__ import annotations

import pytest
from knack.config import CLIConfig

from azext_dockervm.advice import option_values
from azext_dockervm.errors import InvalidValue
from azext_dockervm.options.commands import option_of, options_of
from azext_dockervm.options.configuration import Configuration
from azext_dockervm.spec.machine import Image

CONFIGURED = [option.name for option in options_of("create") if option.example]


def value(config, name, typed=None):
    return Configuration(config).value(option_of("create", name), typed)


def test_these_can_be_configured():
    assert sorted(CONFIGURED) == [
        "arch", "auto_shutdown", "auto_shutdown_email", "auto_shutdown_time_zone", "build_cache_gb", "cert_dir",
        "container_metadata",
        "daemon_json", "default_address_pools", "docker_channel", "docker_context", "docker_port",
        "encryption_at_host", "eviction_policy", "http_proxy", "https_proxy", "idle_timeout", "image",
        "insecure_registries",
        "live_restore", "log_driver", "no_proxy", "os_disk_encryption_set",
        "os_disk_size_gb", "priority", "provisioner", "registry_mirrors", "size", "sources",
        "ssh_key_type", "storage_driver", "storage_sku"]


def test_without_a_configuration_it_is_the_default(config):
    assert {name: found for name in CONFIGURED if (found := value(config, name)) is not None} == {
        "auto_shutdown_time_zone": "UTC", "cert_dir": "~/.docker",
        "container_metadata": False, "docker_channel": "distribution",
        "docker_port": 4243, "idle_timeout": 30,
        "image": Image.parse("Ubuntu2404"), "provisioner": "auto", "size": "Standard_D2s_v5", "sources": ("*",)}


@pytest.mark.parametrize(("name", "text", "expected"), [
    ("provisioner", "Run-Command", "run-command"), ("docker_port", "2376", 2376), ("cert_dir", "~/certs", "~/certs"),
    ("size", "Standard_D4s_v5", "Standard_D4s_v5"), ("image", "debian13", Image.parse("Debian13")),
    ("registry_mirrors", "https://a https://b,http://c:5000", ("https://a", "https://b", "http://c:5000")),
    ("no_proxy", ".corp,10.0.0.0/8 db", (".corp", "10.0.0.0/8", "db")), ("live_restore", "false", False),
    ("container_metadata", "True", True),
    ("daemon_json", '{"debug": true}', {"debug": True}),
    ("sources", "203.0.113.7, 198.51.100.0/24", ("203.0.113.7", "198.51.100.0/24")), ("sources", "Internet",
                                                                                   ("Internet",)),
])
def test_a_configured_value_is_parsed_as_a_typed_one(config, monkeypatch, name, text, expected):
    config.set_value("dockervm", name, text)
    assert value(config, name) == expected
    config.remove_option("dockervm", name)
    monkeypatch.setenv(f"AZURE_DOCKERVM_{name.upper()}", text)
    assert value(config, name) == expected


def test_typed_wins_over_the_environment_and_that_over_the_file(config, monkeypatch):
    config.set_value("dockervm", "docker_port", "1111")
    monkeypatch.setenv("AZURE_DOCKERVM_DOCKER_PORT", "2222")
    assert value(config, "docker_port", typed=3333) == 3333
    assert value(config, "docker_port", typed=4243) == 4243
    assert value(config, "docker_port") == 2222
    monkeypatch.delenv("AZURE_DOCKERVM_DOCKER_PORT")
    assert value(config, "docker_port") == 1111


def test_what_is_typed_is_taken_although_the_configured_value_is_wrong(config):
    config.set_value("dockervm", "docker_port", "abc")
    assert value(config, "docker_port", typed=3333) == 3333


def test_what_is_typed_is_checked_in_the_option_s_own_words(config):
    with pytest.raises(InvalidValue, match="^--size: 'x y' is not a valid VM size"):
        value(config, "size", typed="x y")


def test_an_empty_value_counts_as_none(config, monkeypatch):
    config.set_value("dockervm", "size", "")
    monkeypatch.setenv("AZURE_DOCKERVM_IMAGE", "")
    assert (value(config, "size"), value(config, "image")) == ("Standard_D2s_v5", Image.parse("Ubuntu2404"))


@pytest.mark.parametrize("name", ["timeout", "admin_password", "ssh_port", "tags"])
def test_what_has_no_example_is_never_read_from_a_configuration(config, name):
    config.set_value("dockervm", name, "1h")
    assert value(config, name) == option_of("create", name).default_value()


def test_the_configuration_of_the_current_folder_is_not_read(config):
    config.set_to_use_local_config(True)
    assert config.get("dockervm", "cert_dir") == "/planted", "the test's own premise"
    config.set_to_use_local_config(None)
    assert value(config, "cert_dir") == "~/.docker"


WRONG = [
    ("docker_port", "abc", "'abc' is not a valid port"), ("docker_port", "²", "is not a valid port"),
    ("provisioner", "magic", "'magic' is none of auto"),
    ("size", "Standard D2", "'Standard D2' is not a valid VM size"),
    ("image", "Ubuntu2205", "Did you mean Ubuntu2204"),
    ("sources", "203.0.113.7/24", "for the range use 203.0.113.0/24"),
    ("sources", "office.example.com", "Host names are not accepted"),
]


@pytest.mark.parametrize(("name", "text", "says"), WRONG)
def test_a_wrong_value_is_told_with_the_place_where_it_stands(config, name, text, says):
    config.set_value("dockervm", name, text)
    with pytest.raises(InvalidValue) as caught:
        value(config, name)
    message, advice = caught.value.message, " / ".join(caught.value.recommendations)
    assert message.startswith(f"dockervm.{name} in az's configuration: ")
    assert says in message and "--" not in message
    assert f"az config set dockervm.{name}={option_of('create', name).example}" in advice
    assert f"az config unset dockervm.{name}" in advice and "--image" not in advice


@pytest.mark.parametrize(("name", "text", "says"), WRONG)
def test_a_wrong_value_of_the_environment_names_the_variable(config, monkeypatch, name, text, says):
    variable = f"AZURE_DOCKERVM_{name.upper()}"
    monkeypatch.setenv(variable, text)
    with pytest.raises(InvalidValue) as caught:
        value(config, name)
    assert caught.value.message.startswith(f"environment variable {variable}: ")
    assert says in caught.value.message
    assert f"unset {variable}" in " / ".join(caught.value.recommendations)
    example = option_of("create", name).example
    assert option_values.change_variable(variable, example) in caught.value.recommendations


def test_a_line_that_the_file_s_format_does_not_allow_is_told_too(config, tmp_path):
    (tmp_path / "azure/config").write_text("[dockervm]\ncert_dir = /50%off\n")
    config = CLIConfig(config_dir=str(tmp_path / "azure"), config_env_var_prefix="AZURE")
    with pytest.raises(InvalidValue, match="dockervm.cert_dir in az's configuration: it can't be read") as caught:
        value(config, "cert_dir")
    assert "az config unset dockervm.cert_dir" in caught.value.recommendations[-1]
