"""After a failure: which of the typed options are the cause, and what the command that goes on has instead."""

from __future__ import annotations

import json

import pytest
from specs import host_spec

from azext_dockervm.provision.unfit import unfit
from azext_dockervm.spec import engine_rules

REFUSED, NOT_STARTED = "docker-config-invalid", "docker-start-failed"
UNABLE = "unable to configure the Docker daemon with file /etc/docker/daemon.json: "
UNKNOWN = UNABLE + "the following directives don't match any configuration option: "
FLAG = {"engine_labels": "--engine-labels", "storage_driver": "--storage-driver", "log_driver": "--log-driver",
        "log_options": "--log-options", "build_cache_gb": "--build-cache-gb", "live_restore": "--live-restore"}


def asked(file=None, options=(), **single):
    typed = {FLAG[name]: words for name, words in single.items()}
    if file is not None:
        typed["--daemon-json"] = ("@FILE",)
    if options:
        typed["--engine-options"] = tuple(options)
    return host_spec(typed={"-dp": ("2376",), **typed}).having({
        "engine.file": file or {}, "engine.options": engine_rules.check_options(options)})


@pytest.mark.parametrize(("said", "spec", "instead"), [
    (UNKNOWN + "from-2030", asked({"from-2030": 1}, ["mtu=1450"]), {"daemon_json": ()}),
    (UNKNOWN + "b, nri-opts", asked({"mtu": 1}, ["debug=true", "nri-opts.enable=true"]),
     {"engine_options": ("--engine-options", "debug=true")}),
    (UNKNOWN + "http-proxi", asked({"proxies": {"http-proxi": "x"}}), {"daemon_json": ()}),
    (UNKNOWN + "min-api-version", asked(None, ["min-api-version=1.40"]), {"engine_options": ()}),
    (UNABLE + "invalid JSON: json: cannot unmarshal string into Go struct field Config.debug of type bool",
     asked({"mtu": 1450}, ["debug=often", "log-level=info"]),
     {"engine_options": ("--engine-options", "log-level=info")}),
    (UNABLE + "merged configuration validation failed: invalid max concurrent downloads: -1",
     asked({"max-concurrent-downloads": -1, "debug": True}, ["debug=true"]), {"daemon_json": ()}),
    (UNABLE + "merged configuration validation failed: invalid logging level: chatty",
     asked(None, ["log-level=chatty", "mtu=1450"]), {"engine_options": ("--engine-options", "mtu=1450")}),
    ("unknown log opt 'max-sise' for json-file log driver",
     asked(log_options=("max-sise=1m",), live_restore=("false",)), {"log_options": ()}),
    # Named by nothing that was typed: any of them may be it.
    (UNABLE + "no luck", asked({"mtu": 1}, ["debug=true"], build_cache_gb=("3",)),
     {"daemon_json": (), "engine_options": (), "build_cache_gb": ()})])
def test_settings_that_dockerd_refuses_are_left_out(said, spec, instead):
    assert unfit(REFUSED, ["last lines of the log:", said, "cloud-init:", "extended_status: error - done"], spec
                 ) == instead


@pytest.mark.parametrize(("details", "spec", "instead"), [
    (['level=error msg="failed to start daemon: error initializing graphdriver: driver not supported: zfs9"'],
     asked(storage_driver=("zfs9",), live_restore=("false",)), {"storage_driver": ()}),
    (["level=debug msg=ready", "level=error msg=\"no space left on device\""], asked({"debug": True}), {}),
    (["docker.service: mtu is fine"], asked({"mtu": 1450}), {})])
def test_an_engine_that_does_not_start_is_about_a_setting_only_where_its_reason_names_one(details, spec, instead):
    assert unfit(NOT_STARTED, details, spec) == instead


def test_a_version_that_is_not_offered_becomes_the_nearest():
    spec = host_spec(typed={"--docker-version": ("99",)})
    lines = ["none of the versions of docker.io that are offered to this host begins with 99",
             "the nearest are: 5:28.5.2-1~debian.13~trixie 5:28.5.1-1~debian.13~trixie "]
    assert unfit("no-such-version", lines, spec) == {
        "docker_version": ("--docker-version", "5:28.5.2-1~debian.13~trixie")}
    assert unfit("no-such-version", [], spec) == {"docker_version": ("--docker-version", "VERSION")}


@pytest.mark.parametrize("reason", ["disk-full", "port-taken", None])
def test_other_failures_leave_all_as_it_was_typed(reason):
    assert unfit(reason, ["mtu invalid"], asked(None, ["mtu=1450"])) == {}


def test_rules_that_the_host_can_t_have_are_left_out():
    assert unfit("metadata-open", [], host_spec()) == {"container_metadata": ("--container-metadata",)}


def test_values_of_any_kind_are_looked_through():
    file = json.loads('{"dns": ["10.0.0.4", "bad-name"], "runtimes": {}, "mtu": null}')
    assert unfit(NOT_STARTED, ["error: bad-name is no address"], asked(file)) == {"daemon_json": ()}
