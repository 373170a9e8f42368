"""The storage profile of a host's VM: the image, the disk that is made of it, and data disks."""

from __future__ import annotations

from dataclasses import dataclass

from azext_dockervm.azure import names
from azext_dockervm.body import image as image_body
from azext_dockervm.body.resource import Resource
from azext_dockervm.spec import disk_rules
from azext_dockervm.spec.disks import DataDisk, Disks
from azext_dockervm.spec.host import HostSpec
from azext_dockervm.spec.words import ULTRA


@dataclass(frozen=True)
class There:
    """What a host's storage stands on, as it was found: the disks to attach, in the order of ``Disks.there``, and the
    set that encrypts its OS disk."""

    disks: tuple[Resource, ...] = ()
    encryption_set: Resource | None = None


NOTHING = There()


def profile(spec: HostSpec, run_id: str, image: Resource | None, there: There) -> Resource:
    """Disks that are made bear the run in their names; none goes with the VM but the operating system's."""
    made: Resource = {"imageReference": spec.machine.image.reference, "osDisk": _os_disk(spec, there)}
    brought = image_body.data_disk_luns(image)
    asked = spec.disks.data_disks(brought)
    if asked:
        ids = iter([one["id"] for one in there.disks])
        # Azure takes no list that leaves the image's own disks out.
        made["dataDisks"] = [*({"lun": lun, "createOption": "FromImage"} for lun in brought),
                             *(_data_disk(spec, disk, run_id, next(ids) if disk.there else "") for disk in asked)]
    return made


def capabilities(disks: Disks, there: There) -> Resource | None:
    """What a VM must have for its disks, the ones that are attached included."""
    types = [disk.sku for disk in disks.data_disks()] + [(one.get("sku") or {}).get("name") for one in there.disks]
    return {"ultraSSDEnabled": True} if ULTRA in types else None


def made_disks(spec: HostSpec, run_id: str, image: Resource | None) -> list[str]:
    """Names of the data disks that are made with the VM."""
    return [names.data_disk(spec.name, disk.lun, run_id)
            for disk in spec.disks.data_disks(image_body.data_disk_luns(image)) if disk.there is None]


def docker_disk(spec: HostSpec, run_id: str, image: Resource | None) -> str | None:
    """The name of Docker's own disk, or its id as it was given, for a tag; None where none was asked for."""
    disk = spec.disks.docker_disk(image_body.data_disk_luns(image))
    if disk is None:
        return None
    if disk.there:
        return str(disk.there) if len(str(disk.there)) <= names.LONGEST_TAG else disk.there.name
    return names.data_disk(spec.name, disk.lun, run_id)


def _os_disk(spec: HostSpec, there: There) -> Resource:
    disks = spec.disks
    made: Resource = {"createOption": "FromImage", "caching": disk_rules.os_caching(disks, spec.machine.size),
                      "deleteOption": "Delete"}
    if disks.os_size_gb:
        made["diskSizeGB"] = disks.os_size_gb
    if disks.ephemeral:
        made["diffDiskSettings"] = _without_nothing({"option": "Local", "placement": disks.placement})
    managed = _without_nothing({"storageAccountType": disks.os_sku})
    if there.encryption_set:
        managed["diskEncryptionSet"] = {"id": there.encryption_set["id"]}
    return {**made, "managedDisk": managed} if managed else made


def _data_disk(spec: HostSpec, disk: DataDisk, run_id: str, attached: str) -> Resource:
    """``attached`` is the id of one that is there."""
    made: Resource = {"lun": disk.lun, "createOption": "Attach" if attached else "Empty", "deleteOption": "Detach"}
    if disk.caching:
        made["caching"] = disk.caching
    if attached:
        return {**made, "managedDisk": {"id": attached}}
    made |= {"name": names.data_disk(spec.name, disk.lun, run_id), "diskSizeGB": disk.size_gb}
    return {**made, "managedDisk": {"storageAccountType": disk.sku}} if disk.sku else made


def _without_nothing(members: dict[str, str | None]) -> Resource:
    return {name: value for name, value in members.items() if value is not None}
