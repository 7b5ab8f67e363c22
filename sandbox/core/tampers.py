"""Ways in which a token can be wrong: each changes one thing about it and leaves all else right.

When a token comes out wrong is for forgery.py to say; what must be refused because of it, for whoever is handed it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from sandbox.core import jwts, tables
from sandbox.core.drafts import Draft
from sandbox.core.keys import Key, derive_pem, generate_pem, load_key, secret_key
from sandbox.core.keysets import development_keys
from sandbox.core.world import World

JWT = "jwt"
OPAQUE = "opaque"
ID_TOKEN = "id_token"
# Longer than any leeway that a verifier gives, in seconds.
FAR = 3600
_MONTH = 30 * 86_400
_MOMENTS = ("iat", "nbf", "exp", "auth_time")
_STRANGER = "somebody else"
_ELSEWHERE = "https://issuer.invalid"
_UNKNOWN_EXTENSION = "urn:example:unknown"

Forge = Callable[[World, Draft], str]
Change = Callable[[World, Draft], Mapping[str, Any]]


@dataclass(frozen=True)
class Tamper:
    """One way to be wrong.

    `kinds` says what it makes sense for: formats (`jwt`, `opaque`) and kinds of tokens (`id_token`). `forge` makes the
    JWT; of an opaque token only the lifetime can be wrong. What is to be wrong and is not there is added; a shared
    secret has no public half, so where that is wanted another secret signs, and `no-kid` leaves as it is what names no
    key.
    """

    name: str
    summary: str
    kinds: tuple[str, ...]
    forge: Forge

    def fits(self, kind: str, form: str = JWT) -> bool:
        """Whether it makes sense for tokens of this kind, which are `jwt` or `opaque`."""
        return form in self.kinds or (kind in self.kinds and form == JWT)


def compact(draft: Draft) -> str:
    """The draft as it is, signed by its key, whatever its claims and its header are."""
    return jwts.sign_unchecked(draft.claims, draft.key, draft.header)


def merged(claims: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`claims` with `changes` made; None takes a claim away."""
    return {name: value for name, value in {**claims, **changes}.items() if value is not None or name not in changes}


def _claims(change: Change) -> Forge:
    return lambda world, draft: compact(replace(draft, claims=merged(draft.claims, change(world, draft))))


def _set(**values: Any) -> Forge:
    return _claims(lambda _world, _draft: values)


def _header(**values: Any) -> Forge:
    return lambda _world, draft: compact(replace(draft, header={**draft.header, **values}))


def _bad_signature(_world: World, draft: Draft) -> str:
    signed, _, signature = compact(draft).rpartition(".")
    # The first character holds six whole bits, which the last one need not.
    return f"{signed}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def _no_signature(_world: World, draft: Draft) -> str:
    return compact(draft).rpartition(".")[0] + "."


def _truncated(_world: World, draft: Draft) -> str:
    header, claims, _ = compact(draft).split(".")
    # No more than it takes: a claim that makes it unlike any other token, such as jti, may be the last one.
    return f"{header}.{claims[:-8]}"


def _wrong_key(world: World, draft: Draft) -> str:
    return compact(replace(draft, key=replace(_stranger(world, draft.key), kid=draft.key.kid)))


def _alg_none(_world: World, draft: Draft) -> str:
    return compact(replace(draft, key=Key(draft.key.kid, "none", b"", b"")))


def _hs256_public_key(world: World, draft: Draft) -> str:
    if draft.key.is_shared:
        return _wrong_key(world, draft)
    public = draft.key.public_pem
    return compact(replace(draft, key=Key(draft.key.kid, "HS256", public, public)))


def _embedded_jwk(world: World, draft: Draft) -> str:
    if draft.key.is_shared:
        return _wrong_key(world, draft)
    stranger = replace(_stranger(world, draft.key), kid=draft.key.kid)
    return compact(replace(draft, key=stranger, header={**draft.header, "jwk": dict(stranger.jwk)}))


def _several_aud(_world: World, draft: Draft) -> Mapping[str, Any]:
    own = draft.claims.get("aud", [])
    return {"aud": [*(own if isinstance(own, list) else [own]), _STRANGER], "azp": None}


def _expired(world: World, draft: Draft) -> Mapping[str, Any]:
    """All its moments lie as much earlier as it takes, so that it was good once."""
    moments = {"exp": world.now(), **_moments(draft)}
    back = moments["exp"] - world.now() + FAR
    return {name: moment - back for name, moment in moments.items()}


