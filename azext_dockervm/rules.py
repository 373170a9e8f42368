"""Azure's and our own rules for what a user types, as pure checks: no network, no files.

Each function returns the value in its normal form or raises ``InvalidValue`` whose message names the rule.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from azext_dockervm import images
from azext_dockervm.errors import InvalidValue
from azext_dockervm.names import RESERVED_TAG_PREFIX, is_dns_label
from azext_dockervm.printable import printable

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
RESOURCE_NAME = re.compile(r"[\w().-]{0,89}[\w()-]")
LOCATION = re.compile(r"[a-z][a-z0-9]+")
VM_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,62}[A-Za-z0-9])?")
USER_NAME = re.compile(r"[a-z_][a-z0-9_.-]{0,31}")
URN = re.compile(r"[^:/\s]+(:[^:/\s]+){3}")
IMAGE_ID = re.compile(r"/(subscriptions|CommunityGalleries|SharedGalleries)/.+", re.IGNORECASE)
SIZE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{1,79}")
# Six digits at most, so that no number is too large for a clock.
DURATION = re.compile(r"(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?", re.ASCII)

PASSWORD_RULE = ("12 to 72 characters, with three of these four: a lower-case letter, an upper-case letter, a digit, a "
                 "special character")

# https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits: addresses and
# ranges of one security rule.
MOST_SOURCES = 4000
# A service tag such as Internet or AzureCloud.WestUS. Azure writes all with a capital; host names have none.
SERVICE_TAG = re.compile(r"[A-Z][A-Za-z0-9]{2,79}(\.[A-Za-z0-9]{2,40})?")


def check_vm_name(name: str) -> str:
    """The name becomes the VM's name and the host name: RFC 952 letters, digits and hyphens, at most 64 (Linux)."""
    if len(name) > 64:
        raise InvalidValue(f"--name: '{printable(name)}' has {len(name)} characters; Azure allows a Linux VM's name "
                           "64.")
    if not VM_NAME.fullmatch(name):
        raise InvalidValue(f"--name: '{printable(name)}' is no valid VM name: letters, digits and hyphens only, "
                           "beginning and ending with a letter or digit.")
    return name


def check_resource_name(name: str, option: str) -> str:
    """A group, or a VM that is there already, whoever made it. An empty name would ask Azure for the whole list."""
    if not RESOURCE_NAME.fullmatch(name):
        raise InvalidValue(f"{option}: '{printable(name)}' is no valid name: 1 to 90 letters, digits and any of "
                           "_ - . ( ), not ending with a dot.")
    return name


def check_location(location: str) -> str:
    """'West US' and 'westus' are the same region; whether it exists is asked of Azure later."""
    normal = location.replace(" ", "").lower()
    if not LOCATION.fullmatch(normal):
        raise InvalidValue(f"--location: '{printable(location)}' is no region's name.",
                           "az account list-locations -o table")
    return normal


def check_user_name(name: str) -> str:
    """``docker`` would collide with the group of that name; the rest is Azure's own rule for Linux."""
    if name.lower() == "docker":
        raise InvalidValue("--admin-username: 'docker' is not possible: Docker makes a group of that name on the host.")
    if name.lower() in RESERVED_USER_NAMES:
        raise InvalidValue(f"--admin-username: '{name}' is reserved: Azure refuses it on Linux VMs.")
    if len(name) > 32:
        raise InvalidValue(f"--admin-username: '{printable(name)}' has {len(name)} characters; Linux allows 32.")
    if not USER_NAME.fullmatch(name):
        raise InvalidValue(f"--admin-username: '{printable(name)}' is no valid Linux user name: lower-case letters, "
                           "digits, '_', '-' and '.', beginning with a letter or '_'.")
    return name


def check_password(password: str) -> str:
    """Raises for a password that breaks ``PASSWORD_RULE``. The message never holds the password."""
    problem = password_problem(password)
    if problem:
        raise InvalidValue(f"--admin-password: {problem}.")
    return password


def password_problem(password: str) -> str | None:
    """Which part of the rule a password breaks, in words without the password; None where it is good."""
    if password in REFUSED_PASSWORDS:
        return "this password is on the list of those that Azure refuses because they are too common"
    if not 12 <= len(password) <= 72:
        return f"it has {len(password)} characters; it must have 12 to 72"
    if any(ord(character) < 32 or ord(character) == 127 for character in password):
        return "it holds a control character, such as a tab or a line end"
    classes = {
        "a lower-case letter": any(character.islower() for character in password),
        "an upper-case letter": any(character.isupper() for character in password),
        "a digit": any(character.isdigit() for character in password),
        "a special character": any(not character.isalnum() for character in password),
    }
    if sum(classes.values()) >= 3:
        return None
    missing = ", ".join(name for name, present in classes.items() if not present)
    return ("it must hold three of these four: a lower-case letter, an upper-case letter, a digit, a special "
            f"character; missing: {missing}")


def parse_port(text: str) -> int:
    """The message names no option: the parser does that."""
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= 65535):
        raise InvalidValue(f"'{printable(text)}' is no TCP port; give a number from 1 to 65535.")
    return int(text)


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
    """An alias in any case, a URN of four parts, or the id of an image; the hint fits what was typed instead."""
    if not (image.isprintable() and (images.urn(image) or URN.fullmatch(image) or IMAGE_ID.fullmatch(image))):
        problem, advice = images.what_is_wrong(image)
        raise InvalidValue(f"--image: {problem}", advice)
    return image


