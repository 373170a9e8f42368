"""Azure's and our own rules for what a user types, as pure checks: no network, no files.

Each function returns the value in its normal form or raises ``InvalidValue`` whose message names the rule.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from azext_dockervm.advice import region_commands
from azext_dockervm.advice.option_values import PASSWORD_AT_PROMPT, example
from azext_dockervm.azure.names import (
    DEFAULT_DOCKER_PORT,
    DEFAULT_SSH_PORT,
    DEFAULT_TIMEOUT,
    MOST_TAGS,
    RESERVED_TAG_PREFIX,
    VM_TAGS,
    is_dns_label,
)
from azext_dockervm.azure.reserved import ANYWHERE, AT_THE_BEGINNING, reserved_word
from azext_dockervm.errors import InvalidValue
from azext_dockervm.printable import printable
from azext_dockervm.spec import images

if TYPE_CHECKING:
    from azext_dockervm.spec.named import Named

# https://learn.microsoft.com/azure/virtual-machines/linux/faq and az's own list (command_modules/vm/_validators.py).
RESERVED_USER_NAMES = frozenset(
    "1 123 a actuser adm admin admin1 admin2 administrator aspnet backup console david guest john owner root server "
    "sql support support_388945a0 sys test test1 test2 test3 user user1 user2 user3 user4 user5 video".split())

# https://learn.microsoft.com/azure/virtual-machines/linux/faq, the passwords that Azure refuses.
REFUSED_PASSWORDS = frozenset(
    ["abc@123", "P@$$w0rd", "P@ssw0rd", "P@ssword123", "Pa$$word", "pass@word1", "Password!", "Password1",
     "Password22", "iloveyou!"])

# https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules; \w: group names may hold
# letters of any script. Texts, which `re` compiles on first use: az's help uses none of them.
RESOURCE_NAME = r"[\w().-]{0,89}[\w()-]"
SUBSCRIPTION_ID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
LOCATION = r"[a-z][a-z0-9]+"
VM_NAME = r"[A-Za-z0-9]([A-Za-z0-9-]{0,62}[A-Za-z0-9])?"
USER_NAME = r"[a-z_][a-z0-9_.-]{0,31}"
URN = r"[^:/\s]+(:[^:/\s]+){3}"
IMAGE_ID = r"/(subscriptions|CommunityGalleries|SharedGalleries)/.+"
SIZE_NAME = r"[A-Za-z][A-Za-z0-9_-]{1,79}"
# Six digits at most, so that no number is too large for a clock.
DURATION = r"(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?"

PASSWORD_RULE = ("12 to 72 characters, with three of these four: a lower-case letter, an upper-case letter, a digit, a "
                 "special character")

_OTHER_USER = example("--admin-username", "azureuser")
_TAG = example("--tags", "env=test")


def check_vm_name(name: str) -> str:
    """The name becomes the VM's name and the host name: RFC 952 letters, digits and hyphens, at most 64 (Linux)."""
    if len(name) > 64:
        raise InvalidValue(f"--name: '{printable(name)}' has {len(name)} characters; a Linux VM's name can have "
                           "64.", example("--name", "web1"))
    if not re.fullmatch(VM_NAME, name):
        raise InvalidValue(f"--name: '{printable(name)}' is not a valid VM name: use letters, digits and hyphens only, "
                           "and begin and end with a letter or digit.", example("--name", "web1"))
    word = reserved_word(name)
    if word is not None:
        raise InvalidValue(f"--name: '{name}' can't be used: Azure keeps names {_where(word)} '{word}' for itself "
                           "(ReservedResourceName).", example("--name", "web1"))
    return name


def _where(word: str) -> str:
    if word in ANYWHERE:
        return "that contain"
    return "that begin with" if word in AT_THE_BEGINNING else "such as"


def check_resource_name(name: str, option: str) -> str:
    """A group, or a VM that is there already, whoever made it. An empty name would ask Azure for the whole list."""
    if not re.fullmatch(RESOURCE_NAME, name):
        raise InvalidValue(f"{option}: '{printable(name)}' is not a valid name: use 1 to 90 letters, digits and any of "
                           "_ - . ( ), and do not end with a dot.", example(option, "web1"))
    return name


