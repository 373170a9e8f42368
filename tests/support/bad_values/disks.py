"""The disks of a host."""

from __future__ import annotations

from fake_azure import SUBSCRIPTION

from azext_dockervm.azure import kinds
from bad_values.row import asked, bad, pair
from bad_values.security import MANAGED, image

LUNS = "LUNs are counted from 0"
ALL_LUNS = tuple(str(size) for size in range(1, 66))


def disk(region: str = "westus", state: str = "Unattached", **more: object):
    """What puts a disk ``data`` into the cloud, as somebody's own."""
    properties = {"diskSizeGB": 8, "diskState": state}
    return lambda cloud: cloud.put(kinds.DISK, "data", body={"location": region, "properties": properties, **more})


def encryption_set(region: str = "westus", **properties: object):
    return lambda cloud: cloud.put(kinds.DISK_ENCRYPTION_SET, "own", body={
        "location": region, "properties": {"encryptionType": "EncryptionAtRestWithCustomerKey", **properties}})


def size_can(**capabilities: str):
    return lambda cloud: setattr(cloud, "capabilities", capabilities)


OTHER_VM = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/other/providers/Microsoft.Compute/virtualMachines/web9"
VALUES = (
    bad("os_disk_size_gb", "--os-disk-size-gb 0", "--os-disk-size-gb", "1 to 4095"),
    bad("os_disk_size_gb", "--os-disk-size-gb 4096", "--os-disk-size-gb", "1 to 4095"),
    bad("os_disk_size_gb", "--os-disk-size-gb 64GB", "--os-disk-size-gb", "'64GB'", "whole number"),
    bad("storage_sku", "--storage-sku Fast", "--storage-sku", "'Fast' is none of Standard_LRS"),
    bad("storage_sku", "--storage-sku Premium_LRS Standard_LRS", "--storage-sku", "names no disk"),
    bad("storage_sku", "--storage-sku os=Premium_LRS OS=Standard_LRS", "--storage-sku", "given twice"),
    bad("storage_sku", "--storage-sku 64=Premium_LRS", "--storage-sku", "none of 'os', 'docker' and the LUN"),
    bad("storage_sku", "--storage-sku 0=Premium_LRS", "--storage-sku", "no new data disk with the LUN 0", LUNS),
    bad("storage_sku", "--storage-sku os=UltraSSD_LRS", "--storage-sku", "data disks only", "os=Premium_LRS"),
    bad("storage_sku", ("--storage-sku", ""), "--storage-sku", "empty"),
    bad("os_caching", "--os-disk-caching Sometimes", "--os-disk-caching"),
    bad("os_caching", ("--os-disk-caching", ""), "--os-disk-caching"),
    bad("ephemeral_os_disk", "--ephemeral-os-disk maybe", "--ephemeral-os-disk"),
    bad("ephemeral_os_disk", ("--ephemeral-os-disk", ""), "--ephemeral-os-disk"),
    asked("ephemeral_os_disk", "--ephemeral-os-disk", "--ephemeral-os-disk", "Standard_D2s_v5 has no room",
          "az vm list-skus", there=size_can(EphemeralOSDiskSupported="False")),
    asked("ephemeral_os_disk", "--ephemeral-os-disk", "--ephemeral-os-disk", "NVMe disks only",
          "--ephemeral-os-disk-placement NvmeDisk", there=size_can(NvmeDiskSizeInMiB="112640")),
    bad("ephemeral_os_disk_placement", "--ephemeral-os-disk --ephemeral-os-disk-placement Floppy",
        "--ephemeral-os-disk-placement"),
    bad("ephemeral_os_disk_placement", "--ephemeral-os-disk-placement CacheDisk", "for an ephemeral OS disk only",
        "Add --ephemeral-os-disk"),
    asked("ephemeral_os_disk_placement", "--ephemeral-os-disk --ephemeral-os-disk-placement CacheDisk",
          "--ephemeral-os-disk-placement", "has no CacheDisk; it has ResourceDisk",
          there=size_can(MaxResourceVolumeMB="76800", CachedDiskBytes="0")),
    bad("data_disk_sizes_gb", "--data-disk-sizes-gb 0", "--data-disk-sizes-gb", "1 to 65536"),
    bad("data_disk_sizes_gb", "--data-disk-sizes-gb 8 big", "--data-disk-sizes-gb", "'big'"),
    bad("data_disk_sizes_gb", "--data-disk-sizes-gb 40000", "--data-disk-sizes-gb", "1 to 32767"),
    bad("data_disk_sizes_gb", ("--data-disk-sizes-gb", *ALL_LUNS), "--data-disk-sizes-gb", "65 data disks", "64"),
    bad("data_caching", "--data-disk-sizes-gb 8 --data-disk-caching Much", "--data-disk-caching", "'Much'"),
    bad("data_caching", "--data-disk-sizes-gb 8 --data-disk-caching os=None", "--data-disk-caching",
        "neither 'docker' nor the LUN"),
    bad("data_caching", "--data-disk-sizes-gb 8 --data-disk-caching 1=None", "--data-disk-caching", "the LUN 1", LUNS),
    bad("data_caching", "--data-disk-caching None", "--data-disk-caching", "no data disks"),
    bad("attach_data_disks", "--attach-data-disks a/b", "--attach-data-disks", "neither a name nor the id"),
    bad("attach_data_disks", "--attach-data-disks data DATA", "--attach-data-disks", "named twice"),
    asked("attach_data_disks", "--attach-data-disks data", "--attach-data-disks", "no disk 'data'",
          "az disk list -g g"),
    asked("attach_data_disks", "--attach-data-disks data", "--attach-data-disks", "is in eastus",
          there=disk("eastus")),
    asked("attach_data_disks", "--attach-data-disks data", "attached to the VM 'web9'",
          "az vm disk detach -g other --vm-name web9 -n data", there=disk(managedBy=OTHER_VM)),
    asked("attach_data_disks", "--attach-data-disks data", "is in zone 2, and the host in none", "--zone 2",
          there=disk(zones=["2"])),
    asked("attach_data_disks", "--attach-data-disks data --zone 1", "is in no zone, and the host in zone 1",
          "Leave --zone out", there=disk()),
    asked("attach_data_disks", "--attach-data-disks data", "in the state ActiveSAS", "az disk list",
          there=disk(state="ActiveSAS")),
    bad("os_disk_encryption_set", "--os-disk-encryption-set /a", "--os-disk-encryption-set", "diskEncryptionSets/NAME"),
    bad("os_disk_encryption_set", ("--os-disk-encryption-set", ""), "--os-disk-encryption-set", "empty"),
    asked("os_disk_encryption_set", "--os-disk-encryption-set own", "--os-disk-encryption-set",
          "no disk encryption set 'own'", "az disk-encryption-set list -g g"),
    asked("os_disk_encryption_set", "--os-disk-encryption-set own", "is in eastus", there=encryption_set("eastus")),
    asked("os_disk_encryption_set", "--os-disk-encryption-set own", "confidential VMs only",
          there=encryption_set(encryptionType="ConfidentialVmEncryptedWithCustomerKey")),
    bad("encryption_at_host", "--encryption-at-host perhaps", "--encryption-at-host"),
    asked("encryption_at_host", "--encryption-at-host", "--encryption-at-host", "has not registered the feature",
          "az feature register --namespace Microsoft.Compute --name EncryptionAtHost"),
    asked("encryption_at_host", "--encryption-at-host", "--encryption-at-host", "try again in some minutes",
          there=lambda cloud: cloud.features.update(EncryptionAtHost="Registering")),
)

