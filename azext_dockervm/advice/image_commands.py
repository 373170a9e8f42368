"""What to type about the image of a host's operating system, before anything is known of the host."""

from __future__ import annotations

from azext_dockervm.advice.command_line import az, option


def use(image: str) -> str:
    """The option that takes this image: an alias or a URN."""
    return option("--image", image)


def show(image_id: str, location: str) -> str:
    """An image, or a version of one in a gallery, by its id; az asks for one of a gallery that others share in a
    region, not by its id."""
    kind, gallery, _, image, *_ = [*image_id.strip("/").split("/"), "", "", "", ""]
    if kind.lower() == "sharedgalleries":
        return az("sig", "image-definition", "show-shared", "--gallery-unique-name", gallery,
                  "--gallery-image-definition", image, "-l", location)
    if kind.lower() == "communitygalleries":
        return az("sig", "image-definition", "show-community", "--public-gallery-name", gallery,
                  "--gallery-image-definition", image, "-l", location)
    return az("resource", "show", "--ids", image_id)


def accept_plan(publisher: str, offer: str, plan: str, subscription: str | None) -> str:
    return az("vm", "image", "terms", "accept", "--publisher", publisher, "--offer", offer, "--plan", plan,
              subscription=subscription)


def list_images() -> str:
    """Those of Ubuntu's publisher: the whole list takes az minutes."""
    return az("vm", "image", "list", "--publisher", "Canonical", "--all", "-o", "table")


def create_from_disk() -> str:
    """GROUP, IMAGE and ADDRESS stand for the user's own."""
    return az("image", "create", "-g", "GROUP", "-n", "IMAGE", "--os-type", "Linux", "--source", "ADDRESS")
