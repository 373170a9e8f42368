"""``create --dry-run`` and its template, judged by az: it validates and deploys, and create goes on from there."""

from __future__ import annotations

import base64
import json
import os

import pytest
from extension import NEWEST, AzWithExtension

PASSWORD = "Tall-Ships_2014+Docker"


@pytest.fixture
def az(azure, group, tmp_path):
    return AzWithExtension(azure, NEWEST, tmp_path)


@pytest.fixture
def create(az, group):
    def create(*words: object):
        return az.az("dockervm", "create", "-g", group, "-n", "web1", "-p", PASSWORD, *words)
    return create


def files(home) -> set[str]:
    return {str(path.relative_to(home)) for path in home.rglob("*") if not path.is_dir()}


def names(az, group) -> set[str]:
    return {one["name"] for one in json.loads(az.az("resource", "list", "-g", group, "-o", "json").succeeded().stdout)}


@pytest.mark.parametrize("words", [
    pytest.param((), id="defaults"),
    pytest.param(("--image", "Debian13", "-e", "2222", "--tags", "a=[b]", "--dns-name", "boat77"), id="more",
                 marks=pytest.mark.long),
    pytest.param(("--priority", "Spot", "--assign-identity", "--boot-diagnostics-storage", "", "--auto-shutdown",
                  "1900"), id="placed", marks=pytest.mark.long)])
def test_the_template_validates_and_deploys_and_create_goes_on(az, group, create, tmp_path, words):
    file = tmp_path / "web1.json"
    file.write_text(create("--dry-run", "template", *words).succeeded().stdout)
    assert PASSWORD not in file.read_text() and not files(az.home)
    given = ("-g", group, "--template-file", file, "--parameters", f"adminPassword={PASSWORD}", "-o", "json")
    told = json.loads(az.az("deployment", "group", "validate", *given).succeeded().stdout)
    assert told["properties"]["provisioningState"] == "Succeeded" and names(az, group) == set()
    az.az("deployment", "group", "create", "-n", "web1", *given).succeeded()
    assert {"web1", "web1NSG", "web1VMNic", "web1PublicIP", "dockervm-westus-vnet"} <= names(az, group)
    made = create(*words)
    assert made.code == (0 if os.geteuid() == 0 else 4), made
    assert json.loads(made.stdout)["engineVersion"] or os.geteuid()


def test_rules_beside_somebody_s_are_part_of_it(az, group, create, tmp_path):
    """For the host's private address, which only the deployment knows."""
    words, rules = ("--nsg", "corp-nsg", "--open", "--open-ports", "80"), ("network", "nsg", "rule")
    az.az("network", "nsg", "create", "-g", group, "-n", "corp-nsg").succeeded()
    file = tmp_path / "web1.json"
    file.write_text(create("--dry-run", "template", *words).succeeded().stdout)
    az.az("deployment", "group", "create", "-n", "web1", "-g", group, "--template-file", file, "--parameters",
          f"adminPassword={PASSWORD}").succeeded()
    made = json.loads(az.az(*rules, "list", "-g", group, "--nsg-name", "corp-nsg", "-o", "json").succeeded().stdout)
    assert {one["name"].rpartition("-")[0] for one in made} == {"allow-docker-web1", "allow-ports-web1"}
    assert {one["destinationAddressPrefix"] for one in made} == {"10.0.0.4"}


def test_a_template_without_its_secret_is_refused_by_az(az, group, create, tmp_path):
    """So that the test above says what it says: the parameter is needed."""
    file = tmp_path / "web1.json"
    file.write_text(create("--dry-run", "template").succeeded().stdout)
    refused = az.az("deployment", "group", "validate", "-g", group, "--template-file", file, "--no-prompt", "true")
    assert refused.code != 0 and "adminPassword" in refused.stderr


def test_custom_data_is_given_to_a_template_as_a_parameter_in_base64(az, group, create, tmp_path):
    text, file = "#!/bin/sh\n: hunter2\n", tmp_path / "web1.json"
    file.write_text(create("--dry-run", "template", "--custom-data", text).succeeded().stdout)
    assert "hunter2" not in file.read_text()
    encoded = base64.b64encode(text.encode()).decode()
    az.az("deployment", "group", "create", "-n", "web1", "-g", group, "--template-file", file, "--parameters",
          f"adminPassword={PASSWORD}", f"customData={encoded}").succeeded()
    assert "web1" in names(az, group)


def test_the_rights_of_a_reader_are_enough(az, group, create, behavior):
    behavior(conditions={"denied": [{"action": one} for one in ("*/write", "*/delete", "*/action")]})
    seen = json.loads(create("--dry-run").succeeded().stdout)
    assert [one["name"] for one in (step["request"] for step in seen["steps"] if "request" in step)][-1] == "web1"
    assert json.loads(create("--validate").succeeded().stdout)["exists"] is False
    assert not files(az.home)
    assert "AuthorizationFailed" in create().stderr
    behavior()
    assert names(az, group) == set()
