"""What `--tls` needs: the certificate authority (CA), who trusts it, the certificate, and its port."""

from __future__ import annotations

import shlex
import socket
import ssl
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from sandbox.certificates import open_authority
from sandbox.config import Config, ConfigError, environment
from sandbox.core.clock import real_now
from sandbox.doctor.findings import Finding
from sandbox.doctor.serving import listens, reachable
from sandbox.server import certificate_names, find_bind_problem
from sandbox.trust import VARIABLES

_PATIENCE = 2  # seconds
_SHOWN = 6  # names of the certificate, which always has some more
# What open_authority would make anew, and when there is time to do something about it.
_AT_ONCE, _SOON = timedelta(days=1), timedelta(days=30)


def examine(config: Config, folder: Path) -> Iterator[Finding]:
    """The CA in `folder`, the variables that lead clients to it, the certificate, and what is shown at the port."""
    ca = _command(config)
    if not (folder / "ca.pem").exists() and not (folder / "ca-key.pem").exists():
        yield Finding("CA", "OK", f"none in {folder} yet; the first start with --tls makes it, or: {ca}")
        yield from _port(config, None)
        return
    try:
        yield _authority(folder, ca)
        certificate = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
    except (ConfigError, OSError, ValueError) as error:
        both = shlex.join(["rm", "-f", str(folder / "ca.pem"), str(folder / "ca-key.pem")])
        yield Finding("CA", "FAIL", str(error), f"{both}; {ca}")
        return
    yield _trust(config, certificate, ca)
    yield _leaf(config, folder, certificate)
    yield from _port(config, folder / "ca.pem")


def _command(config: Config) -> str:
    return shlex.join(["idp-sandbox", "ca", *(("--tls-dir", str(config.tls_dir)) if config.tls_dir else ())])


def _authority(folder: Path, ca: str) -> Finding:
    ends = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes()).not_valid_after_utc
    if ends < _now() + _AT_ONCE:
        return Finding("CA", "FAIL", f"{folder / 'ca.pem'} ends at {ends:%Y-%m-%d}", f"{ca}  # makes it anew")
    # It would make what is missing; here both files are there, or it says so.
    authority = open_authority(folder)
    if sys.platform != "win32" and (folder / "ca-key.pem").stat().st_mode & 0o077:
        return Finding(
            "CA", "WARN", "others can read its key", shlex.join(["chmod", "600", str(folder / "ca-key.pem")])
        )
    found = f"{authority.ca_file}, good until {ends:%Y-%m-%d}"
    return Finding("CA", "WARN" if ends < _now() + _SOON else "OK", found)


def _trust(config: Config, certificate: x509.Certificate, ca: str) -> Finding:
    set_here = environment(VARIABLES)
    trusting = [name for name, path in set_here.items() if _holds(Path(path), certificate)]
    others = [f"{name}={path}" for name, path in set_here.items() if name not in trusting]
    remedy = f'eval "$({ca} --env)"'
    if others:
        return Finding("trust", "WARN", f"{', '.join(others)}: the CA is not in there", remedy)
    if trusting:
        return Finding("trust", "OK", f"{', '.join(trusting)} lead to the CA")
    found = f"none of {', '.join(VARIABLES)} is set, so clients that read them do not trust the CA"
    return Finding("trust", "WARN" if config.tls else "OK", found, remedy)


def _holds(path: Path, certificate: x509.Certificate) -> bool:
    try:
        return certificate in x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError):
        return False


def _leaf(config: Config, folder: Path, ca: x509.Certificate) -> Finding:
    wanted = set(certificate_names(config))
    for path in sorted(folder.glob("leaf-*.pem")):
        try:
            leaf = x509.load_pem_x509_certificate(path.read_bytes())
            leaf.verify_directly_issued_by(ca)
        except (OSError, ValueError, TypeError, InvalidSignature):
            continue
        if _names(leaf) == wanted:
            ends = leaf.not_valid_after_utc
            shown = ", ".join(certificate_names(config)[:_SHOWN])
            found = f"{path}, for {shown} and {len(wanted) - _SHOWN} more names, good until {ends:%Y-%m-%d}"
            if ends < _now() + _SOON:
                return Finding("certificate", "WARN", found, "idp-sandbox serve --tls  # a start makes it anew")
            return Finding("certificate", "OK", found)
    return Finding("certificate", "OK", "none for these names yet; the first start with --tls makes it")


def _port(config: Config, ca_file: Path | None) -> Iterator[Finding]:
    place = f"{config.host}:{config.tls_port}"
    if not listens(config.host, config.tls_port):
        problem = find_bind_problem(config.host, config.tls_port) if config.tls else None
        if problem:
            remedy = "idp-sandbox serve --tls --tls-port 9444"
            yield Finding("https port", "FAIL", f"cannot listen on {place}: {problem}", remedy)
        elif config.tls:
            yield Finding("https port", "OK", f"{place} is free")
        return
    context = ssl.create_default_context(cafile=ca_file)
    try:
        address = (reachable(config.host), config.tls_port)
        with (
            socket.create_connection(address, _PATIENCE) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as secure,
        ):
            shown = x509.load_der_x509_certificate(secure.getpeercert(binary_form=True) or b"")
    except (OSError, ValueError) as error:
        cause = getattr(error, "verify_message", "") or getattr(error, "reason", "") or str(error)
        remedy = (
            f"lsof -nP -iTCP:{config.tls_port} -sTCP:LISTEN  # says who; or: idp-sandbox serve --tls --tls-port 9444"
        )
        yield Finding("https port", "FAIL", f"what listens on {place} has no certificate of this CA: {cause}", remedy)
        return
    ends = f"good until {shown.not_valid_after_utc:%Y-%m-%d}"
    if missing := set(certificate_names(config)) - _names(shown):
        found = f"the certificate at {place} does not have {', '.join(sorted(missing))}"
        yield Finding("https port", "WARN", found, "stop the sandbox, and start it again with these options")
    else:
        yield Finding("https port", "OK", f"{place} shows a certificate of this CA, {ends}")


def _names(certificate: x509.Certificate) -> set[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    return {str(name.value) for name in names}


def _now() -> datetime:
    return datetime.fromtimestamp(real_now(), UTC)
