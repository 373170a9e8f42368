"""The machine: its image and its size."""

from __future__ import annotations

from bad_values.row import asked, bad

VALUES = (
    bad("image", "--image ubuntu", "--image", "publisher:offer:sku:version", "--image Ubuntu2404"),
    bad("image", "--image Win2022Datacenter", "--image", "Windows"),
    bad("image", "--image nginx:latest", "--image", "container"),
    asked("image", "--image Canonical:ubuntu-99:server:latest", "--image", "ubuntu-99", "az vm image list",
          there=lambda cloud: setattr(cloud, "versions", None)),
    bad("size", "--size D2!", "--size", "'D2!'", "az vm list-skus"),
    bad("size", ("--size", ""), "--size"),
    asked("size", "--size Standard_Huge", "--size", "'Standard_Huge'", "az vm list-skus"),
)
