"""The fields of a request that a tour can break, wherever they are: in its query, form, JSON body or headers.

Knows no vendor: a field is known by its name, however that is spelled.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from sandbox.web.steps import Step

# Where a field is, and its name there.
Place = tuple[str, str]
QUERY, FORM, JSON, HEADER = "query", "form", "json", "header"

_WRONG = "nobody-has-this"
_ANOTHER_VERIFIER = "another-verifier-that-nobody-has-sent-a-challenge-of"
_JWT_PARTS = 3


@dataclass(frozen=True)
class Kind:
    """A way for a field to be wrong; `value` takes its place (None: it is left out)."""

    id: str
    title: str
    cause: str
    value: str | None = None


_CODE = (
    Kind("unknown", "A code that nobody issued", "A code cannot be guessed: it must be one that was issued.", _WRONG),
    Kind(
        "twice",
        "The code is sent twice",
        "A code is good once. Who brings it a second time may have stolen it (RFC 6749 section 4.1.2).",
    ),
    Kind("missing", "The code is left out", "Without a code there is nothing to swap."),
)
_SIGNED = (
    Kind(
        "forged",
        "The token's signature is wrong",
        "Somebody has changed the token on the way, or made it up: no key of its issuer has signed it.",
    ),
)
KINDS: Mapping[str, tuple[Kind, ...]] = {
    "code": _CODE,
    "exchangecode": _CODE,
    "codeverifier": (
        Kind(
            "wrong",
            "Another code_verifier",
            "Its digest is not the code_challenge that the login began with: who brings the code is not who asked for "
            "it (RFC 7636 section 4.6).",
            _ANOTHER_VERIFIER,
        ),
        Kind(
            "missing",
            "No code_verifier",
            "The login began with a code_challenge, so a code without its verifier was stolen (RFC 7636 section 4.6).",
        ),
    ),
    "clientsecret": (
        Kind(
            "wrong",
            "A wrong client secret",
            "The application does not prove who it is (RFC 6749 section 3.2.1).",
            _WRONG,
        ),
    ),
    "redirecturi": (
        Kind(
            "wrong",
            "Another redirect URI",
            "It is not the one that the login began with, so the code may have come another way than it should "
            "(RFC 6749 section 4.1.3).",
            "https://attacker.example/callback",
        ),
    ),
    "state": (
        Kind(
            "wrong",
            "Another state",
            "The answer belongs to a login that was not begun here (RFC 6749 section 10.12).",
            "state-of-another-login",
        ),
        Kind("missing", "No state", "Without it nobody can tell which login the answer belongs to."),
    ),
    "granttype": (Kind("wrong", "A grant type that does not exist", "Nobody knows what is asked for.", "wish"),),
    "subjecttoken": (
        *_SIGNED,
        Kind(
            "audience",
            "The token is for another application",
            "Its aud names somebody else. Taking it would let any application sign in with tokens that were given to "
            "it for other ends (OpenID Connect Core section 3.1.3.7).",
        ),
        Kind(
            "expired", "The token has expired", "A token is good for a while only, so that a lost one is not for ever."
        ),
    ),
    "authtoken": (
        *_SIGNED,
        Kind("twice", "The token is sent twice", "It is good once: who brings it again may have stolen it."),
    ),
    "accesstoken": (
        Kind(
            "wrong",
            "An access token that nobody issued",
            "The provider does not know it, and tells nobody's name.",
            _WRONG,
        ),
    ),
    "provider": (Kind("wrong", "A provider that does not exist", "Nobody of this name signs anybody in.", "nowhere"),),
    "codechallenge": (
        Kind(
            "missing",
            "No code_challenge",
            "Without PKCE who intercepts the code could use it (RFC 9700 section 2.1.1).",
        ),
    ),
    "authorization": (
        Kind("wrong", "A wrong secret key", "Only the application's own server knows it.", "Bearer sk_nobody"),
        Kind("missing", "No secret key", "Anybody could have made this call."),
    ),
    "xpublishablekey": (Kind("missing", "No publishable key", "The call does not say whose application it is for."),),
    "issuer": (
        Kind("missing", "The issuer is left out", "A subject means nothing without the issuer that has named it so."),
    ),
    "subject": (Kind("missing", "The subject is left out", "Nobody is named, so nobody can sign in."),),
    "slug": (Kind("wrong", "A tenant that does not exist", "Nobody of this name is a customer.", _WRONG),),
}
# The kinds for which a token is minted, and how it is tampered with.
MINTED: Mapping[str, str] = {"audience": "wrong-aud", "expired": "expired"}


def known_as(name: str) -> str:
    """The name without what its spelling adds."""
    return name.replace("_", "").replace("-", "").lower()


def list_places(step: Step) -> Iterator[tuple[Place, str]]:
    """All fields of the request."""
    names = [
        *((QUERY, name) for name, _ in _query(step)),
        *((FORM, name) for name, _ in step.form or ()),
        *((JSON, name) for name in (step.json if isinstance(step.json, dict) else ())),
        *((HEADER, name) for name in step.headers if name != "Accept"),
    ]
    yield from ((place, place[1]) for place in names)


def read(step: Step, place: Place) -> Any:
    """The value of a field, or None."""
    where, name = place
    if where == JSON:
        return step.json.get(name) if isinstance(step.json, dict) else None
    if where == HEADER:
        return step.headers.get(name)
    return dict(_query(step) if where == QUERY else step.form or ()).get(name)


def write(step: Step, place: Place, value: str | None) -> Step:
    """The step with this value in the field's place; None leaves it out."""
    where, name = place
    if where == JSON:
        return replace(step, json=_changed(step.json if isinstance(step.json, dict) else {}, name, value))
    if where == HEADER:
        return replace(step, headers=_changed(step.headers, name, value))
    if where == FORM:
        return replace(step, form=tuple(_changed(dict(step.form or ()), name, value).items()))
    query = urlencode(_changed(dict(_query(step)), name, value))
    return replace(step, url=urlsplit(step.url)._replace(query=query).geturl())


def values(step: Step) -> list[str]:
    """The text of every field."""
    found = (read(step, place) for place, _ in list_places(step))
    return [value for value in found if isinstance(value, str)]


def is_jwt(value: object) -> bool:
    """Whether it has the form of a JWT."""
    return isinstance(value, str) and value.count(".") == _JWT_PARTS - 1 and value.startswith("ey")


def forge(token: str) -> str:
    """The token with a few bits of its signature wrong."""
    content, _, signature = token.rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    wrong = bytes((raw[0] ^ 0xFF,)) + raw[1:] if raw else b"\xff"
    return f"{content}.{base64.urlsafe_b64encode(wrong).rstrip(b'=').decode()}"


def _query(step: Step) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(step.url).query, keep_blank_values=True)


def _changed(members: Mapping[str, Any], name: str, value: str | None) -> dict[str, Any]:
    rest = {known: held for known, held in members.items() if known != name or value is not None}
    return rest if value is None else {**rest, name: value}
