"""What users are told to type, and what to do about Azure's refusals, by their codes; nothing here makes a request.

Each command is one line that can be pasted as it is: quoted for the system's shell, with --subscription where one was
named. Two commands are two lines, because cmd and PowerShell of Windows don't share a way to join them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from azext_dockervm import names
from azext_dockervm.errors import AzureRefused, Conflict, DockerVMError, HostFailed, HostGone
from azext_dockervm.shell import typed
from azext_dockervm.spec import HostSpec

_CAPACITY = "Try again later, or take another --size or --location."


def _quota(spec: HostSpec) -> str:
    return f"Your quota and what is used of it: {_in_region(spec, 'vm', 'list-usage')}"


def _terms(spec: HostSpec) -> str:
    return "Accept the image's terms, once for each subscription: " + az(
        "vm", "image", "terms", "accept", "--urn", spec.image, subscription=spec.subscription)


# Azure's code of a refusal → what to do about it.
ADVICE: dict[str, Callable[[HostSpec], str]] = {
    "SkuNotAvailable": lambda spec: f"Sizes that can be had there: {sizes_command(spec)}",
    "AllocationFailed": lambda spec: _CAPACITY,
    "ZonalAllocationFailed": lambda spec: _CAPACITY,
    "OverconstrainedAllocationRequest": lambda spec: _CAPACITY,
    "QuotaExceeded": _quota,
    "OperationNotAllowed": _quota,      # Azure's code for the quota of cores; its message tells this from other causes
    "PublicIPCountLimitReached": lambda spec: "Addresses used and allowed: "
                                              f"{_in_region(spec, 'network', 'list-usages')}",
    "MarketplacePurchaseEligibilityFailed": _terms,
    "ResourcePurchaseValidationFailed": _terms,
    "AuthorizationFailed": lambda spec: f"Ask an owner of the subscription for the role Contributor on the group "
                                        f"'{spec.group}'. If you were just given it, log in anew: az login",
    "RequestDisallowedByPolicy": lambda spec: "The policies that apply: " + az(
        "policy", "assignment", "list", "-g", spec.group, "--disable-scope-strict-match", "-o", "table",
        subscription=spec.subscription),
    "ScopeLocked": lambda spec: "The locks that apply: " + az(
        "lock", "list", "-g", spec.group, "-o", "table", subscription=spec.subscription),
    "VMAgentStatusCommunicationError": lambda spec: "The VM's agent, by which Azure asks it, is silent. A restart "
                                                    f"of the VM often mends it: {on(spec, 'vm', 'restart')}",
    "ReadOnlyDisabledSubscription": lambda spec: "Your subscriptions: az account list -o table; choose one with "
                                                 "--subscription.",
}
# A 429 that was not waited out; Compute's has the code OperationNotAllowed, like a quota that is used up.
_THROTTLED = ("Azure takes no more requests for the moment. Nothing is wrong with the command; try again in some "
              "minutes.")


def az(*words: object, subscription: str | None = None) -> str:
    """An az command as one line."""
    return typed(["az", *words, *(["--subscription", subscription] if subscription else [])])


def advised(error: DockerVMError, spec: HostSpec) -> DockerVMError:
    """The same error, with a recommendation where it has none and the code is known."""
    if isinstance(error, AzureRefused) and not error.recommendations:
        if error.status == 429:
            error.recommendations = (_THROTTLED,)
        elif error.code in ADVICE:
            error.recommendations = (ADVICE[error.code](spec),)
    return error


def as_ours(cause: BaseException, spec: HostSpec) -> DockerVMError:
    """az's own errors (an expired login, say) and the unexpected keep their words; the debug log has the traceback."""
    if isinstance(cause, DockerVMError):
        return advised(cause, spec)
    return HostFailed(f"{type(cause).__name__}: {cause}", getattr(cause, "recommendations", None))


def sentences(said: str, more: str) -> str:
    """Azure's messages and causes end with a dot, or with none, or with a dot and a space."""
    return f"{said.rstrip('. ')}. {more}"


# Commands about one host


