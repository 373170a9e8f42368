"""Terms of images that are sold: read, accepted and cancelled for the subscription, as `az vm image terms` does it."""

from __future__ import annotations

import uuid
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.arm.operations import timestamp
from localazure.protocol import ids, shape
from localazure.protocol.errors import ArmError
from localazure.protocol.request import Reply, Request
from localazure.protocol.router import Route
from localazure.providers.compute.image_catalog import IMAGES, Image

KIND = "Microsoft.MarketplaceOrdering/agreements"
_RECORD = "terms"
_LINKS = "https://mpcprodsa.blob.core.windows.net"


def routes() -> list[Route]:
    at = (
        "/subscriptions/{subscription}/providers/Microsoft.MarketplaceOrdering/offerTypes/{type}/publishers/{publisher}"
        "/offers/{offer}/plans/{plan}/agreements/current"
    )
    return [Route("GET", at, get, KIND), Route("PUT", at, put, KIND)]


def _of_plan(*names: str) -> Image | None:
    """The image that a publisher, product and plan are of."""
    wanted = [name.lower() for name in names]
    for image in IMAGES:
        if image.plan and [image.publisher.lower(), image.offer.lower(), image.sku.lower()] == wanted:
            return image
    return None


def _image(request: Request) -> Image:
    image = _of_plan(*(request.params[name] for name in ("publisher", "offer", "plan")))
    if image is not None:
        return image
    message = f"Offer with PublisherId: {request.params['publisher']}, OfferId: {request.params['offer']} not found."
    raise ArmError(400, "BadRequest", message)  # the service's own words are not known


def _key(publisher: str, product: str, plan: str) -> str:
    return f"{publisher}/{product}/{plan}".lower()


def _shown(cloud: Cloud, image: Image) -> dict[str, Any]:
    record = cloud.records.get(_RECORD, _key(image.publisher, image.offer, image.sku)) or {"accepted": False}
    of_subscription = f"/subscriptions/{cloud.settings.subscription}/providers/Microsoft.MarketplaceOrdering"
    at = f"{of_subscription}/offerTypes/VirtualMachine"
    return {
        "id": f"{at}/publishers/{image.publisher}/offers/{image.offer}/plans/{image.sku}/agreements/current",
        "name": image.sku,
        "type": "Microsoft.MarketplaceOrdering/offertypes",
        "properties": {
            "publisher": image.publisher, "product": image.offer, "plan": image.sku,
            "licenseTextLink": f"{_LINKS}/legalterms/{image.offer}.txt",
            "privacyPolicyLink": f"{_LINKS}/privacypolicy/{image.offer}.txt",
            "marketplaceTermsLink": f"{_LINKS}/marketplaceterms/{image.offer}.txt",
            "retrieveDatetime": timestamp(), "signature": uuid.uuid5(uuid.NAMESPACE_URL, image.offer).hex.upper(),
            "accepted": record["accepted"],
        },
    }  # fmt: skip


def get(cloud: Cloud, request: Request) -> Reply:
    return Reply(200, _shown(cloud, _image(request)))


def put(cloud: Cloud, request: Request) -> Reply:
    image = _image(request)
    shape.check(request.body, {"properties": {"accepted": bool}})
    accepted = bool((request.body.get("properties") or {}).get("accepted"))
    cloud.records.put(_RECORD, _key(image.publisher, image.offer, image.sku), {"accepted": accepted})
    return Reply(200, _shown(cloud, image))


def refuse_without_terms(cloud: Cloud, plan: dict[str, Any], vm: ids.ResourceId) -> None:
    """Raise ArmError for a VM of a plan whose terms have not been accepted. Those of plans that no image of the
    catalogue has, which users' own images may name, count as accepted."""
    names = [plan.get(name) or "" for name in ("publisher", "product", "name")]
    record = cloud.records.get(_RECORD, _key(*names)) or {"accepted": _of_plan(*names) is None}
    if record["accepted"]:
        return
    message = (
        "User failed validation to purchase resources. Error message: 'You have not accepted the legal terms on this "
        f"subscription: '{vm.subscription}' for this plan. Before the subscription can be used, you need to accept the "
        "legal terms of the image. To read and accept legal terms, use the Azure CLI commands described at "
        "https://go.microsoft.com/fwlink/?linkid=2110637 or the PowerShell commands available at "
        "https://go.microsoft.com/fwlink/?linkid=862451. Alternatively, deploying via the Azure portal provides a UI "
        f"experience for reading and accepting the legal terms. Offer details: publisher='{plan.get('publisher')}' "
        f"offer = '{plan.get('product')}', sku = '{plan.get('name')}', Correlation Id: '{uuid.uuid4()}'.'"
    )
    raise ArmError(400, "ResourcePurchaseValidationFailed", message)
