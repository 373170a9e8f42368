"""Server certificates that end soon: warned of by info, renewed by create; the client's, issued again."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from flow_cloud import HOST

from azext_dockervm.certs import authority


@pytest.fixture
def aged(cloud, monkeypatch):
    """A host whose server certificate has twenty days left; the client's has its usual life."""
    with monkeypatch.context() as short:
        cloud.az("cert", "create").succeeded()
        short.setattr(authority, "LEAF_LIFETIME", timedelta(days=20))
        made = cloud.host()
    assert left(made["serverCertificateExpires"]) < 21
    return made


def left(text: str) -> int:
    """Whole days until then."""
    end = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    return (end - datetime.now(timezone.utc)).days


def test_info_warns_and_names_the_command(cloud, aged):
    seen = cloud.az("info", "-g", cloud.group, "-n", HOST).succeeded()
    ends = aged["serverCertificateExpires"]
    assert f"The server certificate of '{HOST}' expires on {ends}, in 19 days" in seen.stderr
    assert f"To renew it: az dockervm create -g {cloud.group} -n {HOST}" in seen.stderr
    assert cloud.az("info", "-g", cloud.group, "-n", HOST, "--only-show-errors").succeeded().stderr == ""


def test_create_renews_it(cloud, aged):
    before = cloud.engine_certificate()
    again = cloud.create().succeeded()
    assert "its server certificate ends on" in again.stderr
    assert left(again.json["serverCertificateExpires"]) > 800 and again.json["reachable"] is True
    assert cloud.engine_certificate() != before
    assert cloud.tags()["dockervm-certificate-expires"] == again.json["serverCertificateExpires"]
    seen = cloud.az("info", "-g", cloud.group, "-n", HOST).succeeded()
    assert "certificate" not in seen.stderr


def test_create_renews_it_on_a_host_that_can_t_be_reached(cloud, aged):
    with cloud.narrowed():
        again = cloud.create()
    assert again.code == 4 and left(again.json["serverCertificateExpires"]) > 800
    assert cloud.engine_certificate()


def test_one_that_has_ended_is_renewed_too(cloud, monkeypatch):
    with monkeypatch.context() as short:
        cloud.az("cert", "create").succeeded()
        # From an hour ago on: valid while the host is set up, and over when it is looked at again.
        short.setattr(authority, "LEAF_LIFETIME", timedelta(hours=1, seconds=12))
        cloud.create("--provisioner", "run-command")
    import time
    time.sleep(8)
    again = cloud.create().succeeded()
    assert left(again.json["serverCertificateExpires"]) > 800 and again.json["reachable"] is True


def test_an_authority_that_ends_as_soon_is_no_reason_to_renew_at_every_create(cloud, monkeypatch):
    with monkeypatch.context() as short:
        short.setattr(authority, "AUTHORITY_LIFETIME", timedelta(days=20))
        cloud.host()
    cloud.mark()
    cloud.create().succeeded()
    assert r"PUT \S+/runCommands" not in cloud.requests


@pytest.mark.parametrize("gone", ["cert.pem", "key.pem"])
def test_half_a_client_certificate_is_issued_again_by_the_same_authority(cloud, gone):
    cloud.host()
    authority_before = (cloud.folder() / "ca.pem").read_bytes()
    (cloud.folder() / gone).unlink()
    again = cloud.create().succeeded()
    assert "new client certificate by the same authority" in again.stderr and f"{gone} was missing" in again.stderr
    assert "expired" not in again.stderr and "--force" not in again.stderr
    assert (cloud.folder() / "ca.pem").read_bytes() == authority_before and again.json["reachable"] is True
