"""The Docker VM extension on a VM, in the form that its handler's own settings structure reads."""

from __future__ import annotations

from azext_dockervm.azure.names import EXTENSION_PUBLISHER, EXTENSION_TYPE
from azext_dockervm.body.resource import Resource
from azext_dockervm.flow.request import Ref
from azext_dockervm.secret import Secret
from azext_dockervm.spec.host import HostSpec


def body(spec: HostSpec, run_id: str, options: list[str], *, ca: str | Ref, certificate: str | Ref,
         key: Secret[str] | Ref) -> Resource:
    """The port is text there, ``options`` are dockerd's, and the PEMs are base64.

    The server's key rides in the protected settings, which Azure encrypts for the VM's agent and never returns.
    """
    settings: Resource = {"docker": {"port": str(spec.engine.port), "options": options}}
    if spec.cloud == "AzureChinaCloud":     # where the handler then takes Docker from a mirror that can be reached
        settings["azure-environment"] = spec.cloud
    return {"location": spec.location, "tags": spec.part_tags(run_id), "properties": {
        "publisher": EXTENSION_PUBLISHER, "type": EXTENSION_TYPE, "typeHandlerVersion": "1.0",
        "autoUpgradeMinorVersion": True, "settings": settings,
        "protectedSettings": {"certs": {"ca": ca, "cert": certificate, "key": key}}}}
