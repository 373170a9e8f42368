"""The set-up script and Docker's own repository: its pinned key, the files of apt and dnf, versions, what is there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from script_machine import EXTENSION_UNIT, Answer, Machine, mode, needs_tools

pytestmark = [needs_tools, pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in ("gpg", "curl", "apt-get")), reason="needs gpg, curl and apt")]

SOURCE, KEYRING = "/etc/apt/sources.list.d/dockervm-docker.sources", "/etc/apt/keyrings/dockervm-docker.gpg"
PINS = "/etc/apt/preferences.d/dockervm-docker.pref"
REPO, RPM_KEY = "/etc/yum.repos.d/dockervm-docker.repo", "/etc/pki/rpm-gpg/RPM-GPG-KEY-dockervm-docker"
OFFERED = [f"5:{one}-1~debian.13~trixie" for one in ("29.1.0", "28.10.0", "28.5.2", "28.5.1", "28.4.0", "27.5.1")]
DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nVERSION_ID="13"\nVERSION_CODENAME=trixie\nID=debian\n'
# The real dpkg-query, on packages of the machine's own; those that are installed are among them from then on.
DPKG_QUERY = 'exec /usr/bin/dpkg-query --admindir="$root/var/lib/dpkg" "$@"\n'
PACKAGE = ("Package: {}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {}\nMaintainer: x\n"
           "Description: x\n\n")
APT_GET = """
"$root/stock/apt-get" "$@" || exit
for word; do
    case $word in
    docker-ce | docker.io) version=5:29.1.0-1~debian.13~trixie ;;
    docker-ce=* | docker.io=*) version=${word#*=} ;;
    *) continue ;;
    esac
    sed "s/^Package: {}/Package: ${word%%=*}/; s/^Version: {}/Version: $version/" "$root/package" \\
        >>"$root/var/lib/dpkg/status"
done
"""


class Keys:
    """Keys in a folder of gpg's own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir(mode=0o700)

    def gpg(self, *words: str) -> bytes:
        return subprocess.run(["gpg", "--homedir", str(self.home), "--batch", "--quiet", *words], check=True,
                              capture_output=True).stdout

    def make(self, name: str) -> str:
        """A signing key; its fingerprint."""
        self.gpg("--passphrase", "", "--quick-gen-key", name, "ed25519", "sign", "never")
        listed = self.gpg("--with-colons", "--list-keys", name).decode()
        return next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr"))

    def export(self, *names: str) -> bytes:
        return self.gpg("--armor", "--export", *names)


@dataclass
class Channel:
    """Docker's repository in a folder, as far as the script fetches from it itself, and a machine that asks for it."""

    machine: Machine
    folder: Path
    keys: Keys
    fingerprint: str

    def serve_key(self, key: bytes) -> None:
        for distribution in ("debian", "ubuntu", "rhel", "centos", "fedora"):
            (self.folder / distribution).mkdir(parents=True, exist_ok=True)
            (self.folder / distribution / "gpg").write_bytes(key)

    def offer(self, package: str, versions: list[str]) -> None:
        self.machine.switch("versions", "".join(f"{package} {one}\n" for one in versions))

    def has_installed(self, **packages: str) -> None:
        folder = self.machine.file("/var/lib/dpkg")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "status").write_text("".join(PACKAGE.format(name, version) for name, version in packages.items()))

    def run(self, action: str = "install", **values: str) -> Answer:
        return self.machine.run(action, **{
            "CHANNEL": "docker", "REPOSITORY": f"file://{self.folder}", "REPOSITORY_KEY": self.fingerprint, **values})

    def written(self) -> list[str]:
        """What the script has told the package manager."""
        folders = ("etc/apt", "etc/yum.repos.d", "etc/pki")
        return sorted(f"/{path.relative_to(self.machine.root)}" for folder in folders
                      for path in (self.machine.root / folder).rglob("*") if path.is_file())

    def installations(self) -> list[str]:
        """Each once, though the stand-in of apt-get calls the usual one."""
        return list(dict.fromkeys(call for call in self.machine.calls()
                                  if re.match(r"(apt-get|dnf|zypper) .* install ", call) and "gpg" not in call.split()))

    def installed(self) -> str:
        """The packages of the one installation."""
        [call] = self.installations()
        return call.partition("--no-remove ")[2] or call.partition(" install ")[2]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory):
    # Short: gpg's agent listens in it.
    found = Keys(Path("/tmp") / f"dockervm-keys-{os.getpid()}")
    yield found
    subprocess.run(["gpgconf", "--homedir", str(found.home), "--kill", "all"], check=False)
    shutil.rmtree(found.home, ignore_errors=True)


