"""Bad input, through the unmodified az: one clear error, az's own exit code, nothing made, nothing lost.

Each case has a home of its own, with a sound set of certificates in ~/.docker and no ~/.ssh.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import ssl
import sys
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from local_azure import GROUP, ROOT, LocalAzure, cache, eventually
from running import Finished, run

from azext_dockervm.certs.authority import Authority

PASSWORD = "Correct-horse-9"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFsWmFPXJ8mJ1RNmsqOLuBvCZQDKzTNZkFvQ7XkvGJX4 somebody"
LONG = "a" * 65
APIS = {"Microsoft.Network": "2024-05-01", "Microsoft.Compute": "2024-07-01"}


@dataclass(frozen=True)
class Case:
    """``words`` follow ``az dockervm create -g GROUP -n web1`` (the last of an option's values counts). ``says`` are
    parts of the one error, ``advice`` is part of what follows it; None where the error itself says what to do."""

    words: tuple[str, ...]
    says: tuple[str, ...]
    advice: str | None = None
    code: int = 1


def case(words: str | tuple[str, ...], *says: str, advice: str | None = None, code: int = 1):
    listed = tuple(words.split()) if isinstance(words, str) else words
    return pytest.param(Case(listed, says, advice, code),
                        id=re.sub(r"a{20,}", "LONG", " ".join(word or "EMPTY" for word in listed)))


# What shows by itself: neither a login nor a server is needed to refuse it. tests/unit/test_rules.py has each rule's
# finer points; here is what a user sees of them.
ALONE = [
    case("-dp 0", "--docker-port", "'0'", "1 to 65535", code=2),
    case("-dp 70000", "--docker-port", "'70000'", "1 to 65535", code=2),
    case("-dp abc", "--docker-port", "'abc'", "1 to 65535", code=2),
    case("-e abc", "--ssh-port", "'abc'", "1 to 65535", code=2),
    case("-dp 2222 -e 2222", "--docker-port", "--ssh-port", "2222"),
    case("-dp 22 -e", "--docker-port", "--ssh-port", "22"),
    case("-dp 22", "--docker-port", "SSH server"),
    case("-u docker", "--admin-username", "'docker'", "group of that name"),
    case("-u root", "--admin-username", "'root'", "reserved"),
    case("-u Admin!", "--admin-username", "'Admin!'", "lower-case letters"),
    case(f"-u {LONG}", "--admin-username", "65 characters", "32"),
    case("-p Short-1", "--admin-password", "7 characters", "12 to 72"),
    case("-p onlylowercase", "three of these four", "missing: an upper-case letter, a digit, a special character"),
    case("-p ONLYUPPERCASE", "three of these four", "missing: a lower-case letter, a digit, a special character"),
    case("-p lowerANDUPPERonly", "three of these four", "missing: a digit, a special character"),
    case("-p 1234567890123456", "three of these four", "missing: a lower-case letter, an upper-case letter, a special"),
    case("-p lower-and-special", "three of these four", "missing: an upper-case letter, a digit"),
    case("-p P@$$w0rd", "--admin-password", "refuses", "too common"),
    case("-p @/no/such/Secret-file-1", "--admin-password", "names no file", advice="prompt"),
    case("-p", "--admin-password", "no terminal", advice="-p @file"),
    case(("-p", PASSWORD, "--ssh-key-values", KEY), "--admin-password and --ssh-key-values", advice="Leave one"),
    case(f"-p {PASSWORD} --generate-ssh-keys", "--admin-password and --generate-ssh-keys", advice="Leave one"),
    case(("--generate-ssh-keys", "--ssh-key-values", KEY), "--ssh-key-values and --generate-ssh-keys", advice="Leave"),
    case("--ssh-key-values /no/such.pub", "--ssh-key-values", "/no/such.pub", advice="ssh-keygen"),
    case("-n web_1", "--name", "'web_1'", "letters, digits and hyphens"),
    case("-n web1-", "--name", "'web1-'", "end with a letter or digit"),
    case(f"-n {LONG}", "--name", "65 characters", "64"),
    case(("-g", ""), "--resource-group", "''"),
    case(("-g", "demo/web1"), "--resource-group", "'demo/web1'"),
    case("-l west?mars", "--location", "west?mars", advice="az account list-locations"),
    case("--image ubuntu", "--image", "'ubuntu'", "publisher:offer:sku:version", advice="--image Ubuntu2404"),
    case("--image something", "--image", "'something'", "publisher:offer:sku:version", advice="az vm image list"),
    case("--dns-name Web1", "--public-ip-address-dns-name", "'Web1'", "lower-case"),
    case("--provisioner magic", "--provisioner", "'magic'", "auto, docker-extension, cloud-init, run-command", code=2),
    case("--provisioner docker-extension --image Debian:debian-12:12-gen2:latest", "--provisioner docker-extension",
         "Debian:debian-12:12-gen2:latest", advice="--provisioner run-command"),
    case("--timeout soon", "--timeout", "'soon'", "20m"),
    case("--timeout 20", "--timeout", "20 seconds, shorter than a minute", "without a unit is in seconds"),
    case("--timeout ²", "--timeout", "'²'", "20m"),
    case("--image Ubuntu2205", "--image", "'Ubuntu2205'", "Did you mean Ubuntu2204", advice="--image Ubuntu2204"),
    case("--image UbuntuLTS", "--image", "'UbuntuLTS'", "Did you mean Ubuntu2404?", advice="--image Ubuntu2404"),
    case("--image Canonical:ubuntu-24_04-lts:server", "--image", "three of four parts",
         "ubuntu-24_04-lts:server:latest?"),
    case("--image nginx:latest", "--image", "container", advice="docker run nginx:latest"),
    case("--image Win2022Datacenter", "--image", "Windows", advice="--image Ubuntu2404"),
    # An empty value, as that of a variable which is not set, is no default.
    case(("-l", ""), "--location", "empty", code=2),
    case(("--dns-name", ""), "--public-ip-address-dns-name", "empty", code=2),
    case(("-dp", ""), "--docker-port", "''", code=2),
    case(("-e", ""), "--ssh-port", "''", code=2),
    case(("--provisioner", ""), "--provisioner", "''", code=2),
    case(("--image", ""), "--image", "empty", advice="az vm image list"),
    case(("--size", ""), "--size", "''", advice="az vm list-skus"),
    case(("-u", ""), "--admin-username", "''"),
    case(("-n", ""), "--name", "''"),
    case(("--timeout", ""), "--timeout", "''"),
    # What can't be seen, such as the line end of $(cat file), is neither taken nor printed.
    case(("-n", "web1\n"), "--name", r"'web1\n'"),
    case(("-n", "web\x1b[31m1"), "--name", r"'web\x1b[31m1'"),
    case(("-g", "demo\n"), "--resource-group", r"'demo\n'"),
    case(("-l", "westus\n"), "--location", r"'westus\n'"),
    case(("-u", "skipper\n"), "--admin-username", r"'skipper\n'"),
    case(("--size", "Standard_D2s_v5\n"), "--size", r"'Standard_D2s_v5\n'"),
    case(("--image", "Ubuntu2204\n"), "--image", r"'Ubuntu2204\n'"),
    case(("--dns-name", "web1\n"), "--public-ip-address-dns-name", r"'web1\n'"),
    case(("--timeout", "20m\n"), "--timeout", r"'20m\n'"),
    case("--timeline -", "--timeline", "stdout has the result", code=2),
    case(("--timeline", ""), "--timeline", "empty", code=2),
    case("--timeline /no/such/x.svg", "--timeline", "no folder /no/such", advice="--timeline"),
    case("--timeline /dev/null", "--timeline", "no plain file", advice="--timeline"),
    case("--tags dockervm-port=1", "--tags", "'dockervm-port'", "reserved for dockervm"),
    case("--tags a/b=1", "--tags", "'a/b'", "none of"),
]

# What only Azure knows; it is asked, but by reads alone.
ASKED = [
    case("-g nowhere", "group 'nowhere' does not exist", advice="az group create -n nowhere", code=3),
    case(("-l", "West Mars"), "--location", "westmars", advice="az account list-locations"),
    case("--image Canonical:ubuntu-99:server:latest", "--image", "Canonical:ubuntu-99:server:latest",
         advice="az vm image list -l westus --publisher Canonical"),
    case("--image Canonical:ubuntu-24_04-lts:server:9.9.9", "--image", "server:9.9.9", advice="az vm image list"),
    case("--size Standard_Huge", "--size", "westus", "'Standard_Huge'",
         advice="az vm list-skus --resource-type virtualMachines -l westus"),
    case("-n stranger", "VM 'stranger'", "did not make it", "left as it is", advice="another --name"),
    case("-n halfway", "network security group 'halfwayNSG'", "did not make it", advice="another --name"),
    case(("-n", "ours", "-l", "East US"), "'ours'", "westus", "eastus", advice="-l westus"),
    case("--dns-name taken", "--public-ip-address-dns-name", "'taken'", "westus", advice="another label"),
    case("-l eastus2 --provisioner docker-extension", "--provisioner docker-extension", "eastus2",
         advice="--provisioner run-command"),
]


# Folders. Each function changes the sound set in ~/.docker, or makes another folder, and returns what -dc gets.

def a_file(home: Path) -> Path:
    (home / "certs").write_text("not a folder\n")
    return home / "certs"


def below_a_file(home: Path) -> Path:
    return a_file(home) / "docker"


def not_writable(home: Path) -> Path:
    (home / "certs").mkdir(mode=0o500)
    return home / "certs"


def below_what_is_not_writable(home: Path) -> Path:
    return not_writable(home) / "docker"


def dangling_link(home: Path) -> Path:
    (home / "certs").symlink_to("gone")
    return home / "certs"


def without(*names: str) -> Callable[[Path], Path]:
    def prepare(home: Path) -> Path:
        for name in names:
            (home / ".docker" / name).unlink()
        return home / ".docker"
    prepare.__name__ = f"without {' and '.join(names)}"
    return prepare


def spoilt(name: str) -> Callable[[Path], Path]:
    def prepare(home: Path) -> Path:
        path = home / ".docker" / name
        path.write_bytes(path.read_bytes()[:60] + b"\nnot base64!\n-----END PRIVATE KEY-----\n")
        return home / ".docker"
    prepare.__name__ = f"spoilt {name}"
    return prepare


def foreign(name: str) -> Callable[[Path], Path]:
    def prepare(home: Path) -> Path:
        (home / ".docker" / name).write_bytes(_set_of_files(Authority.create())[name])
        return home / ".docker"
    prepare.__name__ = f"foreign {name}"
    return prepare


def foreign_client(home: Path) -> Path:
    """Certificate and key fit each other; another authority made them."""
    stranger = _set_of_files(Authority.create())
    for name in ("cert.pem", "key.pem"):
        (home / ".docker" / name).write_bytes(stranger[name])
    return home / ".docker"


def expired_authority(home: Path) -> Path:
    long_ago = datetime(2015, 1, 1, tzinfo=timezone.utc)
    for name, content in _set_of_files(Authority.create(long_ago), long_ago).items():
        (home / ".docker" / name).write_bytes(content)
    return home / ".docker"


FOLDERS = [
    (a_file, "{folder} is a file"),
    (below_a_file, "{folder} can't be read: Not a directory"),
    (not_writable, "{folder} can't be written"),
    (below_what_is_not_writable, "{folder} can't be written"),
    (dangling_link, "{folder} is a symbolic link to nothing"),
    (without("ca-key.pem"), "ca-key.pem"),
    (without("ca.pem"), "ca.pem"),
    (without("ca.pem", "ca-key.pem"), "ca.pem"),
    (spoilt("ca-key.pem"), "ca-key.pem"),
    (spoilt("ca.pem"), "ca.pem"),
    (foreign("ca-key.pem"), "ca-key.pem"),
    (foreign("ca.pem"), "ca.pem"),
    (foreign_client, "cert.pem"),
    (expired_authority, "expired"),
]


# Logins. Each function changes a copy of az's configuration.

def not_logged_in(configuration: Path, _closed: str) -> None:
    for name in ("azureProfile.json", "msal_token_cache.json", "service_principal_entries.json"):
        (configuration / name).unlink()


def login_forgotten(configuration: Path, _closed: str) -> None:
    """The subscription is still listed, but what proves the login is gone."""
    for name in ("msal_token_cache.json", "service_principal_entries.json"):
        (configuration / name).unlink()


def token_refused(configuration: Path, _closed: str) -> None:
    path = configuration / "msal_token_cache.json"
    tokens = json.loads(path.read_text())
    for token in tokens["AccessToken"].values():
        token["secret"] = token["secret"][:-8] + "AAAAAAAA"
    path.write_text(json.dumps(tokens))


def server_unreachable(configuration: Path, closed: str) -> None:
    """Resource Manager is gone, the login is still good."""
    path = configuration / "clouds.config"
    path.write_text(re.sub(r"(resource_manager = ).*", rf"\g<1>{closed}", path.read_text()))


def all_unreachable(configuration: Path, closed: str) -> None:
    """The place where tokens come from too, as without any network."""
    path = configuration / "clouds.config"
    path.write_text(re.sub(r"https://localhost:\d+", closed, path.read_text()))


LOGINS = [
    ("create", not_logged_in, ("az login",)),
    ("info", not_logged_in, ("az login",)),
    ("create", login_forgotten, ("az login",)),
    ("create", token_refused, ("InvalidAuthenticationToken", "az login")),
    ("info", token_refused, ("InvalidAuthenticationToken", "az login")),
    ("create", server_unreachable, ("is refused", "az cloud show")),
    ("create", all_unreachable, ("is refused", "az cloud show")),
    ("info", all_unreachable, ("is refused", "az cloud show")),
]


class Arm:
    """Requests to Local Azure that need no az: to make what stands in the way, and to see what is there."""

    def __init__(self, azure: LocalAzure) -> None:
        self._endpoint = azure.environment["LOCALAZURE_ENDPOINT"]
        self._root = f"/subscriptions/{azure.subscription}"
        context = ssl.create_default_context(cafile=azure.environment["REQUESTS_CA_BUNDLE"])
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                                   urllib.request.HTTPSHandler(context=context))
        form = {"grant_type": "client_credentials", "client_id": azure.environment["LOCALAZURE_CLIENT_ID"],
                "client_secret": Path(azure.environment["LOCALAZURE_CLIENT_SECRET_FILE"]).read_text()}
        tenant = azure.environment["LOCALAZURE_TENANT"]
        self._headers = {"Content-Type": "application/json", "Authorization": "Bearer " + self._send(
            f"/{tenant}/oauth2/v2.0/token", urlencode(form).encode(), {}, "POST")["access_token"]}

    def _send(self, path: str, data: bytes | None, headers: dict[str, str], method: str) -> Any:
        request = urllib.request.Request(self._endpoint + path, data, headers, method=method)
        with self._opener.open(request, timeout=30) as reply:
            return json.load(reply)

    def put(self, group: str, path: str, body: dict) -> str:
        """Make a resource and wait for it; its id."""
        api = APIS[path.partition("/")[0]]
        url = f"{self._root}/resourceGroups/{group}/providers/{path}?api-version={api}"
        self._send(url, json.dumps({"location": "westus", **body}).encode(), self._headers, "PUT")

        def ready() -> dict | None:
            found = self._send(url, None, self._headers, "GET")
            return found if found["properties"]["provisioningState"] == "Succeeded" else None

        return eventually(ready, f"{path} is there")["id"]

    def everything(self) -> dict[str, Any]:
        """All groups and resources, by id."""
        found: dict[str, Any] = {}
        for kind in ("resourceGroups", "resources"):
            answer = self._send(f"{self._root}/{kind}?api-version=2021-04-01", None, self._headers, "GET")
            found.update({one["id"].lower(): one for one in answer["value"]})
        return found


def _set_of_files(authority: Authority, now: datetime | None = None) -> dict[str, bytes]:
    client = authority.issue_client(now=now)
    return {"ca.pem": authority.certificate_pem, "ca-key.pem": authority.key_pem.reveal(),
            "cert.pem": client.certificate_pem, "key.pem": client.key_pem.reveal()}


def contents(folder: Path) -> dict[str, tuple[int, bytes | str]]:
    """Everything below a folder, by path: mode, and bytes or where a link leads."""
    def what(path: Path) -> bytes | str:
        if path.is_symlink():
            return os.readlink(path)
        return path.read_bytes() if path.is_file() else "folder"
    return {str(path.relative_to(folder)): (path.lstat().st_mode, what(path)) for path in sorted(folder.rglob("*"))}


class Attempts:
    """Commands that must fail, with a home of their own, and what they left behind."""

    def __init__(self, azure: LocalAzure, arm: Arm, sound: dict[str, bytes]) -> None:
        self.azure = azure
        self._arm = arm
        self._sound = sound
        self._log = azure.folder / "server.log"

    def home(self, folder: Path) -> Path:
        docker = folder / "home" / ".docker"
        docker.mkdir(parents=True, mode=0o700)
        for name, content in self._sound.items():
            (docker / name).write_bytes(content)
            (docker / name).chmod(0o600 if name.endswith("key.pem") else 0o644)
        return docker.parent

    def refused(self, home: Path, *words: str, code: int = 1, prefix: tuple[str, ...] = (), **environment: str) -> str:
        """Run ``az dockervm WORDS``, hold it against what every refusal must be; the error and what follows it."""
        before, everything = contents(home), self._arm.everything()
        begin = self._log.stat().st_size
        if prefix or environment:
            done = run([*prefix, cache() / "az/bin/az", "dockervm", *words],
                       {**self.azure.environment, "HOME": str(home), **environment}, home)
        else:
            done = self.azure.ready_az().run(("dockervm", *words), home, home)
        self.requests = self._requests(begin)
        assert contents(home) == before, f"files were changed by {done}"
        assert all(method == "GET" for method, path in self.requests if "/oauth2/" not in path), self.requests
        assert self._arm.everything() == everything, f"resources were changed by {done}"
        return _one_error(done, code)

    def _requests(self, begin: int) -> list[tuple[str, str]]:
        with self._log.open("rb") as log:
            log.seek(begin)
            text = log.read().decode(errors="replace")
        assert "Traceback" not in text, text
        return re.findall(r"localazure\.arm\.server: (\w+) (\S+)", text)


def _one_error(done: Finished, code: int) -> str:
    assert done.stdout == "", f"a failed command's stdout is empty: {done}"
    assert "Traceback" not in done.stderr, str(done)
    assert len(re.findall(r"^ERROR:", done.stderr, re.M)) == 1, f"not one error: {done}"
    assert done.code == code, str(done)
    return done.stderr[done.stderr.index("ERROR:"):]


def hold(error: str, wanted: Case) -> None:
    """The error's own line says what is wrong, the lines after it say what to do."""
    said, _, advice = error.partition("\n")
    assert [part for part in wanted.says if part not in said] == [], error
    if wanted.advice is not None:
        assert wanted.advice in advice, error
    for option, value in zip(wanted.words, wanted.words[1:], strict=False):
        assert option != "-p" or value.startswith("-") or value not in error, "the error shows the password"


@pytest.fixture(scope="module")
def attempts(request):
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    azure = LocalAzure(f"bad-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:4]}{worker}")
    azure.down().succeeded()
    try:
        azure.up("fake")
        arm = Arm(azure)
        _stand_in_the_way(arm)
        yield Attempts(azure, arm, _set_of_files(Authority.create()))
    finally:
        azure.end_all()
        azure.down().succeeded()


def _stand_in_the_way(arm: Arm) -> None:
    """A VM and a security group that dockervm did not make, a host that it did, a label that is taken."""
    subnets = [{"name": "s", "properties": {"addressPrefix": "10.9.0.0/24"}}]
    vnet = arm.put(GROUP, "Microsoft.Network/virtualNetworks/other", {
        "properties": {"addressSpace": {"addressPrefixes": ["10.9.0.0/16"]}, "subnets": subnets}})
    for name, tags in (("stranger", {}), ("ours", {"dockervm-host": "ours", "dockervm-port": "4243"})):
        configuration = {"name": "c", "properties": {"subnet": {"id": f"{vnet}/subnets/s"}}}
        nic = arm.put(GROUP, f"Microsoft.Network/networkInterfaces/{name}-nic",
                      {"properties": {"ipConfigurations": [configuration]}})
        image = {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"}
        arm.put(GROUP, f"Microsoft.Compute/virtualMachines/{name}", {"tags": tags, "properties": {
            "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
            "storageProfile": {"imageReference": image, "osDisk": {"createOption": "FromImage"}},
            "osProfile": {"computerName": name, "adminUsername": "skipper", "adminPassword": PASSWORD},
            "networkProfile": {"networkInterfaces": [{"id": nic}]}}})
    arm.put(GROUP, "Microsoft.Network/networkSecurityGroups/halfwayNSG", {"properties": {}})
    arm.put(GROUP, "Microsoft.Network/publicIPAddresses/other", {
        "sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Static",
                                                    "dnsSettings": {"domainNameLabel": "taken"}}})


# One in eight shows how they look; tests/unit/handlers/test_bad_values.py has more, without az around them.
SOME_ALONE = [one if not index % 8 else pytest.param(*one.values, id=one.id, marks=pytest.mark.long)
              for index, one in enumerate(ALONE)]


@pytest.mark.parametrize("wanted", SOME_ALONE)
def test_what_shows_by_itself_is_refused_before_any_request(attempts, tmp_path, wanted):
    error = attempts.refused(attempts.home(tmp_path), "create", "-g", GROUP, "-n", "web1", *wanted.words,
                             code=wanted.code)
    hold(error, wanted)
    assert attempts.requests == []


@pytest.mark.parametrize("wanted", ASKED)
def test_what_only_azure_knows_is_refused_before_anything_is_made(attempts, tmp_path, wanted):
    hold(attempts.refused(attempts.home(tmp_path), "create", "-g", GROUP, "-n", "web1", *wanted.words,
                          code=wanted.code), wanted)
    assert attempts.requests


def test_a_first_host_that_is_refused_leaves_neither_certificates_nor_keys(attempts, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    attempts.refused(home, "create", "-g", GROUP, "-n", "web1", "--size", "Standard_Huge")
    assert contents(home) == {}


def _id(value: object) -> str:
    return value if isinstance(value, str) and " " not in value else getattr(value, "__name__", "")


@pytest.mark.parametrize(("prepare", "says"), FOLDERS, ids=_id)
def test_a_folder_that_can_t_be_used_is_refused_before_any_request(attempts, tmp_path, prepare, says):
    home = attempts.home(tmp_path)
    folder = prepare(home)
    error = attempts.refused(home, "create", "-g", GROUP, "-n", "web1", "-dc", str(folder),
                             prefix=_as_ordinary_user() if "writable" in prepare.__name__ else ())
    said, _, advice = error.partition("\n")
    assert says.format(folder=folder) in said, error
    assert "-dc" in advice, error
    assert attempts.requests == []


def _as_ordinary_user() -> tuple[str, ...]:
    """Root writes where modes forbid it; without two of its rights it does not."""
    if os.geteuid() != 0:
        return ()
    if not shutil.which("setpriv"):
        pytest.skip("setpriv, which takes root's rights away, is missing")
    return ("setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-all")


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_folder_that_only_fails_when_it_is_made_costs_nothing_either(attempts, tmp_path):
    """As a full disk does: nothing tells it beforehand."""
    home = attempts.home(tmp_path)
    error = attempts.refused(home, "create", "-g", GROUP, "-n", "web1", "-dc", "/proc/docker", "--ssh-key-values", KEY)
    assert "/proc/docker" in error and "-dc" in error


@pytest.mark.parametrize(("command", "spoil", "says"), LOGINS, ids=_id)
def test_without_a_login_or_a_server_the_error_says_so(attempts, tmp_path, command, spoil, says):
    configuration = tmp_path / "azure"
    shutil.copytree(attempts.azure.folder / "azure", configuration)
    spoil(configuration, "https://localhost:1")
    error = attempts.refused(attempts.home(tmp_path), command, "-g", GROUP, "-n", "web1",
                             AZURE_CONFIG_DIR=str(configuration))
    assert [part for part in says if part not in error] == [], error


@pytest.mark.parametrize(("words", "says", "code"), [
    (("info", "-g", GROUP, "-n", "nobody"), "no VM 'nobody'", 3),
    (("info", "-g", "nowhere", "-n", "web1"), "group 'nowhere'", 3),
    (("info", "-g", GROUP, "-n", ""), "--name: ''", 1),
    (("info", "-g", "", "-n", "web1"), "--resource-group: ''", 1),
    (("cert", "create", "--force"), "no terminal", 1),
    (("cert", "create", "-dc", ""), "certificate folder is empty", 1),
    (("cert", "show", "-dc", "nowhere"), "holds no certificates", 3),
], ids=lambda value: " ".join(value) if isinstance(value, tuple) else "")
def test_the_other_commands_refuse_as_clearly(attempts, tmp_path, words, says, code):
    error = attempts.refused(attempts.home(tmp_path), *words, code=code)
    assert says in error
