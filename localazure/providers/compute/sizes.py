"""VM sizes: what they have, and where they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import locations
from localazure.protocol.absent import not_supported
from localazure.protocol.errors import ArmError
from localazure.protocol.request import Reply, Request, listing
from localazure.protocol.router import Route
from localazure.providers import kinds
from localazure.providers.common import existing
from localazure.store.resources import Resource

DISK_MIB = 1_047_552
_LOCATIONS = "Microsoft.Compute/locations"


@dataclass(frozen=True)
class Size:
    """What a VM of a size has.

    `refusal` names what a create of this size always ends with, to try such failures out on purpose:
    "SkuNotAvailable" at once, "AllocationFailed" in the operation.
    """

    name: str
    family: str
    cores: int
    memory_mib: int
    data_disks: int
    temporary_mib: int = 0
    refusal: str = ""
    architecture: str = "x64"
    controllers: str = "SCSI"
    premium: bool = True  # whether its disks may be Premium SSDs

    @property
    def generations(self) -> tuple[str, ...]:
        """The Hyper-V generations that it boots: A, and D up to v3 without premium storage, one only; those of version
        6 and for Arm the other one."""
        if self.architecture == "Arm64" or self.name.endswith("_v6"):
            return ("V2",)
        old = not self.premium and self.name.removeprefix("Standard_")[0] in "AD"
        return ("V1",) if old else ("V1", "V2")

    @property
    def account_type(self) -> str:
        """The storage of a disk that names none."""
        return "Premium_LRS" if self.premium else "Standard_LRS"


TABLE = [
    *(Size(f"Standard_B{n}", "standardBSFamily", c, m, d, t) for n, c, m, d, t in [
        ("1ls", 1, 512, 2, 4096), ("1s", 1, 1024, 2, 4096), ("1ms", 1, 2048, 2, 4096), ("2s", 2, 4096, 4, 8192),
        ("2ms", 2, 8192, 4, 16384), ("4ms", 4, 16384, 8, 32768), ("8ms", 8, 32768, 16, 65536)]),
    *(Size(f"Standard_B{n}ls_v2", "standardBsv2Family", n, n * 2048, n * 2) for n in (2, 4)),
    *(Size(f"Standard_B{n}s_v2", "standardBsv2Family", n, n * 4096, n * 2) for n in (2, 4, 8)),
    *(Size(f"Standard_DS{n}_v2", "standardDSv2Family", c, c * 3584, c * 4, c * 7168) for n, c in
      [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16)]),
    *(Size(f"Standard_DS{n}", "standardDSFamily", c, c * 3584, c * 4, c * 7168) for n, c in
      [(1, 1), (2, 2), (3, 4), (4, 8)]),
    *(Size(f"Standard_A{n}_v2", "standardAv2Family", n, n * 2048, n * 2, n * 10240, premium=False)
      for n in (1, 2, 4, 8)),
    *(Size(f"Standard_D{n}", "standardDFamily", c, c * 3584, c * 4, c * 51200, premium=False)
      for n, c in [(1, 1), (2, 2), (3, 4), (4, 8)]),
    *(Size(f"Standard_D{n}_v2", "standardDv2Family", c, c * 3584, c * 4, c * 51200, premium=False)
      for n, c in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16)]),
    *(Size(f"Standard_D{n}_v3", "standardDv3Family", n, n * 4096, n * 2, n * 25600, premium=False)
      for n in (2, 4, 8, 16)),
    *(Size(f"Standard_F{n}", "standardFFamily", n, n * 2048, n * 4, n * 16384, premium=False) for n in (1, 2, 4, 8)),
    *(Size(f"Standard_D{n}{suffix}", f"standardD{suffix}Family", n, n * 4096, min(n * 2, 32), temporary * n // 2)
      for suffix, temporary in [("s_v3", 16384), ("s_v4", 0), ("s_v5", 0), ("ds_v5", 76800), ("as_v5", 0), ("s_v6", 0)]
      for n in (2, 4, 8, 16, 32)),
    *(Size(f"Standard_E{n}s_v5", "standardESv5Family", n, n * 8192, min(n * 2, 32)) for n in (2, 4, 8, 16)),
    *(Size(f"Standard_F{n}s_v2", "standardFSv2Family", n, n * 2048, min(n * 2, 32), n * 8192) for n in (2, 4, 8, 16)),
    *(Size(f"Standard_D{n}ps_v5", "standardDPSv5Family", n, n * 4096, n * 2, architecture="Arm64") for n in (2, 4, 8)),
    *(Size(f"Standard_D{n}ps_v6", "standardDpsv6Family", n, n * 4096, n * 4, architecture="Arm64") for n in (2, 4, 8)),
    *(Size(f"Standard_E{n}as_v4", "standardEASv4Family", n, n * 8192, min(n * 2, 32), n * 16384) for n in (2, 4, 8)),
    *(Size(f"Standard_E{n}bs_v5", "standardEBSv5Family", n, n * 8192, n * 2, controllers="SCSI, NVMe") for n in (2, 4)),
    Size("Standard_E64s_v4", "standardESv4Family", 64, 516096, 32),
    Size("Standard_D64s_v5", "standardDSv5Family", 64, 262144, 32),
    Size("Standard_M8ms", "standardMSFamily", 8, 224000, 8, 262144),
    Size("Standard_M128s", "standardMSFamily", 128, 2097152, 64, 4096 * 1024),
    Size("Standard_M416ms_v2", "standardMSv2Family", 416, 11673600, 64, 8192 * 1024),
    Size("Standard_L8s_v3", "standardLSv3Family", 8, 65536, 16, 81920, refusal="AllocationFailed"),
    Size("Standard_NC6s_v3", "standardNCSv3Family", 6, 114688, 12, 752640, refusal="SkuNotAvailable"),
]  # fmt: skip
# Sizes of confidential VMs: the families DC and EC.
_CONFIDENTIAL = ("standard_dc", "standard_ec")
SIZES = {size.name.lower(): size for size in TABLE}


def routes() -> list[Route]:
    at = "/subscriptions/{subscription}/providers/Microsoft.Compute"
    vm = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{vm}"
    return [
        Route("GET", f"{at}/locations/{{location}}/vmSizes", list_sizes, _LOCATIONS),
        Route("GET", f"{vm}/vmSizes", list_sizes_of_vm, kinds.VM),
    ]


def find(name: str, location: str) -> Size:
    """A size by its name; raises ArmError for one that does not exist, or has no room in the region."""
    size = SIZES.get(name.lower())
    if size is None and name.lower().startswith(_CONFIDENTIAL):
        raise not_supported("ConfidentialVM", f"Local Azure has no confidential VMs, which sizes like {name} are for.")
    if size is None:
        names = ",".join(one.name for one in TABLE)
        message = (
            f"The value {name} provided for the VM size is not valid. The valid sizes in the current region are: "
            f"{names}. Find out more on the available VM sizes in each region at https://aka.ms/azure-regions."
        )
        raise ArmError(400, "InvalidParameter", message, target="vmSize")
    if size.refusal == "SkuNotAvailable":
        raise not_available(size, location)
    return size


def check_architecture(size: Size, architecture: str) -> None:
    """Raise ArmError when an image of this architecture ("x64", "Arm64") does not run on a size."""
    if size.architecture != architecture:
        message = (
            f"Cannot create a VM of size '{size.name}' because this VM size only supports a CPU Architecture of "
            f"'{size.architecture}', but an image or disk with CPU Architecture '{architecture}' was given. Please "
            "check that the CPU Architecture of the image or disk is compatible with that of the VM size."
        )
        raise ArmError(400, "BadRequest", message)


def check_generation(size: Size, generation: str) -> None:
    """Raise ArmError when a size does not boot an image of this Hyper-V generation ("V1", "V2")."""
    if generation not in size.generations:
        number = generation.removeprefix("V")
        message = (
            f"The selected VM size '{size.name}' cannot boot Hypervisor Generation '{number}'. If this was a Create "
            "operation please check that the Hypervisor Generation of the Image matches the Hypervisor Generation of "
            f"the selected VM Size. If this was an Update operation please select a Hypervisor Generation '{number}' "
            "VM Size. For more information, see https://aka.ms/azuregen2vm"
        )
        raise ArmError(400, "BadRequest", message)


def check_account_type(size: Size, account_type: str, target: str) -> None:
    """Raise ArmError for a Premium disk of a VM whose size has none."""
    if account_type.startswith("Premium") and not size.premium:
        message = (
            f"Requested operation cannot be performed because storage account type '{account_type}' is not supported "
            f"for VM size '{size.name}'."
        )
        raise ArmError(400, "InvalidParameter", message, target=target)


def of_vm(vm: Resource) -> Size:
    """The size that a VM has."""
    return SIZES[vm.properties["hardwareProfile"]["vmSize"].lower()]


def not_available(size: Size, location: str) -> ArmError:
    return ArmError(
        409,
        "SkuNotAvailable",
        f"The requested VM size for resource 'Following SKUs have failed for Capacity Restrictions: {size.name}' "
        f"is currently not available in location '{location}'. Please try another size or deploy to a different "
        "location or different zone. See https://aka.ms/azureskunotavailable for details.",
    )


def _render(size: Size) -> dict[str, Any]:
    return {
        "name": size.name, "numberOfCores": size.cores, "osDiskSizeInMB": DISK_MIB,
        "resourceDiskSizeInMB": size.temporary_mib, "memoryInMB": size.memory_mib, "maxDataDiskCount": size.data_disks,
    }  # fmt: skip


def all_rendered() -> list[dict[str, Any]]:
    """Every size as the lists of sizes show it."""
    return [_render(size) for size in TABLE]


def list_sizes(cloud: Cloud, request: Request) -> Reply:
    locations.in_path(request.params["location"], f"{_LOCATIONS}/vmSizes", request.api_version)
    return listing(all_rendered())


def list_sizes_of_vm(cloud: Cloud, request: Request) -> Reply:
    existing(cloud, request.resource_id(kinds.VM, "vm"))
    return listing(all_rendered())
