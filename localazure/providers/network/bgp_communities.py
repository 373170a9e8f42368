"""BGP communities of a virtual network and its region. They would mark routes over ExpressRoute: there is none here."""

from __future__ import annotations

import re

from localazure.protocol import ids
from localazure.protocol.errors import network_error

# Of the regions, for private peering: learn.microsoft.com/azure/expressroute/expressroute-routing. Younger ones are
# not in it and tell none.
_REGIONS = dict(
    pair.split(":") for pair in (
        "eastus:50004 eastus2:50005 westus:50006 westus2:50026 westus3:50044 westcentralus:50027 northcentralus:50007 "
        "southcentralus:50008 centralus:50009 canadacentral:50020 canadaeast:50021 brazilsouth:50014 northeurope:50003 "
        "westeurope:50002 uksouth:50024 ukwest:50025 francecentral:50030 francesouth:50031 switzerlandnorth:50038 "
        "switzerlandwest:50039 germanynorth:50040 germanywestcentral:50041 norwayeast:50042 norwaywest:50043 "
        "eastasia:50010 southeastasia:50011 japaneast:50012 japanwest:50013 australiaeast:50015 "
        "australiasoutheast:50016 australiacentral:50032 southindia:50019 westindia:50018 centralindia:50017 "
        "koreasouth:50028 koreacentral:50029 newzealandnorth:50059 southafricanorth:50034 uaenorth:50036 "
        "uaecentral:50037"
    ).split()
)  # fmt: skip
_MICROSOFT = "12076"
# Which numbers customers may take is judgement, by the examples of Microsoft's own page.
_OWN = re.compile(rf"{_MICROSOFT}:2[0-4]\d{{3}}")


def kept(identifier: ids.ResourceId, location: str, given: dict[str, str] | None) -> dict[str, dict[str, str]]:
    """The member `bgpCommunities` of a virtual network that was given one. Raises ArmError."""
    own = (given or {}).get("virtualNetworkCommunity")
    if not own:
        return {}
    if not _OWN.fullmatch(own):
        message = f"The BGP community {own} of {identifier} is none: it must be {_MICROSOFT}:20000 to 24999."
        raise network_error(400, "InvalidVirtualNetworkBgpCommunity", message)
    communities = {"virtualNetworkCommunity": own}
    if location in _REGIONS:
        communities["regionalCommunity"] = f"{_MICROSOFT}:{_REGIONS[location]}"
    return {"bgpCommunities": communities}