def resource_name_or_id(text: str, option: str, type_name: str) -> Named:
    """A resource of ``type_name`` (ARM's, such as Microsoft.Compute/disks) that is there or shall be made: by its name,
    in the host's group, or by its whole id. What only ids can say, a child's parents for example, is in ``names``."""
    from azext_dockervm.spec.named import Named

    namespace, *kinds = type_name.split("/")
    if "/" not in text:
        check_resource_name(text, option)
        if len(kinds) > 1:
            raise InvalidValue(f"{option}: '{printable(text)}' is no resource id; name it by its whole id, which "
                               f"{_id_of(type_name)}.")
        return Named(type_name, (text,))
    words = text.strip("/").split("/")
    path = [word for kind in kinds for word in (kind, "")]
    fixed = ["subscriptions", "", "resourceGroups", "", "providers", namespace, *path]
    if not text.startswith("/") or len(words) != len(fixed) or any(
            word.lower() != wanted.lower() for word, wanted in zip(words, fixed, strict=True) if wanted):
        raise InvalidValue(f"{option}: '{printable(text)}' is neither a name nor the id of the right kind of resource; "
                           f"such an id {_id_of(type_name)}.")
    if not re.fullmatch(SUBSCRIPTION_ID, words[1], re.IGNORECASE) or not all(
            re.fullmatch(RESOURCE_NAME, word) for word in (words[3], *words[7::2])):
        raise InvalidValue(f"{option}: '{printable(text)}' is not a valid resource id; such an id "
                           f"{_id_of(type_name)}.")
    return Named(type_name, tuple(words[7::2]), words[3], words[1])


def _id_of(type_name: str) -> str:
    namespace, *kinds = type_name.split("/")
    path = "/".join(f"{kind}/NAME" for kind in kinds)
    return f"reads /subscriptions/ID/resourceGroups/GROUP/providers/{namespace}/{path}"


def check_location(location: str) -> str:
    """'West US' and 'westus' are the same region; whether it exists is asked of Azure later."""
    normal = location.replace(" ", "").lower()
    if not re.fullmatch(LOCATION, normal):
        raise InvalidValue(f"--location: '{printable(location)}' is not a valid region name.",
                           region_commands.list_regions())
    return normal


def check_user_name(name: str) -> str:
    """``docker`` would collide with the group of that name; the rest is Azure's own rule for Linux."""
    if name.lower() == "docker":
        raise InvalidValue("--admin-username: 'docker' can't be used: Docker creates a group of that name on the host.",
                           _OTHER_USER)
    if name.lower() in RESERVED_USER_NAMES:
        raise InvalidValue(f"--admin-username: '{name}' is reserved: Azure refuses it on Linux VMs.", _OTHER_USER)
    if len(name) > 32:
        raise InvalidValue(f"--admin-username: '{printable(name)}' has {len(name)} characters; Linux allows 32.",
                           _OTHER_USER)
    if not re.fullmatch(USER_NAME, name):
        raise InvalidValue(f"--admin-username: '{printable(name)}' is not a valid Linux user name: use lower-case "
                           "letters, digits, '_', '-' and '.', and begin with a letter or '_'.", _OTHER_USER)
    return name


def check_password(password: str) -> str:
    """Raises for a password that breaks ``PASSWORD_RULE``. The message never holds the password."""
    problem = password_problem(password)
    if problem:
        raise InvalidValue(f"--admin-password: {problem}.", PASSWORD_AT_PROMPT)
    return password


def password_problem(password: str) -> str | None:
    """Which part of the rule a password breaks, in words without the password; None where it is good."""
    if password in REFUSED_PASSWORDS:
        return "Azure refuses this password because it is too common"
    if not 12 <= len(password) <= 72:
        return f"it has {len(password)} characters; it must have 12 to 72"
    if any(ord(character) < 32 or ord(character) == 127 for character in password):
        return "it contains a control character, such as a tab or a line break"
    classes = {
        "a lower-case letter": any(character.islower() for character in password),
        "an upper-case letter": any(character.isupper() for character in password),
        "a digit": any(character.isdigit() for character in password),
        "a special character": any(not character.isalnum() for character in password),
    }
    if sum(classes.values()) >= 3:
        return None
    missing = ", ".join(name for name, present in classes.items() if not present)
    return ("it must contain three of these four: a lower-case letter, an upper-case letter, a digit, a special "
            f"character; missing: {missing}")