PAIRS = (
    pair("size", "data_disk_sizes_gb", "--size Standard_B2s --data-disk-sizes-gb 1 2 3 4 5", "--size",
         "can have 4 data disks, not 5", asks=True),
    pair("attach_data_disks", "zone", "--attach-data-disks data --zone 1", "is in zone 2, and the host in zone 1",
         "--zone 2", asks=True, there=disk(zones=["2"])),
    pair("ephemeral_os_disk", "os_caching", "--ephemeral-os-disk --os-disk-caching ReadWrite", "--os-disk-caching",
         "ReadOnly"),
    pair("ephemeral_os_disk", "storage_sku", "--ephemeral-os-disk --storage-sku Premium_LRS", "--storage-sku",
         "Leave --ephemeral-os-disk out"),
    pair("ephemeral_os_disk", "storage_sku",
         "--ephemeral-os-disk --data-disk-sizes-gb 8 --storage-sku os=Premium_LRS 0=Premium_LRS", "--storage-sku"),
    pair("ephemeral_os_disk", "os_disk_size_gb", "--ephemeral-os-disk --os-disk-size-gb 3000", "--os-disk-size-gb",
         "2040"),
    pair("ephemeral_os_disk", "os_disk_size_gb", "--ephemeral-os-disk --os-disk-size-gb 100", "it has 100 GB",
         "room for 75 GB (ResourceDisk)", asks=True, there=size_can(MaxResourceVolumeMB="76800")),
    pair("os_disk_size_gb", "image", f"--os-disk-size-gb 10 --image {MANAGED}", "--os-disk-size-gb",
         "own disk has 64 GB", "(10 GB)", asks=True, there=image(storageProfile={"osDisk": {"diskSizeGB": 64}})),
    pair("encryption_at_host", "size", "--encryption-at-host --size Standard_B2s", "--encryption-at-host",
         "Standard_B2s does not support it", asks=True, there=lambda cloud: (
             size_can(EncryptionAtHostSupported="False")(cloud),
             cloud.features.update(EncryptionAtHost="Registered"))),
    pair("size", "os_caching", "--size Standard_L8s_v3 --os-disk-caching ReadOnly", "--os-disk-caching", "None"),
    pair("size", "data_caching", "--size Standard_L8s_v3 --data-disk-sizes-gb 8 --data-disk-caching ReadOnly",
         "--data-disk-caching", "None"),
    pair("storage_sku", "data_disk_sizes_gb", "--storage-sku UltraSSD_LRS --data-disk-sizes-gb 8 16", "--storage-sku",
         "--storage-sku os=Premium_LRS 0=UltraSSD_LRS 1=UltraSSD_LRS"),
    pair("storage_sku", "data_disk_sizes_gb", "--storage-sku 0=UltraSSD_LRS --data-disk-sizes-gb 2",
         "--data-disk-sizes-gb", "4 to 65536"),
    pair("storage_sku", "data_caching",
         "--storage-sku 0=PremiumV2_LRS --data-disk-sizes-gb 8 --data-disk-caching ReadOnly", "--data-disk-caching",
         "nothing is cached"),
    pair("storage_sku", "attach_data_disks", "--storage-sku 0=Premium_LRS --attach-data-disks data", "--storage-sku",
         "Only new disks"),
    pair("data_disk_sizes_gb", "data_caching", "--data-disk-sizes-gb 4096 --data-disk-caching 0=ReadOnly",
         "--data-disk-caching", "4096 GB"),
    pair("data_disk_sizes_gb", "attach_data_disks",
         ("--data-disk-sizes-gb", *ALL_LUNS[:64], "--attach-data-disks", "data"), "65 data disks"),
)
