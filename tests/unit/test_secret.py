"""Secret: every ordinary way of showing a value shows it redacted."""

from __future__ import annotations

import copy
import dataclasses
import json
import logging
import pickle
import pprint
import traceback

import pytest

from azext_dockervm.secret import Secret

VALUE = "correct horse battery staple"


@dataclasses.dataclass(frozen=True)
class Holder:
    name: str
    password: Secret


@pytest.mark.parametrize("value", [VALUE, VALUE.encode()])
@pytest.mark.parametrize("show", [
    repr, str, ascii, "{}".format, "{!r}".format, "{:>80}".format, lambda s: "%s %r" % (s, s),  # noqa: UP031
    pprint.pformat,
    lambda s: f"{s}", lambda s: repr([s]), lambda s: repr({"password": s}),
    lambda s: repr(Holder("n", s)), lambda s: str(dataclasses.asdict(Holder("n", s))),
    lambda s: str(getattr(s, "__dict__", "")), lambda s: repr(ValueError(s)),
])
def test_no_way_of_printing_shows_the_value(value, show):
    shown = show(Secret(value))
    assert VALUE not in shown


def test_log_lines_are_redacted(caplog):
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("any").debug("body %s %r", Secret(VALUE), {"key": Secret(VALUE)})
    assert VALUE not in caplog.text
    assert caplog.text.count("<redacted>") == 2


def test_a_traceback_with_local_variables_is_redacted():
    def fails(secret):
        raise ValueError(f"bad {secret}")

    try:
        fails(Secret(VALUE))
    except ValueError as error:
        text = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "Secret(<redacted>)" in text
    # The frame of the test itself names VALUE nowhere but in its source line.
    assert VALUE not in text


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickle_is_refused(protocol):
    with pytest.raises(TypeError):
        pickle.dumps(Secret(VALUE), protocol)
    with pytest.raises(TypeError):
        pickle.dumps(Holder("n", Secret(VALUE)), protocol)


def test_json_is_refused():
    with pytest.raises(TypeError):
        json.dumps({"password": Secret(VALUE)})


def test_reveal_gives_the_value():
    assert Secret(VALUE).reveal() == VALUE
    assert Secret(VALUE.encode()).reveal() == VALUE.encode()


def test_it_is_a_value():
    assert Secret("a") == Secret("a") and hash(Secret("a")) == hash(Secret("a"))
    assert Secret("a") != Secret("b")
    assert Secret("a") != Secret(b"a")
    assert Secret("a") != "a"
    assert Secret("\udcff") == Secret("\udcff")
    assert Secret("a") and not Secret("")


def test_it_cannot_be_changed_and_copies_are_itself():
    secret = Secret("a")
    for change in (lambda: setattr(secret, "_Secret__value", "b"), lambda: setattr(secret, "other", "b"),
                   lambda: delattr(secret, "_Secret__value")):
        with pytest.raises(AttributeError):
            change()
    assert copy.copy(secret) is secret and copy.deepcopy([secret])[0] is secret


@pytest.mark.parametrize("value", [None, 1, bytearray(b"a"), Secret("a")])
def test_only_text_and_bytes_are_secrets(value):
    with pytest.raises(TypeError):
        Secret(value)
