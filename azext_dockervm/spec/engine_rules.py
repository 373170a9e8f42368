"""Rules for the engine's settings as people type them. What only its own version knows, it is asked on the host.

Each function returns the value in its normal form or raises ``InvalidValue`` whose message names the rule. Which values
dockerd refuses: moby/moby, opts/opts.go, daemon/config and registry/config.go.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from azext_dockervm.advice import option_values
from azext_dockervm.errors import ConflictingArguments, InvalidValue
from azext_dockervm.nearest import did_you_mean
from azext_dockervm.printable import printable
from azext_dockervm.spec import engine_keys, shown

if TYPE_CHECKING:
    from azext_dockervm.spec.engine import Engine
    from azext_dockervm.spec.host import HostSpec

# Keys of daemon.json that have an option of their own.
OPTION_OF = {"labels": "--engine-labels", "registry-mirrors": "--registry-mirrors",
             "insecure-registries": "--insecure-registries", "storage-driver": "--storage-driver",
             "log-driver": "--log-driver", "log-opts": "--log-options", "live-restore": "--live-restore",
             "default-address-pools": "--default-address-pools", "builder": "--build-cache-gb",
             "proxies": "--http-proxy and --https-proxy"}
# Keys whose value is a list of texts: --engine-options takes one of them each time.
LISTS = frozenset({"allow-nondistributable-artifacts", "cdi-spec-dirs", "dns", "dns-opts", "dns-search", "exec-opts",
                   "host-gateway-ips", "insecure-registries", "labels", "node-generic-resources", "registry-mirrors",
                   "storage-opts"})
# Below them all values are texts, numbers too.
TEXTS = frozenset({"log-opts", "cluster-store-opts"})
MOST_CHARACTERS = 16_000

_KEY = r"[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z0-9_/-]+)*"
_DRIVER = r"[a-z0-9][a-z0-9_.:/@-]{0,99}"
_HOST = r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)(:\d{1,5})?"
_OTHER_FILE = option_values.example("--daemon-json", "daemon.json")


def read_daemon_json(value: str) -> Mapping[str, Any]:
    """A file's path, or the JSON itself, which begins with a brace."""
    import json

    text = value if is_json(value) else _read(value)
    if len(text) > MOST_CHARACTERS:
        raise InvalidValue(f"--daemon-json: it has {len(text):,} characters, and {MOST_CHARACTERS:,} are the most.",
                           _OTHER_FILE)
    try:
        found = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise InvalidValue(f"--daemon-json: line {error.lineno}, column {error.colno}: {error.msg}.", _OTHER_FILE
                           ) from error
    except RecursionError as error:
        raise InvalidValue("--daemon-json: it is nested too deep.", _OTHER_FILE) from error
    if not isinstance(found, dict):
        raise InvalidValue("--daemon-json: it is no JSON object, which braces enclose.", _OTHER_FILE)
    _refuse_reserved("--daemon-json", found)
    return found


def _read(path: str) -> str:
    import os

    try:
        with open(os.path.expanduser(path), encoding="utf-8-sig") as file:
            return file.read(MOST_CHARACTERS + 1)
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or "it is no text in UTF-8"
        name = shown.path(path)
        what = f"'{name}' can't be read" if name else "it does not begin with a brace, as JSON does, and is no file"
        raise InvalidValue(f"--daemon-json: {what}: {why}.", _OTHER_FILE) from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidValue(f"--daemon-json: '{printable(twice)}' stands there twice.", _OTHER_FILE)
    return found


def _no_number(word: str) -> float:
    raise InvalidValue(f"--daemon-json: {word} is no number in JSON.", _OTHER_FILE)


def _refuse_reserved(option: str, settings: Mapping[str, Any]) -> None:
    for key, reason in engine_keys.reserved(settings):
        raise InvalidValue(f"{option}: '{printable(key)}' can't be set: {reason}.", "Leave it out.")


def check_options(values: Iterable[str]) -> Mapping[str, Any]:
    """KEY=VALUE each, as daemon.json has it: ``debug=true``, ``dns=10.0.0.4`` (once for each), ``builder.gc={}``.
    A value is read as JSON where it is JSON, else as text."""
    found: dict[str, Any] = {}
    words = list(values)
    for text in words:
        # A flag too, as people know them from dockerd's command line: --host tcp://..., -H=...
        _refuse_reserved("--engine-options", {re.split(r"[.=\s]", text, maxsplit=1)[0]: None})
        key, separator, value = text.partition("=")
        if not separator or not re.fullmatch(_KEY, key):
            raise InvalidValue(f"--engine-options: {shown.assignment(text, words)} is not KEY=VALUE with a key of "
                               "daemon.json.", option_values.example("--engine-options", "max-concurrent-downloads=6"))
        _set(found, key, value)
    _refuse_reserved("--engine-options", found)
    _refuse_unknown(found)
    return found


