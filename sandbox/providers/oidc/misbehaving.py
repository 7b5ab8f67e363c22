"""Issuers that misbehave: `/oidc/~{name}` is a complete issuer, and in one way not what a relying party may rely on.

Says what each does wrong, and which standard has a relying party refuse it. What is wrong about a token is in
core/tampers.py; every other file of this room asks here before it speaks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sandbox.core.forgery import TAMPERS, Forgery, Layered, forging
from sandbox.core.tampers import merged
from sandbox.core.world import World

PREFIX = "~"
DISCOVERY, KEYS, CALLBACK, TOKENS, USERINFO = "discovery", "keys", "callback", "tokens", "userinfo"
_ID_TOKEN = ("id_token",)
_ELSEWHERE = "https://issuer.invalid"


@dataclass(frozen=True)
class Misbehaviour:
    """What an issuer does wrong, by its name without the tilde; `obliges` cites what has a relying party refuse it.

    `tamper` is what is wrong about its tokens of these `kinds`, as far as it makes sense for them; about those of a
    refresh alone if `on_refresh`. `says` has the members that differ, by where it says them; None is one
    that is left out. `settings` are those of the issuer that differ.
    """

    name: str = ""
    summary: str = ""
    obliges: str = ""
    tamper: str | None = None
    kinds: tuple[str, ...] = ("id_token", "access_token")
    on_refresh: bool = False
    says: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    lacks_key: bool = False
    key_use: str | None = None

    def said(self, world: World, where: str, members: Mapping[str, Any]) -> dict[str, Any]:
        """What it says at one of its endpoints, where an issuer that behaves says `members`."""
        told = self.says.get(where)
        if told is None:
            return dict(members)
        self.note(world)
        return merged(members, told)

    def keys(self, world: World, jwks: list[Mapping[str, Any]], signing: str) -> dict[str, Any]:
        """The key set it publishes, where an issuer that behaves publishes `jwks` and signs with the key `signing`."""
        if self.lacks_key or self.key_use:
            self.note(world)
        if self.lacks_key:
            jwks = [jwk for jwk in jwks if jwk["kid"] != signing]
        if self.key_use:
            jwks = [{**jwk, "use": self.key_use} for jwk in jwks]
        return self.said(world, KEYS, {"keys": jwks})

    @contextmanager
    def issuing(self, world: World, kind: str, *, refreshed: bool = False) -> Iterator[None]:
        """Have the JWTs of this kind come out wrong that are issued in this block.

        A forgery that was asked for of this very request comes first.
        """
        tampers = self.tampers(kind) and refreshed >= self.on_refresh
        if tampers or self.settings:
            self.note(world)
        usual = Forgery(self.tamper, frozenset({kind})) if tampers else None
        with forging(world, Layered(world.forgery, usual) if world.forgery and usual else usual):
            yield

    def tampers(self, kind: str) -> bool:
        """Whether it tampers with JWTs of this kind."""
        return self.tamper is not None and kind in self.kinds and TAMPERS[self.tamper].fits(kind)

    def note(self, world: World) -> None:
        """Have the journal tell that a client was handed something wrong."""
        if self.name:
            world.entry.fault = PREFIX + self.name


BEHAVES = Misbehaviour()

_VALIDATION = "OpenID Connect Core 3.1.3.7"
_TAMPERED = {
    "bad-signature": f"{_VALIDATION} (6), RFC 7515 5.2",
    "no-signature": f"{_VALIDATION} (6), RFC 7515 5.2",
    "wrong-key": f"{_VALIDATION} (6), RFC 7515 5.2",
    "unknown-kid": "OpenID Connect Core 10.1, RFC 7515 5.2",
    "no-kid": "OpenID Connect Core 10.1",
    "alg-none": f"{_VALIDATION} (7), RFC 8725 3.1, 3.2",
    "hs256-public-key": f"{_VALIDATION} (7), RFC 8725 3.1",
    "embedded-jwk": "RFC 8725 3.8, RFC 7515 10.3",
    "wrong-typ": "RFC 8725 3.11, RFC 9068 4",
    "unknown-crit": "RFC 7515 4.1.11, RFC 8725 3.10",
    "truncated": "RFC 7515 5.2",
    "wrong-iss": f"{_VALIDATION} (2)",
    "no-iss": f"OpenID Connect Core 2, {_VALIDATION.removeprefix('OpenID Connect Core ')} (2)",
    "wrong-aud": f"{_VALIDATION} (3)",
    "no-aud": f"{_VALIDATION} (3)",
    "several-aud": f"{_VALIDATION} (3)",
    "wrong-azp": f"{_VALIDATION} (5)",
    "wrong-nonce": f"{_VALIDATION} (11)",
    "no-nonce": f"{_VALIDATION} (11)",
    "wrong-at-hash": "OpenID Connect Core 3.1.3.8",
    "wrong-c-hash": "OpenID Connect Core 3.3.2.10",
    "expired": f"{_VALIDATION} (9)",
    "no-exp": "OpenID Connect Core 2",
    "text-exp": "OpenID Connect Core 2, RFC 7519 4.1.4",
    "not-yet-valid": "RFC 7519 4.1.5",
    "issued-in-future": f"{_VALIDATION} (10)",
    "no-iat": "OpenID Connect Core 2",
    "no-sub": "OpenID Connect Core 2",
    "empty-sub": "OpenID Connect Core 2",
    "wrong-sub": "OpenID Connect Core 5.3.2",
    "stale-auth-time": f"{_VALIDATION} (13)",
    "no-auth-time": "OpenID Connect Core 2, 3.1.2.1",
}


def _of_tampers() -> Iterator[Misbehaviour]:
    for name, obliges in _TAMPERED.items():
        summary = f"id_token: {TAMPERS[name].summary}"
        # An API has nobody to compare the sub of an access token with.
        kinds = _ID_TOKEN if name == "wrong-sub" else Misbehaviour.kinds
        yield Misbehaviour(name, summary, obliges, tamper=name, kinds=kinds)


def _of_issuers() -> Iterator[Misbehaviour]:
    yield Misbehaviour(
        "discovery-lies",
        "Discovery: issuer is another one.",
        "OpenID Connect Discovery 4.3",
        says={DISCOVERY: {"issuer": _ELSEWHERE}},
    )
    yield Misbehaviour(
        "discovery-no-issuer",
        "Discovery: there is no issuer.",
        "OpenID Connect Discovery 3, 4.3",
        says={DISCOVERY: {"issuer": None}},
    )
    yield Misbehaviour(
        "discovery-no-jwks-uri",
        "Discovery: there is no jwks_uri.",
        "OpenID Connect Discovery 3",
        says={DISCOVERY: {"jwks_uri": None}},
    )
    yield Misbehaviour("jwks-empty", "Keys: there are none.", f"{_VALIDATION} (6)", says={KEYS: {"keys": []}})
    yield Misbehaviour(
        "jwks-lacks-key", "Keys: the one that signs is not among them.", f"{_VALIDATION} (6)", lacks_key=True
    )
    yield Misbehaviour(
        "jwks-malformed", "Keys: the document is no key set.", "RFC 7517 5", says={KEYS: {"keys": "lost"}}
    )
    yield Misbehaviour("jwks-wrong-use", "Keys: all are for encryption.", "RFC 7517 4.2", key_use="enc")
    yield Misbehaviour(
        "unagreed-alg",
        "id_token: signed by ES256, which the client did not ask for.",
        f"{_VALIDATION} (7)",
        settings={"id_token_signing_alg": "ES256"},
    )
    yield from _of_callbacks()
    yield from _of_answers()


def _of_callbacks() -> Iterator[Misbehaviour]:
    for name, obliges in (("state", "RFC 6749 10.12, 4.1.2"), ("iss", "RFC 9207 2.4")):
        other = {"state": "another-state", "iss": _ELSEWHERE}[name]
        yield Misbehaviour(
            f"callback-wrong-{name}",
            f"Callback: {name} is another one.",
            obliges,
            says={CALLBACK: {name: other}},
        )
        yield Misbehaviour(
            f"callback-no-{name}", f"Callback: there is no {name}.", obliges, says={CALLBACK: {name: None}}
        )


def _of_answers() -> Iterator[Misbehaviour]:
    for name, what, obliges, told in (
        ("token-type-wrong", "token_type is one that nobody knows", "RFC 6749 7.1", {"token_type": "mac"}),
        ("no-token-type", "there is no token_type", "RFC 6749 5.1", {"token_type": None}),
        ("no-access-token", "there is no access_token", "RFC 6749 5.1", {"access_token": None}),
        ("no-id-token", "there is no id_token", "OpenID Connect Core 3.1.3.3", {"id_token": None}),
        ("expires-in-text", "expires_in is text that is no number", "RFC 6749 5.1", {"expires_in": "soon"}),
    ):
        yield Misbehaviour(name, f"Token answer: {what}.", obliges, says={TOKENS: told})
    yield Misbehaviour(
        "refreshed-wrong-sub",
        "id_token of a refresh: sub is somebody else.",
        "OpenID Connect Core 12.2",
        tamper="wrong-sub",
        kinds=_ID_TOKEN,
        on_refresh=True,
    )
    yield Misbehaviour(
        "userinfo-wrong-sub",
        "Userinfo: sub is somebody else.",
        "OpenID Connect Core 5.3.2",
        says={USERINFO: {"sub": "somebody else"}},
    )
    yield Misbehaviour(
        "userinfo-no-sub", "Userinfo: there is no sub.", "OpenID Connect Core 5.3.2", says={USERINFO: {"sub": None}}
    )


MISBEHAVIOURS: Mapping[str, Misbehaviour] = {one.name: one for one in (*_of_tampers(), *_of_issuers())}
