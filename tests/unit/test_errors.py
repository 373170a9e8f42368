"""The extension's own errors: what they are made with is theirs, and what was not said is not there."""

from __future__ import annotations

import pytest

from azext_dockervm import errors


@pytest.mark.parametrize(("given", "kept"), [(None, ()), ("az login", ("az login",)), (["a", "b"], ("a", "b"))])
@pytest.mark.parametrize("kind", [errors.DockerVMError, errors.AzureRefused, errors.AzureUnreachable,
                                  errors.EngineUnreachable])
def test_one_recommendation_or_several_or_none(kind, given, kept):
    error = kind("It broke.", given)
    assert (error.message, str(error), error.recommendations) == ("It broke.", "It broke.", kept)


@pytest.mark.parametrize(("kind", "made_with", "says"), [
    (errors.AzureRefused, {}, {"code": None, "status": None, "why": ""}),
    (errors.AzureRefused, {"code": "Taken", "status": 409, "why": "proxy"}, {}),
    (errors.AzureUnreachable, {}, {"why": ""}), (errors.AnswerUnreadable, {"why": "cut off"}, {}),
    (errors.EngineUnreachable, {}, {"cause": "x", "kind": "other"}),
    (errors.EngineUnreachable, {"kind": "refused"}, {})])
def test_an_error_says_what_it_was_made_with_and_no_more(kind, made_with, says):
    error = kind("x", **made_with)
    expected = {**made_with, **says}
    assert {name: getattr(error, name) for name in expected} == expected
    assert error.recommendations == ()
