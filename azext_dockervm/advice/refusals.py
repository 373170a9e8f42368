"""What to do about Azure's refusals, by their codes."""

from __future__ import annotations

from collections.abc import Callable

from azext_dockervm.advice import (
    connection,
    host_commands,
    limits,
    option_values,
    policies,
    region_commands,
    vm_commands,
)
from azext_dockervm.advice.command_line import az
from azext_dockervm.advice.subject import AskedHost
from azext_dockervm.errors import AzureRefused, AzureUnreachable, Challenge, DockerVMError, HostFailed, LoginRequired
from azext_dockervm.printable import printable

Advice = tuple[str, ...]


def _sizes(host: AskedHost) -> Advice:
    return (f"Sizes that are available there: {region_commands.list_sizes(host.location, host.subscription)}",)


def _capacity(host: AskedHost) -> Advice:
    """There is none left at the moment, of a size that the region has."""
    return ("Try again later, or choose another --size or --location.", *_sizes(host))


def _capacity_of_zone(host: AskedHost) -> Advice:
    elsewhere = host_commands.create_anew_without(host, "zone")
    return (f"Without a zone, Azure takes one that has room: {elsewhere}", *_capacity(host))


def _zones(host: AskedHost) -> Advice:
    return (f"Sizes with their zones there: {region_commands.list_zonal_sizes(host.location, host.subscription)}",)


def _terms(host: AskedHost) -> Advice:
    return (f"Accept the image's terms, once for each subscription: {region_commands.accept_terms(host)}",)


def _rights(host: AskedHost) -> Advice:
    return (f"Ask an owner of the subscription for the role Contributor on the resource group '{host.group}'. If you "
            f"were given it just now, log in again: {az('login')}",)


def _registration(host: AskedHost) -> Advice:
    """Which of both namespaces it is, the message says."""
    return ("Whoever may register the subscription does it once:",
            *(limits.register(host, namespace) for namespace in ("Microsoft.Compute", "Microsoft.Network")))


def _silent_agent(host: AskedHost) -> Advice:
    return ("The VM's agent, through which Azure reaches it, does not answer. Restarting the VM often helps: "
            f"{host_commands.restart(host)}",)


def _subscriptions(_host: AskedHost) -> Advice:
    return (f"Your subscriptions: {az('account', 'list', '-o', 'table')}; choose one with --subscription.",)


# Codes of refusals that pass as soon as Azure is done with what it does; azure/kinds.py has how long they are waited
# out. RetryableError comes with status 429.
BUSY = frozenset({"AnotherOperationInProgress", "Conflict", "OperationPreempted", "RetryableError",
                  "ReferencedResourceNotProvisioned"})
_BUSY = ("Azure is still busy with a change of this, or of what it stands on: an earlier command's, or another "
         "terminal's. Try again in a few minutes.")
# Azure's code of a refusal → what to do about it.
ADVICE: dict[str, Callable[[AskedHost], Advice]] = {
    "AvailabilityZoneNotSupported": _zones,
    "InvalidAvailabilityZone": _zones,
    "SkuNotAvailable": _sizes,
    "AllocationFailed": _capacity,
    "ZonalAllocationFailed": _capacity_of_zone,
    "OverconstrainedAllocationRequest": _capacity,
    "OverconstrainedZonalAllocationRequest": _capacity_of_zone,
    "QuotaExceeded": limits.for_cores,
    "PublicIPCountLimitReached": limits.for_addresses,
    "IPv4StandardSkuPublicIpCountLimitReached": limits.for_addresses,
    "MarketplacePurchaseEligibilityFailed": _terms,
    "VMMarketplaceInvalidInput": lambda _host: (
        "The image comes from one of the Marketplace, and a VM of it must name the plan. dockervm takes the plan from "
        "the image's definition in a gallery (purchasePlan); a managed image has no place for it.",),
    "ResourcePurchaseValidationFailed": _terms,
    "MissingSubscriptionRegistration": _registration,
    "AuthorizationFailed": _rights,
    "RequestDisallowedByPolicy": lambda host: (policies.list_assignments(host),),
    "ScopeLocked": lambda host: (f"The locks that apply: {limits.list_locks(host)}",),
    # A name of Azure's that no rule of ours knows.
    "ReservedResourceName": lambda _host: (option_values.OTHER_NAME,),
    "DomainNameLabelReserved": lambda _host: (option_values.OTHER_DNS_LABEL,),
    "VMAgentStatusCommunicationError": _silent_agent,
    "VMExtensionProvisioningError": lambda host: ("An extension that has failed may block others. The VM's extensions "
                                                  f"and their states: {host_commands.list_extensions(host)}",),
    "ReadOnlyDisabledSubscription": _subscriptions,
    "InvalidResourceReference": lambda host: ("What it stands on was deleted meanwhile, by another command. The same "
                                              f"again makes it anew: {host_commands.create_anew(host)}",),
}


