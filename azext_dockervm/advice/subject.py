"""What advice is about, by the attributes that it needs: a host, an engine. The values of ``spec`` have them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol


class NamedHost(Protocol):
    """A VM in a group. ``subscription`` is None where none was named: then az's own default is meant."""

    @property
    def group(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def subscription(self) -> str | None: ...


class GivenOption(Protocol):
    """An option as it was typed: its name and its values. ``only_new``: a VM keeps what it was made with."""

    @property
    def words(self) -> tuple[str, ...]: ...

    @property
    def only_new(self) -> bool: ...


class Image(Protocol):
    """``str(image)`` is its URN or its id; ``publisher`` is None for an id."""

    @property
    def publisher(self) -> str | None: ...


class Machine(Protocol):
    @property
    def image(self) -> Image: ...


class PlacedHost(NamedHost, Protocol):
    """``location`` is None until the group's region is known."""

    @property
    def location(self) -> str | None: ...


class AskedHost(PlacedHost, Protocol):
    """A host as the user asked for it. ``given`` has the options that were typed, in this order, by az's names."""

    @property
    def given(self) -> Mapping[str, GivenOption]: ...

    @property
    def machine(self) -> Machine: ...


class Engine(Protocol):
    """A Docker engine and the folder whose files open it; ``docker_host`` such as tcp://web1.example.com:4243."""

    @property
    def docker_host(self) -> str: ...

    @property
    def folder(self) -> Path: ...

    @property
    def ca(self) -> Path: ...

    @property
    def certificate(self) -> Path: ...

    @property
    def key(self) -> Path: ...
