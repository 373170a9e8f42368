"""What ARM's resources have to be where this extension reads them: members, their types, which have to be there.

A member that is null counts as absent. Members that nobody reads are not looked at, and stay as they came.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from azext_dockervm.azure import kinds
from azext_dockervm.azure.kinds import Kind
from azext_dockervm.errors import AnswerUnreadable
from azext_dockervm.printable import printable

# A value and where it is in its resource → the value without nulls.
Shape = Callable[[Any, str], Any]


class Odd(ValueError):
    """A member that is missing, or of another type; the text says which and what it has to be."""


def _must_be(path: str, words: str) -> str:
    return (f"'{path}'" if path else "it") + f" must be {words}"


def _of_type(words: str, *types: type) -> Shape:
    def check(value: Any, path: str) -> Any:
        # A bool is an int to Python, and none to JSON.
        if not isinstance(value, types) or isinstance(value, bool) and bool not in types:
            raise Odd(_must_be(path, words))
        return value
    return check


TEXT, NUMBER, FLAG = _of_type("text", str), _of_type("a number", int, float), _of_type("true or false", bool)
_OBJECT, _LIST = _of_type("an object", dict), _of_type("a list", list)


def name_of_resource(value: Any, path: str) -> str:
    """Azure takes no control characters in names and ids: they would reach terminals and shells."""
    text: str = TEXT(value, path)
    if not text or not text.isprintable():
        raise Odd(_must_be(path, "printable text"))
    return text


def id_of_resource(value: Any, path: str) -> str:
    text = name_of_resource(value, path)
    if not text.startswith("/") or len(text.strip("/").split("/")) < 4:
        raise Odd(_must_be(path, "a resource id"))
    return text


def many(shape: Shape) -> Shape:
    return lambda value, path: [shape(one, f"{path}[{number}]") for number, one in enumerate(_LIST(value, path))]


def texts_by_name(value: Any, path: str) -> dict[str, str]:
    return {name: TEXT(one, f"{path}.{name}") for name, one in _OBJECT(value, path).items() if one is not None}


def members(required: str = "", /, **shapes: Shape) -> Shape:
    """``required`` names, with spaces between them, those without which nobody can go on."""
    needed = required.split()

    def check(value: Any, path: str) -> Any:
        found = {}
        for name, one in _OBJECT(value, path).items():
            inner = f"{path}.{name}" if path else name
            if name not in shapes:
                found[name] = one
            elif one is not None:
                found[name] = shapes[name](one, inner)
        for name in needed:
            if name not in found:
                raise Odd(f"'{path}.{name}' is missing" if path else f"'{name}' is missing")
        return found
    return check


_REFERENCE = members("id", id=id_of_resource)
_STATE = {"provisioningState": TEXT}
_RULE = members("name properties", name=name_of_resource, properties=members(
    "priority direction access protocol", priority=NUMBER, direction=TEXT, access=TEXT, protocol=TEXT,
    description=TEXT, sourcePortRange=TEXT, sourcePortRanges=many(TEXT), destinationPortRange=TEXT,
    destinationPortRanges=many(TEXT), sourceAddressPrefix=TEXT, sourceAddressPrefixes=many(TEXT),
    destinationAddressPrefix=TEXT, destinationAddressPrefixes=many(TEXT),
    destinationApplicationSecurityGroups=many(_REFERENCE)))
_DISK = {"name": TEXT, "caching": TEXT, "createOption": TEXT, "deleteOption": TEXT, "diskSizeGB": NUMBER,
         "managedDisk": members(id=TEXT, storageAccountType=TEXT, diskEncryptionSet=members(id=TEXT))}
_SUBNET = members("name id", name=name_of_resource, id=id_of_resource, properties=members(
    addressPrefix=TEXT, addressPrefixes=many(TEXT), networkSecurityGroup=_REFERENCE, natGateway=_OBJECT,
    routeTable=_REFERENCE, defaultOutboundAccess=FLAG, ipConfigurations=_LIST, delegations=many(members(
        name=TEXT, properties=members(serviceName=TEXT))), **_STATE))


def _resource(properties: Shape, **more: Shape) -> Shape:
    return members("id name properties", id=id_of_resource, name=name_of_resource, location=TEXT, tags=texts_by_name,
                   properties=properties, zones=many(TEXT), **more)


_VM = members(
    hardwareProfile=members(vmSize=TEXT), timeCreated=TEXT, priority=TEXT, evictionPolicy=TEXT,
    billingProfile=members(maxPrice=NUMBER), licenseType=TEXT, availabilitySet=_REFERENCE,
    proximityPlacementGroup=_REFERENCE, securityProfile=members(securityType=TEXT, encryptionAtHost=FLAG,
                                                                uefiSettings=_OBJECT),
    osProfile=members(adminUsername=TEXT, computerName=TEXT),
    storageProfile=members(
        imageReference=members(publisher=TEXT, offer=TEXT, sku=TEXT, version=TEXT, id=TEXT),
        osDisk=members(osType=TEXT, diffDiskSettings=members(option=TEXT, placement=TEXT), **_DISK),
        dataDisks=many(members("lun", lun=NUMBER, **_DISK))),
    networkProfile=members(networkInterfaces=many(members("id", id=id_of_resource, properties=members(
        primary=FLAG, deleteOption=TEXT)))),
    instanceView=members(statuses=many(members(code=TEXT, message=TEXT))), **_STATE)
_ADDRESS = members(ipAddress=TEXT, dnsSettings=members(domainNameLabel=TEXT, fqdn=TEXT), ipConfiguration=_REFERENCE,
                   natGateway=_REFERENCE, publicIPAddressVersion=TEXT, publicIPAllocationMethod=TEXT, **_STATE)
_CONFIGURATION = members("properties", name=TEXT, properties=members(
    primary=FLAG, privateIPAddress=TEXT, publicIPAddress=members("id", id=id_of_resource, properties=members(
        deleteOption=TEXT)), subnet=_REFERENCE, applicationSecurityGroups=many(_REFERENCE)))
_INTERFACE = members(ipConfigurations=many(_CONFIGURATION), networkSecurityGroup=_REFERENCE,
                     virtualMachine=_REFERENCE, enableAcceleratedNetworking=FLAG, **_STATE)
_GROUP = members(securityRules=many(_RULE), defaultSecurityRules=many(_RULE), networkInterfaces=many(_REFERENCE),
                 subnets=many(_REFERENCE), **_STATE)
_NETWORK = members(addressSpace=members(addressPrefixes=many(TEXT)), subnets=many(_SUBNET),
                   virtualNetworkPeerings=_LIST, **_STATE)
_ROUTES = members(routes=many(members(properties=members(
    addressPrefix=TEXT, nextHopType=TEXT, nextHopIpAddress=TEXT))), **_STATE)
_RUN_COMMAND = members(instanceView=members(executionState=TEXT, executionMessage=TEXT, exitCode=NUMBER, output=TEXT,
                                            error=TEXT), **_STATE)
_ANY = members(**_STATE)

_SHAPES = {
    kinds.VM.type: _resource(_VM, identity=members(type=TEXT, userAssignedIdentities=_OBJECT), plan=_OBJECT),
    kinds.NETWORK_INTERFACE.type: _resource(_INTERFACE), kinds.SECURITY_GROUP.type: _resource(_GROUP),
    kinds.PUBLIC_IP.type: _resource(_ADDRESS, sku=members(name=TEXT, tier=TEXT)),
    kinds.VIRTUAL_NETWORK.type: _resource(_NETWORK), kinds.ROUTE_TABLE.type: _resource(_ROUTES),
    kinds.RUN_COMMAND.type: members("properties", tags=texts_by_name, properties=_RUN_COMMAND)}
# As Resource Manager itself lists what no SDK knows.
_WITHOUT_PROPERTIES = members("id name", id=id_of_resource, name=name_of_resource, tags=texts_by_name, location=TEXT)
_OTHERS = members("properties", tags=texts_by_name, location=TEXT, properties=_ANY)


def checked(kind: Kind, value: Any, verb: str) -> dict[str, Any]:
    """A resource that was read, without nulls; raises ``AnswerUnreadable``, which names the member that is odd."""
    try:
        found: dict[str, Any] = _SHAPES.get(kind.type, _OTHERS)(value, "")
    except Odd as odd:
        raise AnswerUnreadable(f"{verb}: Azure's answer can't be used: {odd}.", why="unreadable") from odd
    return found


def listed(kind: Kind, values: Any, verb: str, odd: Callable[[str], None] | None = None) -> list[dict[str, Any]]:
    """Those of a list, without nulls. One that can't be used raises ``AnswerUnreadable``, which names it and its
    member; where ``odd`` is given it is left out instead, and ``odd`` gets a sentence about it."""
    if not isinstance(values, list):
        raise AnswerUnreadable(f"{verb}: Azure's answer can't be used: 'value' must be a list.", why="unreadable")
    shape = _SHAPES.get(kind.type, _OTHERS) if kind.client else _WITHOUT_PROPERTIES
    sound = []
    for number, value in enumerate(values, 1):
        try:
            sound.append(shape(value, ""))
        except Odd as error:
            which = _which(kind, value, number)
            if odd is None:
                raise AnswerUnreadable(f"{verb}: Azure's answer can't be used: of {which} {error}.",
                                       why="unreadable") from error
            odd(f"{which[0].upper()}{which[1:]} is left out: {error} in Azure's answer.")
    return sound


def _which(kind: Kind, value: Any, number: int) -> str:
    name = value.get("name") if isinstance(value, dict) else None
    return f"the {kind.noun} " + (f"'{printable(name)}'" if isinstance(name, str) else f"number {number} of the list")
