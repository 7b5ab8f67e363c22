"""Client authentication at the token endpoint, RFC 6749 section 2.3: Basic, body or query.

Reads values, not requests; whether a client may do without a secret is its caller's.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus

from sandbox.core import tables
from sandbox.core.clients import find_client
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World


@dataclass(frozen=True)
class Credentials:
    """What a client presented: the readings of its id and secret, best first; `method` as RFC 7591 names it.

    There are two readings of Basic, since half the libraries percent-encode both parts as RFC 6749 section 2.3.1
    wants and half do not. `also` is a client_id that came in the body beside a Basic header.
    """

    readings: tuple[tuple[str, str | None], ...]
    method: str
    also: str | None = None

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

    Raises Refusal: CLIENT_UNKNOWN if there is no client_id at all.
    """
    in_body = parameters.get("client_id") or None
    if readings := parse_basic(header):
        return Credentials(readings, "client_secret_basic", also=in_body)
    if in_body is None:
        raise Refusal(Reason.CLIENT_UNKNOWN, "the request names no client", "client_id")
    secret = parameters.get("client_secret") or None
    return Credentials(((in_body, secret),), "client_secret_post" if secret else "none")


def authenticate(world: World, service: str, credentials: Credentials) -> tables.Client:
    """The client these credentials prove.

    Raises Refusal: CLIENT_UNKNOWN, CLIENT_SECRET_MISSING, CLIENT_SECRET_WRONG.
    """
    client, secrets = _identify(world, service, credentials)
    if all(secret is None for secret in secrets):
        raise Refusal(Reason.CLIENT_SECRET_MISSING, f"{client.client_id} sent no secret", "client_secret")
    matches = [_same(client.secret, secret) for secret in secrets]
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


def _same(expected: str | None, presented: str | None) -> bool:
    if expected is None or presented is None:
        return False
    return hmac.compare_digest(expected.encode(), presented.encode("utf-8", "surrogatepass"))