@pytest.fixture(scope="module")
def fingerprint(keys: Keys) -> str:
    return keys.make("Docker Release <docker@test>")


@pytest.fixture(scope="module")
def another(keys: Keys) -> str:
    return keys.make("Somebody Else <else@test>")


def channel_of(machine: Machine, folder: Path, keys: Keys, fingerprint: str) -> Channel:
    made = Channel(machine, folder, keys, fingerprint)
    made.serve_key(keys.export(fingerprint))
    machine.file("/etc/os-release").write_text(DEBIAN)
    made.has_installed()
    machine.add_tool("dpkg-query", DPKG_QUERY)
    (machine.root / "package").write_text(PACKAGE)
    (machine.tools / "apt-get").rename(machine.root / "stock/apt-get")
    machine.add_tool("apt-get", APT_GET)
    made.offer("docker-ce", OFFERED)
    return made


@pytest.fixture
def channel(dash_machine: Machine, tmp_path: Path, keys: Keys, fingerprint: str) -> Channel:
    return channel_of(dash_machine, tmp_path / "repository", keys, fingerprint)


@pytest.fixture
def any_channel(machine: Machine, tmp_path: Path, keys: Keys, fingerprint: str) -> Channel:
    """In each shell."""
    return channel_of(machine, tmp_path / "repository", keys, fingerprint)


# apt


def test_apt_is_told_of_the_repository_with_the_pinned_key_alone(any_channel: Channel):
    channel = any_channel
    assert channel.run().status == 0
    assert channel.written() == [KEYRING, SOURCE]
    source = channel.machine.file(SOURCE)
    assert source.read_text().splitlines()[1:] == [
        "Types: deb", f"URIs: file://{channel.folder}/debian", "Suites: trixie", "Components: stable",
        f"Signed-By: {channel.machine.file(KEYRING)}"]
    assert mode(source) == mode(channel.machine.file(KEYRING)) == 0o644
    shown = subprocess.run(["gpg", "--homedir", str(channel.keys.home), "--with-colons", "--show-keys",
                            str(channel.machine.file(KEYRING))], capture_output=True, text=True, check=True).stdout
    assert re.findall(r"^fpr:+(\w+):", shown, re.M) == [channel.fingerprint]
    assert channel.installed() == ("openssl ca-certificates docker-ce docker-ce-cli containerd.io docker-buildx-plugin "
                                   "docker-compose-plugin")
    # The lists of this repository alone are fetched after it was added.
    updates = list(dict.fromkeys(call for call in channel.machine.calls() if " update " in call))
    assert len(updates) == 2 and f"SourceList={source}" in updates[1]


def test_the_real_addresses_and_keys_are_those_of_docker_s_documentation():
    from azext_dockervm.provision.script.join import set_up_script

    text = set_up_script("install")
    assert "DOCKERVM_REPOSITORY:-https://download.docker.com/linux}" in text
    assert "apt_key=9DC858229FC7DD38854AE2D88D81803C0EBFCD88 " in text
    assert "rpm_key=060A61C51B558A7F742B77AAC52FEB6B621E9F35 " in text


