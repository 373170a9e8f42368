"""Forms of files that are sound otherwise: we judge them as docker does, and cert create mends what docker refuses."""

from __future__ import annotations

import codecs
import shutil
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.errors import CertificateError


def _der(pem: bytes) -> bytes:
    if b"PRIVATE KEY" in pem:
        return load_pem_private_key(pem, None).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)


# Name → what becomes of the file, whether docker reads it, what we say of it.
FORMS = {
    "as it is": (lambda pem: pem, True, ""),
    "CRLF": (lambda pem: pem.replace(b"\n", b"\r\n"), True, ""),
    "text on lines around it": (lambda pem: b"subject=me\n\n" + pem + b"the end\n", True, ""),
    "spaces behind its first line": (lambda pem: pem.replace(b"-----\n", b"----- \n", 1), True, ""),
    "no line end behind it": (lambda pem: pem.rstrip(), True, ""),
    "DER": (_der, False, "in DER, and not in PEM"),
    "BOM": (lambda pem: codecs.BOM_UTF8 + pem, False, "begins with a byte order mark (BOM)"),
    "text in its first line": (lambda pem: b"mine: " + pem, False, "has other text in the first line of a PEM block"),
    "indented": (lambda pem: b"  " + pem, False, "has other text in the first line"),
    "CR alone": (lambda pem: pem.replace(b"\n", b"\r"), False, ""),
}
cells = pytest.mark.parametrize("name", ["ca.pem", "cert.pem", "key.pem"])
forms = pytest.mark.parametrize("form", FORMS)


@pytest.fixture
def store(tmp_path):
    found = CertificateStore(tmp_path / "docker")
    found.ensure()
    return found


def changed(store, name, form):
    path = store.folder / name
    path.write_bytes(FORMS[form][0](path.read_bytes()))


def docker_reads(store) -> bool:
    """The real client, which reads the files before it dials a port that nobody listens on."""
    done = subprocess.run(["docker", "--tlsverify", "--tlscacert", store.folder / "ca.pem", "--tlscert", store.folder /
                           "cert.pem", "--tlskey", store.folder / "key.pem", "-H", "tcp://127.0.0.1:9", "info"],
                          capture_output=True, text=True, timeout=30, env={"PATH": "/usr/bin:/bin", "HOME": "/nowhere"})
    said = done.stdout + done.stderr
    refuses = any(words in said for words in ("seems invalid", "no valid private key", "PEM data"))
    assert refuses or "127.0.0.1:9" in said, said
    return not refuses


@pytest.mark.skipif(not shutil.which("docker"), reason="there is no docker client")
@cells
@forms
def test_what_docker_reads_is_told_as_docker_sees_it(store, name, form):
    changed(store, name, form)
    assert docker_reads(store) is FORMS[form][1]


@cells
@forms
def test_a_set_that_docker_refuses_is_not_sound_and_one_that_it_reads_is(store, name, form):
    changed(store, name, form)
    _, read, says = FORMS[form]
    if read:
        assert store.tls_paths() and not store.ensure().client_issued
        return
    with pytest.raises(CertificateError) as caught:
        store.tls_paths()
    assert str(store.folder / name) in caught.value.message and says in caught.value.message
    assert any("az dockervm cert create" in one for one in caught.value.recommendations)


@cells
@pytest.mark.parametrize("form", [name for name, (_, read, _) in FORMS.items() if not read])
def test_cert_create_mends_it_and_keeps_the_old_file(store, name, form):
    fingerprints = store.authority_fingerprints()
    changed(store, name, form)
    if name == "ca.pem" and form == "CR alone":     # nobody reads that one, and so nobody can say whose it is
        return
    old = (store.folder / name).read_bytes()
    store.check()
    change = store.ensure()
    assert store.tls_paths() and store.authority_fingerprints() == fingerprints
    [backup] = [path for path in store.folder.iterdir() if path.name.startswith("dockervm-backup")]
    assert (backup / name).read_bytes() == old
    assert change.client_issued is (name != "ca.pem") and (name != "ca.pem" or str(backup) in change.warnings[0])
    assert store.ensure() == type(change)(), "it is sound from then on"