def _refuse_unknown(settings: Mapping[str, Any]) -> None:
    """What is misspelt would be refused by dockerd on the host, minutes later."""
    for key, near in engine_keys.unknown(settings).items():
        raise InvalidValue(f"--engine-options: '{printable(key)}' is not a key of daemon.json.{did_you_mean(near)}",
                           option_values.NEWER_ENGINE_KEY)


def remarks(engine: Engine) -> list[str]:
    """What the user should know of the settings before dockerd reads them."""
    return [f"--daemon-json: dockervm does not know the key '{printable(key)}' and passes it on; dockerd does not "
            f"start if its version does not know it either.{did_you_mean(near)}"
            for key, near in engine_keys.unknown(engine.file).items()]


def _set(settings: dict[str, Any], key: str, text: str) -> None:
    *parents, last = key.split(".")
    where = settings
    for name in parents:
        where = where.setdefault(name, {})
        if not isinstance(where, dict):
            raise InvalidValue(f"--engine-options: '{name}' is set as a whole and in parts.",
                               option_values.LEAVE_ONE_OUT)
    value: Any = text if parents and parents[0] in TEXTS else _value(key, text)
    if not parents and last in LISTS:
        value = [*where.get(last, []), *(value if isinstance(value, list) else [text])]
    elif last in where:
        raise InvalidValue(f"--engine-options: '{key}' is set twice.", option_values.LEAVE_ONE_OUT)
    where[last] = value


def _value(key: str, text: str) -> Any:
    import json

    try:
        return json.loads(text, parse_constant=str)
    except json.JSONDecodeError as error:
        if not re.match(r'\s*\{\s*"', text):
            return text
        raise InvalidValue(f"--engine-options: '{key}' is JSON that breaks at line {error.lineno}, column "
                           f"{error.colno}: {error.msg}.") from error
    except (ValueError, RecursionError):
        return text


def check_labels(values: Iterable[str]) -> tuple[str, ...]:
    example = option_values.example("--engine-labels", "role=build")
    found: dict[str, str] = {}
    words = list(values)
    for text in words:
        key, separator, value = text.partition("=")
        if not separator or not key or key != key.strip() or not text.isprintable():
            raise InvalidValue(f"--engine-labels: {shown.assignment(text, words)} is not KEY=VALUE.", example)
        if key.startswith(("com.docker.", "io.docker.", "org.dockerproject.")):
            raise InvalidValue(f"--engine-labels: '{printable(key)}' is one of Docker's own names.", example)
        if found.setdefault(key, value) != value:
            raise InvalidValue(f"--engine-labels: '{printable(key)}' has two values.", option_values.LEAVE_ONE_OUT)
    return tuple(f"{key}={value}" for key, value in found.items())


def check_mirrors(values: Iterable[str]) -> tuple[str, ...]:
    from urllib.parse import urlsplit

    example = option_values.example("--registry-mirrors", "https://mirror.example.com")
    urls = _words(values)
    for url in urls:
        try:
            parts = urlsplit(url)
            good = parts.scheme in ("http", "https") and bool(re.fullmatch(_HOST, parts.netloc)) and parts.port != 0
        except ValueError:
            good = False
        if not good or parts.query or parts.fragment or not url.isprintable():
            raise InvalidValue(f"--registry-mirrors: '{shown.url(url)}' is no URL of a mirror: http:// or https://, a "
                               "host and perhaps a port; dockerd takes neither passwords nor queries.", example)
    return tuple(dict.fromkeys(urls))


def check_registries(values: Iterable[str]) -> tuple[str, ...]:
    """HOST, HOST:PORT or a range of addresses."""
    registries = _words(values)
    for text in registries:
        if re.fullmatch(_HOST, text):
            continue
        try:
            ipaddress.ip_network(text, strict=False)
        except ValueError:
            raise InvalidValue(f"--insecure-registries: '{shown.url(text)}' is neither HOST:PORT nor a range of "
                               "addresses.", option_values.example("--insecure-registries", "registry.corp:5000")
                               ) from None
    return tuple(dict.fromkeys(registries))


def _words(values: Iterable[str]) -> list[str]:
    """az's configuration has all of them in one text."""
    return [word for value in values for word in value.replace(",", " ").split()]


def check_driver(option: str, text: str) -> str:
    if not re.fullmatch(_DRIVER, text):
        raise InvalidValue(f"{option}: '{shown.url(text)}' is no name of a driver.")
    return text


