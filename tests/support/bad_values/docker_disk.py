"""Docker's own disk."""

from __future__ import annotations

from bad_values.disks import OTHER_VM, disk
from bad_values.row import asked, bad, pair

OLD = "Canonical:UbuntuServer:16.04-LTS:latest"
VALUES = (
    bad("docker_disk_size_gb", "--docker-disk-size-gb 0", "--docker-disk-size-gb", "1 to 65536"),
    bad("docker_disk_size_gb", "--docker-disk-size-gb 128GB", "--docker-disk-size-gb", "'128GB'", "whole number"),
    bad("docker_disk_size_gb", "--docker-disk-size-gb 40000", "--docker-disk-size-gb", "40000 GB for Docker",
        "1 to 32767"),
    bad("docker_disk_size_gb", ("--docker-disk-size-gb", ""), "--docker-disk-size-gb", "empty"),
    bad("docker_disk", "--docker-disk a/b", "--docker-disk", "neither a name nor the id"),
    bad("docker_disk", ("--docker-disk", ""), "--docker-disk", "empty"),
    asked("docker_disk", "--docker-disk data", "--docker-disk", "no disk 'data'", "az disk list -g g"),
    asked("docker_disk", "--docker-disk data", "--docker-disk", "is in eastus", there=disk("eastus")),
    asked("docker_disk", "--docker-disk data", "--docker-disk: the disk 'data' is attached to the VM 'web9'",
          "az vm disk detach -g other --vm-name web9 -n data", there=disk(managedBy=OTHER_VM)),
    asked("docker_disk", "--docker-disk data", "--docker-disk", "the state ActiveSAS", there=disk(state="ActiveSAS")),
    bad("storage_sku", "--storage-sku docker=Premium_LRS", "no new data disk of Docker's own", "--docker-disk-size-gb"),
    bad("storage_sku", "--storage-sku Docker=Fast --docker-disk-size-gb 8", "--storage-sku", "'Fast'"),
    bad("data_caching", "--data-disk-sizes-gb 8 --data-disk-caching docker=None", "no data disk of Docker's own"),
)

PAIRS = (
    pair("docker_disk_size_gb", "engine_options", "--docker-disk-size-gb 8 --engine-options data-root=/mnt",
         "--engine-options sets 'data-root'", "its own disk"),
    pair("docker_disk", "daemon_json", ("--docker-disk", "data", "--daemon-json", '{"data-root": "/mnt"}'),
         "--daemon-json sets 'data-root'", "its own disk"),
    pair("docker_disk_size_gb", "docker_disk", "--docker-disk-size-gb 8 --docker-disk data", "exclude each other",
         "one disk"),
    pair("docker_disk", "attach_data_disks", "--docker-disk data --attach-data-disks DATA", "--docker-disk",
         "one of --attach-data-disks"),
    pair("docker_disk", "storage_sku", "--docker-disk data --storage-sku docker=Premium_LRS", "--storage-sku",
         "no new data disk of Docker's own"),
    pair("docker_disk", "zone", "--docker-disk data --zone 1", "is in zone 2, and the host in zone 1", asks=True,
         there=disk(zones=["2"])),
    pair("docker_disk_size_gb", "storage_sku", "--docker-disk-size-gb 2 --storage-sku docker=UltraSSD_LRS",
         "--docker-disk-size-gb", "4 to 65536"),
    pair("docker_disk_size_gb", "data_caching", "--docker-disk-size-gb 4096 --data-disk-caching docker=ReadOnly",
         "--data-disk-caching", "as for Docker", "docker=None"),
    pair("docker_disk_size_gb", "size", "--docker-disk-size-gb 8 --data-disk-sizes-gb 1 2 3 4 --size Standard_B2s",
         "--size", "can have 4 data disks, not 5", asks=True),
    pair("docker_disk_size_gb", "provisioner",
         f"--docker-disk-size-gb 8 --provisioner docker-extension --image {OLD}", "--provisioner docker-extension",
         "a disk of its own"),
    pair("docker_disk", "provisioner", f"--docker-disk data --provisioner docker-extension --image {OLD}",
         "--provisioner docker-extension", "a disk of its own"),
)
