"""Names as docker, which is asked, and buildx take them."""

from __future__ import annotations

import pytest

from azext_dockervm.contexts import name
from azext_dockervm.errors import InvalidValue


def taken(check, text) -> bool:
    try:
        return bool(check(text))
    except InvalidValue:
        return False


@pytest.mark.parametrize("text", ["web1", "1a", "a.b_c+d-e", "a" * 300, "a", "", "-a", ".a", "a b", "a/b", "ä1", "a\n",
                                  "default", "Default", "a:b"])
def test_a_context_s_name_is_taken_where_docker_takes_it(docker, text):
    made = docker("context", "create", "--docker", "host=tcp://10.0.0.1:2375", "--", text, check=False)
    assert taken(name.check_context, text) is (made.returncode == 0), made.stderr


def test_docker_s_own_is_one_that_is_there():
    assert name.check_any_context("default") == "default"
    with pytest.raises(InvalidValue, match="keeps for itself"):
        name.check_context("default")


def test_the_option_is_named_with_an_example():
    with pytest.raises(InvalidValue, match="^--docker-context: 'a b' can't be the name") as refused:
        name.check_context("a b", "--docker-context")
    assert refused.value.recommendations == ("For example: --docker-context web1",)


@pytest.mark.parametrize(("text", "noted"), [
    ("pool", "pool"), ("Pool-1.a_b", "pool-1.a_b"), ("1pool", None), ("", None), ("po ol", None), ("po/ol", None),
    ("Default", None), ("p+l", None)])
def test_a_builder_s_name_is_noted_as_buildx_does(text, noted):
    if noted:
        assert name.check_builder(text) == noted
    else:
        with pytest.raises(InvalidValue, match="^--name: ") as refused:
            name.check_builder(text)
        assert refused.value.recommendations == ("For example: --name pool",)
