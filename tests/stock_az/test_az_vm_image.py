"""az vm image."""

from __future__ import annotations


def test_vm_image_list(azure):
    aliases = {one["urnAlias"]: one for one in azure.query("vm", "image", "list")}
    assert aliases["Ubuntu2204"]["publisher"] == "Canonical"
    found = azure.query("vm", "image", "list", "--all", "-l", "westus", "--publisher", "Debian", "--sku", "12-gen2")
    assert {one["offer"] for one in found} == {"debian-12"}
    assert found[0]["urn"].startswith("Debian:debian-12:12-gen2:0.")


def test_vm_image_list_aliases_exist(azure):
    images = azure.query("vm", "image", "list")
    every = azure.query("vm", "image", "list", "--all", "-l", "westus")
    known = {(one["publisher"], one["offer"], one["sku"]) for one in every}
    short = {(one["publisher"], one["offer"], one["sku"]) for one in images}
    # Windows has short names so that az sends them and Local Azure can refuse them: no image stands behind one.
    windows = {one for one in short if one[0] == "MicrosoftWindowsServer"}
    assert short - windows <= known and windows and not windows & known


def test_vm_image_list_publishers_offers_and_skus(azure):
    assert "Canonical" in [one["name"] for one in azure.query("vm", "image", "list-publishers", "-l", "westus")]
    offers = azure.query("vm", "image", "list-offers", "-l", "westus", "-p", "Canonical")
    assert "ubuntu-24_04-lts" in [one["name"] for one in offers]
    skus = azure.query("vm", "image", "list-skus", "-l", "westus", "-p", "Canonical", "-f", "ubuntu-24_04-lts")
    assert "server" in [one["name"] for one in skus]


def test_vm_image_show(azure):
    image = azure.query("vm", "image", "show", "-l", "westus", "--urn", "Canonical:ubuntu-24_04-lts:server:latest")
    assert (image["hyperVGeneration"], image["osDiskImage"]["operatingSystem"]) == ("V2", "Linux")
    missing = azure.az("vm", "image", "show", "-l", "westus", "--urn", "Canonical:nothing:at-all:latest")
    assert missing.code == 3


def test_terms_of_an_image_that_is_sold(azure):
    urn = ("--urn", "resf:rockylinux-x86_64:9-base:latest")
    assert not azure.query("vm", "image", "terms", "show", *urn)["accepted"]
    assert azure.query("vm", "image", "terms", "accept", *urn)["accepted"]
    assert azure.query("vm", "image", "terms", "show", *urn)["accepted"]
    assert not azure.query("vm", "image", "terms", "cancel", *urn)["accepted"]
