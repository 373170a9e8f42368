"""What the set-up script is told of the host that was asked for, whichever provisioner runs it."""

from __future__ import annotations

from typing import TypeAlias
from urllib.parse import urlsplit

from azext_dockervm.azure import names
from azext_dockervm.provision.daemon import daemon_json, fingerprint, settings
from azext_dockervm.provision.script.answer import encoded
from azext_dockervm.secret import Secret
from azext_dockervm.spec.engine_rules import is_secret
from azext_dockervm.spec.host import HostSpec

Value: TypeAlias = "str | Secret[str]"
Values = dict[str, Value]
# In place of a fingerprint: nothing that could be guessed from it is told of what is secret.
SECRET_SETTINGS = "not-told"


def to_install(spec: HostSpec) -> Values:
    """What the actions install, request and boot need to put Docker onto a host."""
    lun = spec.disks.docker_lun
    return {"DOCKERVM_USER": spec.login.user, "DOCKERVM_CHANNEL": spec.engine.channel,
            "DOCKERVM_VERSION": spec.engine.version, **({} if lun is None else {"DOCKERVM_DOCKER_LUN": str(lun)}),
            **proxies(spec)}


def to_serve(spec: HostSpec) -> Values:
    """What the actions serve, boot and configure need of the engine's settings."""
    return {"DOCKERVM_DAEMON_JSON": _settings(spec), "DOCKERVM_MIRRORS": " ".join(_mirrors(spec)),
            **container_metadata(spec)}


def container_metadata(spec: HostSpec) -> Values:
    """Whether containers reach the instance metadata service."""
    return {"DOCKERVM_CONTAINER_METADATA": "open" if spec.engine.container_metadata else "closed"}


def are_secret(spec: HostSpec) -> bool:
    """Whether any of it may ride in protected parameters alone."""
    return spec.proxies.has_password or is_secret(spec.engine)


def settings_tag(spec: HostSpec) -> dict[str, str]:
    """The tag that notes which settings a host was given; they are asked for again where it says so of none."""
    return {names.TAG_SETTINGS: fingerprint(spec) or SECRET_SETTINGS}


def proxies(spec: HostSpec) -> Values:
    asked = spec.proxies
    if not asked:
        return {}
    return {"DOCKERVM_HTTP_PROXY": _url(asked.http, asked.has_password),
            "DOCKERVM_HTTPS_PROXY": _url(asked.https, asked.has_password), "DOCKERVM_NO_PROXY": asked.without}


def _url(url: Secret[str] | None, has_password: bool) -> Value:
    if url is None:
        return ""
    return url if has_password else url.reveal()


def _settings(spec: HostSpec) -> Value:
    text = encoded(daemon_json(spec.engine))
    return Secret(text) if is_secret(spec.engine) else text


def _mirrors(spec: HostSpec) -> list[str]:
    """HOST:PORT of each that the host can look at: behind a proxy a mirror is reached by that."""
    if spec.proxies:
        return []
    parts = [urlsplit(one) for one in settings(spec.engine).get("registry-mirrors", []) if isinstance(one, str)]
    return [f"{one.hostname}:{one.port or (443 if one.scheme == 'https' else 80)}" for one in parts if one.hostname]
