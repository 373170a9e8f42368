"""The image that the registry has: what its manifest names are its blobs, and it is the same each time."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile

from localazure.registry.images import digest, image


def archive() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("hello"), io.BytesIO())
    return buffer.getvalue()


def test_the_manifest_names_its_blobs_by_size_and_digest() -> None:
    made = image(archive(), ["sh"])
    manifest = json.loads(made.manifest)
    for entry, blob in ((manifest["config"], made.config), (manifest["layers"][0], made.layer)):
        assert (entry["size"], entry["digest"]) == (len(blob), f"sha256:{hashlib.sha256(blob).hexdigest()}")


def test_the_config_names_the_layer_as_it_is_unpacked() -> None:
    made = image(archive(), ["sh"])
    config = json.loads(made.config)
    assert config["rootfs"]["diff_ids"] == [digest(gzip.decompress(made.layer))]
    assert config["config"]["Cmd"] == ["sh"]


def test_the_same_archive_is_the_same_image() -> None:
    assert image(archive(), ["sh"]).manifest == image(archive(), ["sh"]).manifest
