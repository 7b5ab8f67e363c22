"""Signed authorization requests, by value or by reference (RFC 9101, OIDC Core section 6)."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from sandbox.core import jwts, tables
from sandbox.core.keys import ASYMMETRIC
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.protocol.client_assertions import LEEWAY, client_keys
from sandbox.protocol.outgoing import fetch

ALGORITHMS = ASYMMETRIC
# What a request object may not hold (RFC 9101 section 4, and OIDC Core section 6.1).
_FORBIDDEN = ("request", "request_uri")


def read_request_object(
    world: World, client: tables.Client, token: str, *, issuer: str, network: Collection[str]
) -> dict[str, str]:
    """The authorization parameters in a request object that the client has signed.

    Raises Refusal: REQUEST_OBJECT_INVALID.
    """
    try:
        algorithm = jwts.read_header(token).get("alg")
        expected = client.settings["request_object_signing_alg"]
        if algorithm not in ALGORITHMS or expected not in (None, algorithm):
            raise _invalid(f"a request object is signed by {expected or ' or '.join(ALGORITHMS)}, not by {algorithm}")
        claims = jwts.verify_signature(token, client_keys(client, token, network))
        jwts.check_life(world, claims, leeway=LEEWAY)
    except Refusal as refusal:
        if refusal.reason is Reason.REQUEST_OBJECT_INVALID:
            raise
        raise _invalid(refusal.detail) from refusal
    _check_names(client, claims, issuer)
    return {name: _text(value) for name, value in claims.items() if name not in _PROTOCOL_CLAIMS and value is not None}


def fetch_request_object(client: tables.Client, request_uri: str, network: Collection[str]) -> str:
    """The request object at a URL. Raises Refusal: REQUEST_URI_INVALID."""
    allowed = [uri.partition("#")[0] for uri in client.settings["request_uris"]]
    if allowed and request_uri.partition("#")[0] not in allowed:
        raise Refusal(Reason.REQUEST_URI_INVALID, f"{request_uri} is not registered", "request_uri")
    try:
        return fetch(request_uri, network).strip()
    except Refusal as refusal:
        raise Refusal(Reason.REQUEST_URI_INVALID, refusal.detail, "request_uri") from refusal


_PROTOCOL_CLAIMS = frozenset({"iss", "aud", "exp", "nbf", "iat", "jti", "sub"})


def _check_names(client: tables.Client, claims: dict[str, Any], issuer: str) -> None:
    if any(name in claims for name in _FORBIDDEN):
        raise _invalid("a request object holds no other request")
    # That would be a client assertion (RFC 9101 section 10.8).
    if claims.get("sub") == client.client_id:
        raise _invalid("a request object does not have the client as sub")
    if claims.get("client_id", client.client_id) != client.client_id or claims.get("iss", client.client_id) != (
        client.client_id
    ):
        raise _invalid(f"iss and client_id must be {client.client_id}")
    named = claims.get("aud", issuer)
    if issuer not in (named if isinstance(named, list) else [named]):
        raise _invalid(f"aud must be {issuer}; found {named!r}")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    # JSON may escape half a character; a parameter of a query or a form never has one.
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise _invalid("a parameter is no Unicode text")
    return value


def _invalid(why: str) -> Refusal:
    return Refusal(Reason.REQUEST_OBJECT_INVALID, why, "request")
