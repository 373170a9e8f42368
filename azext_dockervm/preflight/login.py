"""An SSH key that is a resource of Azure's: the public key that it holds."""

from __future__ import annotations

from typing import cast

from azext_dockervm.advice import vm_commands
from azext_dockervm.azure import kinds
from azext_dockervm.azure.calls import Azure
from azext_dockervm.errors import AzureRefused, InvalidValue
from azext_dockervm.options.ssh_keys import public_keys
from azext_dockervm.preflight.look import filling
from azext_dockervm.preflight.named import there
from azext_dockervm.spec.host import HostSpec
from azext_dockervm.spec.named import Named

OPTION = "--ssh-key-name"


def _ssh_key(azure: Azure, spec: HostSpec, named: Named) -> str:
    create = vm_commands.create_ssh_key(named.group_or(spec.group), named.name, spec.location, spec.subscription)
    found = there(azure, spec, kinds.SSH_KEY, named, OPTION, f"To make it, with a key pair: {create}")
    if "properties" not in found:       # then there is nothing to go on with
        raise AzureRefused(f"{OPTION}: this login may not read the SSH key '{named.name}'.", status=403,
                           code="AuthorizationFailed")
    text = found["properties"].get("publicKey") or ""
    if not text.strip():
        raise InvalidValue(f"{OPTION}: the SSH key '{named.name}' holds no public key yet.",
                           f"One with a key pair: {create}")
    return public_keys([text.strip()])[0]


SSH_KEY = filling("ssh_key", lambda azure, spec, _found: _ssh_key(azure, spec, cast(Named, spec.login.ssh_key)),
                  lambda spec, found: found.vm is None and spec.login.ssh_key is not None)
