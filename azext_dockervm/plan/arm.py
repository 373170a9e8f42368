"""The calls of Azure Resource Manager: JSON as on the wire in, JSON as on the wire out.

Bodies go in as bytes and answers come back as plain dictionaries (through the SDK's ``cls`` hook), because the SDK's
models differ between azure-mgmt-compute 34 (az's own) and 39, and 34 silently drops properties that it does not know.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from azext_dockervm.errors import AzureRefused, AzureUnreachable, NotFound
from azext_dockervm.plan.deadline import Deadline

# Seconds before the 2nd, 3rd and later polls where Azure sends no Retry-After. Compute's operation GETs hold 45 and
# refill by 15 a minute: 1, 2, 4, 4, ... stays inside; azure-core's own 30 s would double the length of a create.
POLL_SECONDS = (1.0, 2.0, 4.0)

# Seconds that one request may take. ARM itself ends a request after 60; azure-core would wait 300 for the connection
# and 300 for the answer, several times, whatever --timeout and Ctrl-C say.
REQUEST = {"connection_timeout": 20, "read_timeout": 90}
# Azure goes on with an operation though nobody asks for it: a network that is away for a moment must not end a create.
OUTAGE_SECONDS = 120.0
# azure-core repeats GET, PUT and DELETE after a lost connection, PATCH never. Ours write whole maps of tags, which may
# be written twice.
PATCH_TRIES = 4


def _wire(pipeline_response, _deserialized, _headers) -> Any:
    http = pipeline_response.http_response
    text = http.text()
    return json.loads(text) if text else None


def _body(value: dict) -> bytes:
    return json.dumps(value).encode()


def _kind(sku) -> tuple[str, str]:
    """vCPUs and architecture, as the service writes them; empty where it says nothing."""
    found = {one.name: one.value for one in sku.capabilities or ()}
    return found.get("vCPUs", ""), found.get("CpuArchitectureType", "")


def _is_restricted(sku) -> bool:
    """In the whole region; a restriction of some zones leaves the others."""
    return any(str(getattr(one.type, "value", one.type)) == "Location" for one in sku.restrictions or ())


def _error(error) -> tuple[str | None, str]:
    """Code and message of an HttpResponseError, without azure-core's decoration."""
    body = getattr(error, "error", None)
    code, message = getattr(body, "code", None), getattr(body, "message", None)
    for detail in getattr(body, "details", None) or ():
        if getattr(detail, "message", None) and detail.message not in (message or ""):
            message = f"{message} {detail.message}" if message else detail.message
    return code, message or getattr(error, "message", None) or str(error)


@contextmanager
def _translated(verb: str) -> Iterator[None]:
    """The border: foreign errors become ours, by type, status and code."""
    from azure.core.exceptions import AzureError, HttpResponseError, ServiceRequestError, ServiceResponseError
    from requests.exceptions import RequestException

    try:
        yield
    except HttpResponseError as error:
        code, message = _error(error)
        if error.status_code == 404:
            raise NotFound(f"{verb}: {message}") from error
        advice = "az login" if error.status_code == 401 else None
        raise AzureRefused(f"{verb}: {message}", advice, code=code, status=error.status_code) from error
    # az fetches tokens with requests itself, and lets its errors through.
    except (ServiceRequestError, ServiceResponseError, RequestException) as error:
        raise AzureUnreachable(f"{verb}: Azure can't be reached: {getattr(error, 'message', error)}",
                               "Check network, proxy and cloud (az cloud show), then try again. Behind a proxy that "
                               "opens TLS, REQUESTS_CA_BUNDLE has to name its certificates.") from error
    except AzureError as error:
        raise AzureRefused(f"{verb}: {error.message}") from error


def _polling(deadline: Deadline):
    """An ARM poller that asks after 1, 2, then every 4 s, outlasts an outage, and wakes at the deadline or Ctrl-C."""
    from azure.core.exceptions import ServiceRequestError, ServiceResponseError
    from azure.mgmt.core.polling.arm_polling import ARMPolling

    class BackoffPolling(ARMPolling):
        _asked = 0
        _answered = 0.0

        def _extract_delay(self) -> float:
            own = POLL_SECONDS[min(self._asked, len(POLL_SECONDS) - 1)]
            self._asked += 1
            return super()._extract_delay() or own

        def update_status(self) -> None:
            self._answered = self._answered or time.monotonic()
            try:
                super().update_status()
                self._answered = time.monotonic()
            except (ServiceRequestError, ServiceResponseError):
                if time.monotonic() - self._answered > OUTAGE_SECONDS:
                    raise

        def _sleep(self, delay: float) -> None:
            deadline.sleep(delay, f"Azure's operation is '{self.status()}'")

    # timeout: the pause where nothing is sent, none of azure-core's own. The rest goes with each request.
    return BackoffPolling(timeout=0, **REQUEST)


