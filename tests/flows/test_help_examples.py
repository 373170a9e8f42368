"""The examples of create's help do what they say, as they are printed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable

import pytest
import yaml
from echo_service import echo_service
from flow_cloud import PASSWORD, REGION, Cloud
from flow_disks import accept_terms, lay_disk, lay_keys
from flow_networks import NETWORK, guard_subnet, lay_interface, lay_network
from knack.help_files import helps

import azext_dockervm._help  # noqa: F401  # fills ``helps``

EXAMPLES = [(one["name"], one["text"]) for one in yaml.safe_load(helps["dockervm create"])["examples"]]
# For these a machine has to boot (tests/e2e/test_docker_channel.py): a fake one's word is that there are none for it.
OTHER_PACKAGES = "--docker-channel docker"
# A host of its own address is open to us, unless an example is about others.
ENDS_UNREACHABLE = ("--sources", "--public-ip-address \"\"")


def commands(text: str) -> list[list[str]]:
    """The words of each ``az dockervm create`` in an example, which may stand in $(...)."""
    return [shlex.split(one) for one in re.findall(r"az dockervm create ([^)>|&\n]*)", text)]


def test_there_are_examples_and_each_is_a_create():
    assert len(EXAMPLES) >= 8 and all(commands(text) for _name, text in EXAMPLES)


@pytest.fixture
def example(cloud, monkeypatch):
    """Runs an example in a group of its own, each command with ``more`` words."""
    monkeypatch.chdir(cloud.home)
    monkeypatch.setattr("knack.prompting.prompt_pass", lambda *_: PASSWORD)
    monkeypatch.setenv("DOCKER_CONFIG", str(cloud.home / "client"))

    def run(text: str, *more: str):
        for word, make in NEEDS.items():
            if word in text:
                make(cloud)
        for words in commands(text):
            words[words.index("-g") + 1] = cloud.group
            yield cloud.az("create", *words, *(word for word in more if word not in words))
    with echo_service() as echo:
        monkeypatch.setenv("AZURE_DOCKERVM_ECHO", echo.url)
        yield run


each = pytest.mark.parametrize("text", [text for _name, text in EXAMPLES], ids=[name for name, _text in EXAMPLES])


@each
def test_an_example_passes_all_looks_before_anything_is_made(example, text):
    for done in example(re.sub(r" --(timeline|query) \S+", "", text), "--dry-run"):
        assert done.code == 0 and done.stdout, f"{done.stderr}\n{done.error}"


@pytest.mark.long
@each
def test_an_example_does_what_it_says(example, text):
    for done in example(text):
        if OTHER_PACKAGES in text:
            assert "Docker's own repository has no packages" in done.stderr, str(done)
            continue
        expected = 4 if "--dry-run" not in text and any(word in text for word in ENDS_UNREACHABLE) else 0
        assert done.code == expected and done.stdout, f"{done.stderr}\n{done.error}"


# What an example names has to be there: by a word of its text.


def _security_group(cloud: Cloud) -> None:
    """It lets nobody in."""
    cloud.arm("PUT", f"{NETWORK}/networkSecurityGroups", "corp-nsg", {"location": REGION, "properties": {}})
    cloud.settled(f"{NETWORK}/networkSecurityGroups", "corp-nsg")


def _application_groups(cloud: Cloud) -> None:
    for name in ("web", "db"):
        cloud.arm("PUT", f"{NETWORK}/applicationSecurityGroups", name, {"location": REGION})


def _compose_files(cloud: Cloud) -> None:
    (cloud.home / "compose.yaml").write_text("services:\n  web:\n    image: busybox\n    ports: ['80:80']\n")
    (cloud.home / "production.env").write_text("TOKEN=abc\n")


NEEDS: dict[str, Callable[[Cloud], object]] = {
    "mykeys": lambda cloud: lay_keys(cloud, "mykeys"), "kinvolk": accept_terms,
    "mydisk": lambda cloud: lay_disk(cloud, "mydisk", 8), "--vnet-name corp": lay_network,
    "--nics mynic": lay_interface, "--nsg corp-nsg": _security_group, '--nsg ""': guard_subnet,
    "--asgs": _application_groups, "compose.yaml": _compose_files,
    "init.yaml": lambda cloud: (cloud.home / "init.yaml").write_text("#cloud-config\n"),
    "daemon.json": lambda cloud: (cloud.home / "daemon.json").write_text('{"debug": true}\n')}
