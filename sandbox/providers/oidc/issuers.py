"""The issuers of this room: any name is one, and those named in the fixture have settings of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.core.keys import ASYMMETRIC, Key
from sandbox.core.keysets import published_keys, signing_key
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.mounts import Mount
from sandbox.protocol.responses import RESPONSE_TYPES
from sandbox.providers.oidc.misbehaving import BEHAVES, MISBEHAVIOURS, PREFIX, Misbehaviour

SLUG = "oidc"
# Paths below /oidc/ that other services have at the same origin.
RESERVED = frozenset({"userinfo", "jwks", "auth", "token", "me", "reg", "session", "request", "interaction"})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
STANDARD_SCOPES = ("openid", "profile", "email", "address", "phone", "groups", "offline_access")


@dataclass(frozen=True)
class Issuer:
    """An issuer as one request reaches it.

    `url` is its issuer identifier, which follows the request's origin; `service` is where its clients, codes, tokens,
    sessions and keys are kept, so that no other issuer ever meets them; those that misbehave have keys in common.
    """

    name: str
    url: str
    service: str
    settings: Mapping[str, Any]
    misbehaviour: Misbehaviour = BEHAVES

    @property
    def scopes(self) -> tuple[str, ...]:
        """Every scope it knows."""
        return (*STANDARD_SCOPES, *self.settings["scopes"])

    @property
    def response_types(self) -> tuple[str, ...]:
        """Every response type it knows; a token that must be bound to a key never comes through a browser."""
        bound = self.settings["require_dpop"]
        return tuple(name for name in RESPONSE_TYPES if not (bound and "token" in name.split()))

    @property
    def network(self) -> tuple[str, ...]:
        """The origins it may call."""
        return tuple(self.settings["network"])

    def endpoint(self, path: str) -> str:
        """The absolute URL of one of its endpoints: `/token`."""
        return self.url + path

    def keys(self, world: World) -> list[Key]:
        """Every key that verifies its tokens, the signing ones first."""
        return published_keys(world, self._key_service, ASYMMETRIC)

    def key_set(self, world: World) -> dict[str, Any]:
        """The JWK Set it publishes (RFC 7517 section 5)."""
        jwks = [key.jwk for key in self.keys(world)]
        return self.misbehaviour.keys(world, jwks, self.signing_key(world).kid)

    def signing_key(self, world: World, algorithm: str | None = None) -> Key:
        """The key it signs with, by its usual algorithm or another."""
        return signing_key(world, self._key_service, algorithm or self.settings["id_token_signing_alg"])

    @property
    def _key_service(self) -> str:
        return f"{SLUG}/{PREFIX}" if self.misbehaviour.name else self.service


def get_issuer(world: World, mount: Mount, name: str) -> Issuer:
    """The issuer called `name`. Raises Refusal: ISSUER_UNKNOWN, HTTPS_REQUIRED."""
    section = world.settings[SLUG]
    misbehaviour = _get_misbehaviour(name) if name.startswith(PREFIX) else BEHAVES
    settings = section["issuers"].get(name)
    if misbehaviour.name:
        settings = {**section["settings"], **misbehaviour.settings}
    if settings is None:
        if name in RESERVED or not _NAME.fullmatch(name) or not section["any_issuer"]:
            raise Refusal(Reason.ISSUER_UNKNOWN, f"there is no issuer called {name!r}")
        settings = section["settings"]
    if settings["https_only"] and not mount.origin.startswith("https://"):
        raise Refusal(
            Reason.HTTPS_REQUIRED, f"the issuer {name} answers over https only; serve with --tls and use that origin"
        )
    return Issuer(name, mount.url(f"/oidc/{name}"), f"{SLUG}/{name}", settings, misbehaviour)


def _get_misbehaviour(name: str) -> Misbehaviour:
    found = MISBEHAVIOURS.get(name.removeprefix(PREFIX))
    if found is None:
        known = ", ".join(PREFIX + known for known in MISBEHAVIOURS)
        raise Refusal(Reason.ISSUER_UNKNOWN, f"no issuer misbehaves as {name!r}; there are {known}")
    return found
