"""What is wrong with a token, in sentences: its form, its signature, its life, and what its kind demands of it.

Whether somebody must accept it for a purpose of their own is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.core.known_tokens import Known
from sandbox.core.redaction import printable
from sandbox.core.signatures import Verdict
from sandbox.core.token_claims import find_clients, is_moment, spell
from sandbox.core.token_parts import Parts
from sandbox.core.world import World

# What each kind of token must have: OpenID Connect Core section 2, RFC 9068 section 2.2, Back-Channel Logout 2.4.
_REQUIRED = {
    "id_token": ("iss", "sub", "aud", "exp", "iat"),
    "access_token": (),
    "logout_token": ("iss", "aud", "iat", "jti", "events"),
}
_OF_PROFILE = ("iss", "exp", "aud", "sub", "client_id", "iat", "jti")
_TYPES = frozenset(("jwt", "at+jwt", "logout+jwt", "dpop+jwt", "oauth-authz-req+jwt", "token-introspection+jwt"))
_BROUGHT = ("jwk", "jku", "x5u")


@dataclass(frozen=True)
class Problem:
    """Something that is wrong; `spoils` tells that no verifier should take the token because of it."""

    text: str
    spoils: bool = True


def find_problems(world: World, parts: Parts, known: Known | None, verdict: Verdict, kind: str | None) -> list[Problem]:
    """All that is wrong with a token of this kind (None: of a kind that nobody knows), the worst first."""
    if not parts.is_jwt:
        if known is None:
            return [Problem("Nobody in this world has issued it, and it is no JWT."), *_form(parts)]
        return list(_state(world, known))
    found = [*_form(parts), *_signature(verdict), *_header(parts.header or {}, kind)]
    if parts.claims is not None:
        found += [*_life(world, parts.claims), *_content(world, parts, kind)]
    return found + (list(_state(world, known)) if known else [])


def check_issuer(parts: Parts, service: str, find_issuer: Callable[[str], str | None]) -> list[Problem]:
    """Whether its iss is the issuer whose key has signed it: one of `service`, which may be `service/issuer`."""
    iss = (parts.claims or {}).get("iss")
    if not isinstance(iss, str) or not iss:
        return []
    name, own = find_issuer(iss), service.partition("/")[2]
    if name is None:
        return [Problem(f"iss is {_quoted(iss)}, and {service}, whose key has signed it, is no such issuer.")]
    if own and name != own:
        return [Problem(f"iss is {_quoted(iss)}, but the key that has signed it is that of {service}.")]
    return []


def _form(parts: Parts) -> Iterator[Problem]:
    yield from (Problem(text) for text in parts.problems)
    if parts.is_encrypted:
        yield Problem("It is encrypted (JWE): what it says cannot be read here.")


def _signature(verdict: Verdict) -> Iterator[Problem]:
    if verdict.status not in ("valid", "none"):
        yield Problem(verdict.detail)


def _header(header: dict[str, Any], kind: str | None) -> Iterator[Problem]:
    if "crit" in header:
        yield Problem(
            "The header has critical extensions (crit) that no verifier here understands: it must be refused."
        )
    typ = header.get("typ")
    if typ is not None and str(typ).lower().removeprefix("application/") not in _TYPES:
        yield Problem(f"typ is {_quoted(typ)}: it is made for another purpose than to let somebody in.")
    if kind != "dpop_proof":
        for name in _BROUGHT:
            if name in header:
                yield Problem(f"The header brings a key of its own ({name}). A verifier that uses it trusts anybody.")


def _life(world: World, claims: dict[str, Any]) -> Iterator[Problem]:
    now = world.now()
    for name in ("exp", "nbf", "iat"):
        if name in claims and not is_moment(claims[name]):
            yield Problem(f"{name} is {_quoted(claims[name])}, and must be a number of seconds.")
    moments = {name: claims[name] for name in ("exp", "nbf", "iat") if is_moment(claims.get(name))}
    if "exp" in moments and now >= moments["exp"]:
        yield Problem(f"It expired {_since(now - moments['exp'])}.")
    if moments.get("nbf", now) > now:
        yield Problem(f"It is not valid yet: nbf is {spell(int(moments['nbf'] - now))} ahead.")
    if moments.get("iat", now) > now:
        yield Problem(f"It says to be issued in the future: iat is {spell(int(moments['iat'] - now))} ahead.")
    if "exp" in moments and moments["exp"] <= moments.get("iat", moments["exp"] - 1):
        yield Problem("It has never been valid: exp does not lie after iat.")


def _content(world: World, parts: Parts, kind: str | None) -> Iterator[Problem]:
    claims = parts.claims or {}
    typ = str((parts.header or {}).get("typ", "")).lower()
    required = _OF_PROFILE if typ == "at+jwt" else _REQUIRED.get(kind or "", ())
    if missing := [name for name in required if name not in claims]:
        yield Problem(f"There is no {', no '.join(missing)}, which a token of this kind must have.")
    for name in ("iss", "sub"):
        if name in claims and (not isinstance(claims[name], str) or not claims[name]):
            yield Problem(f"{name} is {_quoted(claims[name])}, and must be text that is not empty.")
    if kind == "id_token":
        yield from _audience(world, claims)
    if kind == "logout_token" and "nonce" in claims:
        yield Problem("There is a nonce, which a logout token must not have: it could pass for an id_token.")


def _audience(world: World, claims: dict[str, Any]) -> Iterator[Problem]:
    """An id_token is for a client (OpenID Connect Core section 3.1.3.7)."""
    given = claims.get("aud")
    audience = [one for one in (given if isinstance(given, list) else [given]) if isinstance(one, str)]
    if "aud" in claims and not audience:
        yield Problem(f"aud is {_quoted(given)}, and must be text, or a list of texts.")
    strangers = [one for one in audience[:10] if not find_clients(world, one)]
    if strangers and len(strangers) == len(audience):
        yield Problem(f"aud is {_quoted(strangers[0])}, and no client has this id.")
    elif strangers:
        yield Problem(f"aud has {_quoted(strangers[0])} besides, whom nobody here knows.")
    if len(audience) > 1 and "azp" not in claims:
        yield Problem("aud has several members, and no azp tells to whom it was issued.", spoils=False)
    if "azp" in claims and claims["azp"] not in audience:
        yield Problem(f"azp is {_quoted(claims['azp'])}, which is not among the audience.")


def _state(world: World, known: Known) -> Iterator[Problem]:
    """What has become of something that the sandbox remembers."""
    now = world.now()
    if known.revoked_at is not None:
        yield Problem(f"It was revoked {_since(now - known.revoked_at)}.")
    if known.spent_at is not None:
        yield Problem(f"It was used {_since(now - known.spent_at)}, and is good for one use.")
    if known.denied_at is not None:
        yield Problem(f"The person said no {_since(now - known.denied_at)}.")
    if known.expires_at is not None and now >= known.expires_at:
        yield Problem(f"It expired {_since(now - known.expires_at)}.")


def _since(seconds: float) -> str:
    return f"{spell(int(seconds))} ago" if seconds >= 1 else "just now"


def _quoted(value: object) -> str:
    text = printable(str(value))
    return f"“{text[:80]}…”" if len(text) > 80 else f"“{text}”" if text else "empty"
