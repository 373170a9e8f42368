"""The engine's configuration: it always verifies, what people set goes over dockervm's own, and disks don't fill."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from specs import host_spec

from azext_dockervm.provision import daemon
from azext_dockervm.secret import Secret
from azext_dockervm.spec.engine import Engine

CACHE = {"gc": {"enabled": True, "defaultKeepStorage": "10GB", "defaultMaxUsedSpace": "10GB"}}
USUAL = {"live-restore": True, "log-driver": "json-file", "log-opts": {"max-size": "10m", "max-file": "3"},
         "builder": CACHE}


def test_the_whole_configuration():
    assert json.loads(daemon.daemon_json(Engine(port=2376))) == {
        "hosts": ["fd://", "tcp://0.0.0.0:2376"], "tlsverify": True,
        "tlscacert": "/etc/docker/dockervm/ca.pem", "tlscert": "/etc/docker/dockervm/server-cert.pem",
        "tlskey": "/etc/docker/dockervm/server-key.pem", **USUAL}


def test_it_has_a_key_a_line_the_listener_first():
    """By its lines the host tells what changes; for an engine with the listener on its command line the first go."""
    lines = daemon.daemon_json(Engine(labels=("a=é\n{",))).splitlines()
    assert (lines[0], lines[-1]) == ("{", "}")
    keys = [line.partition(":")[0].strip(' "') for line in lines[1:-1]]
    assert keys[:5] == ["hosts", "tlsverify", "tlscacert", "tlscert", "tlskey"] and "labels" in keys
    rest = "\n".join(line for line in lines if not line.startswith(('  "hosts"', '  "tls')))
    assert json.loads(rest) == {**USUAL, "labels": ["a=é\n{"]}


def test_each_option_has_its_key():
    engine = Engine(labels=("a=b",), registry_mirrors=("https://m",), insecure_registries=("r:5000",),
                    storage_driver="overlay2", log_driver="local", live_restore=False, build_cache_gb=40,
                    address_pools=({"base": "172.30.0.0/16", "size": 24},), log_options={"max-size": "50m"})
    assert daemon.settings(engine) == {
        "labels": ["a=b"], "registry-mirrors": ["https://m"], "insecure-registries": ["r:5000"],
        "storage-driver": "overlay2", "log-driver": "local", "live-restore": False,
        "log-opts": {"max-size": "50m", "max-file": "3"},
        "default-address-pools": [{"base": "172.30.0.0/16", "size": 24}],
        "builder": {"gc": {"enabled": True, "defaultKeepStorage": "40GB", "defaultMaxUsedSpace": "40GB"}}}


@pytest.mark.parametrize(("engine", "label"), [
    (Engine(file={"labels": ["file"]}), "file"),
    (Engine(file={"labels": ["file"]}, options={"labels": ["options"]}), "options"),
    (Engine(file={"labels": ["file"]}, labels=("own=1",)), "own=1")])
def test_the_file_gives_way_to_options_and_both_to_an_option_of_its_own(engine, label):
    assert daemon.settings(engine)["labels"] == [label]


def test_what_people_set_goes_over_what_dockervm_sets():
    found = daemon.settings(Engine(file={"live-restore": False, "builder": {"gc": {"enabled": False}}, "mtu": 1450}))
    assert (found["live-restore"], found["builder"], found["mtu"]) == (False, {"gc": {"enabled": False}}, 1450)


@pytest.mark.parametrize(("engine", "options"), [
    (Engine(log_driver="journald"), None),      # dockerd refuses options that a driver does not know
    (Engine(log_driver="journald", log_options={"tag": "x"}), {"tag": "x"}),
    (Engine(file={"log-driver": "syslog"}), None),
    (Engine(file={"log-opts": {"max-file": "9"}}), {"max-size": "10m", "max-file": "9"}),
    (Engine(file={"log-opts": {"max-file": "9"}}, log_options={"max-file": "5"}), {"max-size": "10m", "max-file": "5"}),
    (Engine(file={"log-opts": "no object"}), "no object")])
def test_logs_are_rotated_by_drivers_that_can_and_each_option_by_itself(engine, options):
    assert daemon.settings(engine).get("log-opts") == options


def test_the_fingerprint_tells_settings_apart_and_nothing_secret():
    def of(**values):
        return daemon.fingerprint(host_spec().having(values))

    assert of() == of() and len(of()) == 16
    changed = [of(**{"engine.labels": ("a=b",)}), of(**{"proxies.http": Secret("http://a:3128")}),
               of(**{"proxies.http": Secret("http://a:3128"), "proxies.direct": (".corp",)})]
    assert len({of(), *changed}) == 4
    assert of(**{"engine.port": 2376}) == of(), "the port has a tag of its own"
    assert of(**{"engine.log_options": {"splunk-token": "x"}}) == ""
    passwords = [of(**{"proxies.http": Secret(f"http://u:{word}@a:3128")}) for word in ("one", "two")]
    assert passwords[0] == passwords[1]


def test_a_whole_engine_is_a_value():
    assert replace(Engine(), labels=("a=b",)) != Engine() == Engine()


def test_the_extension_s_engine_has_the_same_limits_on_its_command_line():
    """A driver that the Docker SDK can't read lets containers.run() return None; without limits a disk runs full."""
    assert daemon.extension_options() == [
        "--live-restore", "--log-driver=json-file", "--log-opt=max-size=10m", "--log-opt=max-file=3"]
