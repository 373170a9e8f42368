"""What a create would do, of a creation that has only looked."""

from __future__ import annotations

import pytest
from good_values import KEY

from azext_dockervm.certs.store import StoreChange
from azext_dockervm.errors import Conflict
from azext_dockervm.host.preview import preview, template_of


def test_of_a_host_that_is_not_there(command):
    seen = preview(command.prepared(), StoreChange(), (KEY,))
    assert (seen.exists, seen.not_applied, seen.choice.provisioner) == (False, [], "cloud-init")
    assert [one["step"] for one in seen.steps if "step" in one][:1] == ["authority"] and KEY in str(seen.steps)
    assert not command.cloud.writes()


def test_of_one_that_is_there(command, finished):
    seen = preview(command.prepared(size="Standard_B2s", typed={"--size": ("Standard_B2s",)}), StoreChange(), ())
    assert seen.exists and len(seen.not_applied) == 1 and "ifSound" in seen.steps[-1]
    assert not command.cloud.writes()


def test_whom_its_certificate_will_name_is_told_with_what_azure_has_yet_to_give(command):
    seen = preview(command.prepared(), StoreChange(), (KEY,))
    assert seen.server_names == ("web1.<public_ip: domain>", "localhost", "<public_ip.properties.ipAddress>",
                                 "<network_interface: private address>", "127.0.0.1")


def test_and_of_one_that_is_there_as_it_is(command, finished):
    seen = preview(command.prepared(), StoreChange(), ())
    assert not [name for name in seen.server_names if "<" in name] and len(seen.server_names) > 4


def test_a_template_is_of_one_that_is_not_there(command):
    found = template_of(command.prepared(), (KEY,))
    assert found["parameters"] == {} and KEY in str(found["resources"])
    tags = found["resources"][-1]["tags"]
    assert tags["dockervm-ca"] == command.store.authority_fingerprints()[0]


def test_and_not_of_one_that_is(command, finished):
    with pytest.raises(Conflict, match="exists") as caught:
        template_of(command.prepared(), ())
    assert "--dry-run without 'template'" in caught.value.recommendations[0]
