"""Settings of the engine as people type them: what becomes of good ones; bad ones are in tests/support/bad_values."""

from __future__ import annotations

import json

import pytest

from azext_dockervm.errors import InvalidValue
from azext_dockervm.spec import engine_rules as rules
from azext_dockervm.spec.engine import Engine


def test_daemon_json_is_a_file_or_the_text_itself(tmp_path):
    path = tmp_path / "daemon.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps({"mtu": 1450, "labels": ["ü"]}).encode())     # as Windows writes it
    assert rules.read_daemon_json(str(path)) == {"mtu": 1450, "labels": ["ü"]}
    assert rules.read_daemon_json(' {"mtu": 1450}') == {"mtu": 1450} and rules.read_daemon_json("{}") == {}


def test_a_home_s_tilde_is_followed_and_a_folder_is_no_file(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "d.json").write_text("{}")
    assert rules.read_daemon_json("~/d.json") == {}
    with pytest.raises(InvalidValue, match="can't be read: "):
        rules.read_daemon_json(str(tmp_path))
    (tmp_path / "d.json").write_bytes(b"\xff\xfe{")
    with pytest.raises(InvalidValue, match="no text in UTF-8"):
        rules.read_daemon_json("~/d.json")


@pytest.mark.parametrize("length", [rules.MOST_CHARACTERS, rules.MOST_CHARACTERS + 1])
def test_the_longest_that_is_taken(length):
    text = '{"a": "' + "x" * (length - 9) + '"}'
    assert len(text) == length
    if length > rules.MOST_CHARACTERS:
        with pytest.raises(InvalidValue, match="16,001 characters, and 16,000 are the most"):
            rules.read_daemon_json(text)
    else:
        assert rules.read_daemon_json(text)


@pytest.mark.parametrize(("words", "found"), [
    (["debug=true", "mtu=1450"], {"debug": True, "mtu": 1450}), (["log-level=info"], {"log-level": "info"}),
    (["dns=10.0.0.4", "dns=10.0.0.5"], {"dns": ["10.0.0.4", "10.0.0.5"]}),
    (['dns=["10.0.0.4"]', "dns=b"], {"dns": ["10.0.0.4", "b"]}),
    (["exec-opts=native.cgroupdriver=systemd"], {"exec-opts": ["native.cgroupdriver=systemd"]}),
    (["log-opts.max-file=3", "log-opts.max-size=1m"], {"log-opts": {"max-file": "3", "max-size": "1m"}}),
    (["builder.gc.enabled=false"], {"builder": {"gc": {"enabled": False}}}),
    (['runtimes={"x": {"path": "/y"}}'], {"runtimes": {"x": {"path": "/y"}}}),
    (["runtimes.my_run/1.path=/y"], {"runtimes": {"my_run/1": {"path": "/y"}}}),
    (["bip=NaN", "group=", "bridge= x$(y) 'z\"", 'pidfile="3"'],
     {"bip": "NaN", "group": "", "bridge": " x$(y) 'z\"", "pidfile": "3"}),
    ([f"bip={'[' * 100_000}"], {"bip": "[" * 100_000})])
def test_a_value_is_json_where_it_is_json_and_a_list_grows(words, found):
    assert rules.check_options(words) == found


def test_labels_stay_as_they_are():
    assert rules.check_labels(["a=b=c", "d=", "e=ü $(f)", "a=b=c"]) == ("a=b=c", "d=", "e=ü $(f)")


@pytest.mark.parametrize(("words", "found"), [
    (["https://m.corp", "http://m.corp:5000/"], ("https://m.corp", "http://m.corp:5000/")),
    (["https://m.corp/path"], ("https://m.corp/path",)), (["http://[fd00::1]:5000"], ("http://[fd00::1]:5000",)),
    (["https://a,https://b https://a"], ("https://a", "https://b"))])
def test_mirrors(words, found):
    assert rules.check_mirrors(words) == found


@pytest.mark.parametrize("word", ["https://", "https://a:0", "https://a:x", "https://a?b", "https://a#b",
                                  "https://a b@c", "//a", "https://a:70000", "https://[::1"])
def test_what_is_no_mirror(word):
    with pytest.raises(InvalidValue, match="--registry-mirrors"):
        rules.check_mirrors([word])


def test_registries():
    assert rules.check_registries(["r", "r.corp:5000,10.0.0.0/8", "[fd00::1]:5000", "fd00::/8"]) == (
        "r", "r.corp:5000", "10.0.0.0/8", "[fd00::1]:5000", "fd00::/8")


@pytest.mark.parametrize("name", ["json-file", "overlay2", "vieux/sshfs:latest", "x" * 100])
def test_drivers_may_be_plugins(name):
    assert rules.check_driver("--log-driver", name) == name


def test_a_driver_s_name_has_an_end():
    with pytest.raises(InvalidValue, match="--storage-driver: 'x"):
        rules.check_driver("--storage-driver", "x" * 101)


def test_log_options():
    assert rules.check_log_options(["max-size=50m", "labels=a,b", "tag={{.Name}}=x"]) == {
        "max-size": "50m", "labels": "a,b", "tag": "{{.Name}}=x"}


@pytest.mark.parametrize("size", [16, 24, 32])
def test_pools(size):
    assert rules.check_pools([f"base=172.30.0.0/16,size={size}", "size=64,base=fd00::/48"]) == (
        {"base": "172.30.0.0/16", "size": size}, {"base": "fd00::/48", "size": 64})


@pytest.mark.parametrize("text", ["base=172.30.0.0/16,size=15", "base=172.30.0.0/16,size=33",
                                  "base=172.30.0.1/16,size=24", "base=172.30.0.0/16", "size=24",
                                  "base=172.30.0.0/16,size=24,x=y", "size=a,base=::/0"])
def test_what_is_no_pool(text):
    with pytest.raises(InvalidValue, match="--default-address-pools"):
        rules.check_pools([text])


@pytest.mark.parametrize("text", ["1", "20", "999999"])
def test_a_cache_s_size(text):
    assert rules.check_cache(text) == int(text)


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "1000000", "٣", ""])
def test_what_is_no_size(text):
    with pytest.raises(InvalidValue, match="--build-cache-gb"):
        rules.check_cache(text)


@pytest.mark.parametrize(("engine", "secret"), [
    (Engine(), False), (Engine(labels=("token=x",)), False), (Engine(labels=("from=https://me:x@git/a",)), True),
    (Engine(file={"log-opts": {"splunk-token": "x"}}), True), (Engine(log_options={"splunk-token": "x"}), True),
    (Engine(log_options={"splunk-token": ""}), False), (Engine(options={"a": [{"Secret-Key": "x"}]}), True),
    (Engine(file={"proxies": {"http-proxy": "http://a:b@c"}}), True), (Engine(file={"x": "https://c/d@e"}), False),
    (Engine(file={"proxies": {"http-proxy": "http://c:3128"}}), False), (Engine(storage_driver="a://b@c"), True),
    (Engine(log_driver="a://b@c"), True), (Engine(file={"a": {"b": [1, True, None, "x"]}}), False)])
def test_what_looks_like_a_password(engine, secret):
    assert rules.is_secret(engine) is secret
