"""How a VM is secured: its security type, secure boot and vTPM; and how its image is paid for."""

from __future__ import annotations

from dataclasses import dataclass

from azext_dockervm.spec.words import TRUSTED_LAUNCH


@dataclass(frozen=True)
class Security:
    """What is None is as the image has it."""

    type: str | None = None
    secure_boot: bool | None = None
    vtpm: bool | None = None

    @property
    def wants_trusted_launch(self) -> bool:
        """Whether something is asked for that only Trusted Launch has."""
        return self.type == TRUSTED_LAUNCH or bool(self.secure_boot or self.vtpm)


@dataclass(frozen=True)
class Plan:
    """Of an image of the Marketplace, as a VM of it must say it; all are None where the image's own counts."""

    name: str | None = None
    product: str | None = None
    publisher: str | None = None
    promotion_code: str | None = None

    @property
    def is_named(self) -> bool:
        return self.name is not None
