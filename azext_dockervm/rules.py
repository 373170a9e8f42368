"""Azure's and our own rules for what a user types, as pure checks: no network, no files.

Each function returns the value in its normal form or raises ``InvalidValue`` whose message names the rule.
"""

from __future__ import annotations

import re

from azext_dockervm.errors import InvalidValue
from azext_dockervm.names import RESERVED_TAG_PREFIX, is_dns_label

# https://learn.microsoft.com/azure/virtual-machines/linux/faq and az's own list (command_modules/vm/_validators.py).
RESERVED_USER_NAMES = frozenset(
    "1 123 a actuser adm admin admin1 admin2 administrator aspnet backup console david guest john owner root server "
    "sql support support_388945a0 sys test test1 test2 test3 user user1 user2 user3 user4 user5 video".split())

# https://learn.microsoft.com/azure/virtual-machines/linux/faq, the passwords that Azure refuses.
REFUSED_PASSWORDS = frozenset(
    ["abc@123", "P@$$w0rd", "P@ssw0rd", "P@ssword123", "Pa$$word", "pass@word1", "Password!", "Password1",
     "Password22", "iloveyou!"])

# https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules; \w: group names may hold
# letters of any script.
RESOURCE_NAME = re.compile(r"^[\w().-]{0,89}[\w()-]$")
VM_NAME = re.compile(r"^[A-Za-z0-9]([A-Za-z0-9-]{0,62}[A-Za-z0-9])?$")
USER_NAME = re.compile(r"^[a-z_][a-z0-9_.-]{0,31}$")
URN = re.compile(r"^[^:/\s]+:[^:/\s]+:[^:/\s]+:[^:/\s]+$")
IMAGE_ID = re.compile(r"^/(subscriptions|CommunityGalleries|SharedGalleries)/.+", re.IGNORECASE)
SIZE_NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_-]{1,79}$")
DURATION = re.compile(r"^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$")


def check_vm_name(name: str) -> str:
    """The name becomes the VM's name and the host name: RFC 952 letters, digits and hyphens, at most 64 (Linux)."""
    if len(name) > 64:
        raise InvalidValue(f"--name: '{name}' has {len(name)} characters; Azure allows a Linux VM's name 64.")
    if not VM_NAME.fullmatch(name):
        raise InvalidValue(f"--name: '{name}' is no valid VM name: letters, digits and hyphens only, beginning and "
                           "ending with a letter or digit.")
    return name


def check_resource_name(name: str, option: str) -> str:
    """A group, or a VM that is there already, whoever made it. An empty name would ask Azure for the whole list."""
    if not RESOURCE_NAME.fullmatch(name):
        raise InvalidValue(f"{option}: '{name[:100]}' is no valid name: 1 to 90 letters, digits and any of _ - . ( ), "
                           "not ending with a dot.")
    return name


def check_location(location: str) -> str:
    """'West US' and 'westus' are the same region; whether it exists is asked of Azure later."""
    normal = location.replace(" ", "").lower()
    if not re.match(r"^[a-z][a-z0-9]+$", normal):
        raise InvalidValue(f"--location: '{location}' is no region's name.", "az account list-locations -o table")
    return normal


def check_user_name(name: str) -> str:
    """``docker`` would collide with the group of that name; the rest is Azure's own rule for Linux."""
    if name.lower() == "docker":
        raise InvalidValue("--admin-username: 'docker' is not possible: Docker makes a group of that name on the host.")
    if name.lower() in RESERVED_USER_NAMES:
        raise InvalidValue(f"--admin-username: '{name}' is reserved: Azure refuses it on Linux VMs.")
    if len(name) > 32:
        raise InvalidValue(f"--admin-username: '{name}' has {len(name)} characters; Linux allows 32.")
    if not USER_NAME.fullmatch(name):
        raise InvalidValue(f"--admin-username: '{name}' is no valid Linux user name: lower-case letters, digits, '_', "
                           "'-' and '.', beginning with a letter or '_'.")
    return name


