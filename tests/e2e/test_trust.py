"""Mutual TLS as others see it: the distribution's docker client, openssl, and strangers."""

from __future__ import annotations

import json
import re

import pytest
from local_azure import GROUP
from running import run

pytestmark = pytest.mark.machines


@pytest.fixture(params=["extension", "run_command"])
def host(request):
    """One host of each provisioner, each with a folder of its own."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def strangers_folder(local_azure, tmp_path_factory):
    """A sound set of somebody else's."""
    folder = tmp_path_factory.mktemp("stranger") / "docker"
    local_azure.az("dockervm", "cert", "create", "-dc", folder).succeeded()
    return folder


def s_client(host, *words: object) -> str:
    """A TLS handshake by openssl and a ping → all that it says; the engine ends it after its answer."""
    where = f"{host.address[0]}:{host.address[1]}"
    done = run(["openssl", "s_client", "-connect", where, "-servername", host.address[0], "-verify_return_error",
                "-CAfile", host.folder / "ca.pem", "-verify_hostname", host.address[0], "-ign_eof", *words],
               stdin="GET /_ping HTTP/1.0\r\n\r\n", timeout=30)
    return done.stdout + done.stderr


def own(host) -> tuple[object, ...]:
    return "-cert", host.folder / "cert.pem", "-key", host.folder / "key.pem"


def shown_certificate(host) -> str:
    return re.search("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", s_client(host, *own(host)), re.S)[0]


def verify(*words: object) -> str:
    return run(["openssl", "verify", "-x509_strict", *words]).succeeded().stdout


@pytest.mark.parametrize("option", ["--tls", "--tlsverify"])
def test_docker_needs_nothing_but_the_folder(plain, option):
    """No variable, no file named: the client looks into ~/.docker by itself."""
    said = plain.azure.docker(option, "-H", plain.url, "version", "--format", "{{.Server.Version}}").succeeded()
    assert said.stdout.strip() == plain.result["engineVersion"]


def test_openssl_agrees_with_the_handshake_and_the_engine_answers(host):
    said = s_client(host, *own(host))
    assert "Verify return code: 0 (ok)" in said and f"Verified peername: {host.address[0]}" in said
    assert "HTTP/1.0 200 OK" in said


def test_openssl_verifies_the_server_certificate_strictly(host, tmp_path):
    shown = tmp_path / "server.pem"
    shown.write_text(shown_certificate(host))
    authority = host.folder / "ca.pem"
    for name in (("-verify_hostname", host.result["fqdn"]), ("-verify_ip", host.result["publicIpAddress"]),
                 ("-verify_ip", host.result["privateIpAddress"]), ("-verify_hostname", "localhost"),
                 ("-verify_ip", "127.0.0.1")):
        verify("-CAfile", authority, "-purpose", "sslserver", *name, shown)
    refused = run(["openssl", "verify", "-x509_strict", "-CAfile", authority, "-purpose", "sslclient", shown])
    assert refused.code != 0    # a server's certificate opens no other host
    text = run(["openssl", "x509", "-noout", "-enddate", "-dateopt", "iso_8601", "-in", shown]).succeeded().stdout
    assert text.strip().replace(" ", "T").removeprefix("notAfter=") == host.result["serverCertificateExpires"]


def test_openssl_verifies_authority_and_client_certificate_strictly(host):
    authority = host.folder / "ca.pem"
    verify("-CAfile", authority, "-purpose", "sslclient", host.folder / "cert.pem")
    verify("-CAfile", authority, authority)


def test_no_certificate_gets_no_answer(host, tmp_path):
    for words in ((), ("--tls",)):
        refused = host.azure.docker(*words, "-H", host.url, "version", HOME=str(tmp_path))
        assert refused.code != 0 and "Server:" not in refused.stdout, str(refused)
    said = s_client(host)
    assert "HTTP/1.0 200" not in said and "alert" in said


