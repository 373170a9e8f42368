"""Table rows: the columns in their order, from the JSON of the same command."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from azext_dockervm.output import tables

HOST = {"name": "web1", "resourceGroup": "demo", "dockerHost": "tcp://web1.example:4243", "provisioner": "run-command",
        "engineVersion": "26.1.5", "reachable": True, "serverCertificateExpires": "2028-04-05T10:30:01Z", "more": 1}
INFO = {"name": "web1", "powerState": "running", "priority": "Regular", "size": "Standard_D2s_v5", "dockerHost": "tcp://web1.example:4243",
        "provisioner": "run-command", "engine": {"version": "26.1.5", "containers": 5, "images": 7, "cpus": 2},
        "serverCertificateExpires": "2028-04-05T10:30:01Z", "engineUnreachable": None}


def test_a_host_s_row():
    assert list(tables.host_row(HOST).items()) == [
        ("Name", "web1"), ("ResourceGroup", "demo"), ("DockerHost", "tcp://web1.example:4243"),
        ("Provisioner", "run-command"), ("Engine", "26.1.5"), ("Reachable", True),
        ("CertificateExpires", "2028-04-05T10:30:01Z")]


def test_a_row_of_info():
    assert list(tables.info_row(INFO).items()) == [
        ("Name", "web1"), ("State", "running"), ("Size", "Standard_D2s_v5"), ("DockerHost", "tcp://web1.example:4243"),
        ("Provisioner", "run-command"), ("Engine", "26.1.5"), ("Containers", 5), ("Images", 7),
        ("CertificateExpires", "2028-04-05T10:30:01Z"), ("Reason", None)]


def test_an_engine_that_can_t_be_asked_leaves_its_columns_empty():
    row = tables.info_row({**INFO, "engine": None, "engineUnreachable": "the VM is stopped"})
    assert list(row) == list(tables.info_row(INFO))
    assert (row["Engine"], row["Containers"], row["Images"], row["Reason"]) == (None, None, None, "the VM is stopped")


def test_several_hosts_are_several_rows():
    """With --ids."""
    assert [row["Name"] for row in tables.info_row([INFO, {**INFO, "name": "web2"}])] == ["web1", "web2"]


def certificate(subject):
    return {"subject": subject, "keyType": "EC", "keySize": 256, "notAfter": "2028-04-05T10:30:01Z", "daysLeft": 800,
            "sha256Fingerprint": "0123456789abcdef" * 4}


def test_certificates_are_a_row_each_the_authority_first():
    ca, client = tables.certificates_rows({"client": certificate("CN=me"), "ca": certificate("CN=ca")})
    assert list(ca.items()) == [
        ("Role", "ca"), ("Subject", "CN=ca"), ("Key", "EC 256"), ("NotAfter", "2028-04-05T10:30:01Z"),
        ("DaysLeft", 800), ("Sha256", "0123456789abcdef...")]
    assert (client["Role"], client["Subject"]) == ("client", "CN=me")


def test_what_is_not_there_has_no_row():
    [row] = tables.certificates_rows({"ca": certificate("CN=ca"), "client": None})
    assert row["Role"] == "ca"
    assert tables.certificates_rows({"ca": None, "client": None}) == []


NOTED = {"priority": "Regular", "name": "web1", "resourceGroup": "demo", "location": "westus", "powerState": "running",
         "dockerHost": "tcp://web1.example:4243", "addressFrom": "azure", "provisioner": None, "finished": False,
         "timeCreated": None,
         "serverCertificateExpires": None, "problems": [], "reachable": None, "engineUnreachable": None, "cause": None,
         "advice": []}


def test_unfinished_host_says_what_finishes_it():
    assert tables.noted_rows({**NOTED, "cause": "unfinished"})["Problem"] == "unfinished: run this create again"


def test_a_row_of_what_is_noted():
    row, = tables.noted_rows([NOTED])
    assert row == tables.noted_rows(NOTED)
    assert list(row.items()) == [
        ("Name", "web1"), ("ResourceGroup", "demo"), ("Location", "westus"), ("State", "running"),
        ("DockerHost", "tcp://web1.example:4243"), ("Provisioner", None), ("Finished", False), ("Age", None),
        ("CertificateExpires", None), ("Problem", None)]


def test_an_address_that_only_a_tag_says_is_marked_as_noted():
    row = tables.noted_rows({**NOTED, "addressFrom": "tag"})
    assert row["DockerHost (noted)"] == "tcp://web1.example:4243" and "DockerHost" not in row


def test_what_dialling_brought_is_a_column_of_its_own():
    reached, lost = tables.noted_rows([{**NOTED, "reachable": True}, {
        **NOTED, "reachable": False, "engineUnreachable": "off", "problems": ["a", "b"]}])
    assert (reached["Reachable"], reached["Problem"]) == (True, None)
    assert (lost["Reachable"], lost["Problem"]) == (False, "a; b; off")


@pytest.mark.parametrize(("ago", "told"), [
    (timedelta(seconds=-5), "0m"), (timedelta(minutes=119), "119m"), (timedelta(hours=2), "2h"),
    (timedelta(hours=47), "47h"), (timedelta(days=2), "2d"), (timedelta(days=400), "400d")])
def test_an_age_is_told_as_people_do(ago, told):
    created = (datetime.now(timezone.utc) - ago).strftime("%Y-%m-%dT%H:%M:%S.1234567+00:00")
    assert tables.noted_rows({**NOTED, "timeCreated": created})["Age"] == told


def test_rows_of_contexts_name_the_host_and_not_its_whole_id():
    shown = {"name": "web1", "description": "d", "dockerHost": "tcp://w:1", "current": True, "host": "/a/b/web1",
             "stale": False, "certDir": "/c"}
    assert list(tables.context_rows(shown).items()) == [
        ("Name", "web1"), ("Current", True), ("Host", "web1"), ("DockerHost", "tcp://w:1"), ("Stale", False),
        ("CertDir", "/c")]
    assert [row["Host"] for row in tables.context_rows([shown, {**shown, "host": None}])] == ["web1", None]


def test_a_builder_has_a_row_for_each_node():
    nodes = [{"name": "a", "context": "web1", "host": None, "dockerHost": "tcp://w:1"}]
    assert [list(row.items()) for row in tables.builder_rows({"name": "pool", "nodes": nodes})] == [[
        ("Builder", "pool"), ("Node", "a"), ("Context", "web1"), ("DockerHost", "tcp://w:1")]]