class Azure:
    """The requests that this extension makes. Thread-safe; every method raises the errors of ``errors.py``.

    ``compute``, ``network`` and ``resources`` are made on first use, so that a command imports only what it needs.
    """

    def __init__(self, compute: Callable[[], Any], network: Callable[[], Any], resources: Callable[[], Any],
                 locations: Callable[[], list[str]], deadline: Deadline | None = None) -> None:
        self._factories = {"compute": compute, "network": network, "resources": resources}
        self._clients: dict[str, Any] = {}
        self._locations = locations
        self.deadline = deadline or Deadline.never()

    @classmethod
    def for_cli(cls, cli_ctx, deadline: Deadline | None = None) -> Azure:
        from azext_dockervm import _client_factory as factory

        return cls(lambda: factory.compute_client(cli_ctx), lambda: factory.network_client(cli_ctx),
                   lambda: factory.resource_client(cli_ctx), lambda: factory.subscription_locations(cli_ctx), deadline)

    def connect(self, *names: str) -> None:
        """Make the named clients now, in this thread: they share az's token cache, which is filled once."""
        for name in names:
            if name not in self._clients:
                with _translated("use az's login"):
                    self._clients[name] = self._factories[name]()

    def _operations(self, path: str):
        client, _, group = path.partition(".")
        self.connect(client)
        target = self._clients[client]
        return getattr(target, group) if group else target

    def _call(self, verb: str, path: str, method: str, *arguments, **options):
        """One SDK call."""
        with _translated(verb):
            result = getattr(self._operations(path), method)(*arguments, cls=_wire, **REQUEST, **options)
            return result.result() if method.startswith("begin_") else result

    def _begin(self, verb: str, path: str, method: str, *arguments, **options):
        return self._call(verb, path, f"begin_{method}", *arguments, polling=_polling(self.deadline), **options)

    def _patch(self, verb: str, call: Callable[[], dict]) -> dict:
        """A change that may be made twice, repeated after a lost connection."""
        for pause in range(1, PATCH_TRIES):
            try:
                return call()
            except AzureUnreachable as error:
                self.deadline.sleep(pause, f"{verb}: {error.message}")
        return call()

    def _get(self, verb: str, path: str, method: str, *arguments, **options) -> dict | None:
        """A read whose 404 means: is not there."""
        try:
            return self._call(verb, path, method, *arguments, **options)
        except NotFound:
            return None

    # Groups, regions, images, extensions

    def group(self, group: str) -> dict | None:
        return self._get("read the resource group", "resources.resource_groups", "get", group)

    def locations(self) -> list[str]:
        with _translated("list the regions"):
            return self._locations()

    def image_versions(self, location: str, publisher: str, offer: str, sku: str) -> list[dict] | None:
        return self._get("list the image's versions", "compute.virtual_machine_images", "list", location, publisher,
                         offer, sku, top=1, orderby="name desc")

    def image(self, location: str, publisher: str, offer: str, sku: str, version: str) -> dict | None:
        return self._get("read the image", "compute.virtual_machine_images", "get", location, publisher, offer, sku,
                         version)

    def extension_versions(self, location: str, publisher: str, kind: str) -> list[dict] | None:
        return self._get("ask for the extension", "compute.virtual_machine_extension_images", "list_versions", location,
                         publisher, kind)

    def sizes(self, location: str) -> list[str]:
        """Names of all sizes of a region; some 100 KB, against the megabytes of the SKU list."""
        with _translated("list the sizes"):
            found = self._operations("compute.virtual_machine_sizes").list(location, **REQUEST)
            return [size.name for size in found]

    def offered_sizes(self, location: str) -> list[tuple[str, tuple[str, str], bool]]:
        """Each VM size of a region: its name, its vCPUs and architecture, whether this subscription can have it now.

        Megabytes on the wire: for after a refusal.
        """
        with _translated("list the sizes that can be had"):
            found = self._operations("compute.resource_skus").list(filter=f"location eq '{location}'", **REQUEST)
            return [(sku.name, _kind(sku), not _is_restricted(sku)) for sku in found
                    if sku.resource_type == "virtualMachines"]

    def label_is_free(self, location: str, label: str) -> bool:
        answer = self._call("check the DNS label", "network", "check_dns_name_availability", location,
                            domain_name_label=label)
        return bool(answer.get("available"))

    # Network

    def virtual_network(self, group: str, name: str) -> dict | None:
        return self._get("read the virtual network", "network.virtual_networks", "get", group, name)

    def put_virtual_network(self, group: str, name: str, body: dict) -> dict:
        return self._begin("create the virtual network", "network.virtual_networks", "create_or_update", group, name,
                           _body(body))

    def put_subnet(self, group: str, network: str, name: str, body: dict) -> dict:
        return self._begin("create the subnet", "network.subnets", "create_or_update", group, network, name,
                           _body(body))

    def public_ip(self, group: str, name: str) -> dict | None:
        return self._get("read the public IP address", "network.public_ip_addresses", "get", group, name)

    def put_public_ip(self, group: str, name: str, body: dict) -> dict:
        return self._begin("create the public IP address", "network.public_ip_addresses", "create_or_update", group,
                           name, _body(body))

    def tag_public_ip(self, group: str, name: str, tags: dict[str, str]) -> dict:
        return self._tag_part("public_ip_addresses", group, name, tags)

    def _tag_part(self, operations: str, group: str, name: str, tags: dict[str, str]) -> dict:
        """PATCH replaces the whole map, so ``tags`` holds all of them."""
        verb = f"write the tags of '{name}'"
        return self._patch(verb, lambda: self._call(verb, f"network.{operations}", "update_tags", group, name,
                                                    _body({"tags": tags})))

    def delete_public_ip(self, group: str, name: str) -> None:
        self._begin("delete the public IP address", "network.public_ip_addresses", "delete", group, name)

    def security_group(self, group: str, name: str) -> dict | None:
        return self._get("read the network security group", "network.network_security_groups", "get", group, name)

    def put_security_group(self, group: str, name: str, body: dict) -> dict:
        return self._begin("create the network security group", "network.network_security_groups", "create_or_update",
                           group, name, _body(body))

    def tag_security_group(self, group: str, name: str, tags: dict[str, str]) -> dict:
        return self._tag_part("network_security_groups", group, name, tags)

    def delete_security_group(self, group: str, name: str) -> None:
        self._begin("delete the network security group", "network.network_security_groups", "delete", group, name)

    def network_interface(self, group: str, name: str) -> dict | None:
        return self._get("read the network interface", "network.network_interfaces", "get", group, name)

    def put_network_interface(self, group: str, name: str, body: dict) -> dict:
        return self._begin("create the network interface", "network.network_interfaces", "create_or_update", group,
                           name, _body(body))

    def tag_network_interface(self, group: str, name: str, tags: dict[str, str]) -> dict:
        return self._tag_part("network_interfaces", group, name, tags)

    def delete_network_interface(self, group: str, name: str) -> None:
        self._begin("delete the network interface", "network.network_interfaces", "delete", group, name)

    # Virtual machine

    def virtual_machine(self, group: str, name: str) -> dict | None:
        return self._get("read the VM", "compute.virtual_machines", "get", group, name, expand="instanceView")

    def create_virtual_machine(self, group: str, name: str, body: dict) -> dict:
        """Never changes a VM that exists: then Azure answers 412, also to this very request sent a second time."""
        return self._begin("create the VM", "compute.virtual_machines", "create_or_update", group, name, _body(body),
                           headers={"If-None-Match": "*"})

    def tag_virtual_machine(self, group: str, name: str, tags: dict[str, str]) -> dict:
        """PATCH replaces the whole map, so ``tags`` holds all of them."""
        verb = "write the VM's tags"
        return self._patch(verb, lambda: self._begin(verb, "compute.virtual_machines", "update", group, name,
                                                     _body({"tags": tags})))

    def delete_virtual_machine(self, group: str, name: str) -> None:
        self._begin("delete the VM", "compute.virtual_machines", "delete", group, name)

    def extension(self, group: str, vm: str, name: str) -> dict | None:
        return self._get("read the extension", "compute.virtual_machine_extensions", "get", group, vm, name)

    def put_extension(self, group: str, vm: str, name: str, body: dict) -> dict:
        return self._begin("install the extension", "compute.virtual_machine_extensions", "create_or_update", group,
                           vm, name, _body(body))

    def delete_extension(self, group: str, vm: str, name: str) -> None:
        self._begin("delete the extension", "compute.virtual_machine_extensions", "delete", group, vm, name)

    def put_run_command(self, group: str, vm: str, name: str, body: dict) -> dict:
        return self._begin("run the command", "compute.virtual_machine_run_commands", "create_or_update", group, vm,
                           name, _body(body))

    def run_command(self, group: str, vm: str, name: str) -> dict | None:
        return self._get("read the command's answer", "compute.virtual_machine_run_commands",
                         "get_by_virtual_machine", group, vm, name, expand="instanceView")

    def run_commands(self, group: str, vm: str) -> list[str]:
        """The names of all run commands of a VM, whoever made them."""
        with _translated("list the VM's run commands"):
            found = self._operations("compute.virtual_machine_run_commands").list_by_virtual_machine(
                group, vm, **REQUEST)
            return [one.name for one in found]

    def delete_run_command(self, group: str, vm: str, name: str) -> None:
        self._begin("delete the command", "compute.virtual_machine_run_commands", "delete", group, vm, name)