def test_by_default_nothing_is_fetched_and_the_distribution_s_docker_is_taken(channel: Channel):
    channel.offer("docker.io", ["29.1.3-1"])
    assert channel.run(CHANNEL="distribution").status == 0
    assert channel.written() == [] and channel.installed().split()[2] == "docker.io"


@pytest.mark.parametrize("what", ["another's", "two", "none", "damaged"])
def test_another_key_is_refused_and_nothing_is_changed(any_channel: Channel, another: str, what: str):
    channel = any_channel
    held = {"another's": channel.keys.export(another), "two": channel.keys.export(), "none": b"<html>sorry</html>\n",
            "damaged": channel.keys.export(channel.fingerprint)[:100]}[what]
    channel.serve_key(held)
    answer = channel.run()
    assert answer.reason == "wrong-key"
    assert channel.fingerprint in answer.details[0] and "/debian/gpg" in answer.details[0]
    if what in ("another's", "two"):
        assert another in " ".join(answer.details)
    assert channel.written() == []
    assert channel.installations() == []


def test_gpg_comes_from_the_distribution_where_it_is_missing(channel: Channel, tmp_path: Path):
    """Debian 13's apt has sqv alone."""
    channel.machine.add_tool("gpg", 'exec /usr/bin/gpg "$@"\n', channel.machine.root / "stock")
    bare = tmp_path / "bare"
    bare.mkdir()
    for folder in ("/usr/bin", "/bin", "/usr/sbin", "/sbin"):
        for tool in os.listdir(folder) if os.path.isdir(folder) else ():
            if tool != "gpg" and not (bare / tool).exists():
                (bare / tool).symlink_to(f"{folder}/{tool}")
    channel.machine.add_tool("apt-get", 'case "$*" in *" gpg curl") cp "$root/stock/gpg" "$root/tools/gpg" ;; esac\n'
                             + APT_GET)
    answer = channel.machine.run("install", before=f"export PATH={channel.machine.tools}:{bare}", CHANNEL="docker",
                                 REPOSITORY=f"file://{channel.folder}", REPOSITORY_KEY=channel.fingerprint)
    assert answer.status == 0 and channel.written() == [KEYRING, SOURCE]
    calls = channel.machine.calls()
    assert [call for call in calls if call.endswith("install --no-install-recommends gpg curl")]


def test_a_repository_without_this_release_is_told_and_forgotten(channel: Channel):
    said = f"E: The repository 'file://{channel.folder}/debian trixie Release' does not have a Release file."
    channel.machine.add_tool("apt-get", f'case "$*" in *SourceList=*) echo "{said}"; exit 100 ;; esac\n')
    answer = channel.run()
    assert answer.reason == "no-docker-repository" and "debian trixie" in answer.details[0]
    assert channel.written() == []


@pytest.mark.parametrize("text", ["ID=alpine\n", 'ID="kali"\nVERSION_CODENAME=kali-rolling\nPRETTY_NAME="Kali"\n'])
def test_other_distributions_are_refused(channel: Channel, text: str):
    channel.machine.file("/etc/os-release").write_text(text)
    assert channel.run().reason == "no-docker-repository"
    assert channel.written() == []


def test_a_repository_out_of_reach_is_tried_again_and_forgotten(channel: Channel):
    (channel.folder / "debian/gpg").unlink()
    answer = channel.run()
    assert answer.reason == "install-failed" and "curl" in " ".join(answer.details)
    assert channel.written() == []


def test_one_that_the_image_knows_already_is_taken_as_it_is(channel: Channel):
    own = channel.machine.file("/etc/apt/sources.list.d/docker.list")
    own.parent.mkdir(parents=True)
    own.write_text(f"deb [signed-by=/etc/apt/keyrings/docker.asc] file://{channel.folder}/debian trixie stable\n")
    channel.serve_key(b"never looked at")
    assert channel.run().status == 0
    assert channel.written() == ["/etc/apt/sources.list.d/docker.list"] and "docker-ce" in channel.installed()


