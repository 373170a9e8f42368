"""What to tell the user: the commands to type next, and what to do about Azure's refusals, by their codes."""

from __future__ import annotations

from azext_dockervm import names
from azext_dockervm.errors import AzureRefused, Conflict, DockerVMError, HostFailed
from azext_dockervm.plan import vm
from azext_dockervm.plan.preflight import tag
from azext_dockervm.shell import typed
from azext_dockervm.spec import HostSpec

_SIZES = "Sizes that can be had there: az vm list-skus -l {location} --resource-type virtualMachines -o table"
_CAPACITY = "Try again later, or take another --size or --location."
_QUOTA = "Your quota and what is used of it: az vm list-usage -l {location} -o table"
_TERMS = "Accept the image's terms, once for each subscription: az vm image terms accept --urn {image}"

ADVICE = {
    "SkuNotAvailable": _SIZES,
    "AllocationFailed": _CAPACITY,
    "ZonalAllocationFailed": _CAPACITY,
    "OverconstrainedAllocationRequest": _CAPACITY,
    "QuotaExceeded": _QUOTA,
    "OperationNotAllowed": _QUOTA,      # Azure's code for the quota of cores; its message tells this from other causes
    "PublicIPCountLimitReached": "Addresses used and allowed: az network list-usages -l {location} -o table",
    "MarketplacePurchaseEligibilityFailed": _TERMS,
    "ResourcePurchaseValidationFailed": _TERMS,
    "AuthorizationFailed": "Ask an owner of the subscription for the role Contributor on the group '{group}'. If you "
                           "were just given it, log in anew: az login",
    "RequestDisallowedByPolicy": "The policies that apply: az policy assignment list -g {group} "
                                 "--disable-scope-strict-match -o table",
    "ScopeLocked": "The locks that apply: az lock list -g {group} -o table",
    "ReadOnlyDisabledSubscription": "Your subscriptions: az account list -o table; choose one with --subscription.",
}


def advised(error: DockerVMError, spec: HostSpec) -> DockerVMError:
    """The same error, with a recommendation where it has none and the code is known."""
    if isinstance(error, AzureRefused) and not error.recommendations and error.code in ADVICE:
        text = ADVICE[error.code].format(group=spec.group, location=spec.location or "REGION", image=spec.image)
        error.recommendations = (text,)
    return error


def not_applied(spec: HostSpec, machine: dict) -> list[str]:
    """What was asked for and a VM that exists does not have, with the command that changes it where there is one."""
    properties, target = machine["properties"], f"{where(spec)} -n {spec.name}"
    told = []
    size = properties["hardwareProfile"]["vmSize"]
    if spec.size != names.DEFAULT_SIZE and spec.size.lower() != size.lower():
        told.append(f"--size: the host has {size}; to change it: az vm resize {target} --size {spec.size}")
    reference = properties.get("storageProfile", {}).get("imageReference") or {}
    if str(spec.image) != names.DEFAULT_IMAGE and any(
            reference.get(key, value) != value for key, value in spec.image.reference.items()):
        told.append("--image: a VM keeps the image that it was made of")
    if spec.login_words:
        told.append(f"{spec.login_words[0]}: the host keeps its login; to change it: az vm user update {target} -u "
                    f"{vm.admin_username(machine) or spec.admin_username}")
    noted = tag(machine, names.TAG_PROVISIONER)
    if noted and spec.provisioner not in ("auto", noted):
        told.append(f"--provisioner: the host was set up by {noted}")
    return told


def create_command(spec: HostSpec, anew: bool = False) -> str:
    """The command that goes on with this host; with login and tags where there is no VM yet (``anew``)."""
    words = ["az", "dockervm", "create", "-g", spec.group, "-n", spec.name]
    for option, value, usual in (("--subscription", spec.subscription, None), ("-l", spec.location, None),
                                 ("-dc", spec.certificate_folder, names.DEFAULT_CERTIFICATE_FOLDER),
                                 ("--image", str(spec.image), names.DEFAULT_IMAGE),
                                 ("--size", spec.size, names.DEFAULT_SIZE), ("-u", spec.admin_username, None),
                                 ("-dp", spec.docker_port, names.DEFAULT_DOCKER_PORT), ("-e", spec.ssh_port, None),
                                 ("--dns-name", spec.dns_label, None),
                                 ("--provisioner", spec.provisioner, "auto")):
        if value is not None and value != usual:
            words += [option, value]
    if anew:
        words += spec.login_words
        words += ["--tags", *(f"{name}={value}" for name, value in spec.tags.items())] if spec.tags else []
    return typed(words)


def delete_commands(spec: HostSpec) -> list[str]:
    """NIC, disk and address go with the VM (deleteOption); the security group does not."""
    return [f"az vm delete {where(spec)} -n {spec.name} --yes",
            f"az network nsg delete {where(spec)} -n {names.network_security_group(spec.name)}"]


def where(spec: HostSpec) -> str:
    return typed(["-g", spec.group, *(["--subscription", spec.subscription] if spec.subscription else [])])


def as_ours(cause: BaseException, spec: HostSpec) -> DockerVMError:
    """az's own errors (an expired login, say) and the unexpected keep their words; the debug log has the traceback."""
    if isinstance(cause, DockerVMError):
        return advised(cause, spec)
    return HostFailed(f"{type(cause).__name__}: {cause}", getattr(cause, "recommendations", None))


def sentences(said: str, more: str) -> str:
    """Azure's messages and causes end with a dot, or with none, or with a dot and a space."""
    return f"{said.rstrip('. ')}. {more}"


def belongs_to_others(spec: HostSpec, cause: str) -> Conflict:
    """Setting it up anew would cut off whoever uses the host now."""
    return Conflict(
        sentences(f"The host '{spec.name}' was set up with other certificates: {cause}", "It was left as it is."),
        ("Say where its certificates are: -dc FOLDER ('az dockervm cert show -dc FOLDER' shows a folder's).",
         "If they are lost, delete the host and create it again: " + " && ".join(delete_commands(spec))))
