"""Proxies as people type them, and what is never asked of them."""

from __future__ import annotations

import pytest

from azext_dockervm.errors import InvalidValue
from azext_dockervm.secret import Secret
from azext_dockervm.spec.proxies import Proxies
from azext_dockervm.spec.proxy_rules import check_direct, check_proxy, said_again


@pytest.mark.parametrize(("url", "kept"), [
    ("http://p:3128", "http://p:3128"), ("https://me:p%40ss@p.corp/", "https://me:p%40ss@p.corp"),
    ("http://[fd00::1]:8080", "http://[fd00::1]:8080")])
def test_a_url_stays_as_it_is_and_is_kept_secret(url, kept):
    found = check_proxy(url)
    assert found == Secret(kept) and kept not in repr(found)


@pytest.mark.parametrize("url", ["p:3128", "http://", "http://p:x", "http://p/a", "http://p?a", "http://p#a", "ftp://p",
                                 "http://p:70000", "http://a b", "http://p;x", 'http://"p"', "http://ü", "http://p\n"])
def test_what_is_no_proxy(url):
    with pytest.raises(InvalidValue, match="--http-proxy"):
        check_proxy(url)


@pytest.mark.parametrize("url", ["http://me:s3cret@p/x", "me:s3cret@p", "http://me:s3:cr@et@p?x", "ftp://s3cret@p"])
def test_no_message_says_a_password(url):
    with pytest.raises(InvalidValue) as caught:
        check_proxy(url)
    assert "s3" not in caught.value.message and "et@" not in caught.value.message


def test_in_a_command_it_stands_without_the_password():
    assert said_again("http://me:s3cret@p:1") == ("http://USER:PASSWORD@p:1",) and said_again("http://p:1") == (
        "http://p:1",)


def test_what_is_reached_directly():
    assert check_direct([".corp,10.0.0.0/8 db", "[::1]", "*", "db"]) == (".corp", "10.0.0.0/8", "db", "[::1]", "*")


def test_this_host_and_azure_s_own_services_never_go_by_a_proxy():
    found = Proxies(http=Secret("http://p"), direct=(".corp", "localhost"))
    assert found.without == "localhost,127.0.0.1,169.254.169.254,168.63.129.16,.corp"
    assert Proxies(direct=(".corp",)).without == "" and not Proxies(direct=(".corp",)) and found


@pytest.mark.parametrize(("proxies", "has"), [
    (Proxies(), False), (Proxies(http=Secret("http://p")), False), (Proxies(https=Secret("http://a:b@p")), True)])
def test_which_have_a_password(proxies, has):
    assert proxies.has_password is has
