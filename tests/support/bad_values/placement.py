"""Where a host stands, what it costs, and what Azure's platform does for it."""

from __future__ import annotations

from fake_azure import SUBSCRIPTION, FakeCloud

from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.kinds import Kind
from azext_dockervm.azure.offers import ZONES
from bad_values.disks import size_can
from bad_values.row import asked, bad, pair

# An id of the right shape and of the wrong kind.
DISK = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.Compute/disks/mine"


def there(kind: Kind, **body: object):
    return lambda cloud: cloud.put(kind, "mine", body={"location": "westus", **body})


def in_another_group(cloud: FakeCloud) -> None:
    """An availability set in a proximity placement group that is not the one that is asked for."""
    for name in ("mine", "other"):
        cloud.put(kinds.PROXIMITY_GROUP, name, body={"location": "westus"})
    other = cloud.find(kinds.PROXIMITY_GROUP, "other")
    cloud.put(kinds.AVAILABILITY_SET, "mine", body={
        "location": "westus", "sku": {"name": "Aligned"}, "properties": {"proximityPlacementGroup": {
            "id": other["id"]}}})


def address_of_zone_2(cloud: FakeCloud) -> None:
    cloud.put(kinds.PUBLIC_IP, names.public_ip("web1"), body={
        "location": "westus", "zones": ["2"], "tags": {names.TAG_HOST: "web1"}, "properties": {}})