# Versions


@pytest.mark.parametrize(("asked", "chosen"), [
    ("28", "28.10.0"), ("28.5", "28.5.2"), ("28.5.1", "28.5.1"), ("5:28.4", "28.4.0"),
    ("28.5.1-1~debian.13~trixie", "28.5.1"), ("29", "29.1.0"), ("28.1", None), ("2", None), ("30", None)])
def test_the_newest_that_begins_with_what_was_asked_for(any_channel: Channel, asked: str, chosen: str | None):
    channel = any_channel
    answer = channel.run(VERSION=asked)
    if chosen:
        full = f"5:{chosen}-1~debian.13~trixie"
        assert answer.status == 0 and f" docker-ce={full} docker-ce-cli={full} containerd.io " in channel.installed()
        return
    assert answer.reason == "no-such-version" and asked in answer.details[0]
    assert channel.written() == [] and channel.installations() == []


@pytest.mark.parametrize(("asked", "nearest"), [
    ("28.5.9", ["28.5.2", "28.5.1"]), ("28.9", ["28.10.0", "28.5.2", "28.5.1", "28.4.0"]),
    ("31", ["29.1.0", "28.10.0", "28.5.2", "28.5.1", "28.4.0"])])
def test_a_version_that_is_not_there_names_the_nearest(channel: Channel, asked: str, nearest: list[str]):
    said = channel.run(VERSION=asked).details[1]
    assert said.split()[3:] == [f"5:{one}-1~debian.13~trixie" for one in nearest]


def test_a_version_of_the_distribution_s_own(channel: Channel):
    channel.machine.switch("versions", "docker.io 26.1.5+dfsg1-9\ndocker.io 26.1.4+dfsg1-1\n"
                                       "docker-cli 26.1.4+dfsg1-1\n")
    assert channel.run(CHANNEL="distribution", VERSION="26.1.4").status == 0
    assert channel.installed().endswith(" docker.io=26.1.4+dfsg1-1 iptables docker-cli=26.1.4+dfsg1-1")
    assert channel.written() == [PINS]


def test_a_mirror_out_of_reach_is_no_last_word_about_versions(channel: Channel):
    channel.machine.switch("apt-fails", "E: Failed to fetch http://mirror/  503\n")
    (channel.folder / "more").write_text("docker.io 28.5.2-1\n")
    channel.machine.add_tool("sleep", f'cp "{channel.folder}/more" "$root/switch/versions"\nexec /bin/sleep 0.05\n')
    channel.offer("docker.io", ["26.1.5-1"])
    assert channel.run(CHANNEL="distribution", VERSION="28").status == 0


def test_with_ubuntu_s_other_mirror_apt_knows_docker_s_repository_too(channel: Channel):
    machine = channel.machine
    machine.file("/etc/apt/sources.list").parent.mkdir(parents=True, exist_ok=True)
    machine.file("/etc/apt/sources.list").write_text("deb http://azure.archive.ubuntu.com/ubuntu/ noble main\n")
    machine.switch("unreachable", "//azure.archive.ubuntu.com/\n")
    listing = 'for word; do case $word in Dir::Etc::SourceParts=/*) ls "${word#*=}" >"$root/parts" ;; esac; done\n'
    machine.add_tool("apt-get", listing + (machine.tools / "apt-get").read_text().partition("calls\"\n")[2])
    assert channel.run().status == 0
    assert machine.file("/parts").read_text().split() == ["dockervm-docker.sources", "sources.list"]


