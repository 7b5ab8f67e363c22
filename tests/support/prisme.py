"""What every test of Prisme.ai needs: id_tokens, exchanges by clients without cookies, and its flat errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from sandbox.core import keysets, tables
from sandbox.core.jwts import sign
from sandbox.core.refusals import Reason
from tests.conftest import HouseClient
from tests.support.azure_login import tokens as azure_tokens
from tests.support.oidc import RelyingParty

EXCHANGE = "/v2/login/token-exchange"
ME = "/v2/me"
ANONYMOUS = "/v2/login/anonymous"
AGENTS = "/v2/workspaces/slug:agent-factory/webhooks/v1/agents"
ACCESS_TOKENS = "/v2/user/accessTokens"
ID_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:id_token"
GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
INVALID_JWT = (401, {"error": "AuthenticationError", "message": "Invalid JWT"})
NO_EXCHANGE = (
    403,
    {"error": "ForbiddenError", "message": "Token exchange is not enabled for the requested provider"},
)

Cause = Callable[[HouseClient], Any]


def nobody(sandbox: HouseClient) -> Any:
    """A client that keeps no cookies: the next call is somebody else's."""
    return sandbox.application.test_client(use_cookies=False)


def id_token(sandbox: HouseClient, login: str = "alice", scope: str = "openid profile email") -> str:
    """What the issuer `main` says of a person to the client `oidc-client`."""
    person: Any = sandbox.application.test_client()
    return str(RelyingParty(person).tokens(login, scope=scope)["id_token"])


def azure_id_token(sandbox: HouseClient, login: str = "alice") -> str:
    """What Entra says of a person."""
    person: Any = sandbox.application.test_client()
    return str(azure_tokens(person, login)["id_token"])


def forge(sandbox: HouseClient, *, header: Mapping[str, Any] | None = None, alg: str = "RS256", **claims: Any) -> str:
    """An id_token of `main` with these claims besides the usual ones; None leaves one out."""
    with sandbox.world() as world:
        now = world.now()
        usual = {
            "iss": "http://localhost/oidc/main",
            "aud": "oidc-client",
            "sub": "forged",
            "email": "ada@example.test",
            "given_name": "Ada",
            "family_name": "Example",
            "iat": now,
            "exp": now + 600,
        }
        key = keysets.signing_key(world, "oidc/main", alg)
    return sign(
        {name: value for name, value in {**usual, **claims}.items() if value is not None}, key, dict(header or {})
    )


def exchange(sandbox: HouseClient, token: str, provider: str = "custom", **more: Any) -> Any:
    """Exchange an id_token; `headers` are the request's, all else goes into the body."""
    headers = more.pop("headers", None)
    body = {"provider": provider, "subject_token": token, **more}
    return nobody(sandbox).post(EXCHANGE, json=body, headers=headers)


def session(sandbox: HouseClient, login: str = "alice", **more: Any) -> Any:
    """The answer to a good exchange."""
    answer = exchange(sandbox, id_token(sandbox, login), **more)
    assert answer.status_code == 200, answer.text
    return answer.json


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def me(sandbox: HouseClient, token: str) -> Any:
    """The answer of /v2/me to this token."""
    return nobody(sandbox).get(ME, headers=bearer(token))


def configure(sandbox: HouseClient, **changed: Any) -> None:
    """Let the world have other settings of Prisme.ai, as if the fixture had them."""
    with sandbox.world() as world:
        ours = {**world.settings["prisme"], **changed}
        world.store.change(tables.World, {"settings": {**world.settings, "prisme": ours}})


def configure_provider(sandbox: HouseClient, slug: str, **changed: Any) -> None:
    """Change a provider, or make one."""
    with sandbox.world() as world:
        known = world.settings["prisme"]["providers"]
    base = known.get(slug, {"slug": slug, "type": "oidc", "client_id": "oidc-client", "allow_token_exchange": True})
    configure(sandbox, providers={**known, slug: {**base, **changed}})


def row(name: str, reason: Reason, told: tuple[int, dict[str, Any]], cause: Cause) -> Any:
    """A line of an error catalogue; its id shows what the vendor says to what."""
    return pytest.param(reason, told, cause, id=f"{name}: {reason} -> {told[0]} {told[1]['error']}")


def check_refused(sandbox: HouseClient, answer: Any, reason: Reason, told: tuple[int, dict[str, Any]]) -> None:
    """The wire has the vendor's words, in its order; header and journal have the true cause."""
    status, body = told
    assert answer.status_code == status, answer.text
    assert list(answer.json.items()) == list(body.items())
    assert answer.content_type == "application/json; charset=utf-8"
    assert answer.headers["x-correlation-id"]
    assert answer.headers["X-Sandbox-Reason"].startswith(f"{reason}; ")
    assert sandbox.journal()[-1].reason == reason
