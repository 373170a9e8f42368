"""Variants of the image: guests as other distributions have them, each a layer over the image, built when first wanted.

variants/NAME/ is what a variant is made of; whatever is not there is left out:
    over        the name of another variant, over which it lies
    packages    names of Debian's packages, one a line
    rootfs/     files, as they lie in the guest
    build       a script that runs in the guest's file system after that, with the image's network
Cache: <image's version>/variants/NAME-<hash>/, with the files that differ from what is below; it goes with the image.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

from localazure.machines.machine import MachineError
from localazure.machines.nspawn import image
from localazure.machines.nspawn.image import Image, Say

FOLDER = Path(__file__).parent / "variants"
# A minute at most with a near mirror.
BUILD_TIMEOUT_S = 900.0
BUILD = Path(__file__).with_name("build-variant.sh")


def names() -> list[str]:
    """All variants."""
    return sorted(path.name for path in FOLDER.iterdir() if path.is_dir())


def layers(record_image: str) -> tuple[Path, ...]:
    """The folders that a guest's disk stands on, the uppermost first; `record_image` as `ensure_layers` has told it."""
    return tuple(Path(one) for one in record_image.split(":"))


def ensure_layers(base: Image, variant: str, say: Say = image.say_on_stderr) -> str:
    """What a guest of this variant ("" for the image itself) stands on, as overlayfs takes it; built when missing."""
    if not variant:
        return str(base.root)
    if variant not in names():
        raise MachineError("VariantUnknown", f"there is no variant {variant!r} of the image")
    recipe = FOLDER / variant
    below = ensure_layers(base, _text(recipe / "over").strip(), say)
    layer = base.root.parent / "variants" / f"{variant}-{_hash(recipe, below)}"
    if not layer.is_dir():
        layer.parent.mkdir(exist_ok=True)
        with image.locked(layer.parent / "lock", say):
            if not layer.is_dir():
                _build(below, recipe, layer, say)
    return f"{layer}:{below}"


def _build(below: str, recipe: Path, layer: Path, say: Say) -> None:
    started = time.monotonic()
    say(f"building the variant {recipe.name} of the guests' image (once; it is cached)")
    for left in layer.parent.glob(".building-*"):
        shutil.rmtree(left)
    building = layer.parent / f".building-{os.getpid()}"
    for name in ("upper", "work", "root"):
        (building / name).mkdir(parents=True)
    if (recipe / "rootfs").is_dir():
        shutil.copytree(recipe / "rootfs", building / "upper", dirs_exist_ok=True, symlinks=True)
        for path in (building / "upper").rglob("*"):
            os.lchown(path, 0, 0)
    _run(below, recipe, building)
    os.replace(building / "upper", layer)
    shutil.rmtree(building)
    say(f"  variant ready after {time.monotonic() - started:.0f} s in {layer}")


def _run(below: str, recipe: Path, building: Path) -> None:
    """Install the packages and run the script, where there are any."""
    packages, script = _text(recipe / "packages").split(), _text(recipe / "build")
    if not packages and not script:
        return
    argv = [
        "setpriv", "--pdeathsig", "KILL",
        "unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child",
        "sh", BUILD, below, *(building / name for name in ("upper", "work", "root")), *packages,
    ]  # fmt: skip
    log = building / "build.log"
    with log.open("wb") as record:
        try:
            done = subprocess.run(
                argv, input=script.encode(), stdout=record, stderr=record, env={**os.environ, "LC_ALL": "C"},
                check=False, timeout=BUILD_TIMEOUT_S,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            message = f"the variant {recipe.name} was not built within {BUILD_TIMEOUT_S:.0f} s"
            raise MachineError("ImageBuildFailed", message) from error
    if done.returncode != 0:
        last = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise MachineError("ImageBuildFailed", f"the variant {recipe.name} of the image could not be built:\n{last}")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _hash(recipe: Path, below: str) -> str:
    """Eight hexadecimal digits that change with anything that a variant is made of, and what it lies over."""
    files = {
        str(path.relative_to(recipe)): [path.read_text(encoding="utf-8"), os.access(path, os.X_OK)]
        for path in sorted(recipe.rglob("*"))
        if path.is_file()
    }
    return hashlib.sha256(json.dumps([_text(BUILD), files, below]).encode()).hexdigest()[:8]
