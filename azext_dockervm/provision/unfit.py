"""Which options a failed set-up is about, so that the command that goes on does not repeat them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from azext_dockervm.spec.host import HostSpec

Words = Mapping[str, tuple[str, ...]]
"""By az's name of an option, the words that take the place of those that were typed; none leaves the option out."""

_REFUSED = "docker-config-invalid"
_NOT_STARTED = "docker-start-failed"
_NO_SUCH_VERSION = "no-such-version"
_METADATA_OPEN = "metadata-open"

# Options of single settings, by their keys in daemon.json.
_SINGLE = {"labels": "engine_labels", "registry-mirrors": "registry_mirrors",
           "insecure-registries": "insecure_registries", "storage-driver": "storage_driver",
           "log-driver": "log_driver", "log-opts": "log_options", "live-restore": "live_restore",
           "default-address-pools": "default_address_pools", "builder": "build_cache_gb"}
# dockerd's journal has more than its reasons: only lines with such a word are looked at.
_REASON = re.compile(
    r"(?i)directive|unmarshal|invalid|unable|error|fail|fatal|unknown|unsupported|not supported|no log")
_LEVEL = re.compile(r"\blevel=\w+")
_DIRECTIVES = re.compile(r"don't match any configuration option: ([^\"\\\n]+)")
# A shorter value stands in many a line by chance.
_LEAST_VALUE = 3


def unfit(reason: str | None, details: Iterable[str], spec: HostSpec) -> Words:
    """Of a failure as the set-up script tells it, by its reason and its lines."""
    if reason in (_REFUSED, _NOT_STARTED):
        said = "\n".join(_LEVEL.sub("", line) for line in details if _REASON.search(line))
        found = _settings(said, spec)
        return found or (_all_settings(spec) if reason == _REFUSED else {})
    if reason == _NO_SUCH_VERSION:
        near = re.search(r"the nearest are: (\S+)", "\n".join(details))
        return {"docker_version": ("--docker-version", near[1] if near else "VERSION")}
    if reason == _METADATA_OPEN:
        return {"container_metadata": ("--container-metadata",)}
    return {}


def _settings(said: str, spec: HostSpec) -> Words:
    """Those that dockerd names by their keys or values."""
    found: dict[str, tuple[str, ...]] = {}
    named = _Named(said)
    file, options = spec.given.get("daemon_json"), spec.given.get("engine_options")
    if file and any(named.has(path, value) for path, value in _leaves(spec.engine.file)):
        found["daemon_json"] = ()
    if options:
        flag, *words = options.words
        kept = [word for word in words if not named.has(*word.partition("=")[::2])]
        if len(kept) < len(words):
            found["engine_options"] = (flag, *kept) if kept else ()
    for key, name in _SINGLE.items():
        if name in spec.given and any(named.has(key, value) for value in _values(spec.given[name].words[1:])):
            found[name] = ()
    return found


def _all_settings(spec: HostSpec) -> Words:
    """Where dockerd's words name none: it may be any of these."""
    return {name: () for name in ("daemon_json", "engine_options", *_SINGLE.values()) if name in spec.given}


class _Named:
    """What dockerd's words name. Where they list directives, these alone."""

    def __init__(self, said: str) -> None:
        self._said = said
        listed = _DIRECTIVES.search(said)
        self._listed = {one.strip() for one in listed[1].split(",")} if listed else None

    def has(self, path: str, value: str) -> bool:
        """``path`` leads to a setting: a key, or keys with dots between them."""
        keys = {path, path.partition(".")[0], path.rpartition(".")[2]}
        if self._listed is not None:
            return bool(keys & self._listed)
        # "invalid max concurrent downloads: -1"
        values = {value, value.partition("=")[0]}       # of an option of a driver, its name
        words = [*keys, *(key.replace("-", " ") for key in keys), *(one for one in values if len(one) >= _LEAST_VALUE)]
        return any(re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", self._said) for word in words)


def _leaves(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in settings.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{path}.")
        else:
            yield from ((path, one) for one in _values(value if isinstance(value, list) else [value]))


def _values(values: Sequence[Any]) -> list[str]:
    return [one if isinstance(one, str) else str(one) for one in values] or [""]