def _in_future(world: World, draft: Draft) -> Mapping[str, Any]:
    moments = {"iat": world.now(), **_moments(draft)}
    return {name: moment + FAR for name, moment in moments.items() if name in ("iat", "exp")}


def _moments(draft: Draft) -> dict[str, int]:
    """The moments that it has; who asks for other claims may have put anything in their place."""
    return {name: draft.claims[name] for name in _MOMENTS if type(draft.claims.get(name)) is int}


def _stranger(world: World, key: Key) -> Key:
    """A key of the same kind that nobody in this world has."""
    if key.is_shared:
        return secret_key("the shared secret of somebody else", key.algorithm)
    if key.algorithm in ("ES256", "EdDSA"):
        return load_key(derive_pem(development_keys()[0], key.algorithm, _STRANGER))
    taken = {row.slot for row in world.store.list(tables.SigningKey, order=("serial",))}
    free = (pem for slot, pem in enumerate(development_keys()) if slot not in taken)
    return load_key(next(free, None) or _generated_pem(), key.algorithm)


@lru_cache(maxsize=1)
def _generated_pem() -> bytes:
    return generate_pem()


def _table(rows: Iterable[tuple[str, str, Forge]], *kinds: str) -> dict[str, Tamper]:
    return {name: Tamper(name, summary, kinds, forge) for name, summary, forge in rows}


TAMPERS: Mapping[str, Tamper] = {
    **_table(
        [
            ("bad-signature", "The signature has a few bits wrong.", _bad_signature),
            ("no-signature", "The signature is left out; the header still names its algorithm.", _no_signature),
            ("wrong-key", "Another key has signed, under the id of the right one.", _wrong_key),
            ("unknown-kid", "The header names a key that is not published.", _header(kid="nobodys-key")),
            ("no-kid", "The header names no key.", _header(kid=None)),
            ("alg-none", "The header says alg none, and there is no signature.", _alg_none),
            ("hs256-public-key", "HS256, with the public key's PEM for the secret.", _hs256_public_key),
            ("embedded-jwk", "A stranger's key has signed, and the header brings it along.", _embedded_jwk),
            ("wrong-typ", "The header's typ is that of another kind of token.", _header(typ="secevent+jwt")),
            (
                "unknown-crit",
                "The header has a critical extension that nobody knows.",
                _header(crit=[_UNKNOWN_EXTENSION], **{_UNKNOWN_EXTENSION: True}),
            ),
            ("truncated", "It breaks off within its claims.", _truncated),
            ("wrong-iss", "iss is another issuer.", _set(iss=_ELSEWHERE)),
            ("no-iss", "There is no iss.", _set(iss=None)),
            ("wrong-aud", "aud is somebody else.", _set(aud=_STRANGER)),
            ("no-aud", "There is no aud.", _set(aud=None)),
            ("no-exp", "There is no exp.", _set(exp=None)),
            (
                "text-exp",
                "exp is text that is no number.",
                _set(exp="tomorrow"),
            ),
            (
                "not-yet-valid",
                "nbf is an hour ahead.",
                _claims(lambda world, _: {"nbf": world.now() + FAR}),
            ),
            ("issued-in-future", "iat is an hour ahead.", _claims(_in_future)),
            ("no-iat", "There is no iat.", _set(iat=None)),
            ("no-sub", "There is no sub.", _set(sub=None)),
            ("empty-sub", "sub is empty.", _set(sub="")),
            ("wrong-sub", "sub is somebody else.", _set(sub=_STRANGER)),
        ],
        JWT,
    ),
    **_table([("expired", "It expired an hour ago.", _claims(_expired))], JWT, OPAQUE),
    **_table(
        [
            ("several-aud", "aud has somebody else besides, and no azp says whose it is.", _claims(_several_aud)),
            ("wrong-azp", "azp is somebody else.", _set(azp=_STRANGER)),
            ("wrong-nonce", "nonce is not the one that was sent.", _set(nonce="another-nonce")),
            ("no-nonce", "There is no nonce.", _set(nonce=None)),
            ("wrong-at-hash", "at_hash is of another access token.", _set(at_hash="AAAAAAAAAAAAAAAAAAAAAA")),
            ("wrong-c-hash", "c_hash is of another code.", _set(c_hash="AAAAAAAAAAAAAAAAAAAAAA")),
            (
                "stale-auth-time",
                "auth_time is a month ago.",
                # The same at each refresh, as that of a sign-in is.
                _claims(lambda world, draft: {"auth_time": _moments(draft).get("auth_time", world.now()) - _MONTH}),
            ),
            ("no-auth-time", "There is no auth_time.", _set(auth_time=None)),
        ],
        ID_TOKEN,
    ),
}
