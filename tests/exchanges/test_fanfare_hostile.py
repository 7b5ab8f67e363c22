"""Hostile input with good credentials, and whose credential is good where: at every endpoint of Fanfare."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.support.attacker import Attacker
from tests.support.databases import on_either_database
from tests.support.fanfare import (
    ADDRESS,
    IDENTITY,
    OTP,
    PK,
    SK,
    bearer,
    code,
    guest,
    page,
    request_otp,
    sign_in,
    verify_otp,
)
from tests.support.hostile import HOSTILE, ODD_MEMBERS, complaints, hostile, in_turn, one_by_one, routes

CALLERS: dict[str, Callable[[Any], dict[str, str]]] = {
    "backend": lambda sandbox: bearer(SK),
    "page": lambda sandbox: page(),
    "consumer": lambda sandbox: page(sign_in(sandbox)["accessToken"]),
    "guest": lambda sandbox: page(guest(sandbox)["accessToken"]),
}


@on_either_database
@pytest.mark.parametrize("caller", CALLERS)
def test_no_route_breaks_on_hostile_values(app, caller):
    sandbox = Attacker(app)
    known = CALLERS[caller](sandbox)

    def calls() -> Iterator[tuple[str, str, Any]]:
        for name, value in hostile(app).items():
            asked = urlencode([("to", value), ("to", "y"), (value, "x")], errors="surrogatepass")
            for method, path in routes(app, value, below=("/fanfare/", "/_sandbox/mailbox")):
                yield f"{name}: {method}", path, sandbox.open(f"{path}?{asked}", method=method, headers=known)

    assert complaints(calls()) == []


GOOD: dict[str, tuple[str, dict[str, str], dict[str, Any]]] = {
    "vouch": ("external/authorize", bearer(SK), {**IDENTITY, "canonicalSubject": "c", "claims": {"email": "x"}}),
    "vouch with claims": ("external/authorize", bearer(SK), {"email": "x", "fullName": "x", "name": "x", "more": "x"}),
    "exchange": ("external/exchange", page(), {"exchangeCode": "x"}),
    "begin as a guest": ("guest", page(), {"more": "x"}),
    "ask for a code": ("otp/request", page(), {"email": ADDRESS, "phone": "+12125550100", "name": "n"}),
    "ask for a text message": ("otp/request", page(), {"phone": "2125550100", "defaultCountry": "US"}),
    "verify a code": ("otp/verify", page(), {"email": ADDRESS, "code": OTP}),
    "refresh": ("refresh", page(), {"refreshToken": "x"}),
}


@one_by_one(GOOD)
def test_one_hostile_field_breaks_nothing(app, operations):
    sandbox = Attacker(app)

    def send(operation: str, body: dict[str, Any]) -> Any:
        path, headers, _ = GOOD[operation]
        sent = {**IDENTITY, "claims": body} if operation == "vouch with claims" else body
        return sandbox.post(f"/fanfare/auth/{path}", json=sent, headers=headers)

    def calls() -> Iterator[tuple[str, str, Any]]:
        for operation in in_turn(app, operations):
            request_otp(sandbox)
            path, _, good = GOOD[operation]
            for name, value in hostile(app, ODD_MEMBERS).items():
                for field in good:
                    yield f"{name} as {field}:", f"/fanfare/auth/{path}", send(operation, {**good, field: value})

    assert complaints(calls()) == []


@on_either_database
def test_an_address_may_be_longer_than_a_database_can_index(sandbox):
    # Of random letters, since a database would press others together.
    letters = "".join(hashlib.sha256(f"{number}".encode()).hexdigest() for number in range(200))
    address = f"{letters}@example.test"

    request_otp(sandbox, email=address)
    sessions = [verify_otp(sandbox, email=address)]
    request_otp(sandbox, email=address)
    sessions.append(verify_otp(sandbox, email=address))

    assert [session.status_code for session in sessions] == [200, 200]
    assert len({session.json["session"]["consumerId"] for session in sessions}) == 1


HEADERS = ["Authorization", "X-Publishable-Key", "X-Secret-Key", "X-Organization-Id", "DPoP", "Origin"]


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("path", sorted({path for path, _, _ in GOOD.values()} | {"logout"}))
def test_hostile_headers_break_nothing(app, path, header):
    sandbox = Attacker(app)

    def calls() -> Iterator[tuple[str, str, Any]]:
        for name, value in HOSTILE.items():
            text = value.encode("latin-1", "replace").decode("latin-1").translate({0: None, 10: None, 13: None})
            for known in ({}, page(), bearer(SK)):
                for scheme in ("", "Bearer ") if header == "Authorization" else ("",):
                    headers = {**known, header: f"{scheme}{text}"}
                    answer = sandbox.post(f"/fanfare/auth/{path}", json={}, headers=headers)
                    yield name, f"/fanfare/auth/{path}", answer

    assert complaints(calls()) == []


# Whose credential is good where

MINTS: dict[str, Callable[[Any], str]] = {
    "secret key": lambda sandbox: SK,
    "publishable key": lambda sandbox: PK,
    "exchange code": code,
    "access token": lambda sandbox: str(sign_in(sandbox)["accessToken"]),
    "refresh token": lambda sandbox: str(sign_in(sandbox)["refreshToken"]),
    "beacon token": lambda sandbox: str(sign_in(sandbox)["beaconToken"]),
    "guest's token": lambda sandbox: str(guest(sandbox)["accessToken"]),
}
PLACES: dict[str, tuple[str, Callable[[str], dict[str, Any]], set[str]]] = {
    "vouching": ("external/authorize", lambda it: {"json": IDENTITY, "headers": bearer(it)}, {"secret key"}),
    "a page's key": ("guest", lambda it: {"headers": page(key=it)}, {"publishable key"}),
    "the exchange": (
        "external/exchange",
        lambda it: {"json": {"exchangeCode": it}, "headers": page()},
        {"exchange code"},
    ),
    "refresh": ("refresh", lambda it: {"json": {"refreshToken": it}, "headers": page()}, {"refresh token"}),
    "logout": ("logout", lambda it: {"headers": bearer(it)}, {"access token", "guest's token"}),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_credential_is_good_in_its_own_place_only(sandbox, place):
    """And none that is secret is written down, or told in a header."""
    path, present, taken = PLACES[place]
    secrets = {name: mint(sandbox) for name, mint in MINTS.items()}
    answers = {name: sandbox.post(f"/auth/{path}", **present(secret)) for name, secret in secrets.items()}

    assert {name for name, answer in answers.items() if answer.status_code < 300} == taken
    told = [answer.headers.get("X-Sandbox-Reason", "") for answer in answers.values()]
    written = "".join(json.dumps([row.detail, row.request, row.response]) for row in sandbox.journal())
    hidden = {name: secret for name, secret in secrets.items() if name != "publishable key"}
    assert [name for name, secret in hidden.items() if secret in written + "".join(told)] == []
