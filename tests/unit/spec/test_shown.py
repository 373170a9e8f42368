"""What messages show of values that are refused: enough to find them by, and nothing that may be a password."""

from __future__ import annotations

import pytest

from azext_dockervm.spec import shown


@pytest.mark.parametrize(("words", "said"), [
    (["max size=1m"], "'max size=1m'"), (["mtu:1\t2"], "'mtu:1\\t2'"),
    (["Splunk-Token=s3cret"], "'Splunk-Token=…'"), (["log-opts.x/y=https://me:s3cret@h"], "'log-opts.x/y=…'"),
    (["the token=s3cret"], "word 1 of 1"), (["token:s3cret"], "word 1 of 1"),
    (["https://me:s3cret@h=1"], "word 1 of 1"), (["s3cret", "splunk-token="], "word 1 of 2")])
def test_of_an_assignment_beside_a_secret_the_key_alone(words, said):
    assert shown.assignment(words[0], words) == said


@pytest.mark.parametrize(("text", "said"), [
    ("http://p:3128", "http://p:3128"), ("p:3128/a", "p:3128/a"), ("http://[fd00::1]:80", "http://[fd00::1]:80"),
    ("a;b", "a;b"), ("a\n", "a\\n"),
    ("http://me:s3cret@p:1/x", "http://USER:PASSWORD@p:1/x"), ("me:s3cret@p", "http://USER:PASSWORD@p"),
    ("http://me:a@s3cret@p?s3cret", "http://USER:PASSWORD@p…"), ("http://me:s3cret", "http://me…"),
    ("me:3s3cret", "me…"), ("http://p?key=s3cret", "http://p…"), ("http://p#s3cret", "http://p…"),
    ("token=s3cret", "token…")])
def test_of_a_url_what_is_no_login_and_no_query(text, said):
    assert shown.url(text) == said


@pytest.mark.parametrize("text", ['"splunk-token": "s3cret"', "token: s3cret", "token=s3cret", "{token", "token\nx",
                                  'proxy https://me:s3cret@p'])
def test_what_looks_like_a_file_s_content_with_a_secret_is_not_shown(text):
    assert shown.path(text) is None


@pytest.mark.parametrize(("text", "said"), [("./app.env", "./app.env"), ("TOKEN=s3cret", "TOKEN=…"), ("a\tb", "a\\tb")])
def test_of_a_variable_that_was_taken_for_a_file_s_name_its_name_alone(text, said):
    assert shown.path_or_variable(text) == said


@pytest.mark.parametrize("text", ["/home/me/secrets/daemon.json", "C:\\secret\\d.json", '"debug": true', "a=b"])
def test_a_file_s_name_is_shown(text):
    assert shown.path(text) == text