def test_somebody_elses_certificate_gets_no_answer(host, strangers_folder):
    files = ("--tlscacert", host.folder / "ca.pem", "--tlscert", strangers_folder / "cert.pem",
             "--tlskey", strangers_folder / "key.pem")
    refused = host.azure.docker("--tlsverify", *files, "-H", host.url, "version")
    assert refused.code != 0 and "Server:" not in refused.stdout, str(refused)
    said = s_client(host, "-cert", strangers_folder / "cert.pem", "-key", strangers_folder / "key.pem")
    assert "HTTP/1.0 200" not in said and "alert" in said


def test_somebody_elses_authority_does_not_know_the_host(host, strangers_folder):
    refused = host.azure.docker("--tlsverify", "-H", host.url, "version", DOCKER_CERT_PATH=str(strangers_folder))
    assert refused.code != 0 and "x509" in refused.stderr, str(refused)


def test_info_with_somebody_elses_folder_gives_the_machines_half_and_the_reason(plain, strangers_folder):
    seen = plain.azure.query("dockervm", "info", "-g", "e2e", "-n", plain.name, "-dc", strangers_folder)
    assert seen["powerState"] == "running" and seen["engine"] is None
    assert "certificate" in seen["engineUnreachable"]


def test_create_with_somebody_elses_folder_leaves_a_finished_host_as_it_is(plain, strangers_folder):
    refused = plain.azure.az("dockervm", "create", "-g", "e2e", "-n", plain.name, "-dc", strangers_folder)
    assert refused.code == 1 and "It was left as it is." in refused.stderr, str(refused)
    assert "was kept" not in refused.stderr and "-dc FOLDER" in refused.stderr
    assert "dockervm delete" not in refused.stderr
    plain.docker("version").succeeded()


def test_two_folders_are_two_authorities_on_one_subscription(plain, run_command):
    """`run_command` was made with a folder of its own, so ~/.docker opens it as little as a stranger's."""
    refused = plain.azure.docker("--tlsverify", "-H", run_command.url, "version")
    assert refused.code != 0, str(refused)


def test_info_tells_of_the_engine_by_a_verified_call(host):
    seen = host.info().succeeded().json
    engine = json.loads(host.docker("info", "--format", "{{json .}}").succeeded().stdout)
    assert seen["engine"]["version"] == host.result["engineVersion"]
    assert (seen["engine"]["operatingSystem"], seen["engine"]["kernelVersion"], seen["engine"]["storageDriver"]) == (
        engine["OperatingSystem"], engine["KernelVersion"], engine["Driver"])
    assert seen["engineUnreachable"] is None
    assert seen["serverCertificateExpires"] == host.result["serverCertificateExpires"]
    assert {"containers", "images"} <= set(seen["engine"])
    assert (seen["powerState"], seen["size"], seen["dockerHost"]) == ("running", "Standard_D2s_v5", host.url)


@pytest.mark.long
def test_names_that_somebody_wrote_into_the_tags_are_not_signed(run_command):
    """By the unmodified az: tags are written, and the owner's plain create renews the certificate."""
    azure, name = run_command.azure, run_command.name
    before = certified(run_command)
    tags = ("dockervm-tls-san=*.westus.cloudapp.azure.com,bank.example.com", "dockervm-fqdn=evil.example.com")
    azure.az("tag", "update", "--operation", "Merge", "--resource-id", run_command.result["id"], "--tags", *tags
             ).succeeded()
    words = ("-g", GROUP, "-n", name, "-dc", run_command.folder)
    try:
        made = azure.az("dockervm", "create", *words, "--tls-san", "mine.example.com", "-dp", "2376").succeeded()
        assert certified(run_command) == before | {"DNS:mine.example.com"}
        again = azure.az("dockervm", "create", *words, "-dp", "2376").succeeded()
        assert "bank.example.com" in again.stderr and "evil" not in made.stdout + again.stdout
        assert certified(run_command) == before | {"DNS:mine.example.com"}
    finally:
        azure.az("dockervm", "create", *words, "--tls-san", "", "-dp", "2376").succeeded()


def certified(host) -> set[str]:
    said = run(["openssl", "x509", "-noout", "-ext", "subjectAltName"], stdin=shown_certificate(host)).succeeded()
    return {one.strip().replace("IP Address", "IP") for one in said.stdout.splitlines()[1].split(",")}
