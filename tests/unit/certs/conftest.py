"""What the tests of certificates share: openssl as a second opinion, real handshakes, sets that others made."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.errors import CertificateError

NOBODY = 65534
SHA256 = hashes.SHA256()
NOW = datetime.now(timezone.utc).replace(microsecond=0)


@pytest.fixture(scope="session")
def openssl():
    """Run openssl; the answer's stdout. Fails the test if openssl fails, unless ``check=False``."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")

    def run(*arguments, stdin: bytes = b"", check: bool = True, cwd=None) -> bytes:
        result = subprocess.run(["openssl", *map(str, arguments)], input=stdin, capture_output=True, cwd=cwd)
        if check:
            assert result.returncode == 0, result.stderr.decode() + result.stdout.decode()
            return result.stdout
        return result

    return run


@pytest.fixture(scope="session")
def handbook_set(openssl, tmp_path_factory) -> Path:
    """A set as Docker's handbook tells to make one by openssl: RSA, PKCS#8. Copy it before changing it."""
    folder = tmp_path_factory.mktemp("handbook")
    openssl("genrsa", "-out", "ca-key.pem", 2048, cwd=folder)
    openssl("req", "-new", "-x509", "-days", 365, "-key", "ca-key.pem", "-sha256", "-out", "ca.pem", "-subj",
            "/C=DE/O=Hand Made/CN=handbook CA", cwd=folder)
    openssl("genrsa", "-out", "key.pem", 2048, cwd=folder)
    openssl("req", "-subj", "/CN=client", "-new", "-key", "key.pem", "-out", "client.csr", cwd=folder)
    (folder / "extfile.cnf").write_text("extendedKeyUsage = clientAuth\n")
    openssl("x509", "-req", "-days", 365, "-sha256", "-in", "client.csr", "-CA", "ca.pem", "-CAkey", "ca-key.pem",
            "-CAcreateserial", "-out", "cert.pem", "-extfile", "extfile.cnf", cwd=folder)
    return folder


@pytest.fixture
def handbook(handbook_set, tmp_path) -> Path:
    return Path(shutil.copytree(handbook_set, tmp_path / "handbook"))


@pytest.fixture
def handshake(tmp_path):
    """A TLS handshake, in memory, between a Docker-like server that demands a certificate of ``server_ca`` and a
    client that dials ``name``. Arguments are PEM bytes; raises ssl.SSLError when either side says no."""

    def contexts(server, server_ca, client, client_ca, strict):
        served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        served.verify_mode = ssl.CERT_REQUIRED
        served.load_verify_locations(cadata=server_ca.decode())
        _load(served, server)
        dialling = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        dialling.load_verify_locations(cadata=client_ca.decode())
        for one in (served, dialling):
            # Python 3.13 is strict by itself; sets that others made are judged as Docker does, which is not.
            one.verify_flags |= ssl.VERIFY_X509_STRICT
            if not strict:
                one.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if client is not None:
            _load(dialling, client)
        return served, dialling

    def _load(context, pair):
        certificate, key = tmp_path / "handshake-cert.pem", tmp_path / "handshake-key.pem"
        certificate.write_bytes(pair[0])
        key.write_bytes(pair[1])
        context.load_cert_chain(certificate, key)

    def shake(name, *, server, server_ca, client, client_ca=None, strict=True):
        served, dialling = contexts(server, server_ca, client, client_ca or server_ca, strict)
        to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
        sides = [dialling.wrap_bio(to_client, to_server, server_hostname=name),
                 served.wrap_bio(to_server, to_client, server_side=True)]
        waiting = list(sides)
        for _ in range(10):
            for side in list(waiting):
                try:
                    side.do_handshake()
                    waiting.remove(side)
                except ssl.SSLWantReadError:
                    pass
        assert not waiting
        return sides[1].getpeercert()  # the client as the server sees it

    return shake