def _not_allowed(host: AskedHost, message: str) -> Advice:
    """Azure's code for the quota of cores, for what a VM's state does not allow, and for much else."""
    told = message.lower()
    if "quota" in told or "limit required" in told:
        return limits.for_cores(host)
    if "extension operations are disallowed" in told:
        allow = vm_commands.update(host, "--set", "osProfile.allowExtensionOperations=true")
        return (f"Run commands need the VM's agent. If it is installed, this allows them: {allow}",)
    if "not running" in told or "to be running" in told or "deallocated" in told:
        return (f"To start the VM: {host_commands.start(host)}",)
    return ()


# The same for codes that have several meanings, which the message tells.
BY_MESSAGE: dict[str, Callable[[AskedHost, str], Advice]] = {"OperationNotAllowed": _not_allowed}
# A 429 that was not waited out; Compute's has the code OperationNotAllowed, like a quota that is used up.
_THROTTLED = ("Azure takes no more requests for the moment. Nothing is wrong with the command; try again in a few "
              "minutes.")


def of_any_command(error: DockerVMError) -> tuple[str, ...]:
    """What helps against an error of Azure's whatever the command was about; () where nothing is known to."""
    if isinstance(error, LoginRequired):
        return _login(error.challenge)
    if isinstance(error, AzureRefused) and error.status == 401:
        return (az("login"),)
    if isinstance(error, AzureRefused) and (error.code in BUSY or error.status == 429):
        return (_BUSY if error.code in BUSY else _THROTTLED,)
    if isinstance(error, (AzureRefused, AzureUnreachable)):
        return connection.recommendations(error.why)
    return ()


def _login(challenge: Challenge) -> Advice:
    """A plain `az login` does not meet a claims challenge: Azure would ask for it again."""
    if not challenge.by_person:
        return ("The login is an application's. Its owner can tell which conditional access policy refuses it. "
                "To log in as somebody else:", az("login"))
    words = ["login"]
    for option, value in (("--tenant", challenge.tenant), ("--scope", challenge.scope),
                          ("--claims-challenge", challenge.claims)):
        words += [option, value] if value else []
    if challenge.az_takes_it:
        return ("Log in as Azure asks, then run the command again:", az(*words))
    return (f"This login needs az 2.76 or newer; this is az {challenge.az_version}. Upgrade, log in as Azure asks, "
            "then run the command again:", az("upgrade"), az(*words))


def in_warning(error: BaseException) -> str:
    """An error's message for the warning of a command that goes on. What a claims challenge asks for comes with it: the
    same command again would meet the challenge again."""
    advice = _login(error.challenge) if isinstance(error, LoginRequired) else ()
    return "\n".join([str(error), *advice])


def of_reading(error: DockerVMError) -> tuple[str, ...]:
    """For a command that only reads; one that writes names more than reading asks for."""
    if isinstance(error, AzureRefused) and error.status == 403:
        return (f"Ask an owner of the subscription for the role Reader there. If you were given it just now, log in "
                f"again: {az('login')}",)
    return ()


def with_recommendation(error: DockerVMError, host: AskedHost) -> DockerVMError:
    """The same error, with a recommendation where it has none and one is known."""
    if not error.recommendations:
        error.recommendations = of_any_command(error) or _of_code(error, host)
    return error


def _of_code(error: DockerVMError, host: AskedHost) -> tuple[str, ...]:
    if not isinstance(error, AzureRefused):
        return ()
    if error.violations:
        return policies.of_violations(error.violations, host)
    if error.code in BY_MESSAGE:
        return BY_MESSAGE[error.code](host, error.message)
    return ADVICE[error.code](host) if error.code in ADVICE else ()


def for_the_unexpected() -> tuple[str, ...]:
    """A fault of this extension, of which only --debug tells more."""
    return ("This is a fault of the extension 'dockervm', not of yours. Run the same command with --debug to see where "
            "it happened.", f"To see what is there by now: {az('dockervm', 'info', '-g', 'GROUP', '-n', 'NAME')}")


def as_extension_error(cause: BaseException, host: AskedHost) -> DockerVMError:
    """az's own errors (an expired login, say) keep their words and what they recommend; the unexpected is told as such,
    and the debug log has the traceback."""
    if isinstance(cause, DockerVMError):
        return with_recommendation(cause, host)
    if hasattr(cause, "recommendations"):
        return HostFailed(str(cause), cause.recommendations)
    return HostFailed(unexpected(cause), for_the_unexpected())


def unexpected(cause: BaseException) -> str:
    return f"The command failed unexpectedly: {type(cause).__name__}: {printable(str(cause), 300)}"
