"""This machine as a router: with its rules in a namespace of its own, guests get out and strangers get nowhere."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator

import pytest
from running import run

from localazure.machines.foundation.address_blocks import routed_blocks
from localazure.machines.nspawn.firewall import host_ruleset

BLOCK = routed_blocks()[0]
GUEST, OWN = BLOCK.addresses[0], BLOCK.service_address
STRANGER, OTHER, CONTAINER = "10.111.0.2", "10.112.0.2", "10.113.0.2"
LISTEN = ("import socket,sys\nfor a in sys.argv[1:]:\n s=socket.create_server((a,80))\n"
          "print('up',flush=True)\nimport time\ntime.sleep(60)")
CONNECT = ("import socket,sys\ntry:\n socket.create_connection((sys.argv[1],80),0.7)\n print('open')\n"
           "except TimeoutError:\n print('dropped')")


@pytest.fixture
def reach() -> Iterator[Callable[..., str]]:
    """Loads the rules; says what a connection from one namespace to an address of another meets."""
    from subprocess import PIPE, Popen

    tag = uuid.uuid4().hex[:6]
    names = {one: f"test-{tag}-{one}" for one in ("router", "guest", "stranger", "other", "container")}
    links = {"guest": ("lazabcde-0", GUEST), "stranger": ("eth0", STRANGER), "other": ("eth1", OTHER),
             "container": ("docker0", CONTAINER)}
    listening: list[Popen[str]] = []

    def ip(*words: str) -> None:
        run(["ip", *words]).succeeded()

    def inside(name: str, *words: str) -> list[str]:
        return ["ip", "netns", "exec", names[name], *words]

    try:
        for name in names.values():
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        router = names["router"]
        ip("-n", router, "address", "add", f"{OWN}/32", "dev", "lo")
        for name, (link, address) in links.items():
            gateway = f"10.120.{list(links).index(name)}.1"
            peer = f"v{name}"
            outer = peer if name == "container" else link
            ip("-n", router, "link", "add", outer, "type", "veth", "peer", "name", "up0", "netns", names[name])
            if name == "container":
                ip("-n", router, "link", "add", link, "type", "bridge")
                ip("-n", router, "link", "set", peer, "master", link)
                ip("-n", router, "link", "set", peer, "up")
            ip("-n", router, "address", "add", f"{gateway}/32", "dev", link)
            ip("-n", router, "link", "set", link, "up")
            ip("-n", router, "route", "add", f"{address}/32", "dev", link)
            ip("-n", names[name], "address", "add", f"{address}/32", "dev", "up0")
            ip("-n", names[name], "link", "set", "up0", "up")
            ip("-n", names[name], "route", "add", f"{gateway}/32", "dev", "up0")
            ip("-n", names[name], "route", "add", "default", "via", gateway, "dev", "up0")
        run(inside("router", "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")).succeeded()
        for name, addresses in (("router", [OWN]), *((name, [address]) for name, (_, address) in links.items())):
            listening.append(Popen(inside(name, "python3", "-c", LISTEN, *addresses), stdout=PIPE, text=True))
            assert listening[-1].stdout.readline() == "up\n"

        def connect(source: str, address: str, alone: bool = True) -> str:
            rules = host_ruleset("localazure_test", "lazabcde", BLOCK, "192.0.2.53", alone)
            run(inside("router", "nft", "-f", "-"), stdin=rules).succeeded()
            return run(inside(source, "python3", "-c", CONNECT, address)).succeeded().stdout.strip()

        yield connect
    finally:
        for one in listening:
            one.kill()
            one.wait()
        for name in names.values():
            run(["ip", "netns", "delete", name])


@pytest.mark.skipif(os.geteuid() != 0, reason="namespaces need root")
def test_strangers_are_not_forwarded_and_guests_get_out(reach):
    assert reach("stranger", GUEST) == "dropped"
    assert reach("stranger", OWN) == "dropped", "what this machine serves guests with is not for its other links"
    assert reach("stranger", OTHER) == "dropped", "nobody wanted this machine to be a router"
    assert reach("guest", STRANGER) == reach("guest", OTHER) == "open"
    assert reach("router", GUEST) == reach("guest", OWN) == "open"
    assert reach("container", OTHER) == "open", "containers that were started meanwhile"
    assert reach("container", GUEST) == "dropped"
    assert reach("stranger", OTHER, alone=False) == "open", "it was a router before"
    assert reach("stranger", GUEST, alone=False) == "dropped"
