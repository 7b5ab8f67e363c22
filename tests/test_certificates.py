"""The folder of the certificate authority: made once, kept, never half written, and plain when it is damaged."""

from __future__ import annotations

import contextlib
import os
import ssl
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from cryptography import x509

from sandbox import Config
from sandbox import certificates as subject
from sandbox.certificates import Certificates, open_authority, open_certificates
from sandbox.config import ConfigError
from sandbox.server import certificate_names

NAMES = ("localhost", "127.0.0.1", "api.github.com")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where nothing is yet."""
    return tmp_path / "not" / "yet"


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let real time pass: `later(370)` days."""

    def later(days: int) -> None:
        now = datetime.now(UTC) + timedelta(days=days)
        monkeypatch.setattr(subject, "_now", lambda: now)

    return later


def leaf(certificates: Certificates) -> x509.Certificate:
    return x509.load_pem_x509_certificate(certificates.leaf_file.read_bytes())


def names_of(certificates: Certificates) -> set[str]:
    extension = leaf(certificates).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in extension}


def shake_hands(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> str | None:
    """A handshake in memory, with a server that is called by this name; returns the version of TLS."""
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=name)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(3):
        for side in (ours, theirs):
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()
    return ours.version()


# What is made


def test_the_certificate_has_every_name_the_sandbox_is_called_by(folder):
    config = Config(host="192.0.2.7", tls_name="idp.test,2001:db8::1", public_url="https://login.example.test")

    names = names_of(open_certificates(folder, certificate_names(config)))

    assert {"localhost", "*.localhost", "127.0.0.1", "::1"} <= names
    assert {"github.localhost", "gmi.localhost", "github.com", "api.github.com"} <= names
    assert {"192.0.2.7", "idp.test", "2001:db8::1", "login.example.test"} <= names


def test_an_address_that_means_all_is_no_name():
    assert "0.0.0.0" not in certificate_names(Config(host="0.0.0.0"))


def test_the_certificate_is_accepted_by_who_trusts_the_ca(folder):
    certificates = open_certificates(folder, NAMES)
    trusting = ssl.create_default_context(cafile=str(certificates.ca_file))
    trusting.verify_flags |= ssl.VERIFY_X509_STRICT  # the default from Python 3.13 on

    for name in NAMES:
        assert shake_hands(certificates.context(), trusting, name) == "TLSv1.3"
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shake_hands(certificates.context(), trusting, "example.test")
    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer certificate"):
        shake_hands(certificates.context(), ssl.create_default_context(), "localhost")


def test_the_ca_is_for_years_and_the_certificate_no_longer_than_browsers_allow(folder):
    certificates = open_certificates(folder, NAMES)
    ca = x509.load_pem_x509_certificate(certificates.ca_file.read_bytes())

    assert ca.not_valid_after_utc - ca.not_valid_before_utc > timedelta(days=3650)
    assert leaf(certificates).not_valid_after_utc - leaf(certificates).not_valid_before_utc <= timedelta(days=398)
    assert ca.extensions.get_extension_for_class(x509.BasicConstraints).value == x509.BasicConstraints(True, 0)


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps permissions elsewhere")
def test_nobody_else_may_read_a_key(folder):
    certificates = open_certificates(folder, NAMES)

    def mode(path: Path) -> int:
        return stat.S_IMODE(path.stat().st_mode)

    assert mode(folder) == 0o700
    assert mode(folder / "ca-key.pem") == mode(certificates.leaf_file) == 0o600
    assert mode(certificates.ca_file) == 0o644
    assert b"PRIVATE KEY" not in certificates.ca_file.read_bytes()


# What is kept


def test_a_second_start_uses_what_the_first_has_made(folder):
    first = open_certificates(folder, NAMES)
    made = {path.name: path.read_bytes() for path in folder.iterdir()}

    again = open_certificates(folder, reversed(NAMES))

    assert again == first
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == made


def test_other_names_are_another_certificate_of_the_same_ca(folder):
    first = open_certificates(folder, NAMES)
    trusted = first.ca_file.read_bytes()

    other = open_certificates(folder, [*NAMES, "idp.test"])

    assert "idp.test" in names_of(other)
    assert other.ca_file.read_bytes() == trusted
    assert first.leaf_file.exists()  # a server with the other names may be about to read it


