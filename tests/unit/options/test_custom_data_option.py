"""--custom-data: a file or a text, as az vm create takes it; a file's name may be said again, a text never."""

from __future__ import annotations

import functools
import gzip

import pytest
from custom_data_cases import CLOUD_CONFIG, SCRIPT

from azext_dockervm.advice.host_commands import create_anew
from azext_dockervm.errors import InvalidValue
from azext_dockervm.options.arguments import Arguments
from azext_dockervm.options.commands import option_of
from azext_dockervm.spec.custom_data import MOST_READ

# Without a time: parameters of tests are the same in each of pytest's processes.
packed = functools.partial(gzip.compress, mtime=0)

NAMED = {"resource_group_name": "demo", "vm_name": "web1"}


@pytest.fixture
def spec(cli_ctx):
    return lambda **typed: Arguments("create", {**NAMED, **typed}, cli_ctx).host_spec()


@pytest.mark.parametrize("data", [CLOUD_CONFIG, SCRIPT, packed(SCRIPT)],
                         ids=["cloud-config", "script", "gzip"])
def test_a_file_is_read_byte_by_byte_and_its_name_said_again(spec, tmp_path, data):
    (tmp_path / "init it.yaml").write_bytes(data)
    made = spec(custom_data=str(tmp_path / "init it.yaml"))
    assert made.custom_data.raw.reveal() == data
    assert made.given["custom_data"].words == ("--custom-data", str(tmp_path / "init it.yaml"))
    assert made.given["custom_data"].only_new


def test_a_file_below_home(spec, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "init.sh").write_bytes(SCRIPT)
    assert spec(custom_data="~/init.sh").custom_data.raw.reveal() == SCRIPT


@pytest.mark.parametrize("text", ["#include https://example.com/?sig=hunter2", SCRIPT.decode(), "#!/bin/true"])
def test_a_text_is_taken_and_never_said_again(spec, text):
    made = spec(custom_data=text)
    assert made.custom_data.raw.reveal() == text.encode()
    assert made.given["custom_data"].words == ("--custom-data", "@FILE") and text not in repr(made)


def test_the_command_that_makes_it_anew_says_a_file_s_name_and_no_text(spec, tmp_path):
    (tmp_path / "init.sh").write_bytes(SCRIPT)
    for value, said in (("#!/bin/sh\nTOKEN=hunter2", "@FILE"), (str(tmp_path / "init.sh"), f"{tmp_path}/init.sh")):
        assert create_anew(spec(custom_data=value)) == (
            f"az dockervm create -g demo -n web1 --custom-data {said} --subscription mine")


def test_without_it_there_is_none(spec):
    assert spec().custom_data is None


@pytest.mark.parametrize("value", ["init.yaml", "./init", "~nobody/init.yaml", "a/b", "C:\\init.yaml"])
def test_a_name_of_no_file_is_told(spec, value):
    with pytest.raises(InvalidValue, match="--custom-data: there is no file") as caught:
        spec(custom_data=value)
    assert "--custom-data init.yaml" in caught.value.recommendations[0]


def test_a_file_that_can_t_be_custom_data_is_not_read(spec, tmp_path):
    with (tmp_path / "disk.img").open("wb") as file:
        file.truncate(MOST_READ + 1)
    with pytest.raises(InvalidValue, match="has 8,388,609 bytes, far too many"):
        spec(custom_data=str(tmp_path / "disk.img"))


def test_the_image_is_told_that_would_ignore_it(spec):
    with pytest.raises(InvalidValue, match="no include of URLs"):
        spec(custom_data="#include http://a", image="FlatcarLinuxFreeGen2")


def test_az_s_configuration_says_nothing_of_it():
    assert not option_of("create", "custom_data").example
