"""Client authentication at the token endpoint, RFC 6749 section 2.3: Basic, body, query, or an assertion.

Reads values, not requests; whether a client may do without a secret is its caller's, and what an assertion must hold
is client_assertions.py's.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus

from sandbox.core import jwts, tables
from sandbox.core.clients import find_client
from sandbox.core.compare import same_secret
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True)
class Credentials:
    """What a client presented: the readings of its id and secret, best first; `method` as RFC 7591 names it.

    There are two readings of Basic, since half the libraries percent-encode both parts as RFC 6749 section 2.3.1
    wants and half do not. `also` is a client_id that came in the body beside a Basic header, `assertion` a JWT by
    which the client proves itself (RFC 7523 section 2.2).
    """

    readings: tuple[tuple[str, str | None], ...]
    method: str
    also: str | None = None
    assertion: str | None = None

    @property
    def client_id(self) -> str:
        """The client id in its first reading."""
        return self.readings[0][0]


def parse_basic(header: str | None) -> tuple[tuple[str, str], ...]:
    """The readings of a Basic header: percent-decoded, then raw; empty if it is no (valid) Basic header."""
    scheme, _, encoded = (header or "").strip().partition(" ")
    if scheme.lower() != "basic":
        return ()
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:  # no base64 (which is ASCII), or no UTF-8 in it
        return ()
    if not colon:
        return ()
    decoded = (unquote_plus(user), unquote_plus(password))
    return (decoded,) if decoded == (user, password) else (decoded, (user, password))


def parse_credentials(header: str | None, parameters: Mapping[str, str]) -> Credentials:
    """Read a client's credentials: a Basic header wins over the parameters (body or query).

    Raises Refusal: CLIENT_UNKNOWN if there is no client_id at all, CLIENT_ASSERTION_INVALID.
    """
    in_body = parameters.get("client_id") or None
    if readings := parse_basic(header):
        return Credentials(readings, "client_secret_basic", also=in_body)
    if assertion := parameters.get("client_assertion"):
        return _parse_assertion(assertion, parameters.get("client_assertion_type"), in_body)
    if in_body is None:
        raise Refusal(Reason.CLIENT_UNKNOWN, "the request names no client", "client_id")
    secret = parameters.get("client_secret") or None
    return Credentials(((in_body, secret),), "client_secret_post" if secret else "none")


def check_one_method(header: str | None, parameters: Mapping[str, str]) -> None:
    """Refuse credentials of two kinds at once (RFC 6749 section 2.3). Raises Refusal: CLIENT_CREDENTIALS_AMBIGUOUS.

    The same secret twice, as some libraries send it, proves no less.
    """
    basic = parse_basic(header)
    secret, assertion = parameters.get("client_secret"), parameters.get("client_assertion")
    twice = secret and basic and all(secret != presented for _, presented in basic)
    if twice or (assertion and (basic or secret)):
        raise Refusal(Reason.CLIENT_CREDENTIALS_AMBIGUOUS, "the request carries two different credentials")


def authenticate(world: World, service: str, credentials: Credentials) -> tables.Client:
    """The client these credentials prove.

    Raises Refusal: CLIENT_UNKNOWN, CLIENT_SECRET_MISSING, CLIENT_SECRET_WRONG.
    """
    client, secrets = _identify(world, service, credentials)
    if all(secret is None for secret in secrets):
        raise Refusal(Reason.CLIENT_SECRET_MISSING, f"{client.client_id} sent no secret", "client_secret")
    matches = [same_secret(client.secret, secret) for secret in secrets]
    if not any(matches):
        raise Refusal(Reason.CLIENT_SECRET_WRONG, f"not the secret of {client.client_id}", "client_secret")
    return client


def identify(world: World, service: str, credentials: Credentials) -> tables.Client:
    """The client these credentials name, proven if they carry a secret; for public clients.

    Raises Refusal: CLIENT_UNKNOWN, CLIENT_SECRET_WRONG.
    """
    if all(secret is None for _, secret in credentials.readings):
        return _identify(world, service, credentials)[0]
    return authenticate(world, service, credentials)


def _parse_assertion(assertion: str, kind: str | None, in_body: str | None) -> Credentials:
    if kind != ASSERTION_TYPE:
        raise Refusal(Reason.CLIENT_ASSERTION_INVALID, f"client_assertion_type must be {ASSERTION_TYPE}")
    try:
        subject = jwts.read_claims(assertion).get("sub")
        shared = jwts.read_header(assertion).get("alg") in ("HS256", "HS384", "HS512")
    except Refusal as refusal:
        raise Refusal(Reason.CLIENT_ASSERTION_INVALID, refusal.detail, "client_assertion") from refusal
    # client_id is optional here (RFC 7521 section 4.2): the assertion names the client itself.
    named = in_body or (subject if isinstance(subject, str) else "")
    method = "client_secret_jwt" if shared else "private_key_jwt"
    return Credentials(((named, None),), method, assertion=assertion)


def _identify(world: World, service: str, credentials: Credentials) -> tuple[tables.Client, list[str | None]]:
    for client_id, _ in credentials.readings:
        client = find_client(world, service, client_id)
        if client is None:
            continue
        world.entry.note(client_id=client.client_id)
        if credentials.also not in (None, client.client_id):
            raise Refusal(
                Reason.CLIENT_UNKNOWN,
                f"Basic names {client.client_id}, the body {credentials.also}; they must agree",
                "client_id",
            )
        return client, [secret for name, secret in credentials.readings if name == client_id]
    raise Refusal(Reason.CLIENT_UNKNOWN, f"no client {credentials.client_id!r} is registered at {service}", "client_id")
