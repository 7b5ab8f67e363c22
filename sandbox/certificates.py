"""The sandbox's own certificate authority, and the certificates it issues to serve https with; kept in one folder.

Goes by real time, since clients judge a certificate by theirs. Listens nowhere.

A file is written whole under another name and then linked, which fails if it is there already: of many processes that
start at once the first one wins, and the others use what it made. A key therefore lies in one file with its
certificate, so that the two are never of different makers.
"""

from __future__ import annotations

import hashlib
import ssl
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from sandbox.config import ConfigError
from sandbox.core.clock import Clock

_OWNER = "idp-sandbox"
_CA_LIFE = timedelta(days=3650)
# Apple refuses more than 398 days, https://support.apple.com/en-us/102028; other browsers do alike.
_LEAF_LIFE = timedelta(days=397)
# What ends sooner is made anew.
_CA_REST, _LEAF_REST = timedelta(days=1), timedelta(days=30)
# The clock of a client in a container or a virtual machine may be behind ours.
_SKEW = timedelta(days=1)


@dataclass(frozen=True)
class Authority:
    """The certificate authority (CA) of a folder: the file to trust, and the certificate in it."""

    ca_file: Path
    certificate: x509.Certificate
    pem: bytes  # its key and its certificate

    @property
    def fingerprint(self) -> str:
        """The SHA-256 fingerprint, written as OpenSSL does: `0A:1B:...`."""
        return self.certificate.fingerprint(hashes.SHA256()).hex(":").upper()


@dataclass(frozen=True)
class Certificates:
    """What a server needs for https: `leaf_file` has its key and certificate, `ca_file` is what clients must trust."""

    ca_file: Path
    leaf_file: Path

    def context(self) -> ssl.SSLContext:
        """For a server in Python: TLS 1.3, and of TLS 1.2 the suites with ECDHE and AES-GCM alone (RFC 9325, 4.2)."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("ECDHE+AESGCM")
        context.load_cert_chain(self.leaf_file)
        return context


def open_certificates(folder: Path, names: Iterable[str]) -> Certificates:
    """A certificate for these host names and IP addresses, and its CA, out of the folder; made if it has none.

    Raises ConfigError for a damaged file, a folder that cannot be used, and a name that no certificate can have.
    """
    authority = open_authority(folder)
    names = sorted(set(names))
    # Another CA and other names are another file: a server that starts now may be about to read the present one.
    key = hashlib.sha256("\n".join((authority.fingerprint, *names)).encode()).hexdigest()[:12]
    path = folder / f"leaf-{key}.pem"
    with _files(folder):
        if not path.exists():
            _keep(path, _issue(authority, names))
        elif _ends_within(_LEAF_REST, _read_pair(path)):
            path.unlink(missing_ok=True)
            _keep(path, _issue(authority, names))
        _read_pair(path)
    return Certificates(authority.ca_file, path)


def open_authority(folder: Path) -> Authority:
    """The CA of a folder, made if there is none or if it has expired.

    Raises ConfigError for a damaged file and for a folder that cannot be used.
    """
    ca_file, key_file = folder / "ca.pem", folder / "ca-key.pem"
    with _files(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The key is written first, so who sees the other file alone sees that it was lost.
        if ca_file.exists() and not key_file.exists():
            raise ConfigError(f"{key_file} is missing; delete {ca_file} too, and a new CA is made")
        if key_file.exists() and _ends_within(_CA_REST, _read_pair(key_file)):
            ca_file.unlink(missing_ok=True)
            key_file.unlink(missing_ok=True)
        if not key_file.exists():
            _keep(key_file, _make_authority())
        certificate = _read_pair(key_file)
        public = certificate.public_bytes(Encoding.PEM)
        if not ca_file.exists():
            _keep(ca_file, public, mode=0o644)
        if ca_file.read_bytes() != public:
            raise ConfigError(f"{ca_file} is not the certificate in {key_file.name}; delete it, and it is made anew")
        return Authority(ca_file, certificate, key_file.read_bytes())


def _make_authority() -> bytes:
    # trustme's own would be good for a thousand years; this is the same, for ten.
    made = trustme.CA(path_length=0, organization_name=_OWNER)
    eternal = x509.load_pem_x509_certificate(made.cert_pem.bytes())
    key = _load_key(made.private_key_pem.bytes())
    now = _now()
    certificate = x509.CertificateBuilder(
        issuer_name=eternal.issuer,
        subject_name=eternal.subject,
        public_key=eternal.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - _SKEW,
        not_valid_after=now + _CA_LIFE,
        extensions=list(eternal.extensions),
    ).sign(key, hashes.SHA256())
    return _pair(key, certificate)


def _issue(authority: Authority, names: list[str]) -> bytes:
    ca = trustme.CA.from_pem(authority.pem, authority.pem)
    now = _now()
    try:
        leaf = ca.issue_cert(
            *names,
            common_name="localhost",
            organization_name=_OWNER,
            not_before=now - _SKEW,
            not_after=now - _SKEW + _LEAF_LIFE,
        )
    except ValueError as error:
        raise ConfigError(f"tls_name: no certificate can be made for {', '.join(names)}: {error}") from error
    certificate = x509.load_pem_x509_certificate(leaf.cert_chain_pems[0].bytes())
    return _pair(_load_key(leaf.private_key_pem.bytes()), certificate)


def _pair(key: EllipticCurvePrivateKey, certificate: x509.Certificate) -> bytes:
    # The server reads keys in PKCS #8 alone.
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private + certificate.public_bytes(Encoding.PEM)


def _read_pair(path: Path) -> x509.Certificate:
    """The certificate of a file that has its key too. Raises ConfigError if they cannot be read or do not match."""
    content = path.read_bytes()
    try:
        certificate = x509.load_pem_x509_certificate(content)
        matches = _load_key(content).public_key() == certificate.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigError(f"{path} is damaged; delete it, and it is made anew") from error
    if not matches:
        raise ConfigError(f"{path}: key and certificate do not belong together; delete it, and it is made anew")
    return certificate


def _load_key(pem: bytes) -> EllipticCurvePrivateKey:
    key = load_pem_private_key(pem, None)
    if not isinstance(key, EllipticCurvePrivateKey):
        raise TypeError("an elliptic-curve key is needed")
    return key


def _ends_within(rest: timedelta, certificate: x509.Certificate) -> bool:
    return certificate.not_valid_after_utc - rest < _now()


def _now() -> datetime:
    return datetime.fromtimestamp(Clock().now(), UTC)


def _keep(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file, unless it has come to be in the meantime."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".tmp", delete=False) as file:
        file.write(content)
    temporary = Path(file.name)
    temporary.chmod(mode)
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        pass
    except OSError:  # a file system without links, such as FAT; there the last one wins
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _files(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(f"tls_dir: {error.filename or folder}: {error.strerror or error}") from error