class Policy:
    """A genuine apt, asked which version it would take."""

    def __init__(self, folder: Path, pins: Path, versions: list[str]) -> None:
        for one in ("state/lists/partial", "cache/archives/partial", "etc"):
            (folder / one).mkdir(parents=True)
        (folder / "status").touch()
        (folder / "archive").mkdir()
        (folder / "archive/Packages").write_text("".join(
            f"Package: docker-ce\nArchitecture: amd64\nVersion: {one}\nFilename: x\nSize: 1\n\n" for one in versions))
        (folder / "sources").write_text(f"deb [trusted=yes] copy:{folder}/archive ./\n")
        settings = {
            "Dir::State": folder / "state", "Dir::State::status": folder / "status", "Dir::Cache": folder / "cache",
            "Dir::Etc": folder / "etc", "Dir::Etc::SourceList": folder / "sources",
            "Dir::Etc::SourceParts": "/dev/null",
            "Dir::Etc::Preferences": pins, "Dir::Etc::PreferencesParts": "/dev/null", "APT::Sandbox::User": "root",
            "APT::Architecture": "amd64"}
        self.words = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
        self._run("apt-get", "update")

    def _run(self, *words: str) -> str:
        return subprocess.run([words[0], *self.words, *words[1:]], check=True, capture_output=True, text=True,
                              env={**os.environ, "LC_ALL": "C"}).stdout

    @property
    def candidate(self) -> str:
        return re.search(r"Candidate: (\S+)", self._run("apt-cache", "policy", "docker-ce"))[1]


@pytest.mark.parametrize(("asked", "later"), [
    ("28.5", "5:28.5.9-1~debian.13~trixie"), ("28", "5:28.10.0-1~debian.13~trixie"),
    ("28.5.1-1~debian.13~trixie", "5:28.5.1-1~debian.13~trixie")])
def test_upgrades_stay_within_what_was_asked_for(channel: Channel, tmp_path: Path, asked: str, later: str):
    assert channel.run(VERSION=asked).status == 0
    assert channel.written() == [KEYRING, PINS, SOURCE]
    pins = tmp_path / "pins"
    pins.write_text(channel.machine.file(PINS).read_text())
    offered = [*OFFERED, "5:28.5.9-1~debian.13~trixie", "5:280.1.0-1~debian.13~trixie"]
    assert Policy(tmp_path / "apt", pins, offered).candidate == later
    assert Policy(tmp_path / "free", Path("/dev/null"), offered).candidate == "5:280.1.0-1~debian.13~trixie"


# What is there


def test_an_engine_that_is_there_is_kept_and_named(any_channel: Channel):
    channel = any_channel
    channel.machine.install_docker()
    channel.has_installed(**{"docker.io": "26.1.5+dfsg1-9"})
    answer = channel.run()
    assert answer.reason == "other-docker"
    assert "docker.io 26.1.5+dfsg1-9, not docker-ce" in answer.details[0]
    assert channel.written() == [] and not [call for call in channel.machine.calls() if "apt-get" in call]
    assert channel.run(CHANNEL="distribution", VERSION="26.1").status == 0
    other = channel.run(CHANNEL="distribution", VERSION="28")
    assert other.reason == "other-docker" and "26.1.5+dfsg1-9, not 28" in other.details[0]


def test_docker_s_own_that_is_there_is_what_was_asked_for(any_channel: Channel):
    channel = any_channel
    channel.machine.install_docker()
    channel.has_installed(**{"docker-ce": OFFERED[2]})
    assert channel.run().status == 0 and channel.run(VERSION="28.5").status == 0
    assert not [call for call in channel.machine.calls() if "apt-get" in call]
    assert channel.run(VERSION="28.5.1").reason == "other-docker"


def test_a_host_that_was_set_up_keeps_what_it_was_upgraded_to(channel: Channel):
    channel.machine.install_docker()
    channel.has_installed(**{"docker-ce": OFFERED[0]})
    asked = channel.machine.request()
    assert channel.machine.serve(asked.csr).status == 0
    assert channel.run("request", VERSION="28.5", SUBJECT="x", NAMES="DNS:x").status == 0