def check_password(password: str) -> str:
    """12 to 72 characters, three of four classes, not on Azure's list. The message never holds the password."""
    if password in REFUSED_PASSWORDS:
        raise InvalidValue("--admin-password: this password is on the list of those that Azure refuses because they "
                           "are too common.")
    if not 12 <= len(password) <= 72:
        raise InvalidValue(f"--admin-password: it has {len(password)} characters; it must have 12 to 72.")
    if any(ord(character) < 32 or ord(character) == 127 for character in password):
        raise InvalidValue("--admin-password: it holds a control character, such as a tab or a line end.")
    classes = {
        "a lower-case letter": any(character.islower() for character in password),
        "an upper-case letter": any(character.isupper() for character in password),
        "a digit": any(character.isdigit() for character in password),
        "a special character": any(not character.isalnum() for character in password),
    }
    if sum(classes.values()) < 3:
        missing = ", ".join(name for name, present in classes.items() if not present)
        raise InvalidValue("--admin-password: it must hold three of these four: a lower-case letter, an upper-case "
                           f"letter, a digit, a special character; missing: {missing}.")
    return password


def check_port(port: int, option: str) -> int:
    if not 1 <= port <= 65535:
        raise InvalidValue(f"{option}: {port} is no TCP port; it must be from 1 to 65535.")
    return port


def check_ports(docker_port: int, ssh_port: int | None) -> None:
    """sshd holds port 22 even where SSH is not opened, so Docker can't have it either."""
    if ssh_port is not None and docker_port == ssh_port:
        raise InvalidValue(f"--docker-port and --ssh-port are both {docker_port}: two services can't share a port.")
    if docker_port == 22 and ssh_port is None:
        raise InvalidValue("--docker-port: 22 is where the host's sshd listens; choose another, such as 4243 or 2376.")


def check_image(image: str) -> str:
    if not URN.fullmatch(image) and not IMAGE_ID.match(image):
        raise InvalidValue(f"--image: '{image}' is neither publisher:offer:sku:version nor a resource id. Aliases, and "
                           "image names of 2014, are not taken.",
                           "az vm image list --publisher Canonical --all -o table")
    return image


def check_size(size: str) -> str:
    if not SIZE_NAME.fullmatch(size):
        raise InvalidValue(f"--size: '{size}' is no VM size's name.", "az vm list-sizes -l <region> -o table")
    return size


def check_dns_label(label: str) -> str:
    if not is_dns_label(label):
        raise InvalidValue(f"--public-ip-address-dns-name: '{label}' is no valid label: 3 to 63 lower-case letters, "
                           "digits and hyphens, beginning with a letter, ending with a letter or digit.")
    return label


def check_timeout(text: str) -> float:
    """'20m', '1h30m', '90s' or a bare number of minutes → seconds."""
    if text.isdigit():
        text = f"{text}m"
    match = DURATION.match(text.strip().lower())
    if not text.strip() or match is None:
        raise InvalidValue(f"--timeout: '{text}' is no duration; write for example 20m, 1h30m or 600s.")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    total = hours * 3600 + minutes * 60 + seconds
    if total < 60:
        raise InvalidValue(f"--timeout: '{text}' is shorter than a minute; no host comes up in that time.")
    return float(total)


def check_tags(tags: dict[str, str] | None) -> dict[str, str]:
    """Azure's limits for the user's own tags, less those that we add."""
    tags = dict(tags or {})
    if len(tags) > 40:
        raise InvalidValue(f"--tags: {len(tags)} tags; Azure allows 50 a resource, ten of which dockervm keeps.")
    for name, value in tags.items():
        if name.lower().startswith(RESERVED_TAG_PREFIX):
            raise InvalidValue(f"--tags: '{name}': names that begin with '{RESERVED_TAG_PREFIX}' are dockervm's own.")
        if not name or len(name) > 512 or re.search(r"[<>%&\\?/]", name):
            raise InvalidValue(f"--tags: '{name}' is no valid tag name: 1 to 512 characters, none of < > % & \\ ? /.")
        if len(value or "") > 256:
            raise InvalidValue(f"--tags: the value of '{name}' has {len(value)} characters; Azure allows 256.")
    return tags
