"""Further names of a server certificate, as people give them."""

from __future__ import annotations

import pytest

from azext_dockervm.errors import InvalidValue
from azext_dockervm.options.tls_names import tls_names


@pytest.mark.parametrize(("typed", "found"), [
    (["docker.Example.com", "10.0.0.5"], ("docker.example.com", "10.0.0.5")),
    (["a.example, b.example", "DNS:c.example IP:::1"], ("a.example", "b.example", "c.example", "::1")),
    (["a.example", "A.example."], ("a.example",)), (["*.example.com"], ("*.example.com",)), ([""], ()), ([], ())])
def test_names_and_addresses_in_their_normal_form(typed, found):
    assert tls_names(typed) == found


@pytest.mark.parametrize("word", ["a_b.example", "10.0.0.300", "*.com", "10.0.0.0/24", "-a.example", "a" * 64])
def test_what_is_neither(word):
    with pytest.raises(InvalidValue, match="^--tls-san: ") as caught:
        tls_names(["good.example", word])
    assert caught.value.recommendations == ("For example: --tls-san docker.example.com",)


def test_a_tag_has_room_for_so_many_characters():
    long = [f"{'a' * 54}{one}.example" for one in range(4)]     # four of 63, commas between
    assert len(tls_names(long)) == 4
    with pytest.raises(InvalidValue, match="257 characters"):
        tls_names([*long[:3], "a" * 57 + ".example"[:8]])


@pytest.mark.parametrize("word", ["*.westus.cloudapp.azure.com", "*.cloudapp.net"])
def test_a_wildcard_below_the_cloud_s_own_suffix_is_refused(word):
    with pytest.raises(InvalidValue, match="would speak for hosts of others"):
        tls_names([word])
    assert tls_names([word.removeprefix("*.")])
