"""End to end: the unmodified az, Local Azure of the tests' own, machines that boot, the real docker client."""

from __future__ import annotations

import fcntl
import os
import shutil

import pytest
from fleet import IPTABLES, Fleet, Order, Wall, behind_a_wall, with_prompt
from guests import Guests
from leftovers import MachineState
from local_azure import ROOT, LocalAzure, cache, instance_name
from running import run
from set_up import SetUp

# What the tests look at, in the order in which the hosts of a region are made. Names are fixtures.
ORDERS = {
    # Everything left to its default: today's image, which sets itself up at its first boot.
    "plain": Order("westus"),
    "extension": Order("westus", ("--provisioner", "docker-extension", "-e", "2222", "-u", "skipper",
                                  "-p", "@{fleet.password_file}", "--debug",
                                  "--custom-data", "{fleet.packed_script}")),
    "run_command": Order("westus", ("--provisioner", "run-command", "-e", "2222", "-dp", "2376", "-u", "skipper",
                                    "--image", IPTABLES, "-dc", "{fleet.files}/own certificates",
                                    "--ssh-key-values", "{fleet.ssh_key}.pub", "--only-show-errors",
                                    "--custom-data", "@{fleet.own_script}")),
    "prompted": Order("eastus2", ("-e", "-u", "skipper", "--debug", "--custom-data", "{fleet.custom_data}", "-p"),
                      with_prompt),
    # With a login to a registry and a mirror, and a Compose project, whose files the fleet has written.
    "without_cloud_init": Order("eastus2", (
        "--image", "LocalAzure:linux-without-cloud-init:agent-only:latest", "-u", "skipper", "-p",
        "@{fleet.password_file}", "--debug", "--registry-login",
        "{fleet.azure.environment[LOCALAZURE_PRIVATE_REGISTRY]}=localazure", "--registry-password",
        "@{fleet.azure.environment[LOCALAZURE_REGISTRY_PASSWORD_FILE]}", "--compose-file",
        "{fleet.files}/app/compose.yaml", "--compose-env-file", "{fleet.files}/app/secrets.env", "--open-ports",
        "8080", "--registry-mirrors", "https://{fleet.azure.environment[LOCALAZURE_REGISTRY]}")),
    # An image that the Docker VM extension was made for: where it fails, and where it installs Docker by itself.
    "fallen_back": Order("centralus", ("--image", "Canonical:UbuntuServer:18.04-LTS:latest",
                                       "--ssh-key-values", "{fleet.ssh_key}.pub")),
    "as_in_2014": Order("westeurope", ("--image", "Canonical:UbuntuServer:16.04-LTS:latest",
                                       "--ssh-key-values", "{fleet.ssh_key}.pub")),
    "unreachable": Order("eastus", ("--ssh-key-values", "{fleet.ssh_key}.pub"), behind_a_wall),
}
ORDERS = {name.replace("_", "-"): order for name, order in ORDERS.items()}
FIXTURES = {name: name.replace("-", "_") for name in ORDERS}
_LEFT_OUT = pytest.StashKey[tuple[int, str]]()


def why_not_here() -> str | None:
    if os.geteuid() != 0:
        return "only root can boot machines (run: sudo script/test)"
    missing = [name for name in ("systemd-nspawn", "nft", "ip", "docker", "openssl", "ssh") if not shutil.which(name)]
    return f"{', '.join(missing)} is missing (script/test installs it)" if missing else None


def hosts_of(item) -> set[str]:
    """The hosts of the fleet that a test needs: by a fixture's name, or by a parameter that is one."""
    parameters = getattr(item, "callspec", None)
    asked = {*item.fixturenames, *(parameters.params.values() if parameters else ())}
    return {name for name, fixture in FIXTURES.items() if fixture in asked}


def pytest_collection_modifyitems(config, items):
    ours = [item for item in items if item.get_closest_marker("machines")]
    reason = why_not_here() if ours else None
    if reason:
        config.stash[_LEFT_OUT] = (len(ours), reason)
        config.hook.pytest_deselected(items=ours)
        items[:] = [item for item in items if item not in ours]
        return
    # Those that need no host of the fleet run while it is being made; the one that takes it all down comes last.
    wave = {item: 2 if "taken_down" in item.fixturenames else bool(hosts_of(item)) for item in ours}
    others = [item for item in items if item not in wave]
    items[:] = [*others, *sorted(ours, key=lambda item: wave[item])]


def pytest_terminal_summary(terminalreporter, config):
    count, reason = config.stash.get(_LEFT_OUT, (0, ""))
    if count:
        terminalreporter.section("left out")
        terminalreporter.line(f"{count} tests on booted machines (tests/e2e) were left out: {reason}")


@pytest.fixture(scope="session")
def local_azure(tmp_path_factory):
    """A Local Azure of this checkout's own, cleaned before and after, whatever happens in between."""
    name = instance_name("e2e")
    azure = LocalAzure(name)
    with (cache() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)    # two runs of one checkout: the second one waits
        if azure.folder.exists():
            azure.down().succeeded()    # what a killed run left
        Wall(azure).tear_down()
        azure.before = MachineState(azure)
        try:
            azure.up("nspawn", "--registry")
            yield azure
        finally:
            azure.end_all()
            Wall(azure).tear_down()
            if azure.folder.exists():
                azure.down().succeeded()


@pytest.fixture(scope="session")
def fleet(local_azure, request, tmp_path_factory):
    wanted = {host for item in request.session.items for host in hosts_of(item)}
    made = Fleet(local_azure, ORDERS, wanted, tmp_path_factory.mktemp("fleet"))
    yield made
    made.close()


def _host_fixture(name: str):
    @pytest.fixture(scope="session", name=FIXTURES[name])
    def host(fleet):
        return fleet.host(name)

    return host


for _name in ORDERS:
    globals()[FIXTURES[_name]] = _host_fixture(_name)


@pytest.fixture(scope="session")
def machines(local_azure, fleet):
    """The VMs as `az vm show -d` shows them once all hosts are made, by name; one command for all."""
    ids = [host.result["id"] for host in fleet.all()]
    shown = local_azure.query("vm", "show", "-d", "--ids", *ids)
    return {vm["name"]: vm for vm in (shown if isinstance(shown, list) else [shown])}


@pytest.fixture(scope="session", autouse=True)
def _begin_with_the_fleet(request):
    """Start making hosts before the first test, which then needs none of them."""
    if any(hosts_of(item) for item in request.session.items):
        request.getfixturevalue("fleet")


@pytest.fixture(scope="session")
def busybox(local_azure):
    """An image archive: the machines reach no registry."""
    return run([ROOT / "script/busybox"], {**os.environ, "DOCKERVM_CACHE": str(cache())}).succeeded().stdout.strip()


# Guests without Azure, for what runs the set-up script itself


@pytest.fixture(scope="module")
def guests(tmp_path_factory):
    """A platform of the module's own with one network."""
    world = Guests(tmp_path_factory.mktemp("guests"))
    try:
        world.platform.start()
        world.network("aaaaaaaa", "10.0.0.0/24")
        yield world
    finally:
        world.platform.destroy()


@pytest.fixture
def guest(guests, request):
    """A fresh guest, of the image's variant that the test is parametrized with."""
    number = len(list(guests.folder.glob("*0000"))) + 1
    machine = f"{number:02x}{number:02x}0000"
    guests.create(machine, "aaaaaaaa", f"10.0.0.{number + 9}", variant=getattr(request, "param", ""), cpus=2,
                  memory_mib=2048)
    yield SetUp(guests, machine, guests.platform.public_pool[0])
    guests.platform.machine_delete(machine)
