"""Our table of image aliases against the one that az brings along."""

from __future__ import annotations

import pytest
from local_azure import cache
from running import run

from azext_dockervm.spec import images

PRINT = ("import json; from azure.cli.command_modules.vm._alias import alias_json; "
         "print(json.dumps(json.loads(alias_json)['outputs']['aliases']['value']))")


def of_az(environment: str, system: str) -> dict[str, str]:
    """Alias → URN, as az's own copy has it; it is the one that counts where its address can't be reached."""
    found = run([cache() / environment / "bin/python", "-c", PRINT]).succeeded().json[system]
    return {name: ":".join(one[part] for part in ("publisher", "offer", "sku", "version"))
            for name, one in found.items()}


def test_az_s_linux_aliases_are_ours_and_the_same():
    assert images.AZ_ALIASES == of_az("az", "Linux")


def test_those_of_the_oldest_az_are_still_taken():
    theirs = of_az("oldest-az", "Linux")
    assert theirs and {name: images.ALIASES.get(name) for name in theirs} == theirs


@pytest.mark.parametrize("environment", ["az", "oldest-az"])
def test_az_s_windows_aliases_are_known_as_such(environment):
    theirs = set(of_az(environment, "Windows"))
    assert theirs and theirs <= images.WINDOWS_ALIASES


def test_our_own_aliases_are_names_that_az_has_not():
    """Should az take one of them for another image, ours has to give way. images.py says why each is there."""
    assert not set(map(str.lower, images.OWN_ALIASES)) & set(map(str.lower, of_az("az", "Linux")))


def test_local_azure_has_every_image_behind_our_own_aliases(azure):
    for urn in images.OWN_ALIASES.values():
        shown = azure.query("vm", "image", "show", "-l", "westus", "--urn", urn)
        assert shown["osDiskImage"]["operatingSystem"] == "Linux"
