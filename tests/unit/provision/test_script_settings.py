"""The engine's settings on a host: told before they change, changed as asked, a hand's work kept; and its proxies."""

from __future__ import annotations

import json
import shlex
import subprocess

import pytest
from script_machine import EXTENSION_UNIT, Answer, Machine, encoded, mode, needs_tools

from azext_dockervm.provision.daemon import daemon_json, settings
from azext_dockervm.spec.engine import Engine
from azext_dockervm.spec.shown import SECRET_NAME

pytestmark = needs_tools

FILE, COPY, PROXIES = "/etc/docker/daemon.json", "/etc/docker/dockervm/daemon.json", "/etc/docker/dockervm/proxy.env"
DROP_IN = "/etc/systemd/system/docker.service.d/dockervm-proxy.conf"
NASTY = "a b\"c'd$(touch planted)`e`\\f\nüß"


def text(machine: Machine, **values: object) -> str:
    return daemon_json(Engine(machine.port, **values))  # type: ignore[arg-type]


def host(machine: Machine, **values: object) -> Machine:
    """One that serves with these settings."""
    csr = machine.request().csr
    assert machine.serve(csr, DAEMON_JSON=encoded(text(machine, **values))).status == 0
    return machine


def configure(machine: Machine, apply: bool = True, more: dict[str, str] | None = None, **values: object) -> Answer:
    return machine.run("configure", DAEMON_JSON=encoded(text(machine, **values)), **(more or {}),
                       **({"APPLY": "1"} if apply else {}))


def restarts(machine: Machine) -> int:
    return machine.calls().count("systemctl restart docker.service")


# What would change, and the change


def test_what_would_change_is_told_and_nothing_is_done(machine: Machine):
    before = host(machine, labels=("a=b",)).files("/etc")
    answer = configure(machine, apply=False, labels=("a=c",), registry_mirrors=("https://m.test",))
    assert answer.details == ['- "labels": ["a=b"]', '+ "labels": ["a=c"]',
                              '+ "registry-mirrors": ["https://m.test"]']
    assert machine.files("/etc") == before and restarts(machine) == 1


def test_it_is_changed_where_that_is_asked_for_and_the_engine_checked(machine: Machine):
    host(machine, labels=("a=b",))
    answer = configure(machine, labels=(f"x={NASTY}",))
    assert answer.status == 0 and answer.facts["engine"] == "26.1.5" and restarts(machine) == 2
    for path in (FILE, COPY):
        assert json.loads(machine.file(path).read_text())["labels"] == [f"x={NASTY}"]
    assert (mode(machine.file(FILE)), mode(machine.file(COPY))) == (0o644, 0o600)
    assert not machine.file("planted").exists()


def test_the_same_settings_restart_nothing(dash_machine: Machine):
    host(dash_machine, labels=("a=b",))
    answer = configure(dash_machine, labels=("a=b",))
    assert answer.status == 0 and not answer.details and restarts(dash_machine) == 1


def test_settings_that_dockerd_does_not_take_are_taken_back(machine: Machine):
    before = host(machine).files("/etc")
    machine.switch("config-bad")
    answer = configure(machine, options={"no-such-thing": True})
    assert answer.facts["reason"] == "docker-config-invalid"
    assert any("unable to configure the Docker daemon" in line for line in answer.details)
    assert {name: found[:2] for name, found in machine.files("/etc").items()} == {
        name: found[:2] for name, found in before.items()}


def test_an_engine_that_does_not_come_up_with_them_has_the_old_ones_again(dash_machine: Machine):
    host(dash_machine, labels=("a=b",))
    dash_machine.switch("start-fails-once")
    answer = configure(dash_machine, labels=("a=c",))
    assert answer.facts["reason"] == "docker-start-failed"
    assert json.loads(dash_machine.file(FILE).read_text())["labels"] == ["a=b"]
    assert dash_machine.run("check").status == 0


@pytest.mark.parametrize("values", [{"DAEMON_JSON": "%%%"}, {"DAEMON_JSON": ""}, {"HTTP_PROXY": "http://a b"},
                                    {"NO_PROXY": "a$(b)"}, {"HTTPS_PROXY": "http://a\nb"}])
def test_input_is_checked_before_anything_is_written(dash_machine: Machine, values):
    before = host(dash_machine).files("/etc")
    answer = configure(dash_machine, more=values) if "DAEMON_JSON" not in values else dash_machine.run(
        "configure", APPLY="1", **values)
    assert answer.facts["reason"] == "bad-input" and dash_machine.files("/etc") == before


def test_a_machine_that_is_no_host_is_told_so(dash_machine: Machine):
    assert configure(dash_machine).facts["reason"] == "docker-missing"
    dash_machine.install_docker()
    assert configure(dash_machine).facts["reason"] == "not-set-up"


# What a hand has changed


def by_hand(machine: Machine) -> str:
    changed = machine.file(FILE).read_text().replace('"json-file"', '"journald"')
    machine.file(FILE).write_text(changed)
    return changed