def parse_port(text: str) -> int:
    """The message names no option: the parser does that."""
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= 65535):
        raise InvalidValue(f"'{printable(text)}' is not a valid port; use a number from 1 to 65535.")
    return int(text)


def check_ports(docker_port: int, ssh_port: int | None) -> None:
    """sshd holds port 22 even where SSH is not opened, so Docker can't have it either."""
    if ssh_port is not None and docker_port == ssh_port:
        raise InvalidValue(f"--docker-port and --ssh-port are both {docker_port}: two services can't share a port.",
                           example("--ssh-port", DEFAULT_SSH_PORT))
    if docker_port == 22 and ssh_port is None:
        raise InvalidValue("--docker-port: port 22 is the one of the host's SSH server; choose another.",
                           example("--docker-port", DEFAULT_DOCKER_PORT))


def check_image(image: str) -> str:
    """An alias in any case, a URN of four parts, or the id of an image; the hint fits what was typed instead."""
    known = images.urn(image) or re.fullmatch(URN, image) or re.fullmatch(IMAGE_ID, image, re.IGNORECASE)
    if not (image.isprintable() and known):
        problem, advice = images.what_is_wrong(image)
        raise InvalidValue(f"--image: {problem}", advice)
    return image


def check_size(size: str) -> str:
    if not re.fullmatch(SIZE_NAME, size):
        raise InvalidValue(f"--size: '{printable(size)}' is not a valid VM size name.",
                           region_commands.list_sizes(None))
    return size


def check_dns_label(label: str) -> str:
    if not is_dns_label(label):
        raise InvalidValue(f"--public-ip-address-dns-name: '{printable(label)}' is not a valid DNS label: use 3 to 63 "
                           "lower-case letters, digits and hyphens, begin with a letter, and end with a letter or "
                           "digit.", example("--public-ip-address-dns-name", "web1-mycompany"))
    return label


def check_timeout(text: str) -> float:
    """'20m', '1h30m', '90s' or a bare number of seconds, as everywhere in az → seconds."""
    bare = text.isascii() and text.isdigit()
    match = re.fullmatch(DURATION, f"{text}s" if bare else text.lower(), re.ASCII)
    if not text or match is None:
        raise InvalidValue(f"--timeout: '{printable(text)}' is not a valid duration, such as 20m, 1h30m or 600s.",
                           example("--timeout", DEFAULT_TIMEOUT))
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    total = hours * 3600 + minutes * 60 + seconds
    if total < 60:
        raise InvalidValue(f"--timeout: '{text}' is {total} seconds, shorter than a minute; no host starts in that "
                           "time. A number without a unit is in seconds, as everywhere in az.",
                           example("--timeout", DEFAULT_TIMEOUT))
    return float(total)


def check_tags(tags: dict[str, str] | None) -> dict[str, str]:
    """Azure's limits for the user's own tags, less those that we add."""
    tags = dict(tags or {})
    most = MOST_TAGS - len(VM_TAGS)
    if len(tags) > most:
        raise InvalidValue(f"--tags: {len(tags)} tags are more than {most}: Azure allows {MOST_TAGS} on a resource, "
                           f"and dockervm keeps up to {len(VM_TAGS)} of its own on the VM.")
    if len({name.lower() for name in tags}) < len(tags):
        raise InvalidValue("--tags: a name is given twice; Azure does not distinguish upper and lower case in tag "
                           "names.")
    for name, value in tags.items():
        if name.lower().startswith(RESERVED_TAG_PREFIX):
            raise InvalidValue(f"--tags: '{printable(name)}': names that begin with '{RESERVED_TAG_PREFIX}' are "
                               "reserved for dockervm.", _TAG)
        if not name or len(name) > 512 or re.search(r"[<>%&\\?/]", name):
            raise InvalidValue(f"--tags: '{printable(name)}' is not a valid tag name: use 1 to 512 characters, none of "
                               "< > % & \\ ? /.", _TAG)
        if len(value or "") > 256:
            raise InvalidValue(f"--tags: the value of '{printable(name)}' has {len(value)} characters; Azure allows "
                               "256.")
    return tags