def test_so_does_a_host_of_the_docker_vm_extension(channel: Channel):
    """What keeps its command line over upgrades is all that it has of ours."""
    channel.machine.install_docker(EXTENSION_UNIT)
    channel.has_installed(**{"docker-ce": OFFERED[0]})
    assert channel.run("compose", VERSION="28.5").reason == "other-docker", "nobody has finished it"
    channel.machine.run("restart", TIMEOUT="1")     # keeps that command line; without certificates it fails then
    answer = channel.run("compose", VERSION="28.5")
    assert answer.status == 0, answer.details


def test_packages_that_docker_s_own_can_t_stand_beside_are_named_and_kept(channel: Channel):
    channel.has_installed(containerd="1.7.24", runc="1.1.15")
    answer = channel.run()
    assert answer.reason == "other-packages" and "containerd runc" in answer.details[0]
    assert channel.written() == [] and channel.installations() == []


def test_the_same_again_changes_nothing(channel: Channel):
    channel.run(VERSION="28")
    channel.has_installed(**{"docker-ce": OFFERED[1]})
    before = channel.machine.files("/etc", "/usr")
    calls = len(channel.machine.calls())
    assert channel.run(VERSION="28").status == 0
    assert channel.machine.files("/etc", "/usr") == before
    assert not [call for call in channel.machine.calls()[calls:] if "apt-get" in call]


@pytest.mark.parametrize(("name", "value"), [
    ("CHANNEL", "test"), ("VERSION", "28;reboot"), ("VERSION", "-o"), ("VERSION", "$(reboot)"),
    ("REPOSITORY_KEY", "abc"), ("REPOSITORY", "https://x/$(reboot)"), ("REPOSITORY", "https://x y")])
def test_bad_input_is_refused_before_anything_is_written(channel: Channel, name: str, value: str):
    assert channel.run(**{name: value}).reason == "bad-input"
    assert channel.written() == [] and channel.machine.calls() == []


# RPM


DNF = """
case "$*" in
*showduplicates*) sed -n 's/^docker-ce /docker-ce.x86_64 /p' "$root/switch/versions" ;;
*' list '*) for name; do :; done; grep -qs "^$name " "$root/switch/versions" && echo "$name.x86_64 1" ;;
*install*) "$root/stock/apt-get" docker.io
    echo "docker-ce 28.5.2-1.el9" >"$root/switch/rpms" ;;
esac
"""


@pytest.fixture
def rpm_channel(channel: Channel) -> Channel:
    machine = channel.machine
    (machine.tools / "apt-get").unlink()
    (machine.tools / "dpkg-query").unlink()
    machine.add_tool("rpm", 'cat "$root/switch/rpms" 2>/dev/null; echo "package x is not installed"; exit 1\n')
    machine.add_tool("dnf", DNF)
    machine.file("/etc/os-release").write_text('NAME="Red Hat"\nVERSION_ID="9.4"\nID="rhel"\n')
    channel.offer("docker-ce", ["3:28.5.1-1.el9 dockervm-docker", "3:28.5.2-1.el9\n   dockervm-docker",
                                "3:29.1.0-1.el9 dockervm-docker"])
    return channel


@pytest.mark.parametrize(("identity", "version", "folder"), [
    ("rhel", "9.4", "rhel/9"), ("almalinux", "9.6", "rhel/9"), ("rocky", "8.10", "rhel/8"), ("ol", "9.5", "rhel/9"),
    ("centos", "10", "centos/10"), ("fedora", "43", "fedora/43")])
def test_dnf_is_told_of_the_folder_of_its_release(rpm_channel: Channel, identity: str, version: str, folder: str):
    channel = rpm_channel
    channel.machine.file("/etc/os-release").write_text(f'ID="{identity}"\nVERSION_ID="{version}"\n')
    assert channel.run().status == 0
    assert channel.written() == [RPM_KEY, REPO]
    assert channel.machine.file(REPO).read_text().splitlines()[1:] == [
        "[dockervm-docker]", "name=Docker's own packages", f"baseurl=file://{channel.folder}/{folder}/$basearch/stable",
        "gpgcheck=1", f"gpgkey=file://{channel.machine.file(RPM_KEY)}"]
    assert channel.machine.file(RPM_KEY).read_text().startswith("-----BEGIN PGP PUBLIC KEY BLOCK-----\n")
    assert channel.installed() == ("openssl ca-certificates docker-ce docker-ce-cli containerd.io docker-buildx-plugin "
                                   "docker-compose-plugin")


