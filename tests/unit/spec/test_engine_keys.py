"""Keys of daemon.json: which ones are refused however they are spelled, and which ones an engine takes."""

from __future__ import annotations

import json

import pytest

from azext_dockervm.errors import InvalidValue
from azext_dockervm.spec import engine_keys, engine_rules
from azext_dockervm.spec.engine import Engine

# As dockerd's own flags are, with the names that the file has for them (moby, docs of dockerd).
OURS = ["hosts", "host", "H", "-H", "--host", "HOSTS", "tls", "tlsverify", "tlsVerify", "TLS_VERIFY", "tls-ca-cert",
        "tlscacert", "tlscert", "tlskey", "config-file", "configFile", "--config-file", "authorization-plugins",
        "authorization-plugin", "Authorization_Plugins", "authz-plugins", "api-cors-header", "api-enable-cors",
        "ho\u017fts", "TL\u017fverify", "tls\u212aey", "\uff48osts", " hosts", "hosts\n"]


@pytest.mark.parametrize("key", OURS)
def test_keys_of_listener_tls_and_authorization_are_refused_in_any_spelling(key):
    assert engine_keys.why_reserved(key)
    with pytest.raises(InvalidValue, match="can't be set: ") as caught:
        engine_rules.read_daemon_json(json.dumps({key: False}))
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("word", ["-H=tcp://0.0.0.0:2375", "-H tcp://0.0.0.0:2375", "hosts.x=1", "HOST=x", "h=x",
                                  'x={"TlsVerify": false}', "x.tlsverify=false"])
def test_so_are_words_of_engine_options(word):
    with pytest.raises(InvalidValue, match="can't be set: "):
        engine_rules.check_options([word])


def test_each_refusal_has_its_reason():
    reasons = [engine_keys.why_reserved(key) or "" for key in ("H", "tlsKey", "config-file", "authorization-plugins",
                                                               "api-cors-header")]
    assert ["--docker-port" in reasons[0], "certificates" in reasons[1], "one file" in reasons[2],
            "plugin" in reasons[3], "web pages" in reasons[4]] == [True] * 5


def test_no_key_of_an_engine_that_is_offered_is_refused():
    assert not [key for key in engine_keys.KEYS if engine_keys.why_reserved(key)]
    assert engine_rules.LISTS | engine_rules.TEXTS | engine_rules.OPTION_OF.keys() <= engine_keys.KEYS


@pytest.mark.parametrize(("settings", "paths"), [
    ({"debug": True}, []), ({"x": {"tlsverify": False}}, ["x.tlsverify"]),
    ({"proxies": {"Hosts": [], "http-proxy": "x"}}, ["proxies.Hosts"]),
    # Kept whole by dockerd, but not in another case: then it is an object like any other.
    ({"log-opts": {"tls": "x"}, "features": {"hosts": True}}, []), ({"Log-Opts": {"tlsverify": "0"}},
                                                                     ["Log-Opts.tlsverify"]),
    ({"x": {"y": {"tlsverify": False}}}, [])])
def test_parts_that_dockerd_lifts_to_the_top_are_looked_at(settings, paths):
    assert [path for path, _ in engine_keys.reserved(settings)] == paths


@pytest.mark.parametrize(("key", "near"), [
    ("max-concurent-downloads", ["max-concurrent-downloads"]), ("Live_Restore", ["live-restore"]),
    ("registry-mirror", ["registry-mirrors"]), ("log-opt", ["log-opts"]), ("no-proxy", ["proxies.no-proxy"]),
    ("add-runtime", ["runtimes"]), ("zzz", [])])
def test_an_unknown_key_has_the_nearest_known_one(key, near):
    assert engine_keys.unknown({"debug": True, key: 1}) == {key: near}


def test_parts_of_proxies_are_keys_too():
    assert engine_keys.unknown({"proxies": {"http-proxy": "x", "https_proxy": "x"}}) == {
        "proxies.https_proxy": ["proxies.https-proxy"]}
    assert engine_keys.unknown({"proxies": None, "log-opts": {"anything": "x"}}) == {}


def test_the_file_s_unknown_keys_are_passed_on_with_a_remark():
    file = engine_rules.read_daemon_json('{"debg": true, "from-2030": 1, "mtu": 1450}')
    assert file == {"debg": True, "from-2030": 1, "mtu": 1450}
    first, second = engine_rules.remarks(Engine(file=file))
    assert "the key 'debg'" in first and first.endswith("Did you mean debug?")
    assert "the key 'from-2030'" in second and "Did you mean" not in second
    assert engine_rules.remarks(Engine(file={"mtu": 1450})) == []