def on(spec: HostSpec, *words: object) -> str:
    """A command about this host: ``on(spec, "vm", "user", "update", "-u", "me")``."""
    texts = [str(word) for word in words]
    verbs = next((index for index, text in enumerate(texts) if text.startswith("-")), len(texts))
    return az(*texts[:verbs], "-g", spec.group, "-n", spec.name, *texts[verbs:], subscription=spec.subscription)


# What a VM keeps from its creation: a command that goes on with it need not repeat it.
_FIXED = frozenset({"--image", "--size", "-u", "-p", "--ssh-key-values", "--generate-ssh-keys", "--dns-name"})


def create_command(spec: HostSpec, anew: bool = False) -> str:
    """The command that goes on with this host, with all options as they were typed; ``anew``: there is no VM yet, so
    login and machine are said again too. A password is never part of it: -p alone asks."""
    words: list[object] = ["dockervm", "create"]
    for option, values in spec.typed.items():
        if anew or option not in _FIXED:
            words += [option, *values]
    return on(spec, *words)


def other_create_command(spec: HostSpec, option: str, value: object) -> str:
    """The same create with another value for one option."""
    from dataclasses import replace

    return create_command(replace(spec, typed={**spec.typed, option: (str(value),)}))


def enable_command(spec: HostSpec) -> str:
    folder = ["-dc", *spec.typed["-dc"]] if "-dc" in spec.typed else []
    return on(spec, "dockervm", "enable", "--replace-trust", *folder)


def delete_commands(spec: HostSpec) -> tuple[str, str]:
    """NIC, disk and address go with the VM (deleteOption); the security group does not."""
    return (on(spec, "vm", "delete", "--yes"),
            az("network", "nsg", "delete", "-g", spec.group, "-n", names.network_security_group(spec.name),
               subscription=spec.subscription))


def to_delete(spec: HostSpec) -> tuple[str, str]:
    first, second = delete_commands(spec)
    return f"To delete it: {first}", f"and then its security group: {second}"


def leftovers_command(spec: HostSpec) -> str:
    return az("resource", "list", "--tag", f"{names.TAG_HOST}={spec.name}", "-o", "table",
              subscription=spec.subscription)


def open_port_command(spec: HostSpec, ports: Iterable[int], priority: int) -> str:
    return on(spec, "vm", "open-port", "--port", ",".join(map(str, ports)), "--priority", priority)


def images_command(spec: HostSpec) -> str:
    return az("vm", "image", "list", "-l", spec.location, "--publisher", spec.image.publisher, "--all", "-o", "table",
              subscription=spec.subscription)


def sizes_command(spec: HostSpec) -> str:
    """``az vm list-sizes`` is deprecated, and lists what can't be had."""
    return _in_region(spec, "vm", "list-skus", "--resource-type", "virtualMachines")


def _in_region(spec: HostSpec, *words: str) -> str:
    return az(*words, "-l", spec.location or "REGION", "-o", "table", subscription=spec.subscription)


def belongs_to_others(spec: HostSpec, cause: str) -> Conflict:
    """The host trusts another certificate authority: setting it up would cut off whoever uses it."""
    return Conflict(
        sentences(f"The host '{spec.name}' was set up with other certificates: {cause}", "It was left as it is."),
        ("Say where its certificates are: -dc FOLDER ('az dockervm cert show -dc FOLDER' shows a folder's).",
         "If they are lost, or the host shall be yours from now on, this makes it trust yours instead; it says whom it "
         f"cuts off and asks first: {enable_command(spec)}"))


def kept(error: DockerVMError, spec: HostSpec, finished: bool = False) -> DockerVMError:
    """The error for a host that stays: what is wrong, how to go on, and how to delete one that was never finished."""
    if isinstance(error, HostGone):
        return error
    error.message = sentences(error.message, f"The VM '{spec.name}' was kept.")
    error.recommendations = (
        *error.recommendations, f"To go on where it stands: {create_command(spec)}",
        f"To look at it: {on(spec, 'vm', 'get-instance-view')}", *(() if finished else to_delete(spec)))
    return error


def renewal(spec: HostSpec, ends: str, days: int) -> str:
    """The warning about a server certificate that ends soon; the command renews it."""
    when = f"ended on {ends}" if days < 0 else f"ends on {ends}, in {days} day{'' if days == 1 else 's'}"
    return f"The server certificate of '{spec.name}' {when}. To renew it: {create_command(spec)}"
