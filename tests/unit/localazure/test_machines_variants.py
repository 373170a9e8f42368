"""Variants of the guests' image: which there are, what they lie over, when one is built anew, who has none."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from localazure.machines.fake.platform import FakePlatform
from localazure.machines.machine import MachineError, MachineSpec
from localazure.machines.nspawn import provision, variants
from localazure.machines.nspawn.image import Image
from localazure.providers.compute import image_catalog

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="layers belong to root")
README = Path(__file__).parents[3] / "localazure/README.md"


@pytest.fixture
def recipes(monkeypatch, tmp_path) -> Path:
    """Two variants, one over the other, of files alone: nothing has to be run in them."""
    for name, path in (("one", "etc/one"), ("two", "etc/two")):
        file = tmp_path / "recipes" / name / "rootfs" / path
        file.parent.mkdir(parents=True)
        file.write_text(f"{name}\n")
    (tmp_path / "recipes/two/over").write_text("one\n")
    monkeypatch.setattr(variants, "FOLDER", tmp_path / "recipes")
    return tmp_path / "recipes"


@pytest.fixture
def base(tmp_path) -> Image:
    root = tmp_path / "cache/version/root"
    (root / "etc").mkdir(parents=True)
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/bash\n")
    return Image("version", root)


def test_the_catalogue_and_the_readme_have_all_variants():
    sold = [image.sku for image in image_catalog.IMAGES if (image.publisher, image.offer) == image_catalog.VARIANTS]
    assert sold == variants.names()
    assert all(f"| {name} |" in README.read_text() for name in sold)
    assert {image.variant for image in image_catalog.IMAGES} == {"", *sold}


@pytest.mark.parametrize("name", variants.names())
def test_a_variant_is_made_of_what_is_known(name):
    recipe = variants.FOLDER / name
    assert {path.name for path in recipe.iterdir()} <= {"over", "packages", "rootfs", "build"}
    assert not (recipe / "over").exists() or (recipe / "over").read_text().strip() in variants.names()
    for path in (path for path in recipe.rglob("*") if path.is_file() and path.name != "packages"):
        assert "\r" not in path.read_text()
        assert os.access(path, os.X_OK) == path.read_text().startswith("#!"), path


@as_root
def test_a_layer_lies_over_another_and_is_built_once(recipes, base):
    said = []
    layers = variants.ensure_layers(base, "two", said.append)
    two, one, root = variants.layers(layers)
    assert root == base.root
    assert (two / "etc/two").read_text() == "two\n" and (one / "etc/one").read_text() == "one\n"
    assert [line for line in said if line.startswith("building")] == [
        f"building the variant {name} of the guests' image (once; it is cached)" for name in ("one", "two")]
    assert variants.ensure_layers(base, "two", said.append) == layers
    assert variants.ensure_layers(base, "one", said.append) == f"{one}:{root}"
    assert len(said) == 4
    assert sorted(path.name for path in two.parent.iterdir()) == sorted([one.name, two.name, "lock"])


@as_root
def test_what_a_variant_is_made_of_makes_it_another(recipes, base):
    before = variants.ensure_layers(base, "two", print)
    (recipes / "one/rootfs/etc/one").chmod(0o755)
    after = variants.ensure_layers(base, "two", print)
    assert not set(variants.layers(before)) & set(variants.layers(after)) - {base.root}
    assert Path(variants.layers(before)[0]).exists(), "a guest may stand on it"


def test_the_image_itself_has_no_layer_and_an_unknown_variant_is_refused(recipes, base):
    assert variants.ensure_layers(base, "") == str(base.root)
    with pytest.raises(MachineError, match="three"):
        variants.ensure_layers(base, "three")


@as_root
def test_what_fails_in_a_build_is_told_and_nothing_is_kept(recipes, base):
    (recipes / "one/build").write_text("#!/bin/sh\nexit 1\n")      # and there is no shell in this image
    with pytest.raises(MachineError, match="the variant one of the image could not be built"):
        variants.ensure_layers(base, "one", print)
    assert not [path for path in (base.root.parent / "variants").iterdir() if path.name.startswith("one-")]
    mounts = subprocess.run(["mount"], capture_output=True, text=True).stdout
    assert str(base.root.parent) not in mounts


@as_root
def test_a_guest_is_provisioned_by_what_its_variant_says(recipes, base, tmp_path):
    (recipes / "one/rootfs/etc/passwd").write_text("root:x:0:0::/root:/bin/dash\nrpc:x:9:9::/:/bin/false\n")
    (tmp_path / "upper").mkdir()
    disk = provision.Disk(variants.layers(variants.ensure_layers(base, "two", print)), tmp_path / "upper")
    disk.append("etc/passwd", "me:x:1000:1000::/home/me:/bin/bash")
    assert disk.read("etc/passwd").splitlines()[1:] == [
        "rpc:x:9:9::/:/bin/false", "me:x:1000:1000::/home/me:/bin/bash"]
    assert disk.below("etc/one").read_text() == "one\n" and not disk.below("etc/three").exists()


def test_fake_machines_have_no_variants(tmp_path):
    spec = MachineSpec("0a1b2c3d", "web1", "me", None, (), None, True, "n", "10.0.0.4", "10.0.0.0/24",
                       "00:0d:3a:00:00:01", 2, 2048, variant="rpm")  # fmt: skip
    with pytest.raises(MachineError) as caught:
        FakePlatform(tmp_path, "variants").machine_create(spec)
    assert caught.value.code == "VariantNotSupportedByLocalAzure"
