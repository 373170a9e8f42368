"""Microsoft.Compute: one noun a file; compute.py is what they share, vm_*.py are parts of vms.py."""

from __future__ import annotations

from localazure.arm.router import Route


def routes() -> list[Route]:
    """The routes of these types."""
    from localazure.providers.compute import (
        compute,
        disks,
        extension_images,
        extensions,
        images,
        run_commands,
        sizes,
        vms,
    )

    modules = (compute, disks, extension_images, extensions, images, run_commands, sizes, vms)
    return [route for module in modules for route in module.routes()]
