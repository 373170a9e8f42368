"""Whether certificates open a host as its tags note it, and why its engine may not answer now."""

from __future__ import annotations

import pytest
from fake_azure import running
from specs import host_spec

from azext_dockervm.azure import kinds
from azext_dockervm.certs import opening
from azext_dockervm.errors import CertificateError, Conflict
from azext_dockervm.host import noted, opened

SPEC = host_spec()


def host(cloud) -> noted.NotedHost:
    return noted.read(cloud.azure(), "g", "web1")


def test_certificates_of_the_host_s_authority_open_it(cloud, finished, store):
    opened.check(host(cloud), SPEC, store)


def test_those_of_another_do_not_and_who_holds_which_is_told(cloud, finished, other):
    with pytest.raises(Conflict, match=f"{cloud.tags()['dockervm-ca'][:16]}..., this folder's is"):
        opened.check(host(cloud), SPEC, other)


def test_of_two_authorities_in_ca_pem_the_client_s_own_counts(cloud, finished, store, other):
    """A colleague's beside it, so that his hosts are believed, is no client certificate for them."""
    theirs = (other.folder / "ca.pem").read_bytes()
    (store.folder / "ca.pem").write_bytes(theirs + (store.folder / "ca.pem").read_bytes())
    opened.check(host(cloud), SPEC, store)
    cloud.retag(kinds.VM, "web1", dockervm_ca=other.authority_fingerprints()[0])
    with pytest.raises(Conflict, match="was set up with other certificates"):
        opened.check(host(cloud), SPEC, store)


def test_what_is_wrong_with_the_certificates_the_store_says(cloud, finished, store):
    (store.folder / "key.pem").unlink()
    with pytest.raises(CertificateError, match=r"key\.pem is missing") as refused:
        opened.check(host(cloud), SPEC, store)
    assert "az dockervm cert create" in refused.value.recommendations[0]


def test_where_openssl_says_no_and_the_store_finds_no_fault_nobody_is_turned_away(cloud, finished, store, monkeypatch):
    """A policy of this computer may forbid what the host's allows."""
    monkeypatch.setattr(opening, "opens", lambda *_: False)
    opened.check(host(cloud), SPEC, store)


def test_all_tags_that_a_hand_has_spoilt_are_named(cloud, finished, store):
    cloud.retag(kinds.VM, "web1", dockervm_port="many", dockervm_ca=None)
    with pytest.raises(Conflict, match="dockervm-port is 'many'.*; the tag dockervm-ca is missing") as refused:
        opened.check(host(cloud), SPEC, store)
    assert "az dockervm create -g g -n web1" in refused.value.recommendations[0]


def test_a_host_that_runs_and_is_finished_gives_no_warning(cloud, finished):
    assert opened.warnings(host(cloud), SPEC) == []
    cloud.change(kinds.VM, "web1", instanceView=None)
    assert opened.warnings(host(cloud), SPEC) == []


def test_a_vm_that_is_off_is_told_before_all_else(cloud, finished):
    cloud.change(kinds.VM, "web1", instanceView=running("stopped"))
    cloud.retag(kinds.VM, "web1", dockervm_provisioner=None)
    assert opened.warnings(host(cloud), SPEC) == [
        "The VM 'web1' is stopped.\nTo start it: az vm start -g g -n web1"]