def check_log_options(values: Iterable[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    words = list(values)
    for text in words:
        key, separator, value = text.partition("=")
        if not separator or not re.fullmatch(r"[a-z][A-Za-z0-9-]*", key) or not text.isprintable():
            raise InvalidValue(f"--log-options: {shown.assignment(text, words)} is not KEY=VALUE.",
                               option_values.example("--log-options", "max-size=50m"))
        if found.setdefault(key, value) != value:
            raise InvalidValue(f"--log-options: '{key}' has two values.", option_values.LEAVE_ONE_OUT)
    return found


def check_pools(values: Iterable[str]) -> tuple[Mapping[str, Any], ...]:
    """base=RANGE,size=LENGTH each, as dockerd's own option has it."""
    example = option_values.example("--default-address-pools", "base=172.30.0.0/16,size=24")
    found: list[Mapping[str, Any]] = []
    networks: list[Any] = []
    for text in values:
        words = dict(word.partition("=")[::2] for word in text.split(","))
        try:
            if set(words) != {"base", "size"}:
                raise ValueError
            base, size = ipaddress.ip_network(words["base"]), int(words["size"])
        except ValueError:
            raise InvalidValue(f"--default-address-pools: '{printable(text)}' is not base=RANGE,size=LENGTH.", example
                               ) from None
        if not base.prefixlen <= size <= base.max_prefixlen:
            raise InvalidValue(f"--default-address-pools: networks of /{size} don't lie in {base}.", example)
        other = next((one for one in networks if one.version == base.version and one.overlaps(base)), None)
        if other is not None:
            raise InvalidValue(f"--default-address-pools: {base} and {other} overlap.", option_values.LEAVE_ONE_OUT)
        networks.append(base)
        found.append({"base": str(base), "size": size})
    return tuple(found)


def check_cache(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,5}", text, re.ASCII):
        raise InvalidValue(f"--build-cache-gb: '{printable(text)}' is no number of GB from 1 on.",
                           option_values.example("--build-cache-gb", "20"))
    return int(text)


# What is set twice


def check_together(spec: HostSpec) -> None:
    """What has an option of its own is not set by --engine-options beside it; one in the file gives way."""
    engine, proxies = spec.engine, spec.proxies
    typed = {"labels": engine.labels, "registry-mirrors": engine.registry_mirrors,
             "insecure-registries": engine.insecure_registries, "storage-driver": engine.storage_driver,
             "log-driver": engine.log_driver, "log-opts": engine.log_options, "live-restore": engine.live_restore,
             "default-address-pools": engine.address_pools, "builder": engine.build_cache_gb,
             "proxies": proxies or None}
    for key, value in typed.items():
        if key in engine.options and value not in (None, (), {}):
            raise ConflictingArguments(f"--engine-options sets '{key}', and so does {OPTION_OF[key]}.",
                                       option_values.LEAVE_ONE_OUT)
    if spec.disks.has_docker_disk:
        for option, settings in (("--engine-options", engine.options), ("--daemon-json", engine.file)):
            if "data-root" in settings:
                raise ConflictingArguments(f"{option} sets 'data-root': Docker's data would not lie on its own disk.",
                                           option_values.LEAVE_ONE_OUT)
    if proxies and "proxies" in engine.file:
        raise ConflictingArguments(f"--daemon-json sets 'proxies', and so does {OPTION_OF['proxies']}.",
                                   option_values.LEAVE_ONE_OUT)
    if proxies.direct and not proxies:
        raise ConflictingArguments("--no-proxy: there is no proxy that it could be an exception of.",
                                   option_values.example("--http-proxy", "http://proxy.example.com:3128"))


def is_secret(engine: Engine) -> bool:
    """Whether a setting looks like a password, by its name or as part of a URL; such settings go the protected way."""
    return _has_secret([engine.file, engine.options, engine.log_options, engine.labels, engine.storage_driver,
                        engine.log_driver])


def settings_again(words: Iterable[str]) -> tuple[str, ...]:
    """KEY=VALUE as the commands in messages say them: of a word that looks like a secret the key alone."""
    return tuple(f"{word.partition('=')[0]}=VALUE" if shown.looks_secret(word) else word for word in words)


def is_json(value: str) -> bool:
    return value.lstrip().startswith("{")


def _has_secret(settings: Any) -> bool:
    if isinstance(settings, Mapping):
        return any(bool(value and re.search(shown.SECRET_NAME, key)) or _has_secret(value)
                   for key, value in settings.items())
    if isinstance(settings, (list, tuple)):
        return any(map(_has_secret, settings))
    return isinstance(settings, str) and bool(re.search(shown.URL_WITH_LOGIN, settings))
