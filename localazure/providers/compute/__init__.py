"""Microsoft.Compute: one noun a file; compute.py and model.py are what they share, vm_*.py are parts of vms.py."""

from __future__ import annotations

from localazure.arm.router import Route


def routes() -> list[Route]:
    """The routes of these types."""
    from localazure.providers.compute import (
        absent,
        availability_sets,
        boot_diagnostics,
        compute,
        disks,
        extension_images,
        extensions,
        images,
        proximity_groups,
        run_commands,
        sizes,
        vms,
    )

    modules = (
        absent, availability_sets, boot_diagnostics, compute, disks, extension_images, extensions, images,
        proximity_groups, run_commands, sizes, vms,
    )  # fmt: skip
    return [route for module in modules for route in module.routes()]
