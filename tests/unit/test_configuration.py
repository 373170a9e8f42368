"""What az's configuration says for dockervm: typed wins, then the environment, then the file, then the default."""

from __future__ import annotations

import pytest
from knack.config import CLIConfig

from azext_dockervm import names
from azext_dockervm.configuration import OPTIONS, Settings
from azext_dockervm.errors import InvalidValue


@pytest.fixture
def config(tmp_path, monkeypatch):
    """az's own class of configuration, in a folder of its own, below which the command runs."""
    for option in OPTIONS:
        monkeypatch.delenv(f"AZURE_DOCKERVM_{option.upper()}", raising=False)
    monkeypatch.setenv("AZURE_CONFIG_DIR", str(tmp_path / "azure"))
    (tmp_path / "work/azure").mkdir(parents=True)
    (tmp_path / "work/azure/config").write_text("[dockervm]\ncert_dir = /planted\n")
    monkeypatch.chdir(tmp_path / "work")
    return CLIConfig(config_dir=str(tmp_path / "azure"), config_env_var_prefix="AZURE")


def resolve(config, option, typed=None, builtin="the default"):
    return Settings(config).resolve(option, typed, builtin)


def test_without_a_configuration_it_is_the_default(config):
    for option in OPTIONS:
        assert resolve(config, option) == "the default"


@pytest.mark.parametrize(("option", "text", "value"), [
    ("provisioner", "Run-Command", "run-command"), ("docker_port", "2376", 2376), ("cert_dir", "~/certs", "~/certs"),
    ("size", "Standard_D4s_v5", "Standard_D4s_v5"), ("image", "debian13", "debian13"),
    ("sources", "203.0.113.7, 198.51.100.0/24", ["203.0.113.7", "198.51.100.0/24"]), ("sources", "*", ["*"]),
])
def test_a_configured_value_is_parsed_as_a_typed_one(config, monkeypatch, option, text, value):
    config.set_value("dockervm", option, text)
    assert resolve(config, option) == value
    config.remove_option("dockervm", option)
    monkeypatch.setenv(f"AZURE_DOCKERVM_{option.upper()}", text)
    assert resolve(config, option) == value


def test_typed_wins_over_the_environment_and_that_over_the_file(config, monkeypatch):
    config.set_value("dockervm", "docker_port", "1111")
    monkeypatch.setenv("AZURE_DOCKERVM_DOCKER_PORT", "2222")
    assert resolve(config, "docker_port", typed=3333) == 3333
    assert resolve(config, "docker_port", typed=names.DEFAULT_DOCKER_PORT) == names.DEFAULT_DOCKER_PORT
    assert resolve(config, "docker_port") == 2222
    monkeypatch.delenv("AZURE_DOCKERVM_DOCKER_PORT")
    assert resolve(config, "docker_port") == 1111


def test_what_is_typed_is_taken_although_the_configured_value_is_wrong(config):
    config.set_value("dockervm", "docker_port", "abc")
    assert resolve(config, "docker_port", typed=3333) == 3333


def test_an_empty_value_counts_as_none(config, monkeypatch):
    config.set_value("dockervm", "size", "")
    monkeypatch.setenv("AZURE_DOCKERVM_IMAGE", "")
    assert resolve(config, "size") == resolve(config, "image") == "the default"


def test_the_configuration_of_the_current_folder_is_not_read(config):
    config.set_to_use_local_config(True)
    assert config.get("dockervm", "cert_dir") == "/planted", "the test's own premise"
    config.set_to_use_local_config(None)
    assert resolve(config, "cert_dir") == "the default"


WRONG = [
    ("docker_port", "abc", "'abc' is no TCP port"), ("docker_port", "²", "is no TCP port"),
    ("provisioner", "magic", "'magic' is none of auto"), ("size", "Standard D2", "'Standard D2' is no VM size"),
    ("image", "Ubuntu2205", "Did you mean Ubuntu2204"),
    ("sources", "203.0.113.7/24", "for the range write 203.0.113.0/24"),
    ("sources", "office.example.com", "Host names are not taken"),
]


@pytest.mark.parametrize(("option", "text", "says"), WRONG)
def test_a_wrong_value_is_told_with_the_place_where_it_stands(config, option, text, says):
    config.set_value("dockervm", option, text)
    with pytest.raises(InvalidValue) as caught:
        resolve(config, option)
    message, advice = caught.value.message, " / ".join(caught.value.recommendations)
    assert message.startswith(f"dockervm.{option} in az's configuration: ")
    assert says in message and "--" not in message
    assert f"az config set dockervm.{option}=" in advice and f"az config unset dockervm.{option}" in advice


@pytest.mark.parametrize(("option", "text", "says"), WRONG)
def test_a_wrong_value_of_the_environment_names_the_variable(config, monkeypatch, option, text, says):
    variable = f"AZURE_DOCKERVM_{option.upper()}"
    monkeypatch.setenv(variable, text)
    with pytest.raises(InvalidValue) as caught:
        resolve(config, option)
    assert caught.value.message.startswith(f"environment variable {variable}: ")
    assert says in caught.value.message
    assert f"unset {variable}" in " / ".join(caught.value.recommendations)


def test_a_line_that_the_file_s_format_does_not_allow_is_told_too(config, tmp_path):
    (tmp_path / "azure/config").write_text("[dockervm]\ncert_dir = /50%off\n")
    config = CLIConfig(config_dir=str(tmp_path / "azure"), config_env_var_prefix="AZURE")
    with pytest.raises(InvalidValue, match="dockervm.cert_dir in az's configuration: it can't be read") as caught:
        resolve(config, "cert_dir")
    assert "az config unset dockervm.cert_dir" in caught.value.recommendations[-1]


def test_the_example_of_each_option_is_itself_taken():
    for parse, example in OPTIONS.values():
        parse(example)
