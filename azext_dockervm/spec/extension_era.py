"""The images that the Docker VM extension was made for."""

from __future__ import annotations

import re

from azext_dockervm.spec.machine import Image

# Publisher, offer and, as a pattern, SKU. On later ones its own installation fails: it runs a script from the internet
# against the package lock of a fresh machine (exit status 100, Azure/azure-quickstart-templates#6651), and Microsoft's
# templates dropped it for that (#14720).
EXTENSION_ERA = (
    ("canonical", "ubuntuserver", r"1[2-8][._]\d\d.*"),     # 18_04-lts-gen2
    ("openlogic", "centos", r"[67][._].*"),
    ("redhat", "rhel", r"7.*"),
    ("coreos", "coreos", r".*"),
)


def is_of_extension_era(image: Image) -> bool:
    """Whether the Docker VM extension's handler can install Docker on it by itself."""
    publisher, offer, sku = ((part or "").lower() for part in (image.publisher, image.offer, image.sku))
    return any((publisher, offer) == (one, other) and re.fullmatch(pattern, sku)
               for one, other, pattern in EXTENSION_ERA)
