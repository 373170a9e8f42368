"""SSH public keys as resources, which clients read when they make a VM; and pairs that are generated for them."""

from __future__ import annotations

from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import shape
from localazure.protocol.errors import ArmError, invalid_parameter
from localazure.protocol.request import Reply, Request
from localazure.protocol.router import Route
from localazure.providers import crud, kinds
from localazure.providers.common import envelope, existing, place
from localazure.providers.compute import compute, key_pairs, model
from localazure.providers.model import enum, obj
from localazure.store.resources import Resource

KIND = kinds.SSH_KEY
_MODEL = model.resource(obj("SshPublicKeyResourceProperties", publicKey=str))
_PAIR = obj("SshGenerateKeyPairInputParameters", encryptionType=enum("SshEncryptionTypes", "RSA Ed25519"))


def routes() -> list[Route]:
    return [
        *crud.routes(KIND, "key", show=_shown, put=put, patch=patch, delete=crud.delete_at_once(KIND, "key")),
        Route("POST", f"{crud.address(KIND, 'key')}/generateKeyPair", generate_key_pair, KIND),
    ]


def _shown(cloud: Cloud, request: Request, key: Resource) -> dict[str, Any]:
    body = envelope(key, key.properties)
    del body["type"]  # the service's answers have none
    return body


def _given(request: Request) -> dict[str, Any]:
    """The properties of a body, as far as they are given; raises ArmError for what is no public key."""
    key = model.read(request, _MODEL, "sshPublicKey").body["properties"].get("publicKey")
    if key is None:
        return {}
    if not key_pairs.is_public_key(key):
        raise invalid_parameter("publicKey", "The value of parameter publicKey is invalid: it is no SSH public key.")
    return {"publicKey": key}


def put(cloud: Cloud, request: Request) -> Reply:
    identifier = request.resource_id(KIND, "key")
    compute.check_name("sshPublicKeyName", identifier.name)
    given = _given(request)
    location, tags = place(cloud, request, identifier)
    found = cloud.store.get(identifier)
    key = cloud.store.put(Resource(identifier, location, tags, given))
    return Reply(200 if found else 201, _shown(cloud, request, key))


def patch(cloud: Cloud, request: Request) -> Reply:
    key = existing(cloud, request.resource_id(KIND, "key"))
    key.properties = {**key.properties, **_given(request)}
    if "tags" in request.body:
        key.tags = shape.tags(request.body)
    cloud.store.put(key)
    return Reply(200, _shown(cloud, request, key))


async def generate_key_pair(cloud: Cloud, request: Request) -> Reply:
    """Make a pair for a resource without a key; the private one is in this answer and nowhere else."""
    key = existing(cloud, request.resource_id(KIND, "key"))
    given = model.read(request, _PAIR, "parameters").body
    _without_key(key)
    private, public = await cloud.blocking(key_pairs.generate, given.get("encryptionType") or key_pairs.RSA)
    key = _without_key(existing(cloud, key.id))  # it may have gone meanwhile, or another call was faster
    key.properties = {"publicKey": public}
    cloud.store.put(key)
    return Reply(200, {"privateKey": private, "publicKey": public, "id": str(key.id)})


def _without_key(key: Resource) -> Resource:
    """The resource; raises ArmError where it has a key."""
    if key.properties.get("publicKey"):
        message = f"The SSH public key '{key.name}' has a key already; a key pair is generated once for each resource."
        raise ArmError(409, "OperationNotAllowed", message, target="publicKey")
    return key
