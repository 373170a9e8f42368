"""What the user's own custom data does at a new host's first boot, beside the set-up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from azext_dockervm.advice import option_values
from azext_dockervm.errors import InvalidValue
from azext_dockervm.options import text_or_file
from azext_dockervm.options.option import Option, Vm, filled
from azext_dockervm.printable import printable

if TYPE_CHECKING:
    from azext_dockervm.spec.custom_data import CustomData
    from azext_dockervm.spec.host import HostSpec

# A word of which nobody thinks that it is more than a name.
_NAME = re.compile(r"(?!H4sI)[\w.~/\\:-]*[./\\][\w.~/\\:-]*")


def _read(value: str) -> CustomData:
    if _NAME.fullmatch(value) and text_or_file.file_named(value) is None:
        raise InvalidValue(f"--custom-data: there is no file '{printable(value, 60)}', nor is that custom data itself.",
                           option_values.CUSTOM_DATA_KINDS)
    from azext_dockervm.spec.custom_data import MOST_READ, CustomData

    return CustomData.read(text_or_file.read("--custom-data", value, MOST_READ))


def _again(value: str) -> tuple[str, ...]:
    """A file's name; a text may be secret, and @FILE is one by now."""
    return (value,) if text_or_file.file_named(value) else text_or_file.A_FILE


def _first_boot_only(_spec: HostSpec, _vm: Vm) -> str:
    return "a VM is given it at its creation only, and Azure shows it to nobody"


CUSTOM_DATA = (
    Option("custom_data", "--custom-data",
           "Text, or a file, that the VM acts upon at its first boot: a cloud-config, a script, a list of URLs "
           "(#include), whatever else cloud-init takes, or several of them as MIME; compressed by gzip too. Flatcar "
           "takes an Ignition config, a cloud-config or a script. Scripts run once Docker is installed, and nobody "
           "waits for them. Unlike --user-data it can't be asked for, but it stays on the VM's disk, where root reads "
           "it. It shares Azure's 64 KB with the set-up's own.",
           default_in_words="none", read=filled, check=_read, place="custom_data", only_new=True, again=_again,
           not_applied=_first_boot_only, parser={"completer": "files"}),
)
