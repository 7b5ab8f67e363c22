"""Hostile input at every endpoint of Prisme.ai, with good credentials, on either database; and whose is good where."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from sandbox import Config
from tests.support.attacker import Attacker
from tests.support.databases import config_on, on_either_database
from tests.support.hostile import ODD_MEMBERS, complaints, hostile, in_turn, one_by_one, routes
from tests.support.prisme import (
    ACCESS_TOKENS,
    ANONYMOUS,
    EXCHANGE,
    ME,
    bearer,
    exchange,
    forge,
    id_token,
    nobody,
    session,
)


@pytest.fixture
def config(request: pytest.FixtureRequest) -> Config:
    """The shipped cast; everybody who asks is alice."""
    return config_on(request, approval="always=alice")


@on_either_database
@pytest.mark.parametrize("known", [True, False])
def test_no_route_breaks_on_hostile_values(app, sandbox, known):
    caller = bearer(session(sandbox)["token"]) if known else {}
    client = Attacker(app, keeps_cookies=False)

    def calls() -> Iterator[tuple[str, str, Any]]:
        for name, value in hostile(app).items():
            names = ("state", "code", "error", "provider", "domain", "post_logout_redirect_uri", "page", "limit")
            pairs = [(member, value) for member in (*names, "provider")] + [(value, "x")]
            asked = urlencode(pairs, errors="surrogatepass")
            plain = value.encode("latin-1", "replace").decode("latin-1").translate({10: None, 13: None})
            headers = {**caller, "Origin": plain, "X-Forwarded-For": plain, "x-prismeai-csrf-token": plain}
            for method, path in routes(app, value, below=("/prisme/",)):
                full = f"{path}?{asked}"
                yield f"{name}: {method}", path, client.open(full, method=method, headers=headers)
                cookies = {**headers, "Cookie": f"access-token={plain}; connect.sid={plain}"}
                yield f"{name}: {method}", path, client.open(full, method=method, headers=cookies)

    assert complaints(calls()) == []


BODIES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "exchange": (
        "POST",
        EXCHANGE,
        {
            "provider": "custom",
            "subject_token": forge,
            "subject_token_type": "x",
            "grant_type": "x",
            "expiresAfter": 60,
        },
    ),
    "anonymous": ("POST", ANONYMOUS, {"expiresAfter": 60, "orgSlug": "contoso"}),
    "organization": ("PUT", "/v2/user/active-org", {"orgSlug": "contoso"}),
    "access token": ("POST", ACCESS_TOKENS, {"name": "n", "expiresAt": "2999-01-01T00:00:00Z"}),
}


@one_by_one(BODIES)
def test_one_hostile_field_breaks_nothing(app, sandbox, operations):
    client = Attacker(app, keeps_cookies=False)

    def calls() -> Iterator[tuple[str, str, Any]]:
        for method, path, fields in (BODIES[name] for name in in_turn(app, operations)):
            good = {name: value(sandbox) if callable(value) else value for name, value in fields.items()}
            known = bearer(session(sandbox)["token"])
            for name, value in hostile(app, ODD_MEMBERS).items():
                for field in good:
                    answer = client.open(path, method=method, json={**good, field: value}, headers=known)
                    # The room's words are looked for below its prefix.
                    yield f"{name} as {field}:", f"/prisme{path}", answer

    assert complaints(calls()) == []


DEEP = "[" * 400 + "]" * 400
CLAIMS: dict[str, Any] = {**ODD_MEMBERS, "infinity": float("inf"), "none": float("nan")}


@one_by_one(["sub", "email", "given_name", "locale", "aud", "iss", "exp", "nbf", "extra"])
def test_a_hostile_claim_breaks_nothing(app, sandbox, operations):
    """What an issuer signs is not to be trusted in its form."""

    def calls() -> Iterator[tuple[str, str, Any]]:
        for claim in in_turn(app, operations):
            # Our own library signs no other iss than text.
            for name, value in hostile(app, {} if claim == "iss" else CLAIMS).items():
                token = forge(sandbox, **{"sub": f"{claim} {len(name)}", claim: value})
                answer = exchange(sandbox, token)
                yield f"{name} as {claim}:", f"/prisme{EXCHANGE}", answer
                if answer.status_code == 200:
                    profile = nobody(sandbox).get(ME, headers=bearer(answer.json["token"]))
                    yield f"{name} as {claim}, later:", f"/prisme{ME}", profile

    assert complaints(calls()) == []


@pytest.mark.parametrize("data", [DEEP.encode(), b'{"a": ' + DEEP.encode() + b"}", b"[" * 100_000])
def test_deep_bodies_break_nothing(sandbox, data):
    answer = nobody(sandbox).post(EXCHANGE, data=data, content_type="application/json")

    assert (answer.status_code, answer.json["error"]) == (400, "BadParameters")


# Whose credential is good where


def access_token(sandbox: Any) -> str:
    body = {"name": "n", "expiresAt": "2999-01-01T00:00:00Z"}
    made = nobody(sandbox).post(ACCESS_TOKENS, json=body, headers=bearer(session(sandbox)["token"]))
    return str(made.json["token"])


def browser(sandbox: Any) -> str:
    sandbox.get("/v2/login?provider=custom")
    return str(sandbox.get_cookie("connect.sid").decoded_value)


MINTS: dict[str, Callable[[Any], str]] = {
    "id_token": id_token,
    "session": lambda sandbox: str(session(sandbox)["token"]),
    "anonymous session": lambda sandbox: str(nobody(sandbox).post(ANONYMOUS, json={}).json["token"]),
    "session's id": lambda sandbox: str(session(sandbox)["sessionId"]),
    "access token": access_token,
    "browser": browser,
}
SESSIONS = {"session", "anonymous session"}
PLACES: dict[str, tuple[Callable[[Any, str], Any], set[str]]] = {
    "exchange": (lambda client, secret: client.post(EXCHANGE, json=_asked(secret)), {"id_token"}),
    "profile": (lambda client, secret: client.get(ME, headers=bearer(secret)), {*SESSIONS, "access token"}),
    "cookie": (lambda client, secret: client.get(ME, headers={"Cookie": f"access-token={secret}"}), SESSIONS),
    "older header": (lambda client, secret: client.get(ME, headers={"x-prismeai-token": secret}), {"access token"}),
    "access tokens": (lambda client, secret: client.get(ACCESS_TOKENS, headers=bearer(secret)), SESSIONS),
}


def _asked(secret: str) -> dict[str, str]:
    return {"provider": "custom", "subject_token": secret}


@pytest.mark.parametrize("place", PLACES)
def test_a_credential_is_good_in_its_own_place_only(sandbox, place):
    """And none is written down, or told in a header."""
    present, taken = PLACES[place]
    secrets = {name: mint(sandbox) for name, mint in MINTS.items()}

    answers = {name: present(nobody(sandbox), secret) for name, secret in secrets.items()}

    assert {name for name, answer in answers.items() if answer.status_code == 200} == taken
    told = "".join(answer.headers.get("X-Sandbox-Reason", "") for answer in answers.values())
    written = "".join(
        json.dumps([row.path, row.detail, row.request, row.response], ensure_ascii=False) for row in sandbox.journal()
    )
    secret_ones = {name: secret for name, secret in secrets.items() if name != "session's id"}
    assert [name for name, secret in secret_ones.items() if secret in written + told] == []
