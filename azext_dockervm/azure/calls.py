"""The calls of Azure Resource Manager: JSON as on the wire in, JSON as on the wire out."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote

from azext_dockervm.azure import kinds, reading, resources, writes
from azext_dockervm.azure.image_ids import image_path, version_of
from azext_dockervm.azure.kinds import Kind, Spoken
from azext_dockervm.azure.offers import Capabilities, Offers, Usages, capabilities, offers, usages
from azext_dockervm.azure.resources import Resource, Resources, none_if_missing
from azext_dockervm.azure.sdk import Clients, Names, Sdk, Shared
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.request import Request


class Azure:
    """The requests that this extension makes, each over at ``deadline``. Thread-safe; every method raises the errors of
    ``errors.py``: ``AzureRefused``, ``NotFound``, ``AzureUnreachable``, ``AnswerUnreadable``, ``DeadlinePassed``,
    ``Interrupted``."""

    def __init__(self, clients: Clients | Shared, deadline: Deadline | None = None) -> None:
        shared = clients if isinstance(clients, Shared) else Shared(clients)
        self.sdk = Sdk(shared, deadline or Deadline.never())

    @classmethod
    def for_cli(cls, cli_ctx: Any, deadline: Deadline | None = None, registers: bool = True) -> Azure:
        """``registers`` as ``pipeline.client_options`` has it."""
        from azext_dockervm import _client_factory as factory
        from azext_dockervm.azure.login_address import claimed

        def login_address() -> str:
            try:
                return claimed(factory.access_token(cli_ctx), time.time())
            # Whatever az's login raises: this only cross-checks.
            except Exception:  # pylint: disable=broad-exception-caught
                return ""

        def client(make: Callable[..., Any]) -> Callable[[], Any]:
            def made() -> Any:
                from azext_dockervm.azure.pipeline import client_options

                return make(cli_ctx, **client_options(registers))
            return made

        return cls(Clients(client(factory.compute_client), client(factory.network_client),
                           client(factory.resource_client), lambda: factory.subscription_locations(cli_ctx),
                           lambda: factory.subscription_id(cli_ctx),
                           login_address), deadline)

    def login_address(self) -> str:
        """The public IPv4 address from which az's login got its token a moment ago; '' where that is not known."""
        return str(self.sdk.made("login_address"))

    @property
    def deadline(self) -> Deadline:
        return self.sdk.deadline

    def until(self, deadline: Deadline) -> Azure:
        """The same clients, whose calls end by another deadline."""
        return Azure(self.sdk.shared, deadline)

    def connect(self, *names: str) -> None:
        """Make the named clients now, one after the other: they share az's token cache, which is filled once."""
        for name in names:
            self.sdk.made(name)

    # By kind: what every resource can do

    def get(self, kind: Kind, group: str, *names: str, subscription: str | None = None) -> Resource | None:
        """The resource as it is on the wire; None where it is not there. ``subscription`` None is the login's."""
        return resources.get(self.sdk, kind, group, *names, subscription=subscription)

    def vm_is_gone(self, group: str, name: str) -> bool:
        """Whether a VM that was there is deleted or being deleted by now; False where that can't be told."""
        return resources.vm_is_gone(self.sdk, group, name)

    def resource_id(self, kind: Kind, group: str, *names: str) -> str:
        """The id that a resource of that name has, or would have; ids are compared without case."""
        return f"/{resources.path_of(self.sdk, kind, group, names)}"

    def list(self, kind: Kind, group: str, *names: str, odd: Callable[[str], None] | None = None) -> Resources:
        """All of a kind in a group, or below the resource that ``names`` lead to; ``odd`` as ``reading.listed`` has it.
        Of one that no SDK knows Resource Manager itself is asked, in whose answer there are no properties: it needs no
        registration of the namespace."""
        verb = f"list every {kind.noun} of '{(group, *names)[-1]}'"
        shape = partial(reading.listed, kind, verb=verb, odd=odd)
        if not kind.client:
            return self.sdk.pages(kinds.GROUPS, verb, "resources.resources", "list_by_resource_group", group,
                                  shape=shape, filter=f"resourceType eq '{kind.type}'")
        return self.sdk.pages(kind, verb, f"{kind.client}.{kind.operations}", kind.list_method, group, *names,
                              shape=shape)

    def list_all(self, kind: Kind, odd: Callable[[str], None] | None = None, **query: Any) -> Resources:
        """All of a kind that the login may see in the subscription; ``query`` as the SDK's ``list_all`` takes it. Of a
        kind that no SDK knows, as ``list`` shows it; ``query`` may have a ``name``."""
        verb = f"list every {kind.noun}"
        shape = partial(reading.listed, kind, verb=verb, odd=odd)
        if not kind.client:
            named = "".join(f" and {key} eq '{value}'" for key, value in query.items())
            return self.sdk.pages(kinds.GROUPS, verb, "resources.resources", "list", shape=shape,
                                  filter=f"resourceType eq '{kind.type}'{named}")
        return self.sdk.pages(kind, verb, f"{kind.client}.{kind.operations}", "list_all", shape=shape, **query)

    def send(self, request: Request) -> Resource | None:
        """Carry out a request and wait for its end → the resource; None for a deletion.

        PUT: ``body`` is the whole resource. PATCH: ``body`` is {"tags": {...}}, which are merged into those that are
        there, or {"properties": {...}}, which take the place of those that it names. DELETE: what is not there is fine.
        Waits while Azure is busy with the resource or what it stands on.
        """
        return writes.send(self.sdk, request)

    def remove(self, request: Request) -> bool:
        """Carry out a deletion, and wait for its end → whether Azure found anything to delete."""
        return writes.remove(self.sdk, request)

    def begin(self, request: Request) -> None:
        """Send a deletion, and return as soon as Azure has taken it."""
        writes.begin(self.sdk, request)

    # Groups, regions, images, extensions, sizes, DNS labels

    def group(self, group: str) -> Resource | None:
        return none_if_missing(lambda: self.sdk.ask(
            kinds.GROUPS, f"read the resource group '{group}'", "resources.resource_groups", "get", group,
            shape=lambda found: found["location"]))

    def locations(self) -> Names:
        return self.sdk.locations()

    def image_versions(self, location: str, publisher: str, offer: str, sku: str) -> Resources | None:
        return none_if_missing(lambda: self.sdk.ask(
            kinds.IMAGES, "list the image's versions", "compute.virtual_machine_images", "list", location, publisher,
            offer, sku, location=location, shape=_names, top=1, orderby="name desc"))

    def image(self, location: str, publisher: str, offer: str, sku: str, version: str) -> Resource | None:
        return none_if_missing(lambda: self.sdk.ask(
            kinds.IMAGES, "read the image", "compute.virtual_machine_images", "get", location, publisher, offer, sku,
            version, location=location, shape=lambda found: found["properties"].items()))

    def image_by_id(self, image_id: str, location: str) -> Resource | None:
        """A managed image, or the definition of a gallery's image, by the id of either or of one of its versions;
        ``location`` is where a shared or community gallery is asked for it. None where it is not there; nothing is
        known of ids of other kinds ({})."""
        asked = image_path(image_id, self.sdk.made("subscription"), location)
        if asked is None:
            return {}
        path, spoken = asked
        return resources.get_at(self.sdk, spoken, path, "read the image")

    def image_versions_by_id(self, image_id: str, location: str) -> Resources | None:
        """Versions of a gallery's image: the one that the id names, or all; None where that is not known."""
        asked, version = image_path(image_id, self.sdk.made("subscription"), location), version_of(image_id)
        if asked is None or version is None:
            return None
        path, spoken = asked
        if version == "latest":
            return resources.list_at(self.sdk, spoken, f"{path}/versions", "list the image's versions")
        found = resources.get_at(self.sdk, spoken, f"{path}/versions/{version}", "read the image's version")
        return [found] if found else []

    def extension_versions(self, location: str, publisher: str, kind: str) -> Resources | None:
        return none_if_missing(lambda: self.sdk.ask(
            kinds.IMAGES, "ask for the extension", "compute.virtual_machine_extension_images", "list_versions",
            location, publisher, kind, location=location, shape=_names))

    def sizes(self, location: str) -> dict[str, tuple[int, int]]:
        """Names of all sizes of a region, with their vCPUs and how many data disks they take; some 100 KB, against the
        megabytes of the SKU list."""
        return self.sdk.pages(kinds.SIZES, "list the sizes", "compute.virtual_machine_sizes", "list", location,
                              location=location, shape=lambda found: {
                                  one["name"]: (one["numberOfCores"], one["maxDataDiskCount"]) for one in found})

    def compute_usages(self, location: str) -> Usages:
        """What the subscription has used of its quotas there, some 30 KB: a family of sizes has one of its own."""
        return self.sdk.pages(kinds.COMPUTE_USAGES, "read the quota of vCPUs", "compute.usage", "list", location,
                              location=location, shape=usages)

    def network_usages(self, location: str) -> Usages:
        answer = self._ask_of_network(kinds.NETWORK_USAGES, "read the quota of networks", location,
                                      lambda found: usages(found["value"]))
        return usages(answer["value"])

    def locks(self, group: str) -> Resources:
        """Of the subscription, of the group, and of what is in it."""
        path = f"subscriptions/{self.sdk.made('subscription')}/resourceGroups/{quote(group, safe='')}"
        answer: Resource = self.sdk.ask(
            kinds.LOCKS, f"list the locks of '{group}'", "resources.resources", "get_by_id",
            f"{path}/providers/{kinds.LOCKS.type}", api_version=kinds.LOCKS.api_version,
            shape=lambda found: [(one["id"], one["properties"]["level"]) for one in found["value"]])
        locks: Resources = answer["value"]
        return locks

    def offered_sizes(self, location: str) -> Offers:
        """Each VM size of a region: its name, its vCPUs and architecture, whether this subscription can have it now.

        Megabytes on the wire: for after a refusal.
        """
        return self.sdk.pages(kinds.SIZES_ON_OFFER, "list the sizes that can be had", "compute.resource_skus", "list",
                              location=location, shape=offers, filter=f"location eq '{location}'")

    def size_offer(self, location: str, size: str) -> Capabilities | None:
        """What a VM of a size can do there, by the service's own names; None where there is none such. Megabytes on the
        wire, too: for what a shorter list does not tell."""
        return self.sdk.pages(kinds.SIZES_ON_OFFER, "ask what the size can do", "compute.resource_skus", "list",
                              location=location, shape=partial(capabilities, size),
                              filter=f"location eq '{location}'")

    def feature_state(self, name: str) -> str | None:
        """Of a feature of Microsoft.Compute in the subscription, such as Registered or NotRegistered; None where there
        is none of that name."""
        path = (f"subscriptions/{self.sdk.made('subscription')}/providers/Microsoft.Features/providers/"
                f"Microsoft.Compute/features/{name}")
        found = resources.get_at(self.sdk, kinds.FEATURES, path, f"read the feature '{name}'")
        return found["properties"].get("state") if found else None

    def terms_accepted(self, publisher: str, product: str, plan: str) -> bool | None:
        """Whether the subscription has accepted the terms of a Marketplace plan; None where there is none of that
        name."""
        names = "/".join(f"{kind}/{quote(name, safe='')}" for kind, name in (
            ("offerTypes", "virtualmachine"), ("publishers", publisher), ("offers", product), ("plans", plan)))
        path = (f"subscriptions/{self.sdk.made('subscription')}/providers/Microsoft.MarketplaceOrdering/{names}"
                "/agreements/current")
        found = resources.get_at(self.sdk, kinds.AGREEMENTS, path, "read the terms of the image")
        return bool(found["properties"].get("accepted")) if found else None

    def private_address_is_free(self, group: str, network: str, address: str) -> bool:
        """In one of the subnets of a virtual network, whatever its region."""
        answer = self.sdk.ask(kinds.VIRTUAL_NETWORK, f"check the address {address}", "network.virtual_networks",
                              "check_ip_address_availability", group, network,
                              shape=lambda found: found["available"], ip_address=address)
        return bool(answer["available"])

    def label_is_free(self, location: str, label: str) -> bool:
        answer = self._ask_of_network(kinds.DNS_LABELS, "check the DNS label", location,
                                      lambda found: found["available"], domainNameLabel=label)
        return bool(answer["available"])

    def _ask_of_network(self, spoken: Spoken, verb: str, location: str, shape: Callable[[Any], Any], **query: str
                        ) -> Any:
        """What a region's networks answer, without Network's own client, whose import takes longer than the read."""
        kind = spoken.type.replace("/locations/", f"/locations/{quote(location, safe='')}/")
        path = f"subscriptions/{self.sdk.made('subscription')}/providers/{kind}"
        return self.sdk.ask(spoken, verb, "resources.resources", "get_by_id", path, api_version=spoken.api_version,
                            location=location, shape=shape, params=query)


def _names(found: Resources) -> Names:
    if not isinstance(found, list):
        raise ValueError("not a list")
    return [one["name"] for one in found]
