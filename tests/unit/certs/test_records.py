"""The record of the certificate that was signed last for a host: kept whole, found again, forgotten with the host."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone

import pytest

from azext_dockervm.certs.authority import Authority
from azext_dockervm.certs.identity import ServerIdentity
from azext_dockervm.certs.records import FOLDER, HostRecords, certified_names, further_names, signed_last
from azext_dockervm.errors import CertificateFileError

VM = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/web1"
FQDN = "web1.westus.cloudapp.azure.com"
NOW = datetime(2026, 5, 4, tzinfo=timezone.utc)
AUTHORITY = Authority.create(NOW - timedelta(days=30))


def certificate(*further, days=0, fqdn=FQDN, public="20.0.0.1"):
    identity = ServerIdentity.for_host(fqdn, public, "10.0.0.4", further)
    return AUTHORITY.issue_server(identity, NOW + timedelta(days=days)).certificate_pem


def test_a_record_is_found_by_the_vm_s_id_in_any_case(tmp_path):
    records, pem = HostRecords(tmp_path), certificate()
    records.keep(VM, pem)
    assert HostRecords(tmp_path).read(VM.upper()) == pem and records.read(VM + "0") is None


def test_a_later_record_takes_the_place_of_the_earlier_one_and_leaves_no_other_file(tmp_path):
    records, later = HostRecords(tmp_path), certificate(days=1)
    records.keep(VM, certificate())
    records.keep(VM, later)
    assert records.read(VM) == later and len(os.listdir(tmp_path / FOLDER)) == 1


def test_a_record_is_readable_by_all_in_a_folder_that_is_ours_alone(tmp_path):
    HostRecords(tmp_path).keep(VM, certificate())
    [path] = (tmp_path / FOLDER).iterdir()
    assert path.stat().st_mode & 0o777 == 0o644 and path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("content", [b"", b"junk", b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"])
def test_a_damaged_record_is_none(tmp_path, content):
    records = HostRecords(tmp_path)
    records.keep(VM, certificate())
    next((tmp_path / FOLDER).iterdir()).write_bytes(content)
    assert records.read(VM) is None


def test_a_host_that_is_gone_leaves_no_record_and_no_empty_folder(tmp_path):
    records = HostRecords(tmp_path)
    records.forget(VM)
    records.keep(VM, certificate())
    records.keep(VM + "0", certificate())
    records.forget(VM)
    assert records.read(VM) is None and records.read(VM + "0")
    records.forget(VM + "0")
    assert os.listdir(tmp_path) == []


def test_a_record_that_can_t_be_written_is_an_error_that_names_the_file(tmp_path):
    (tmp_path / FOLDER).write_text("a file in its place")
    with pytest.raises(CertificateFileError, match=FOLDER):
        HostRecords(tmp_path).keep(VM, certificate())


def test_the_certificate_whose_validity_begins_last_counts():
    first, second = certificate(), certificate(days=1)
    assert signed_last([second, first, None]) == signed_last([first, second]) == second and signed_last([None]) is None


def test_further_names_are_those_behind_the_host_s_own_whatever_its_addresses_were():
    further = ("docker.example.com", "192.0.2.7", "*.example.com")
    assert set(further_names(certificate(*further))) == set(further)
    assert further_names(certificate(fqdn="old.westus.cloudapp.azure.com", public="20.9.9.9")) == ()
    assert further_names(certificate(fqdn=None, public=None)) == ()


def test_certified_names_are_names_then_addresses():
    assert certified_names(certificate("docker.example.com")) == (
        FQDN, "localhost", "docker.example.com", "20.0.0.1", "10.0.0.4", "127.0.0.1")