def test_a_version_for_dnf_and_what_later_upgrades_may_take(rpm_channel: Channel):
    assert rpm_channel.run(VERSION="28.5").status == 0
    assert " docker-ce-28.5.2-1.el9 docker-ce-cli-28.5.2-1.el9 containerd.io " in f" {rpm_channel.installed()} "
    narrowed = rpm_channel.machine.file(REPO).read_text().splitlines()[-1]
    assert narrowed.startswith("includepkgs=docker-ce-[0-9]*:28.5[!A-Za-z0-9]* docker-ce-cli-[0-9]*:28.5[!A-Za-z0-9]* ")


def test_a_version_that_dnf_does_not_offer(rpm_channel: Channel):
    answer = rpm_channel.run(VERSION="28.6")
    assert answer.reason == "no-such-version"
    assert answer.details[1].split()[3:] == ["3:28.5.2-1.el9", "3:28.5.1-1.el9"]
    assert rpm_channel.written() == []


def test_another_key_is_refused_on_red_hat_s_family_too(rpm_channel: Channel, another: str):
    rpm_channel.serve_key(rpm_channel.keys.export(another))
    assert rpm_channel.run().reason == "wrong-key"
    assert rpm_channel.written() == []


def test_what_is_installed_is_kept_on_red_hat_s_family_too(rpm_channel: Channel):
    rpm_channel.machine.switch("rpms", "podman-docker\nrunc\n")
    answer = rpm_channel.run()
    assert answer.reason == "other-packages" and "podman-docker runc" in answer.details[0]
    rpm_channel.machine.install_docker()
    rpm_channel.machine.switch("rpms", "moby-engine 25.0.3-9.azl3\n")
    assert "moby-engine 25.0.3-9.azl3, not docker-ce" in rpm_channel.run().details[0]


@pytest.mark.parametrize("text", ["ID=azurelinux\nVERSION_ID=3.0\n", 'ID="mariner"\nVERSION_ID="2.0"\n'])
def test_what_docker_s_repository_has_nothing_for_is_refused(rpm_channel: Channel, text: str):
    rpm_channel.machine.file("/etc/os-release").write_text(text)
    assert rpm_channel.run().reason == "no-docker-repository" and rpm_channel.written() == []


def test_suse_has_none_and_takes_a_version_of_its_own(rpm_channel: Channel):
    """Docker's packages for SLES were for s390x alone."""
    machine = rpm_channel.machine
    machine.file("/etc/os-release").write_text('ID="sles"\nVERSION_ID="15.6"\nPRETTY_NAME="SLES 15 SP6"\n')
    (machine.tools / "dnf").unlink()
    machine.add_tool("zypper", """
case "$*" in
*search*) printf '%s\\n' 'S | Name | Type | Version | Arch | Repository' '--+------' \\
    '  | docker | package | 28.5.1_ce-1 | x86_64 | suse' '  | docker | package | 27.5.1_ce-2 | x86_64 | suse' ;;
*install*) "$root/stock/apt-get" docker.io && echo 'docker 27.5.1_ce-2' >"$root/switch/rpms" ;;
esac
""")
    answer = rpm_channel.run()
    assert answer.reason == "no-docker-repository" and "SLES 15 SP6" in answer.details[0]
    assert rpm_channel.run(CHANNEL="distribution", VERSION="27").status == 0
    assert rpm_channel.installed() == "--no-recommends docker=27.5.1_ce-2 openssl ca-certificates"
