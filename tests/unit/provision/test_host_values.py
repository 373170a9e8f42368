"""What the set-up script is told of a host: its settings, proxies and mirrors, and what is noted of them."""

from __future__ import annotations

import base64
import json
import re
from types import SimpleNamespace

import pytest
from specs import host_spec

from azext_dockervm.provision.daemon import fingerprint
from azext_dockervm.provision.host_values import SECRET_SETTINGS, are_secret, settings_tag, to_install, to_serve
from azext_dockervm.provision.target import Target
from azext_dockervm.secret import Secret
from azext_dockervm.spec.proxies import DIRECT

PLAIN, WITH_PASSWORD = Secret("http://proxy:3128"), Secret("http://me:s3cret@proxy:3128")
SECRET_ENGINE = {"engine.options": {"log-opts": {"splunk-token": "s3cret"}}}


def proxies(**values):
    return {f"proxies.{name}": value for name, value in values.items()}


def test_a_host_for_which_nothing_was_asked():
    assert to_install(host_spec()) == {"DOCKERVM_USER": "azureuser", "DOCKERVM_CHANNEL": "distribution",
                                       "DOCKERVM_VERSION": ""}
    assert to_serve(host_spec())["DOCKERVM_MIRRORS"] == "" and not are_secret(host_spec())


def test_docker_and_its_disk_are_told():
    told = to_install(host_spec(docker_channel="docker", docker_version="28.5", user="me", **{"disks.docker_lun": 0}))
    assert (told["DOCKERVM_USER"], told["DOCKERVM_CHANNEL"], told["DOCKERVM_VERSION"]) == ("me", "docker", "28.5")
    assert told["DOCKERVM_DOCKER_LUN"] == "0"


def test_each_proxy_is_told_as_what_it_is():
    told = to_install(host_spec(**proxies(http=PLAIN, direct=("a.test", "b.test"))))
    assert (told["DOCKERVM_HTTP_PROXY"], told["DOCKERVM_HTTPS_PROXY"]) == ("http://proxy:3128", "")
    assert told["DOCKERVM_NO_PROXY"] == ",".join([*DIRECT, "a.test", "b.test"])
    told = to_install(host_spec(**proxies(https=PLAIN)))
    assert (told["DOCKERVM_HTTP_PROXY"], told["DOCKERVM_HTTPS_PROXY"]) == ("", "http://proxy:3128")


def test_with_a_password_no_proxy_is_told_where_others_read_it():
    spec = host_spec(**proxies(http=PLAIN, https=WITH_PASSWORD))
    told = to_install(spec)
    assert are_secret(spec)
    assert told["DOCKERVM_HTTP_PROXY"] == PLAIN and told["DOCKERVM_HTTPS_PROXY"] == WITH_PASSWORD
    assert not are_secret(host_spec(**proxies(http=PLAIN)))


def test_settings_are_secret_where_one_of_them_is():
    hidden, shown = to_serve(host_spec(**SECRET_ENGINE)), to_serve(host_spec())
    assert are_secret(host_spec(**SECRET_ENGINE)) and isinstance(hidden["DOCKERVM_DAEMON_JSON"], Secret)
    assert json.loads(base64.b64decode(shown["DOCKERVM_DAEMON_JSON"]))["tlsverify"] is True


@pytest.mark.parametrize(("mirrors", "told"), [
    ((), ""), (("https://a.test", "http://b.test/path", "https://c.test:5000"), "a.test:443 b.test:80 c.test:5000")])
def test_the_host_looks_at_its_mirrors_by_name_and_port(mirrors, told):
    spec = host_spec(**{"engine.registry_mirrors": mirrors})
    assert to_serve(spec)["DOCKERVM_MIRRORS"] == told


def test_behind_a_proxy_no_mirror_is_looked_at():
    assert to_serve(host_spec(**{"engine.registry_mirrors": ("https://a.test",)}, **proxies(http=PLAIN)))[
        "DOCKERVM_MIRRORS"] == ""


# What the VM's tag notes of them


OTHERS = [{"engine.log_driver": "local"}, {"engine.options": {"debug": True}}, proxies(http=PLAIN),
          proxies(https=PLAIN), proxies(http=PLAIN, direct=("a.test",))]


def test_each_setting_has_a_fingerprint_of_its_own():
    noted = [fingerprint(host_spec(**values)) for values in [{}, *OTHERS]]
    assert len(set(noted)) == len(noted) and all(re.fullmatch("[0-9a-f]{16}", one) for one in noted)
    assert noted == [fingerprint(host_spec(**values)) for values in [{}, *OTHERS]]
    assert fingerprint(host_spec(port=2376)) == noted[0], "the port has a tag of its own"
    assert fingerprint(host_spec(**proxies(http=WITH_PASSWORD))) == fingerprint(host_spec(**proxies(http=Secret(
        "http://me:another@proxy:3128"))))


def test_of_secret_settings_nothing_is_noted():
    tag, = settings_tag(host_spec(**SECRET_ENGINE)).values()
    assert tag == SECRET_SETTINGS and settings_tag(host_spec()) == {"dockervm-settings": fingerprint(host_spec())}


@pytest.mark.parametrize(("resumed", "finished", "asked", "keeps"), [
    (False, False, False, False), (False, True, False, False), (True, False, False, True), (True, True, False, True),
    (True, False, True, False), (True, True, True, True)])
def test_an_engine_that_is_there_keeps_its_settings_unless_others_were_asked_before_it_was_finished(
        resumed, finished, asked, keeps):
    spec = host_spec(typed={"--log-driver": ("local",)} if asked else {})
    target = Target(None, spec, "r1", SimpleNamespace(), resumed=resumed, finished=finished)
    assert target.keeps_settings is keeps
