"""The regions: their names, and how people write them."""

from __future__ import annotations

from localazure.protocol.errors import gateway_error

# name: (display name, geography group, latitude, longitude)
REGIONS: dict[str, tuple[str, str, str, str]] = {
    "eastus": ("East US", "US", "37.3719", "-79.8164"),
    "eastus2": ("East US 2", "US", "36.6681", "-78.3889"),
    "southcentralus": ("South Central US", "US", "29.4167", "-98.5"),
    "westus2": ("West US 2", "US", "47.233", "-119.852"),
    "westus3": ("West US 3", "US", "33.448376", "-112.074036"),
    "australiaeast": ("Australia East", "Asia Pacific", "-33.86", "151.2094"),
    "southeastasia": ("Southeast Asia", "Asia Pacific", "1.283", "103.833"),
    "northeurope": ("North Europe", "Europe", "53.3478", "-6.2597"),
    "swedencentral": ("Sweden Central", "Europe", "60.67488", "17.14127"),
    "uksouth": ("UK South", "Europe", "50.941", "-0.799"),
    "westeurope": ("West Europe", "Europe", "52.3667", "4.9"),
    "centralus": ("Central US", "US", "41.5908", "-93.6208"),
    "southafricanorth": ("South Africa North", "Africa", "-25.73134", "28.21837"),
    "centralindia": ("Central India", "Asia Pacific", "18.5822", "73.9197"),
    "eastasia": ("East Asia", "Asia Pacific", "22.267", "114.188"),
    "indonesiacentral": ("Indonesia Central", "Asia Pacific", "-6.21462", "106.84513"),
    "japaneast": ("Japan East", "Asia Pacific", "35.68", "139.77"),
    "japanwest": ("Japan West", "Asia Pacific", "34.6939", "135.5022"),
    "koreacentral": ("Korea Central", "Asia Pacific", "37.5665", "126.978"),
    "newzealandnorth": ("New Zealand North", "Asia Pacific", "-36.84853", "174.76349"),
    "canadacentral": ("Canada Central", "Canada", "43.653", "-79.383"),
    "francecentral": ("France Central", "Europe", "46.3772", "2.373"),
    "germanywestcentral": ("Germany West Central", "Europe", "50.110924", "8.682127"),
    "italynorth": ("Italy North", "Europe", "45.46888", "9.18109"),
    "norwayeast": ("Norway East", "Europe", "59.913868", "10.752245"),
    "polandcentral": ("Poland Central", "Europe", "52.23334", "21.01666"),
    "spaincentral": ("Spain Central", "Europe", "40.4259", "3.4209"),
    "switzerlandnorth": ("Switzerland North", "Europe", "47.451542", "8.564572"),
    "mexicocentral": ("Mexico Central", "Mexico", "20.588818", "-100.389888"),
    "uaenorth": ("UAE North", "Middle East", "25.266666", "55.316666"),
    "brazilsouth": ("Brazil South", "South America", "-23.55", "-46.633"),
    "israelcentral": ("Israel Central", "Middle East", "31.2655698", "33.4506633"),
    "qatarcentral": ("Qatar Central", "Middle East", "25.551462", "51.439327"),
    "northcentralus": ("North Central US", "US", "41.8819", "-87.6278"),
    "westus": ("West US", "US", "37.783", "-122.417"),
    "westcentralus": ("West Central US", "US", "40.89", "-110.234"),
    "australiacentral": ("Australia Central", "Asia Pacific", "-35.3075", "149.1244"),
    "australiasoutheast": ("Australia Southeast", "Asia Pacific", "-37.8136", "144.9631"),
    "koreasouth": ("Korea South", "Asia Pacific", "35.1796", "129.0756"),
    "southindia": ("South India", "Asia Pacific", "12.9822", "80.1636"),
    "westindia": ("West India", "Asia Pacific", "19.088", "72.868"),
    "canadaeast": ("Canada East", "Canada", "46.817", "-71.217"),
    "francesouth": ("France South", "Europe", "43.8345", "2.1972"),
    "germanynorth": ("Germany North", "Europe", "53.073635", "8.806422"),
    "norwaywest": ("Norway West", "Europe", "58.969975", "5.733107"),
    "switzerlandwest": ("Switzerland West", "Europe", "46.204391", "6.143158"),
    "ukwest": ("UK West", "Europe", "53.427", "-3.084"),
    "uaecentral": ("UAE Central", "Middle East", "24.466667", "54.366669"),
    "centraluseuap": ("Central US EUAP", "US", "41.5908", "-93.6208"),
    "eastus2euap": ("East US 2 EUAP", "US", "36.6681", "-78.3889"),
    "brazilsoutheast": ("Brazil Southeast", "South America", "-22.90278", "-43.2075"),
}
# The regions without availability zones.
WITHOUT_ZONES = frozenset(
    "northcentralus westus westcentralus australiacentral australiasoutheast koreasouth southindia westindia "
    "canadaeast francesouth germanynorth norwaywest switzerlandwest ukwest uaecentral brazilsoutheast".split()
)
DISPLAY_NAMES = [display for display, *_ in REGIONS.values()]


def normal(text: str) -> str:
    """ "West US" and westus are the same region."""
    return text.replace(" ", "").lower()


def for_resource(value: object, full_type: str) -> str:
    """The region named in a body, in its short form; raises ArmError when it is missing or not there."""
    if value is None or value == "":
        message = "The location property is required for this definition."
        raise gateway_error(400, "LocationRequired", message)
    name = normal(value) if isinstance(value, str) else ""
    if name not in REGIONS:
        raise gateway_error(
            400,
            "LocationNotAvailableForResourceType",
            f"The provided location '{value}' is not available for resource type '{full_type}'. List of available "
            f"regions for the resource type is '{','.join(sorted(REGIONS))}'.",
        )
    return name


def in_path(value: str, full_type: str, api_version: str) -> str:
    """The region named in a path, in its short form; raises ArmError when there is none of that name."""
    name = normal(value)
    if name not in REGIONS:
        raise gateway_error(
            400,
            "NoRegisteredProviderFound",
            f"No registered resource provider found for location '{value}' and API version '{api_version}' for type "
            f"'{full_type.split('/', 1)[-1]}'. The supported locations are '{', '.join(sorted(REGIONS))}'.",
        )
    return name
