"""`check`: whose a host is and whether it is sound, without changing anything; `restart`; another authority."""

from __future__ import annotations

import json
import shutil
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from script_machine import EXTENSION_UNIT, PACKAGED_UNIT, Answer, Machine, encoded, fingerprint, mode, needs_tools

pytestmark = needs_tools

KEY = ec.generate_private_key(ec.SECP256R1())


def certificate(name: str, begin_days: float = -1, end: datetime | None = None) -> str:
    """A self-signed certificate; it does as a CA's and as a server's."""
    now = datetime.now(timezone.utc)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder(subject, subject, KEY.public_key(), x509.random_serial_number(),
                                   now + timedelta(days=begin_days), end or now + timedelta(days=9))
    return made.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


OWNERS, SERVERS = certificate("an authority"), certificate("a server")


def put(machine: Machine, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = machine.file(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def unchanged_by(machine: Machine, action: str = "check", **values: str) -> Answer:
    before = machine.files("/etc", "/usr")
    answer = machine.run(action, **values)
    assert machine.files("/etc", "/usr") == before
    return answer


# What our own hosts say


def test_a_host_of_ours_tells_whose_it_is(machine: Machine):
    csr = machine.request().csr
    server = machine.sign(csr)
    machine.serve(csr, CERT=encoded(server))
    calls = len(machine.calls())
    answer = unchanged_by(machine)
    assert answer.facts == {
        "run": "run-1", "action": "check", "result": "ok", "engine": "26.1.5", "port": str(machine.port),
        "authority": fingerprint(machine.authority().read_text()), "certificate": fingerprint(server),
        "expires": x509.load_pem_x509_certificate(server.encode()).not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    assert not [call for call in machine.calls()[calls:] if "systemctl" in call]


def test_two_authorities_are_both_told_and_a_long_failure_still_fits(dash_machine: Machine):
    csr = dash_machine.request().csr
    both = dash_machine.authority().read_text() + "some text between\n" + OWNERS
    assert dash_machine.serve(csr, CA=encoded(both)).status == 0
    dash_machine.switch("journal", "\n".join("x" * 400 for _ in range(40)))
    dash_machine.file("/run/up").unlink()
    answer = dash_machine.run("check", TIMEOUT="1")     # Answer.of holds its size
    assert answer.reason == "check-failed"
    assert answer.facts["authority"].split() == [fingerprint(dash_machine.authority().read_text()), fingerprint(OWNERS)]


def test_a_bundle_of_the_whole_world_leaves_room_for_the_answer(dash_machine: Machine):
    csr = dash_machine.request().csr
    world = dash_machine.authority().read_text() + "".join(certificate(str(n)) for n in range(60))
    dash_machine.serve(csr, CA=encoded(world))
    dash_machine.switch("journal", "\n".join("x" * 400 for _ in range(40)))
    dash_machine.file("/run/up").unlink()
    answer = dash_machine.run("check", TIMEOUT="1")
    assert answer.facts["authority"].startswith(fingerprint(dash_machine.authority().read_text()) + " ")
    assert answer.details


def test_a_lost_tlsverify_is_a_failure_that_tells_whose_the_host_is(dash_machine: Machine):
    csr = dash_machine.request().csr
    served = dash_machine.serve(csr)
    dash_machine.switch("open-door")
    dash_machine.restart_engine()
    answer = unchanged_by(dash_machine)
    assert answer.reason == "check-failed" and "does not refuse" in answer.details[0]
    assert answer.facts["authority"] == fingerprint(dash_machine.authority().read_text())
    assert answer.facts["certificate"] == served.facts["certificate"]


def test_lost_settings_do_not_make_a_host_nobody_s(dash_machine: Machine):
    dash_machine.serve(dash_machine.request().csr)
    dash_machine.file("/etc/docker/daemon.json").write_text("{}")
    dash_machine.restart_engine(listens=False)
    answer = dash_machine.run("check", TIMEOUT="1")
    assert answer.reason == "check-failed"
    assert answer.facts["authority"] == fingerprint(dash_machine.authority().read_text())


@pytest.mark.parametrize("given", ["", "given"])
def test_an_expired_certificate_has_a_reason_of_its_own(machine: Machine, given: str):
    machine.serve(machine.request().csr)
    expired = certificate("a server", -9, datetime(2026, 1, 5, 3, 4, 9, tzinfo=timezone.utc))
    path = machine.file("/etc/docker/dockervm/server-cert.pem")
    path.unlink()
    path.write_text(expired)
    answer = unchanged_by(machine, **({"CERT": encoded(expired)} if given else {}))
    assert answer.reason == "certificate-expired"
    assert answer.facts["expires"] == "2026-01-05T03:04:09Z"
    assert answer.facts["certificate"] == fingerprint(expired)
    assert answer.facts["authority"] == fingerprint(machine.authority().read_text())


def test_another_port_than_the_engine_s_is_not_waited_for(dash_machine: Machine):
    dash_machine.serve(dash_machine.request().csr)
    began = time.monotonic()
    answer = dash_machine.run("check", PORT="4999")
    assert time.monotonic() - began < 10
    assert answer.reason == "check-failed"
    assert str(dash_machine.port) in answer.details[0]
    assert answer.facts["port"] == str(dash_machine.port)


def test_what_is_known_is_told_before_a_bad_certificate_is_refused(dash_machine: Machine):
    dash_machine.serve(dash_machine.request().csr)
    answer = dash_machine.run("check", CERT=encoded("no certificate"))
    assert answer.reason == "bad-input"
    assert answer.facts["authority"] == fingerprint(dash_machine.authority().read_text())


# What others' hosts say


@pytest.mark.parametrize("docker", [False, True])
def test_a_host_that_nobody_has_set_up_says_so_at_once(machine: Machine, docker: bool):
    if docker:
        machine.install_docker()
    began = time.monotonic()
    answer = unchanged_by(machine)
    assert time.monotonic() - began < 10
    assert answer.reason == "not-set-up"
    assert answer.facts["authority"] == "none"
    assert not {"certificate", "expires", "port"} & answer.facts.keys()


TLS_FLAGS = "--tlsverify --tlscacert=/srv/ca.pem --tlscert /srv/cert.pem --tlskey=/srv/key.pem"
HAND_MADE: dict[str, tuple[str, dict[str, str]]] = {
    "the packaged unit": (PACKAGED_UNIT.replace("$DOCKER_OPTS", f"-H tcp://0.0.0.0:2376 {TLS_FLAGS}"), {}),
    "a command line of several lines": (
        PACKAGED_UNIT.replace("$DOCKER_OPTS", "\\\n  -H=0.0.0.0:2376 \\\n\t" + TLS_FLAGS.replace(" ", " \\\n  ")), {}),
    "a drop-in": (PACKAGED_UNIT, {
        "/etc/systemd/system/docker.service.d/10-mine.conf":
            f'[Service]\nExecStart=\nExecStart="/usr/bin/dockerd" --host tcp://10.0.0.4:2376 {TLS_FLAGS}\n'}),
    "the last drop-in by name, wherever it lies": (PACKAGED_UNIT, {
        "/etc/systemd/system/docker.service.d/10-old.conf":
            "[Service]\nExecStart=\nExecStart=/usr/bin/dockerd --tlsverify --tlscacert=/other.pem -H=0.0.0.0:2375\n",
        "/usr/lib/systemd/system/docker.service.d/20-new.conf":
            f"[Service]\nExecStart=\nExecStart=/usr/bin/dockerd -H=0.0.0.0:2376 {TLS_FLAGS}\n"}),
    "daemon.json": (PACKAGED_UNIT, {"/etc/docker/daemon.json": json.dumps({
        "hosts": ["unix:///var/run/docker.sock", "tcp://127.0.0.1:2375", "tcp://[::]:2376"], "tlsverify": True,
        "tlscacert": "/srv/ca.pem", "tlscert": "/srv/cert.pem", "tlskey": "/srv/key.pem"}, indent=1)}),
    "daemon.json of another name": (PACKAGED_UNIT.replace("$DOCKER_OPTS", "--config-file=/srv/mine.json"), {
        "/srv/mine.json": '{"tls":true,"tlscacert":"/srv/ca.pem","tlscert":"/srv/cert.pem","hosts":["tcp://:2376"]}'}),
    "a file of variables": (PACKAGED_UNIT.replace("ExecStart", "EnvironmentFile=-/etc/default/docker\nExecStart"), {
        "/etc/default/docker": f'# DOCKER_OPTS="--tlscacert=/no.pem"\nDOCKER_OPTS="{TLS_FLAGS} -H tcp://0.0.0.0:2376"\n'}),
    "a variable of systemd's": (PACKAGED_UNIT, {
        "/run/systemd/system/docker.service.d/10-docker-extension.conf":
            f'[Service]\nEnvironment="DOCKER_OPTS={TLS_FLAGS} -H=0.0.0.0:2376"'}),
}


@pytest.mark.parametrize("way", HAND_MADE)
def test_what_somebody_set_up_by_hand_has_an_owner_too(machine: Machine, way: str):
    unit, files = HAND_MADE[way]
    machine.install_docker(unit)
    put(machine, {"/srv/ca.pem": OWNERS, "/srv/cert.pem": SERVERS, **files})
    answer = unchanged_by(machine, PORT="4243")
    assert answer.reason == "check-failed"
    assert answer.facts["authority"] == fingerprint(OWNERS)
    assert answer.facts["certificate"] == fingerprint(SERVERS)
    assert answer.facts["port"] == "2376"


def test_an_authority_that_can_t_be_read_is_not_none(machine: Machine):
    machine.install_docker(HAND_MADE["the packaged unit"][0])
    answer = machine.run("check")
    assert answer.reason == "not-set-up"
    assert answer.facts["authority"] == "unknown"


def test_variables_that_the_command_line_does_not_name_do_not_count(dash_machine: Machine):
    unit = PACKAGED_UNIT.replace("$DOCKER_OPTS", "")
    dash_machine.install_docker(unit.replace("ExecStart", "EnvironmentFile=/etc/default/docker\nExecStart"))
    put(dash_machine, {"/etc/default/docker": f"DOCKER_OPTS={TLS_FLAGS}", "/srv/ca.pem": OWNERS})
    assert dash_machine.run("check").facts["authority"] == "none"


def test_without_openssl_the_reason_is_not_another(dash_machine: Machine):
    dash_machine.install_docker()
    for tool in "sh sed tr cut sort tail head cat mkdir chmod rm mv flock id grep".split():
        (dash_machine.tools / tool).symlink_to(str(shutil.which(tool)))
    answer = dash_machine.run("check", f"export PATH={dash_machine.tools}")
    assert answer.reason == "openssl-missing"
    assert answer.facts["authority"] == "none"


# After the Docker VM extension


@pytest.fixture
def extension_machine(dash_machine: Machine) -> Machine:
    """As its handler leaves a host: the unit edited in place, its files 0600."""
    dash_machine.install_docker(EXTENSION_UNIT.replace("4243", str(dash_machine.port)))
    csr = dash_machine.request().csr
    own = dash_machine.file("/etc/docker")
    for name, text in {"ca.pem": dash_machine.authority().read_text(), "cert.pem": dash_machine.sign(csr),
                       "key.pem": (own / "dockervm/server-key.pem").read_text()}.items():
        (own / name).write_text(text)
        (own / name).chmod(0o600)
    shutil.rmtree(own / "dockervm")
    dash_machine.restart_engine()
    return dash_machine


def test_the_extension_s_host_tells_whose_it_is(extension_machine: Machine):
    answer = unchanged_by(extension_machine)
    assert answer.status == 0
    assert answer.facts["authority"] == fingerprint(extension_machine.authority().read_text())
    assert answer.facts["certificate"] == fingerprint(extension_machine.file("/etc/docker/cert.pem").read_text())
    assert answer.facts["port"] == str(extension_machine.port)


def test_a_restart_keeps_what_the_handler_has_written_over_an_upgrade_of_the_package(extension_machine: Machine):
    unit = extension_machine.file("/usr/lib/systemd/system/docker.service")
    kept = extension_machine.file("/etc/systemd/system/docker.service.d/dockervm-extension.conf")
    for port in ("4242", str(extension_machine.port)):      # the second time the handler has written another one
        unit.write_text(EXTENSION_UNIT.replace("4243", port))
        extension_machine.run("restart", TIMEOUT="2" if port == "4242" else "30")
        line = unit.read_text().splitlines()[-1]
        assert kept.read_text().splitlines()[-3:] == ["[Service]", "ExecStart=", line] and mode(kept) == 0o644
    unit.write_text(PACKAGED_UNIT)
    before = kept.read_text()
    seen = extension_machine.run("check")
    assert seen.facts["port"] == str(extension_machine.port)
    assert seen.facts["authority"] == fingerprint(extension_machine.authority().read_text())
    extension_machine.run("restart", TIMEOUT="2")
    assert kept.read_text() == before


def test_a_host_whose_unit_nobody_has_edited_gets_no_drop_in_of_the_extension_s(dash_machine: Machine):
    dash_machine.serve(dash_machine.request().csr)
    assert dash_machine.run("restart").status == 0
    assert [path.name for path in dash_machine.file("/etc/systemd/system/docker.service.d").iterdir()] == [
        "dockervm.conf"]


def test_a_restart_gives_the_extension_s_files_their_modes(extension_machine: Machine):
    for _ in range(2):
        assert extension_machine.run("restart").status == 0
        modes = [mode(extension_machine.file(f"/etc/docker/{name}.pem")) for name in ("ca", "cert", "key")]
        assert modes == [0o444, 0o444, 0o400]


def test_a_restart_leaves_the_files_of_others_as_they_are(dash_machine: Machine):
    dash_machine.install_docker(HAND_MADE["the packaged unit"][0])
    put(dash_machine, {"/srv/ca.pem": OWNERS, "/srv/cert.pem": SERVERS, "/srv/key.pem": "", "/etc/docker/ca.pem": ""})
    before = dash_machine.files("/srv", "/etc")
    dash_machine.run("restart", PORT="2376", TIMEOUT="1")
    assert dash_machine.files("/srv", "/etc") == before


# Another authority


def test_another_authority_takes_the_place_of_the_first(machine: Machine, tmp_path: Path):
    machine.serve(machine.request().csr)
    other = Machine(tmp_path / "other", machine.shell, tmp_path / "another-authority")
    csr = machine.request(NEW_KEY="1").csr
    served = machine.run("serve", **{**other.material(csr), "DAEMON_JSON": machine.material(csr)["DAEMON_JSON"]})
    assert served.status == 0
    answer = machine.run("check")
    assert answer.status == 0
    assert answer.facts["authority"] == fingerprint(other.authority().read_text())
    assert answer.facts["certificate"] == served.facts["certificate"]


@pytest.mark.parametrize("fault", ["start-fails-once", "config-bad", "open-door"])
def test_a_change_of_authority_that_fails_puts_the_earlier_engine_back(machine: Machine, tmp_path: Path, fault: str):
    earlier = machine.serve(machine.request().csr)
    csr = machine.request(NEW_KEY="1").csr
    before = machine.files("/etc")
    other = Machine(tmp_path / "other", machine.shell, tmp_path / "another-authority")
    machine.switch(fault)
    answer = machine.run("serve", **{**other.material(csr), "DAEMON_JSON": machine.material(csr)["DAEMON_JSON"]})
    assert answer.status != 0
    assert machine.files("/etc") == before
    machine.file(f"/switch/{fault}").unlink(missing_ok=True)
    if fault == "open-door":
        machine.restart_engine()
    after = machine.run("check")
    assert after.status == 0
    assert after.facts["authority"] == fingerprint(machine.authority().read_text())
    assert after.facts["certificate"] == earlier.facts["certificate"]
