"""Whether one of the world's keys has signed a token: those of all its issuers, and the secrets that rooms sign with.

The key says which algorithm is right, never the token (RFC 8725 section 3.1). Knows no claim's meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.core import jwts, tables
from sandbox.core.keys import Key, secret_key
from sandbox.core.keysets import key_of
from sandbox.core.redaction import printable
from sandbox.core.token_parts import Parts
from sandbox.core.world import World

Status = Literal["valid", "invalid", "unsigned", "key-unknown", "none"]
# How a service calls the key that is called so here.
KeyName = Callable[[str], str]
_SHOWN = 80


@dataclass(frozen=True)
class Verdict:
    """What there is to say of a signature. `key` is the one that it was held against, or the one that made it.

    `made_here` tells that a key of this world made it, whether or not the header says so.
    """

    status: Status
    detail: str
    key: dict[str, str] | None = None
    made_here: bool = False

    def document(self) -> dict[str, Any]:
        """It as JSON."""
        return {"status": self.status, "detail": self.detail, "key": self.key}


@dataclass(frozen=True)
class _Candidate:
    service: str
    state: str
    key: Key
    names: frozenset[str]

    def describe(self) -> dict[str, str]:
        named = {"kid": self.key.kid, "algorithm": self.key.algorithm, "state": self.state}
        return {"service": self.service, **named}


def check_signature(world: World, parts: Parts, names: Mapping[str, KeyName]) -> Verdict:
    """Hold the signature against the keys of the world; `names` is how a service calls a key, where it has a way."""
    header = parts.header
    if header is None:
        return Verdict("none", "It is no JWT, and has no signature.")
    if parts.is_encrypted:
        return Verdict("none", "It is encrypted: only whom it is for can read it, and check what is in it.")
    if parts.signature is None:
        return Verdict("invalid" if parts.signed else "none", "There is no signature that could be read.")
    algorithm = header.get("alg")
    if isinstance(algorithm, str) and algorithm.lower() == "none":
        return Verdict("unsigned", "The header says alg none: nobody has signed it, and anybody can have written it.")
    if not parts.signature:
        return Verdict("unsigned", f"The header says {_shown(algorithm)}, but there is no signature.")
    return _hold_against(list(_candidates(world, parts, names)), parts, header)


def _hold_against(candidates: list[_Candidate], parts: Parts, header: dict[str, Any]) -> Verdict:
    kid, algorithm = header.get("kid"), header.get("alg")
    named = [one for one in candidates if isinstance(kid, str) and kid in one.names]
    made = next((one for one in candidates if one.key.algorithm == algorithm and _made_it(one.key, parts)), None)
    if made and (made in named or not kid or made.key.is_shared):
        whose = "the secret of" if made.key.is_shared else f"{'a retired' if made.state == 'retired' else 'the'} key of"
        return Verdict("valid", f"Signed with {algorithm} by {whose} {made.service}.", made.describe(), made_here=True)
    if named:
        return _not_by(named[0], kid, algorithm)
    if made:
        detail = f"No key has the id {_shown(kid)}; a key of {made.service} has made the signature, under another id."
        return Verdict("key-unknown", detail, made.describe(), made_here=True)
    return _by_nobody(candidates, kid, algorithm)


def _not_by(right: _Candidate, kid: object, algorithm: object) -> Verdict:
    """The header names this key, which has not signed."""
    if right.state == "dropped":
        detail = f"The key {_shown(kid)} of {right.service} is no longer published."
        return Verdict("key-unknown", detail, right.describe())
    if right.key.algorithm != algorithm:
        detail = (
            f"The header says {_shown(algorithm)}, but the key {_shown(kid)} of {right.service} is for "
            f"{right.key.algorithm}. A verifier that lets the token choose can be fooled like this."
        )
        return Verdict("invalid", detail, right.describe())
    return Verdict(
        "invalid", f"The key {_shown(kid)} of {right.service} has not made this signature.", right.describe()
    )


def _by_nobody(candidates: list[_Candidate], kid: object, algorithm: object) -> Verdict:
    if kid:
        return Verdict("key-unknown", f"No key of this world has the id {_shown(kid)}.")
    if any(one.key.algorithm == algorithm for one in candidates):
        return Verdict(
            "invalid", f"None of the keys that this world has for {_shown(algorithm)} has made the signature."
        )
    return Verdict("key-unknown", f"This world has no key for {_shown(algorithm)}.")


def _candidates(world: World, parts: Parts, names: Mapping[str, KeyName]) -> Iterator[_Candidate]:
    for row in world.store.list(tables.SigningKey, order=("service", "-serial")):
        name = names.get(row.service.partition("/")[0])
        known_as = frozenset((row.kid, name(row.kid) if name else row.kid))
        if not row.pem:
            yield _Candidate(row.service, "dropped", Key(row.kid, "", None, None), known_as)
            continue
        key = key_of(row)
        yield _Candidate(row.service, "retired" if row.retired_at is not None else "active", key, known_as)
    if str((parts.header or {}).get("alg")).startswith("HS"):
        yield from _shared(world, parts)


def _shared(world: World, parts: Parts) -> Iterator[_Candidate]:
    """The secrets of rooms, and those of the applications that the token names."""
    for slug, settings in world.settings.items():
        for name, value in settings.items():
            if name.endswith("secret") and isinstance(value, str) and value:
                yield _Candidate(slug, "active", secret_key(value), frozenset())
    claims = parts.claims or {}
    for client_id in {value for value in (claims.get("iss"), claims.get("client_id")) if isinstance(value, str)}:
        for client in world.store.list(tables.Client, order=("service",), client_id=client_id):
            if client.secret:
                yield _Candidate(client.service, "active", secret_key(client.secret), frozenset())


def _made_it(key: Key, parts: Parts) -> bool:
    return jwts.is_signed_by(key, parts.signed, parts.signature or b"")


def _shown(value: object) -> str:
    text = printable(str(value))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