def test_a_certificate_that_ends_soon_is_made_anew_by_the_same_ca(folder, later):
    first = open_certificates(folder, NAMES)
    trusted, old = first.ca_file.read_bytes(), leaf(first)

    later(days=370)
    renewed = leaf(open_certificates(folder, NAMES))

    assert renewed.not_valid_after_utc > old.not_valid_after_utc + timedelta(days=360)
    assert first.ca_file.read_bytes() == trusted


def test_a_ca_that_has_ended_is_made_anew(folder, later):
    old = open_certificates(folder, NAMES)
    fingerprint = open_authority(folder).fingerprint

    later(days=3650)
    new = open_certificates(folder, NAMES)

    assert open_authority(folder).fingerprint != fingerprint
    assert new.leaf_file != old.leaf_file
    new.context()


def test_a_lost_ca_file_is_written_again(folder):
    trusted = open_authority(folder).ca_file.read_bytes()
    (folder / "ca.pem").unlink()

    assert open_authority(folder).ca_file.read_bytes() == trusted


def test_of_many_that_start_at_once_all_have_the_same(folder):
    barrier = Barrier(8)

    def start(_: int) -> tuple[Certificates, bytes]:
        barrier.wait()
        certificates = open_certificates(folder, NAMES)
        return certificates, certificates.ca_file.read_bytes() + certificates.leaf_file.read_bytes()

    with ThreadPoolExecutor(8) as pool:
        results = set(pool.map(start, range(8)))

    assert len(results) == 1
    assert len(list(folder.iterdir())) == 3


def test_a_file_system_without_links_will_do(folder, monkeypatch):
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)

    open_certificates(folder, NAMES).context()

    assert len(list(folder.iterdir())) == 3


# What is damaged


def garble(path: Path) -> None:
    path.write_bytes(b"-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:200])


@pytest.mark.parametrize("damage", [garble, cut, lambda path: path.write_bytes(b"")], ids=["garbled", "cut", "empty"])
@pytest.mark.parametrize("pattern", ["ca.pem", "ca-key.pem", "leaf-*.pem"])
def test_a_damaged_file_is_named(folder, pattern, damage):
    open_certificates(folder, NAMES)
    (file,) = folder.glob(pattern)
    damage(file)

    with pytest.raises(ConfigError) as refused:
        open_certificates(folder, NAMES)

    assert str(file) in str(refused.value)
    assert "delete" in str(refused.value)


def test_a_damaged_file_can_be_deleted(folder):
    certificates = open_certificates(folder, NAMES)
    garble(certificates.leaf_file)
    certificates.leaf_file.unlink()

    open_certificates(folder, NAMES).context()


def test_a_key_without_its_certificate_is_named(folder, tmp_path):
    open_authority(folder)
    other = open_authority(tmp_path / "other").pem
    key = (folder / "ca-key.pem").read_bytes().split(b"-----BEGIN CERTIFICATE")[0]
    (folder / "ca-key.pem").write_bytes(key + b"-----BEGIN CERTIFICATE" + other.split(b"-----BEGIN CERTIFICATE")[1])

    with pytest.raises(ConfigError, match=r"ca-key\.pem: key and certificate do not belong together"):
        open_authority(folder)


def test_a_ca_of_somebody_else_is_not_taken(folder, tmp_path):
    open_authority(folder)
    (folder / "ca.pem").write_bytes(open_authority(tmp_path / "other").ca_file.read_bytes())

    with pytest.raises(ConfigError, match=r"ca\.pem is not the certificate in ca-key\.pem"):
        open_authority(folder)


def test_a_lost_key_is_named(folder):
    open_authority(folder)
    (folder / "ca-key.pem").unlink()

    with pytest.raises(ConfigError, match=r"ca-key\.pem is missing"):
        open_authority(folder)


def test_a_folder_that_cannot_be_is_named(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigError, match=r"tls_dir: .*file"):
        open_authority(tmp_path / "file" / "folder")


def test_a_name_that_no_certificate_can_have_is_named(folder):
    with pytest.raises(ConfigError, match="no_name"):
        open_certificates(folder, ["no_name"])