def test_a_hand_s_changes_are_named_and_not_written_over(machine: Machine):
    changed = by_hand(host(machine))
    assert configure(machine, apply=False).facts["by-hand"] == FILE
    answer = configure(machine, labels=("a=b",))
    assert answer.facts["reason"] == "settings-changed"
    assert {'- "log-driver": "json-file"', '+ "log-driver": "journald"'} <= set(answer.details)
    assert machine.file(FILE).read_text() == changed and restarts(machine) == 1


def test_where_a_hand_has_done_what_is_asked_for_nothing_is_in_the_way(dash_machine: Machine):
    by_hand(host(dash_machine))
    answer = configure(dash_machine, log_driver="journald", options={"log-opts": {"max-size": "10m", "max-file": "3"}})
    assert answer.status == 0 and not answer.details and restarts(dash_machine) == 1


@pytest.mark.parametrize("apply", [False, True])
def test_what_looks_like_a_password_is_in_no_answer(machine: Machine, apply: bool):
    host(machine, log_driver="splunk", log_options={"splunk-token": "s3cret-one"})
    answer = configure(machine, apply, log_driver="splunk", log_options={"splunk-token": "s3cret-two"})
    assert answer.details == ['- "log-opts": (not told)', '+ "log-opts": (not told)']
    assert "s3cret" not in answer.stdout + answer.stderr
    assert ("s3cret-two" in machine.file(FILE).read_text()) is apply


def test_the_host_takes_for_a_password_all_that_the_client_does(dash_machine: Machine):
    keys = [f"My-{word}" for word in SECRET_NAME.removeprefix("(?i)").replace("[-_]?", "-").split("|")]
    host(dash_machine)
    answer = configure(dash_machine, apply=False, options=dict.fromkeys(keys, "s3cret"))
    assert len(keys) > 4 and set(answer.details) == {f'+ "{key}": (not told)' for key in keys}


def test_nor_is_one_that_a_hand_has_written(dash_machine: Machine):
    host(dash_machine)
    text_of = dash_machine.file(FILE).read_text()
    dash_machine.file(FILE).write_text(text_of.replace('{"max-size"', '{"splunk-Token": "s3cret", "max-size"'))
    answer = configure(dash_machine, labels=("a=b",))
    assert answer.facts["reason"] == "settings-changed" and '+ "log-opts": (not told)' in answer.details
    assert "s3cret" not in answer.stdout + answer.stderr


def test_put_aside_they_stand_in_nobody_s_way(dash_machine: Machine):
    by_hand(host(dash_machine))
    dash_machine.file(FILE).rename(dash_machine.file(FILE + ".by-hand"))
    assert configure(dash_machine, labels=("a=b",)).status == 0
    assert "journald" in dash_machine.file(FILE + ".by-hand").read_text()


def test_a_new_certificate_leaves_them_as_they_are(machine: Machine):
    changed = by_hand(host(machine))
    given = encoded(text(machine, labels=("a=b",)))
    answer = machine.serve(machine.request().csr, KEEP_SETTINGS="1", DAEMON_JSON=given)
    assert answer.status == 0 and machine.file(FILE).read_text() == changed
    assert configure(machine, apply=False).facts["by-hand"] == FILE, "they are still known for a hand's"


def test_another_port_comes_into_them_and_nothing_else(dash_machine: Machine):
    changed = by_hand(host(dash_machine, labels=("a=b",)))
    old, dash_machine.port = dash_machine.port, dash_machine.port + 1
    answer = dash_machine.serve(dash_machine.request().csr, KEEP_SETTINGS="1", DAEMON_JSON=encoded(text(dash_machine)))
    assert answer.status == 0
    assert dash_machine.file(FILE).read_text() == changed.replace(str(old), str(dash_machine.port))
    assert str(old) not in dash_machine.file(COPY).read_text()


def test_a_first_set_up_does_not_write_over_them(dash_machine: Machine):
    changed = by_hand(host(dash_machine))
    answer = dash_machine.serve(dash_machine.request().csr)
    assert answer.facts["reason"] == "settings-changed" and dash_machine.file(FILE).read_text() == changed


def test_where_a_hand_has_taken_tls_out_it_comes_back_and_the_hand_s_file_stays_beside(dash_machine: Machine):
    host(dash_machine)
    dash_machine.file(FILE).write_text('{"debug": true}')
    answer = dash_machine.serve(dash_machine.request().csr, KEEP_SETTINGS="1", DAEMON_JSON=encoded(text(dash_machine)))
    assert answer.status == 0 and json.loads(dash_machine.file(FILE).read_text())["tlsverify"] is True
    assert dash_machine.file(FILE + ".by-hand").read_text() == '{"debug": true}'


# Proxies

URLS = {"HTTP_PROXY": "http://user:p%40ss@proxy.test:3128", "HTTPS_PROXY": "http://proxy.test:3128",
        "NO_PROXY": "localhost,127.0.0.1,.corp.test,10.0.0.0/8"}


