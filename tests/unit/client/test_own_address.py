"""The public address of this computer: what is asked, what is taken, and how everything else is refused."""

from __future__ import annotations

import time

import pytest
from echo_service import ADDRESS, echo_service

from azext_dockervm.client import own_address
from azext_dockervm.errors import DeadlinePassed, InvalidValue
from azext_dockervm.flow.deadline import Deadline


@pytest.fixture
def echo(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with echo_service() as served:
        yield served


def ask(echo, seconds=60.0):
    return own_address.ask(echo.url, Deadline(seconds))


@pytest.mark.parametrize("answer", [ADDRESS, f"{ADDRESS}\n", f"  {ADDRESS}\r\n"])
def test_the_address_is_taken_as_the_service_tells_it(echo, answer):
    echo.answer = answer.encode()
    assert ask(echo) == ADDRESS


@pytest.mark.parametrize(("answer", "words"), [
    (b"", "no IP address: ''"), (b"<html>Log in to the hotel</html>", "no IP address: '<html>"),
    (b"20.42.73.5, 10.0.0.1", "no IP address"), (b"20.42.73.0/24", "no IP address"), (b"*", "no IP address"),
    (b"\x1b[2J\xff", "no IP address"), (b"2001:4860:4860::8888", "IPv6 address 2001:4860:4860::8888"),
    *[(text.encode(), "no public address") for text in (
        "10.0.0.4", "192.168.1.7", "100.64.3.4", "127.0.0.1", "169.254.1.1", "0.0.0.0", "224.0.0.1", "255.255.255.255",
        "240.0.0.1", "203.0.113.7")]])
def test_an_answer_that_is_no_public_ipv4_address_is_refused(echo, answer, words):
    echo.answer = answer
    with pytest.raises(InvalidValue) as refused:
        ask(echo)
    assert words in refused.value.message and echo.url in refused.value.message and "\x1b" not in refused.value.message


def test_a_redirect_is_not_followed(echo):
    with echo_service() as elsewhere:
        echo.status, echo.headers = 302, {"Location": elsewhere.url}
        with pytest.raises(InvalidValue, match="HTTP 302"):
            ask(echo)
        assert elsewhere.asked == []


def test_the_request_has_nothing_of_the_user(echo, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    ask(echo)
    (headers,) = echo.asked
    assert sorted(headers) == ["Accept", "Accept-Encoding", "Connection", "Host", "User-Agent"]


def test_a_slow_answer_ends_after_seconds(echo, monkeypatch):
    monkeypatch.setattr(own_address, "SECONDS", 0.5)
    echo.pause = 0.2
    began = time.monotonic()
    with pytest.raises(InvalidValue, match="did not answer within"):
        ask(echo)
    assert time.monotonic() - began < 1.5


def test_the_deadline_of_the_command_is_told_as_its_own(echo):
    echo.pause = 0.2
    with pytest.raises(DeadlinePassed):
        ask(echo, 0.3)


def test_a_service_that_is_not_there_is_told(echo):
    with pytest.raises(InvalidValue, match="can't be reached: no connection"):
        own_address.ask("http://127.0.0.1:9/", Deadline(60))


def test_a_certificate_of_another_authority_is_refused(monkeypatch):
    import requests

    def refuse(*_, **options):
        assert options.get("verify", True) is True
        raise requests.exceptions.SSLError("self-signed")

    monkeypatch.setattr(requests, "get", refuse)
    with pytest.raises(InvalidValue, match="its certificate was not accepted"):
        own_address.ask("https://echo.example/", Deadline(60))


def test_a_proxy_of_the_environment_is_noticed(echo, monkeypatch):
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert not own_address.by_proxy("https://echo.example/")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    assert own_address.by_proxy("https://echo.example/") and not own_address.by_proxy("http://echo.example/")
    monkeypatch.setenv("NO_PROXY", "echo.example")
    assert not own_address.by_proxy("https://echo.example/")
