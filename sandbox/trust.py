"""What a person types to make clients trust the sandbox's CA: the text of `idp-sandbox ca`.

Changes nothing on the machine, and makes no CA; that is certificates.py.
"""

from __future__ import annotations

import shlex

from sandbox.certificates import Authority

# Where OpenSSL, and each client that has a name of its own for it, looks for the CAs to trust.
VARIABLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO")


def exports(authority: Authority, origin: str) -> str:
    """`export NAME=value` for every client that reads its environment, one a line, for a POSIX shell."""
    return "\n".join(_exports(authority, origin).values())


def instructions(authority: Authority, origin: str, command: str) -> str:
    """Which file the CA is, how to recognise it, and how to trust it, client by client. `command` prints `exports`."""
    certificate = authority.certificate
    lines = [
        f"CA:       {authority.ca_file}",
        f"SHA-256:  {authority.fingerprint}",
        f"Valid:    {certificate.not_valid_before_utc:%Y-%m-%d} to {certificate.not_valid_after_utc:%Y-%m-%d}",
    ]
    at_once = ("All that read the environment, in one go", [f'eval "$({command})"'])
    for title, commands in (at_once, *_programs(authority, origin), *_browsers(authority)):
        lines += ["", f"{title}:", *(f"  {command}" for command in commands)]
    return "\n".join(lines)


def _exports(authority: Authority, origin: str) -> dict[str, str]:
    values = {**dict.fromkeys(VARIABLES, str(authority.ca_file)), "AZURE_AUTHORITY_HOST": origin}
    return {name: f"export {name}={shlex.quote(value)}" for name, value in values.items()}


def _programs(authority: Authority, origin: str) -> list[tuple[str, list[str]]]:
    export = _exports(authority, origin)
    store = authority.ca_file.with_name("truststore.p12")
    keytool = ["keytool", "-importcert", "-noprompt", "-alias", "idp-sandbox", "-file", str(authority.ca_file)]
    keytool += ["-keystore", str(store), "-storetype", "PKCS12", "-storepass", "changeit"]
    java = [f"-Djavax.net.ssl.trustStore={store}", "-Djavax.net.ssl.trustStorePassword=changeit"]
    return [
        ("Python (requests; ssl, httpx and urllib)", [export["REQUESTS_CA_BUNDLE"], export["SSL_CERT_FILE"]]),
        ("Node.js (read when its process starts)", [export["NODE_EXTRA_CA_CERTS"]]),
        ("curl", [export["CURL_CA_BUNDLE"]]),
        ("git", [export["GIT_SSL_CAINFO"]]),
        ("Go (on macOS and Windows it asks the system instead)", [export["SSL_CERT_FILE"]]),
        ("Java (once; then for each java)", [shlex.join(keytool), f"java {shlex.join(java)} ..."]),
        ("Azure SDKs (whom to ask for a token)", [export["AZURE_AUTHORITY_HOST"]]),
    ]


def _browsers(authority: Authority) -> list[tuple[str, list[str]]]:
    ca = shlex.quote(str(authority.ca_file))
    return [
        (
            "Chromium and Chrome on Linux (certutil is in libnss3-tools)",
            [f'certutil -d "sql:$HOME/.pki/nssdb" -A -t C,, -n idp-sandbox -i {ca}'],
        ),
        (
            "Firefox",
            [f"Settings > Privacy & Security > View Certificates > Authorities > Import: {authority.ca_file}"],
        ),
        (
            "macOS (Safari, Chrome, Go)",
            [f'security add-trusted-cert -r trustRoot -k "$HOME/Library/Keychains/login.keychain-db" {ca}'],
        ),
        ("Windows (Edge, Chrome, Go)", [f'certutil -user -addstore Root "{authority.ca_file}"']),
    ]