def test_engine_and_package_manager_get_them_before_docker_is_installed(machine: Machine):
    machine.file("/etc/apt/apt.conf.d").mkdir(parents=True)
    assert machine.request(**URLS).status == 0
    env = machine.file(PROXIES)
    assert mode(env) == 0o600
    assert env.read_text().splitlines() == [f"{name}={value}" for name, value in URLS.items()]
    assert f"EnvironmentFile={PROXIES}" in machine.file(DROP_IN).read_text().splitlines()
    assert "p%40ss" not in machine.file(DROP_IN).read_text(), "systemd shows everybody what is in a unit"
    apt = machine.file("/etc/apt/apt.conf.d/90dockervm-proxy")
    assert mode(apt) == 0o600
    assert 'Acquire::http::Proxy "http://user:p%40ss@proxy.test:3128";' in apt.read_text()
    assert 'Acquire::http::Proxy::localhost "DIRECT";' in apt.read_text() and ".corp.test" not in apt.read_text()


def test_without_a_password_everybody_may_read_apt_s(dash_machine: Machine):
    dash_machine.file("/etc/apt/apt.conf.d").mkdir(parents=True)
    dash_machine.request(HTTP_PROXY="http://proxy.test:3128")
    assert mode(dash_machine.file("/etc/apt/apt.conf.d/90dockervm-proxy")) == 0o644


def test_the_package_manager_is_run_with_them(dash_machine: Machine):
    tool = dash_machine.tools / "apt-get"
    tool.write_text(tool.read_text().replace("\n", f"\necho \"$http_proxy|$no_proxy\" >>{dash_machine.root}/seen\n", 1))
    dash_machine.request(**URLS)
    assert set((dash_machine.root / "seen").read_text().splitlines()) == {f"{URLS['HTTP_PROXY']}|{URLS['NO_PROXY']}"}


def test_a_password_in_them_is_in_no_answer_and_no_log(dash_machine: Machine):
    host(dash_machine)
    told = [configure(dash_machine, apply, URLS) for apply in (False, True)]
    assert all("p%40ss" not in one.stdout + one.stderr for one in told)
    assert any(line.startswith("+ HTTP_PROXY=http://***@proxy.test") for line in told[0].details)
    assert "p%40ss" in dash_machine.file(PROXIES).read_text()


def test_they_go_when_they_are_not_wanted_any_more(dash_machine: Machine):
    dash_machine.file("/etc/apt/apt.conf.d").mkdir(parents=True)
    host(dash_machine)
    configure(dash_machine, more=URLS)
    assert "- NO_PROXY=" in " ".join(configure(dash_machine).details)
    assert not [path for path in (PROXIES, DROP_IN, "/etc/apt/apt.conf.d/90dockervm-proxy")
                if dash_machine.file(path).exists()]


def test_what_is_written_is_read_by_apt_and_systemd_as_it_is_meant(dash_machine: Machine):
    dash_machine.file("/etc/apt/apt.conf.d").mkdir(parents=True)
    dash_machine.request(**URLS)
    file = dash_machine.file("/etc/apt/apt.conf.d/90dockervm-proxy")
    seen = subprocess.run(["apt-config", "-c", str(file), "shell", "X", "Acquire::http::Proxy"], capture_output=True,
                          text=True, check=True).stdout
    assert shlex.split(seen) == [f"X={URLS['HTTP_PROXY']}"]


# Mirrors, and the extension's engine


def test_a_mirror_that_does_not_answer_is_named_and_fails_nothing(machine: Machine):
    host(machine)
    answer = configure(machine, more={"MIRRORS": f"127.0.0.1:{machine.port} 127.0.0.1:1 nowhere.invalid:443"},
                       labels=("a=b",))
    assert (answer.status, answer.facts["silent-mirrors"]) == (0, "127.0.0.1:1 nowhere.invalid:443")


def test_the_extension_s_engine_gets_all_but_listener_and_certificates(dash_machine: Machine):
    """These are on its command line; dockerd does not start with a setting in both places."""
    dash_machine.switch("offered", "docker-compose\n")
    answer = dash_machine.run("install", COMPOSE="1", DAEMON_JSON=encoded(text(dash_machine, labels=("a=b",))))
    assert answer.status == 0
    assert json.loads(dash_machine.file(FILE).read_text()) == settings(Engine(labels=("a=b",)))
    again = dash_machine.run("install", COMPOSE="1", DAEMON_JSON=encoded(text(dash_machine, labels=("a=b",))))
    assert again.status == 0, "a second try meets its own settings"


def test_the_extension_s_engine_takes_other_settings_later(dash_machine: Machine):
    csr = dash_machine.request().csr
    folder = dash_machine.file("/etc/docker")
    (folder / "ca.pem").write_text(dash_machine.authority().read_text())
    (folder / "cert.pem").write_text(dash_machine.sign(csr))
    (folder / "key.pem").write_bytes(dash_machine.file("/etc/docker/dockervm/server-key.pem").read_bytes())
    dash_machine.install_docker(EXTENSION_UNIT.replace("4243", str(dash_machine.port)))
    answer = configure(dash_machine, labels=("a=b",))
    assert answer.status == 0, answer
    assert json.loads(dash_machine.file(FILE).read_text()) == settings(Engine(labels=("a=b",)))
