"""What a login costs in figures that are the same on every machine: statements at the database, and signatures.

A figure that went up made every login dearer; one that went down is to be written here.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from jwt.algorithms import RSAAlgorithm

from sandbox import Config
from tests.support.statements import asked

VERIFIER = "v" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
CALLBACK = "http://127.0.0.1:9999/callback"
AZURE_CLIENT = {"client_id": "11111111-1111-4111-8111-111111111111", "redirect_uri": "http://localhost:9999/callback"}
CLIENTS = {
    "oidc": {"client_id": "oidc-client", "redirect_uri": CALLBACK},
    "azure": AZURE_CLIENT,
    "github": {"client_id": "Iv1.sandboxclient", "redirect_uri": CALLBACK},
}
OPENID = "openid profile email"
AUTHORIZE = {
    "oidc": ("/oidc/main/authorize", OPENID),
    "azure": ("/contoso.test/oauth2/v2.0/authorize", OPENID),
    "github": ("/login/oauth/authorize", "read:user user:email"),
}
TOKEN = {
    "oidc": "/oidc/main/token",
    "azure": "/contoso.test/oauth2/v2.0/token",
    "github": "/login/oauth/access_token",
}


@pytest.fixture
def config() -> Config:
    return Config(approval="always=alice")


@pytest.fixture
def signatures(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """What is signed by RSA keys, the signing itself being done."""
    signed: list[bytes] = []
    sign = RSAAlgorithm.sign

    def count(self: RSAAlgorithm, message: bytes, key: Any) -> bytes:
        signed.append(message)
        return sign(self, message, key)

    monkeypatch.setattr(RSAAlgorithm, "sign", count)
    return signed


def authorize(sandbox: Any, provider: str, **instead: str) -> str:
    path, scope = AUTHORIZE[provider]
    query = {"response_type": "code", "scope": scope, "state": "s", "nonce": "n", **CLIENTS[provider], **instead}
    answer = sandbox.get(path, query_string=query)
    assert answer.status_code == 302, answer.text
    return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]


def log_in(sandbox: Any, provider: str) -> Any:
    code = authorize(sandbox, provider, **PKCE)
    form = {**CLIENTS[provider], "client_secret": "sandbox-secret", "code": code, "code_verifier": VERIFIER}
    headers = {"Accept": "application/json"}
    answer = sandbox.post(TOKEN[provider], data={"grant_type": "authorization_code", **form}, headers=headers)
    assert answer.json.get("access_token"), answer.text
    return answer.json


def without_limits(heard: list[str]) -> list[str]:
    """What is asked in units of work, without where they begin and end."""
    return [statement for statement in heard if statement.split()[0] not in ("BEGIN", "COMMIT")]


def swap_code(sandbox: Any) -> None:
    code = authorize(sandbox, "github", client_id="gmi-console", redirect_uri="", scope="user:email")
    answer = sandbox.post("/api/v1/oauth/token", json={"provider": "github", "code": code})
    assert answer.status_code == 200, answer.text


def swap_token(sandbox: Any) -> None:
    body = {"provider": "azure", "subject_token": log_in(sandbox, "azure")["id_token"]}
    answer = sandbox.post("/v2/login/token-exchange", json=body)
    assert answer.status_code in (200, 201), answer.text


LOGINS = {
    "oidc": lambda sandbox: log_in(sandbox, "oidc"),
    "azure": lambda sandbox: log_in(sandbox, "azure"),
    "github": lambda sandbox: log_in(sandbox, "github"),
    "github-gmi": swap_code,
    "azure-prisme": swap_token,
}


@pytest.mark.parametrize(
    ("login", "statements", "signed"),
    [
        ("oidc", 15, 2),
        ("azure", 19, 2),
        ("github", 12, 0),
        ("github-gmi", 12, 0),
        ("azure-prisme", 29, 3),
    ],
)
def test_a_login_asks_the_database_so_often_and_signs_so_often(sandbox, signatures, login, statements, signed):
    # The first one makes what is there from then on, keys and consents and accounts; the second reads it.
    for _ in range(2):
        LOGINS[login](sandbox.application.test_client())
    signatures.clear()

    with asked(sandbox.application) as heard:
        LOGINS[login](sandbox.application.test_client())

    assert (len(without_limits(heard)), len(signatures)) == (statements, signed), "\n".join(heard)


@pytest.mark.parametrize("provider", list(AUTHORIZE))
def test_what_nobody_is_asked_about_is_not_stored(sandbox, provider):
    with asked(sandbox.application) as heard:
        authorize(sandbox, provider)

    assert not [statement for statement in heard if "transactions" in statement]


@pytest.mark.parametrize("path", ["/oidc/main/.well-known/openid-configuration", "/oidc/main/jwks"])
def test_a_document_that_has_not_changed_is_not_written_again(sandbox, path):
    # The first one makes the keys, the second writes the document.
    sandbox.get(path)
    first = sandbox.get(path)

    with asked(sandbox.application) as heard:
        again = sandbox.get(path)

    assert again.data == first.data
    world, entry = without_limits(heard)
    assert "FROM worlds" in world
    assert "INTO journal" in entry