@pytest.fixture
def make():
    """Certificates as others may make them, with any fault: ``make(name, key, issuer=(cert, key), …)``."""

    def certificate(name="other", key=None, issuer=None, ca=False, not_before=None, not_after=None, usage=None,
                    purposes=None, name_type=None, digest=SHA256, constraints=True):
        key = key or ec.generate_private_key(ec.SECP256R1())
        arguments = {"_type": name_type} if name_type else {}
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name, **arguments)])
        signer = issuer[1] if issuer else key
        builder = (x509.CertificateBuilder().subject_name(subject)
                   .issuer_name(issuer[0].subject if issuer else subject).public_key(key.public_key())
                   .serial_number(x509.random_serial_number())
                   .not_valid_before(not_before or NOW - timedelta(days=1))
                   .not_valid_after(not_after or NOW + timedelta(days=90)))
        if constraints:
            builder = builder.add_extension(x509.BasicConstraints(ca, None), critical=True)
        if usage:
            builder = builder.add_extension(usage, critical=True)
        if purposes:
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        return builder.sign(signer, digest), key

    return certificate


@pytest.fixture
def write_set(make):
    """A sound set by somebody else in a folder; ``client`` and ``ca`` are arguments of ``make``."""

    def write(folder: Path, ca=None, client=None):
        authority = make("other CA", ca=True, **(ca or {}))
        leaf = make("other client", issuer=authority,
                    **{"purposes": [ExtendedKeyUsageOID.CLIENT_AUTH], **(client or {})})
        folder.mkdir(exist_ok=True)
        for (certificate, key), names in ((authority, ("ca.pem", "ca-key.pem")), (leaf, ("cert.pem", "key.pem"))):
            (folder / names[0]).write_bytes(pem(certificate))
            (folder / names[1]).write_bytes(pem(key))
            (folder / names[1]).chmod(0o600)
        return authority, leaf

    return write


def pem(thing) -> bytes:
    if isinstance(thing, (x509.Certificate, x509.CertificateSigningRequest)):
        return thing.public_bytes(Encoding.PEM)
    return thing.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.fixture(name="pem")
def pem_of():
    """Certificate, request or key to PEM."""
    return pem


@pytest.fixture
def content():
    def read(folder):
        """Every path in the folder with its bytes, mode and inode: what a test compares to see that nothing changed."""
        return {path.relative_to(folder): (path.lstat().st_mode, path.lstat().st_ino,
                                           path.read_bytes() if path.is_file() else None)
                for path in sorted(Path(folder).rglob("*"))}

    return read


@pytest.fixture
def unprivileged():
    """Call something as a user who may not do everything, and get the repr of its result or error."""

    class Unprivileged:
        folder = Path(tempfile.mkdtemp(prefix="dockervm-test-")) / "docker"

        def prepare(self, folder):
            """A sound set that belongs to that user."""
            CertificateStore(folder).ensure()
            if not os.geteuid():
                for path in (folder.parent, folder, *folder.iterdir()):
                    os.chown(path, NOBODY, NOBODY)

        def __call__(self, use):
            self.folder.parent.chmod(0o755)
            if os.geteuid():
                return self._say(use)
            readable, writable = os.pipe()
            child = os.fork()
            if not child:
                try:
                    os.setgroups([])
                    os.setgid(NOBODY)
                    os.setuid(NOBODY)
                    os.write(writable, self._say(use).encode())
                finally:
                    os._exit(0)
            os.close(writable)
            with os.fdopen(readable) as answer:
                said = answer.read()
            os.waitpid(child, 0)
            return said

        @staticmethod
        def _say(use):
            try:
                return repr(use())
            except CertificateError as error:
                return f"{type(error).__name__}: {error.message} | {error.recommendations}"

    caller = Unprivileged()
    yield caller
    caller.folder.parent.chmod(0o700)
    if caller.folder.exists():
        caller.folder.chmod(0o700)
    shutil.rmtree(caller.folder.parent)
