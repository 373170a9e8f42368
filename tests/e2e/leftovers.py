"""What of this machine a Local Azure changes, as values that can be compared before and after."""

from __future__ import annotations

import json
import re
from pathlib import Path

from local_azure import LocalAzure
from running import run

from localazure.machines.foundation.address_blocks import routed_blocks
from localazure.machines.foundation.instance_registry import InstanceRegistry, tag_of
from localazure.machines.foundation.mounts import NAMESPACES_MARK

SYSCTLS = ("net/ipv4/ip_forward", "net/ipv4/conf/*/rp_filter", "net/ipv4/conf/*/forwarding",
           "net/ipv4/conf/*/proxy_arp", "net/ipv4/conf/*/route_localnet", "net/ipv6/conf/*/forwarding",
           "net/bridge/*", "kernel/hostname", "kernel/keys/*", "fs/inotify/*", "user/*")
RUN = Path("/run/localazure")


def other_instances(azure: LocalAzure) -> set[str]:
    """Names of the instances that others run on this machine: theirs is not ours to judge."""
    registry = RUN / "routed.json"
    taken = json.loads(registry.read_text()) if registry.exists() else {}
    return {*taken, *(path.name for path in azure.folder.parent.glob("[a-z]*"))} - {azure.name}


class MachineState:
    """The state of this machine, without what belongs to other instances."""

    def __init__(self, azure: LocalAzure) -> None:
        self.azure = azure
        self.others = other_instances(azure)
        # `ip netns` mounts a folder for the namespaces of all instances; the mark says that it did so for one of them,
        # and that it goes with the last one that has networks.
        self.shares_namespaces = bool(self.others) or (RUN / NAMESPACES_MARK).exists()
        self.facts = {
            "processes": _processes(azure), "mounts": self._mounts(), "links": self._links(),
            "network namespaces": self._foreign_free(_names("/run/netns")), "control groups": self._control_groups(),
            "nft tables": self._foreign_free(set(run(["nft", "list", "tables"]).stdout.splitlines())),
            "routes": self._routes(), "sysctls": self._sysctls(), "/etc/hosts": {_hosts(self.others)},
            "files of systemd-nspawn": self._foreign_free(_names("/run/systemd/nspawn/*") - _nameless_locks()),
            "locks of systemd-nspawn": _nameless_locks(),
            "folders": self._folders(),
        }

    def differences(self, later: MachineState) -> list[str]:
        """What came and what went. What instances share is compared only where there was no other one."""
        shared = {"sysctls", "folders", "locks of systemd-nspawn"} if self.others or later.others else set()
        told = []
        for fact in self.facts.keys() - shared:
            before, after = self.facts[fact], later.facts[fact]
            told += [f"{fact}: new: {one}" for one in sorted(after - before)]
            if fact != "folders":   # an old lock file may go
                told += [f"{fact}: gone: {one}" for one in sorted(before - after)]
        is_shared = self.shares_namespaces or later.shares_namespaces
        return [one for one in told if not (is_shared and one.startswith("mounts:") and "/run/netns" in one)]

    def _is_foreign(self, text: str) -> bool:
        ours = {self.azure.name, self.azure.name.replace("-", "_")}
        named = re.search(r"localazure[-_/]([a-z][a-z0-9_-]*?)(?:-[0-9a-f]{8})?(?=[/\s.]|$)", text)
        tagged = re.search(r"laz([0-9a-f]{5})-", text)
        return bool(named and named[1] not in ours) or bool(tagged and tagged[1] != tag_of(self.azure.name))

    def _foreign_free(self, texts: set[str]) -> set[str]:
        return {text for text in texts if not self._is_foreign(text)}

    def _mounts(self) -> set[str]:
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
        mounts = {" ".join((line.split()[4], *line.partition(" - ")[2].split()[:2])) for line in lines}
        return self._foreign_free(mounts)

    def _links(self) -> set[str]:
        return self._foreign_free({link["ifname"] for link in json.loads(run(["ip", "-j", "link"]).stdout)})

    def _control_groups(self) -> set[str]:
        mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines() if " - cgroup" in line]
        return self._foreign_free({str(path) for words in mounts for path in Path(words[4]).iterdir() if path.is_dir()})

    def _routes(self) -> set[str]:
        registry = InstanceRegistry(RUN)
        blocks = {block.index: block for block in routed_blocks()}
        found = [registry.find(name) for name in self.others]
        foreign = [net for one in found if one for net in (blocks[one[0]].pool, blocks[one[0]].links)]
        lines = {line.strip() for line in run(["ip", "-4", "route", "show", "table", "all"]).stdout.splitlines()}
        return {line for line in self._foreign_free(lines) if not any(_within(line, net) for net in foreign)}

    def _sysctls(self) -> set[str]:
        files = [file for pattern in SYSCTLS for file in Path("/proc/sys").glob(pattern)]
        return {f"{file}={file.read_text().strip()}" for file in files if "/laz" not in str(file)}

    def _folders(self) -> set[str]:
        parent = self.azure.folder.parent
        run_folder = () if (RUN / "loopback.json").exists() else (RUN,)     # else fakes of other tests are in it
        return {str(path) for path in (*run_folder, parent, Path("/run/netns"), *parent.glob("*"), *parent.glob(".*"))
                if path.exists()}


def _within(route: str, network) -> bool:
    from ipaddress import ip_network

    found = re.search(r"\d+\.\d+\.\d+\.\d+(/\d+)?", route)
    return bool(found) and ip_network(found[0], strict=False).subnet_of(network)


def _names(pattern: str) -> set[str]:
    return {str(path) for path in Path("/").glob(f"{pattern.lstrip('/')}/*")}


def _nameless_locks() -> set[str]:
    """Locks of folders, named by device and inode: they don't say whose they are."""
    return {str(path) for path in Path("/run/systemd/nspawn/locks").glob("inode-*")}


def _hosts(others: set[str]) -> str:
    text = Path("/etc/hosts").read_text()
    for name in others:
        text = re.sub(rf"(?ms)^# localazure {re.escape(name)} begin.*?^# localazure {re.escape(name)} end\n", "", text)
    return text


def _processes(azure: LocalAzure) -> set[str]:
    """Those in the instance's control groups, and those that name it or its folder."""
    marks = (f"{azure.folder}/".encode(), f"--instance\0{azure.name}\0".encode(), f"laz{tag_of(azure.name)}-".encode())
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            groups = (process / "cgroup").read_text()
            if (process / "stat").read_text().rpartition(")")[2].split()[0] == "Z":
                continue    # it has ended; process 1 has not looked yet
        except OSError:     # it has ended meanwhile
            continue
        if any(mark in command for mark in marks) or f"localazure-{azure.name}/" in groups:
            found.add(f"{process.name} {command.replace(bytes(1), b' ').decode(errors='replace')[:120]}")
    return found
