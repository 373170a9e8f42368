"""Network's words for bodies that can't be read, and the parts that the models of its resources share."""

from __future__ import annotations

from dataclasses import replace

from localazure.protocol.errors import ArmError, network_error
from localazure.protocol.request import Request
from localazure.providers import model
from localazure.providers.model import ANY, READ_ONLY, Model, NotHere, Obj, named, obj

EXTENDED_LOCATION = NotHere("ExtendedLocation", "edge zones")
POOLS = NotHere("IpamPool", "pools of addresses of a network manager")


def resource(type_name: str, properties: Model, **members: Model) -> Obj:
    """The whole body of a resource with these properties."""
    front = {**named("id name type etag kind", READ_ONLY), "location": ANY, "tags": ANY}
    return obj(type_name, **front, properties=properties, extendedLocation=EXTENDED_LOCATION, **members)


def part(type_name: str, properties: Model) -> Obj:
    """What a resource keeps in itself under a name, like its subnets. Generic clients send a location with any body."""
    return obj(type_name, **named("id type etag location", READ_ONLY), name=str, properties=properties)


def unread(code: str, message: str) -> ArmError:
    """The refusal of a body that can't be read. Only its detail says why."""
    return ArmError(
        400, "InvalidRequestFormat", "Cannot parse the request.", details=[{"code": code, "message": message}]
    )


class _Refusals:
    # Strict as Compute's reader: this provider says the same of the network profile of a VM with a member too many
    # (Code InvalidJson). That it is so for all of its types is judgement.
    def unknown(self, type_name: str, name: str, path: str) -> ArmError:
        return self.unreadable(f"Could not find member '{name}' on object of type '{type_name}'. Path '{path}'.", path)

    def unreadable(self, message: str, path: str) -> ArmError:
        return unread("InvalidJson", message)

    def not_here(self, what: NotHere, path: str) -> ArmError:
        message = f"Local Azure has no {what.words} ({path})."
        return network_error(400, f"{what.feature}NotSupportedByLocalAzure", message)


def read(request: Request, whole: Model) -> Request:
    """The request with its body as it is read. Raises ArmError."""
    body = model.read(request.body, whole, _Refusals())
    body["properties"] = body.get("properties") or {}
    return replace(request, body=body)
