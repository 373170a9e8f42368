"""From what az parsed to a ``HostSpec``: what was typed, what az's configuration says, else the default."""

from __future__ import annotations

from typing import Any

from azext_dockervm import _validators as login
from azext_dockervm import names
from azext_dockervm.configuration import Settings
from azext_dockervm.spec import HostSpec

# The arguments of create, as az names them → how a command that messages print says them.
WORDS = {"location": "-l", "image": "--image", "size": "--size", "admin_username": "-u", "admin_password": "-p",
         "ssh_key_values": "--ssh-key-values", "generate_ssh_keys": "--generate-ssh-keys", "docker_port": "-dp",
         "cert_dir": "-dc", "ssh_port": "-e", "sources": "--sources", "public_ip_address_dns_name": "--dns-name",
         "provisioner": "--provisioner", "timeout": "--timeout", "tags": "--tags"}


def host_spec(cmd: Any, group: str, name: str, arguments: dict[str, Any]) -> HostSpec:
    """``arguments`` by their names in ``WORDS``, None (or False) where they were not typed; those that are missing have
    their defaults. Raises ``InvalidValue`` and its like; reads no file but those of --ssh-key-values, and asks nothing:
    the password is added later."""
    given = {key: arguments.get(key) for key in WORDS}
    login.check_login(given["admin_password"], given["ssh_key_values"], bool(given["generate_ssh_keys"]))

    def chosen(option: str, default: Any) -> Any:
        return settings(cmd).resolve(option, given[option], default)

    return HostSpec.from_arguments(
        group, name, location=given["location"], image=chosen("image", names.DEFAULT_IMAGE),
        size=chosen("size", names.DEFAULT_SIZE), admin_username=login.admin_username(given["admin_username"]),
        docker_port=chosen("docker_port", names.DEFAULT_DOCKER_PORT), ssh_port=given["ssh_port"],
        sources=chosen("sources", ["*"]), dns_label=given["public_ip_address_dns_name"],
        provisioner=chosen("provisioner", "auto"),
        timeout=names.DEFAULT_TIMEOUT if given["timeout"] is None else given["timeout"],
        tags=given["tags"], typed=typed_words(given), ssh_keys=login.given_ssh_keys(given["ssh_key_values"]),
        subscription=cmd.cli_ctx.data.get("subscription_id"), cloud=cmd.cli_ctx.cloud.name)


def settings(cmd: Any) -> Settings:
    return Settings(cmd.cli_ctx.config)


def certificate_folder(cmd: Any, typed: str | None) -> str:
    return settings(cmd).resolve("cert_dir", typed, names.DEFAULT_CERTIFICATE_FOLDER)


def typed_words(given: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """Each option that was typed with its words: those of a password are none, so that -p alone asks again."""
    typed = {WORDS[key]: value for key, value in given.items() if value is not None and value is not False}
    return {option: _words(option, value) for option, value in typed.items()}


def _words(option: str, value: Any) -> tuple[str, ...]:
    if option in ("-p", "--generate-ssh-keys"):
        return ()
    if isinstance(value, dict):
        return tuple(f"{name}={text}" for name, text in value.items())
    return tuple(map(str, value)) if isinstance(value, (list, tuple)) else (str(value),)
