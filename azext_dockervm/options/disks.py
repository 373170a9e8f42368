"""Options of a host's disks."""

from __future__ import annotations

from azext_dockervm.options import disks_there as there
from azext_dockervm.options.option import Option, filled, true_or_false
from azext_dockervm.spec import disk_rules
from azext_dockervm.spec.words import CACHES, PLACEMENTS, SKUS

_GROUP = "Storage"

DISKS = (
    Option("os_disk_size_gb", "--os-disk-size-gb", "Size of the OS disk in GB, at least that of the image.", _GROUP,
           default_in_words="the image's", example="64", check=disk_rules.check_os_size, place="disks.os_size_gb",
           only_new=True, not_applied=there.another_os_size),
    Option("storage_sku", "--storage-sku",
           "Type of the disks: one for all of them, or for each that is meant, as in 'os=Premium_LRS "
           "0=StandardSSD_LRS docker=Premium_LRS' with the LUNs of new data disks. One of "
           f"{', '.join(SKUS)}; the last two are for data disks only.", _GROUP,
           default_in_words="Azure's, which is Premium_LRS for most sizes", example="StandardSSD_LRS", read=filled,
           check=disk_rules.check_skus, place="disks.skus", only_new=True, not_applied=there.other_types,
           parser={"nargs": "+"}),
    Option("os_caching", "--os-disk-caching", "What of the OS disk is cached on the VM's server.", _GROUP,
           default_in_words="ReadWrite; ReadOnly for an ephemeral one, None for sizes of the L family", choices=CACHES,
           place="disks.os_caching", only_new=True, not_applied=there.another_os_caching),
    Option("ephemeral_os_disk", "--ephemeral-os-disk",
           "Put the OS disk onto the VM's own server: it is fast, costs nothing, and is lost when the VM is moved. The "
           "host can't be deallocated then. The size must have room for it.", _GROUP, place="disks.ephemeral",
           only_new=True, not_applied=there.another_kind, **true_or_false()),
    Option("ephemeral_os_disk_placement", "--ephemeral-os-disk-placement --ephemeral-placement",
           "Where on the VM's server an ephemeral OS disk lies.", _GROUP, default_in_words="where the size has room",
           choices=PLACEMENTS, place="disks.placement", only_new=True, not_applied=there.another_placement),
    Option("data_disk_sizes_gb", "--data-disk-sizes-gb",
           "Sizes in GB of empty data disks to make, separated by spaces. The host keeps them as they are: nothing is "
           "formatted or mounted. Deleting the host keeps them unless it is told otherwise.", _GROUP,
           read=filled, check=disk_rules.check_data_sizes, place="disks.data_sizes_gb", only_new=True,
           not_applied=there.other_data_disks, parser={"nargs": "+"}),
    Option("data_caching", "--data-disk-caching",
           "What of data disks is cached: one value for all, or LUN=VALUE for each that is meant, docker=VALUE for "
           f"Docker's own. One of {', '.join(CACHES)}.", _GROUP, default_in_words="Azure's, which is None", read=filled,
           check=disk_rules.check_data_caching, place="disks.data_caching", only_new=True,
           not_applied=there.other_caching, parser={"nargs": "+"}),
    Option("attach_data_disks", "--attach-data-disks",
           "Data disks that are there, by name or resource id, separated by spaces. They are never deleted with the "
           "host.", _GROUP, read=filled, check=disk_rules.check_attached, place="disks.attached", only_new=True,
           not_applied=there.not_attached, parser={"nargs": "+", "completer": "disks"}),
    Option("os_disk_encryption_set", "--os-disk-encryption-set",
           "Name or resource id of the disk encryption set whose key encrypts the OS disk.", _GROUP,
           default_in_words="Azure's own keys", example="own-keys", read=filled, check=disk_rules.check_encryption_set,
           place="disks.encryption_set", only_new=True, not_applied=there.another_encryption,
           parser={"completer": "encryption_sets"}),
    Option("encryption_at_host", "--encryption-at-host",
           "Encrypt all disks, caches and temporary disks on the VM's server too. The subscription needs the feature "
           "EncryptionAtHost.", _GROUP, default_in_words="off", example="true", place="disks.encryption_at_host",
           only_new=True, not_applied=there.another_encryption_at_host, **true_or_false()),
)