VALUES = (
    bad("zone", "--zone westus-1", "--zone", "1, 2 or 3"),
    bad("zone", ("--zone", ""), "--zone", "empty"),
    asked("zone", "--zone 1", "zone 2, not in zone 1", "--zone 2", there=address_of_zone_2),
    bad("availability_set", ("--availability-set", ""), "--availability-set", "empty"),
    bad("availability_set", f"--availability-set {DISK}", "--availability-set", "Microsoft.Compute/availabilitySets"),
    asked("availability_set", "--availability-set nobody", "--availability-set", "'nobody'",
          "az vm availability-set list -g g"),
    asked("availability_set", "--availability-set mine", "--availability-set", "in eastus, not in westus",
          there=there(kinds.AVAILABILITY_SET, location="eastus", sku={"name": "Aligned"})),
    asked("availability_set", "--availability-set mine", "--availability-set", "managed disks",
          there=there(kinds.AVAILABILITY_SET, sku={"name": "Classic"})),
    bad("proximity_placement_group", ("--ppg", ""), "--ppg", "empty"),
    bad("proximity_placement_group", f"--ppg {DISK}", "--ppg", "Microsoft.Compute/proximityPlacementGroups"),
    asked("proximity_placement_group", "--ppg nobody", "--ppg", "'nobody'", "az ppg list -g g"),
    asked("proximity_placement_group", "--ppg mine", "--ppg", "in eastus, not in westus",
          there=there(kinds.PROXIMITY_GROUP, location="eastus")),
    bad("priority", "--priority High", "--priority", "Regular, Spot, SpotPlus, Low"),
    bad("priority", ("--priority", ""), "--priority"),
    bad("eviction_policy", "--priority Spot --eviction-policy Stop", "--eviction-policy", "Deallocate, Delete"),
    bad("eviction_policy", "--eviction-policy Delete", "--eviction-policy", "--priority Spot"),
    bad("max_price", "--priority Spot --max-price cheap", "--max-price", "-1 for no limit"),
    bad("max_price", "--priority Spot --max-price 0", "--max-price", "more than 0"),
    bad("max_price", "--priority Spot --max-price 0.000001", "--max-price", "5 decimal places"),
    bad("max_price", "--priority Spot --max-price NaN", "--max-price", "-1 for no limit"),
    bad("max_price", "--max-price 1", "--max-price", "--priority Spot"),
    bad("license_type", "--license-type Windows_Server", "--license-type", "SLES_BYOS"),
    bad("license_type", ("--license-type", ""), "--license-type"),
    bad("assign_identity", "--assign-identity [me]", "--assign-identity", "'[me]'"),
    bad("assign_identity", f"--assign-identity {DISK}", "--assign-identity",
        "Microsoft.ManagedIdentity/userAssignedIdentities"),
    asked("assign_identity", "--assign-identity [system] nobody", "--assign-identity", "'nobody'",
          "az identity create -g g -n nobody -l westus"),
    bad("user_data", ("--user-data", ""), "--user-data", "empty"),
    bad("user_data", ("--user-data", "a" * 65536), "--user-data", "65536 bytes", "64 KB"),
    bad("boot_diagnostics_storage", "--boot-diagnostics-storage My_Storage", "--boot-diagnostics-storage",
        "3 to 24", "mystorage"),
    bad("boot_diagnostics_storage", "--boot-diagnostics-storage http://mine.blob.core.windows.net",
        "--boot-diagnostics-storage"),
    asked("boot_diagnostics_storage", "--boot-diagnostics-storage nobody", "--boot-diagnostics-storage", "'nobody'",
          "az storage account list"),
    asked("boot_diagnostics_storage", "--boot-diagnostics-storage mine", "--boot-diagnostics-storage",
          "in eastus, not in westus", there=there(kinds.STORAGE_ACCOUNT, location="eastus")),
    asked("boot_diagnostics_storage", "--boot-diagnostics-storage mine", "--boot-diagnostics-storage",
          "Premium_LRS", "Standard_LRS", there=there(kinds.STORAGE_ACCOUNT, sku={"name": "Premium_LRS"}, properties={
              "primaryEndpoints": {"blob": "https://mine.blob.core.windows.net/"}})),
    bad("auto_shutdown", "--auto-shutdown 2400", "--auto-shutdown", "0000 to 2359"),
    bad("auto_shutdown", "--auto-shutdown 19:00", "--auto-shutdown", "--auto-shutdown 1900"),
    bad("auto_shutdown", ("--auto-shutdown", ""), "--auto-shutdown", "empty"),
    bad("auto_shutdown_time_zone", "--auto-shutdown 1900 --auto-shutdown-time-zone Europe/Berlin",
        "--auto-shutdown-time-zone", "Windows' names", "W. Europe Standard Time"),
    bad("auto_shutdown_time_zone", ("--auto-shutdown", "1900", "--auto-shutdown-time-zone", ""),
        "--auto-shutdown-time-zone", "empty"),
    bad("auto_shutdown_time_zone", "--auto-shutdown-time-zone UTC", "--auto-shutdown-time-zone",
        "--auto-shutdown 1900"),
    bad("auto_shutdown_email", "--auto-shutdown 1900 --auto-shutdown-email me", "--auto-shutdown-email", "'me'"),
    bad("auto_shutdown_email", "--auto-shutdown 1900 --auto-shutdown-email a@b.c,d@e.f", "--auto-shutdown-email",
        "semicolons"),
    bad("auto_shutdown_email", "--auto-shutdown-email me@example.com", "--auto-shutdown-email",
        "--auto-shutdown 1900"),
)

PAIRS = (
    pair("zone", "availability_set", "--zone 1 --availability-set mine", "--zone and --availability-set", "Leave one"),
    pair("priority", "availability_set", "--priority Spot --availability-set mine",
         "--priority Spot and --availability-set", "Leave one"),
    pair("priority", "size", "--priority Spot --size Standard_B2s", "--priority", "Standard_B2s can't be had as a Spot "
         "VM", "az vm list-skus", asks=True, there=size_can(LowPriorityCapable="False")),
    pair("zone", "size", "--zone 3 --size Standard_B2s", "--zone", "Standard_B2s only in its zones 1,2",
         "az vm list-skus", asks=True, there=size_can(**{ZONES: "1,2"})),
    pair("priority", "ephemeral_os_disk", "--priority Spot --ephemeral-os-disk", "--eviction-policy Delete"),
    pair("auto_shutdown", "ephemeral_os_disk", "--auto-shutdown 1900 --ephemeral-os-disk",
         "--auto-shutdown and --ephemeral-os-disk", "Leave one"),
    pair("proximity_placement_group", "availability_set", "--ppg mine --availability-set mine", "--ppg", "'other'",
         asks=True, there=in_another_group),
)