def check_size(size: str) -> str:
    if not SIZE_NAME.fullmatch(size):
        raise InvalidValue(f"--size: '{printable(size)}' is no VM size's name.",
                           "az vm list-skus -l <region> --resource-type virtualMachines -o table")
    return size


def check_dns_label(label: str) -> str:
    if not is_dns_label(label):
        raise InvalidValue(f"--public-ip-address-dns-name: '{printable(label)}' is no valid label: 3 to 63 lower-case "
                           "letters, digits and hyphens, beginning with a letter, ending with a letter or digit.")
    return label


def check_timeout(text: str) -> float:
    """'20m', '1h30m', '90s' or a bare number of seconds, as everywhere in az → seconds."""
    bare = text.isascii() and text.isdigit()
    match = DURATION.fullmatch(f"{text}s" if bare else text.lower())
    if not text or match is None:
        raise InvalidValue(f"--timeout: '{printable(text)}' is no duration; write for example 20m, 1h30m or 600s.")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    total = hours * 3600 + minutes * 60 + seconds
    if total < 60:
        raise InvalidValue(f"--timeout: '{text}' is {total} seconds, shorter than a minute; no host comes up in that "
                           "time. A bare number is seconds, as everywhere in az; for minutes write 20m.")
    return float(total)


def check_sources(texts: Iterable[str]) -> tuple[str, ...]:
    """Who may reach the host: addresses, CIDR ranges, one service tag, or '*' → what a security rule takes.

    Each text may hold several, with commas or spaces between them. What lies in another of them is left out: Azure
    refuses overlaps (OverlappingSubnetsNotPermittedInSecurityRule), and a mix of IPv4 and IPv6. A tag and '*' stand
    alone (SecurityRuleParameterContainsUnsupportedValue).
    """
    words = [word for text in texts for word in re.split(r"[,\s]+", text) if word]
    if not words:
        raise InvalidValue("--source-address-prefixes: it is empty; give addresses such as 203.0.113.7 or "
                           "203.0.113.0/24, a service tag such as Internet, or '*' for everybody.")
    tags = [word for word in dict.fromkeys(words) if word == "*" or SERVICE_TAG.fullmatch(word)]
    if tags:
        if len(set(words)) > 1:
            raise InvalidValue(f"--source-address-prefixes: '{tags[0]}' can't stand beside others: a security rule "
                               "takes either one such word or addresses.")
        return (tags[0],)
    networks = [_network(word) for word in words]
    if len({network.version for network in networks}) > 1:
        raise InvalidValue("--source-address-prefixes: IPv4 and IPv6 can't stand in one security rule; the host's "
                           "public address is IPv4.")
    kept = _without_overlaps(networks)
    if len(kept) > MOST_SOURCES:
        raise InvalidValue(f"--source-address-prefixes: {len(kept)} addresses and ranges; a security rule takes "
                           f"{MOST_SOURCES}.")
    return tuple(str(one.network_address) if one.num_addresses == 1 else str(one) for one in kept)


def _network(word: str):
    try:
        meant = ipaddress.ip_network(word, strict=False)
        if "%" in word:     # an interface of this computer, which ipaddress takes in IPv6 addresses
            raise ValueError(word)
    except ValueError:
        raise InvalidValue(f"--source-address-prefixes: '{printable(word)}' is neither an IP address, nor a range such "
                           "as 203.0.113.0/24, nor a service tag such as Internet or AzureCloud.WestUS. Host names are "
                           "not taken: Azure does not look them up.") from None
    if meant.network_address != ipaddress.ip_address(word.partition("/")[0]):
        raise InvalidValue(f"--source-address-prefixes: '{word}' names an address and a range at once; for the range "
                           f"write {meant}, for the address {word.partition('/')[0]}.")
    return meant


def _without_overlaps(networks: list) -> list:
    """In the order given; ranges either lie in one another or have nothing in common."""
    unique = list(dict.fromkeys(networks))
    wider: dict[int, set] = {}
    for one in unique:
        wider.setdefault(one.prefixlen, set()).add(one)
    return [one for one in unique
            if not any(length < one.prefixlen and one.supernet(new_prefix=length) in ranges
                       for length, ranges in wider.items())]


def check_tags(tags: dict[str, str] | None) -> dict[str, str]:
    """Azure's limits for the user's own tags, less those that we add."""
    tags = dict(tags or {})
    if len(tags) > 40:
        raise InvalidValue(f"--tags: {len(tags)} tags; Azure allows 50 a resource, ten of which dockervm keeps.")
    if len({name.lower() for name in tags}) < len(tags):
        raise InvalidValue("--tags: one name stands there twice; Azure takes upper and lower case for the same.")
    for name, value in tags.items():
        if name.lower().startswith(RESERVED_TAG_PREFIX):
            raise InvalidValue(f"--tags: '{printable(name)}': names that begin with '{RESERVED_TAG_PREFIX}' are "
                               "dockervm's own.")
        if not name or len(name) > 512 or re.search(r"[<>%&\\?/]", name):
            raise InvalidValue(f"--tags: '{printable(name)}' is no valid tag name: 1 to 512 characters, none of < > % "
                               "& \\ ? /.")
        if len(value or "") > 256:
            raise InvalidValue(f"--tags: the value of '{printable(name)}' has {len(value)} characters; Azure allows "
                               "256.")
    return tags
