"""What an admin may change while the sandbox runs: the auth configuration and the providers, kept as rows.

They begin as the fixture says. Judges no request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sandbox.core import tables
from sandbox.core.clock import serial
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.exchanges.insforge.models import PROVIDERS, SLUG

_CONFIG = "config"
_BUILT_IN, _CUSTOM = "oauth/", "custom/"
NEVER_SAVED = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class AuthConfig:
    """How users sign up and in; `id` is all zeros until an admin has saved it once."""

    id: str
    created_at: int
    updated_at: int
    values: Mapping[str, Any]


@dataclass(frozen=True)
class OAuthConfig:
    """A provider at which users sign in: a built-in one, or a custom one with `name` and where it is discovered.

    `issuer` names an issuer of this sandbox instead of `discovery_endpoint`, so that no address is in the fixture.
    """

    key: str
    id: str
    client_id: str | None
    client_secret: str | None
    scopes: tuple[str, ...]
    created_at: int
    updated_at: int
    use_shared_key: bool = False
    name: str = ""
    issuer: str | None = None
    discovery_endpoint: str | None = None


def get_config(world: World) -> AuthConfig:
    """The auth configuration as it is now."""
    row = world.store.find(tables.Group, service=SLUG, id=_CONFIG)
    if row is None:
        raise LookupError("the auth configuration was never seeded")
    about = row.attributes
    return AuthConfig(about["id"], about["created_at"], about["updated_at"], about["values"])


def update_config(world: World, changed: Mapping[str, Any]) -> AuthConfig:
    """Change some of the auth configuration."""
    world.store.lock(f"{SLUG} {_CONFIG}")
    before = get_config(world)
    config_id = world.ids.uuid() if before.id == NEVER_SAVED else before.id
    config = AuthConfig(config_id, before.created_at, world.now(), {**before.values, **changed})
    save_config(world, config)
    return config


def save_config(world: World, config: AuthConfig) -> None:
    """Keep the auth configuration."""
    keep(world, _CONFIG, {**vars(config), "values": dict(config.values)})


def find_provider(world: World, provider: str) -> OAuthConfig | None:
    """The configuration of a built-in provider, or None."""
    return _find(world, _BUILT_IN + provider)


def find_custom(world: World, key: str) -> OAuthConfig | None:
    """The configuration of a custom provider, or None."""
    return _find(world, _CUSTOM + key)


def list_providers(world: World) -> list[OAuthConfig]:
    """The built-in providers that are configured, in the vendor's order."""
    found = (find_provider(world, provider) for provider in PROVIDERS)
    return [config for config in found if config]


def list_custom(world: World) -> list[OAuthConfig]:
    """The custom providers, oldest first."""
    rows = world.store.list(tables.Group, order=("position", "id"), service=SLUG, parent=_CUSTOM)
    return [_config(row) for row in rows]


def add_provider(world: World, config: OAuthConfig) -> OAuthConfig:
    """Add a built-in provider, or a custom one, which has a name. Raises Refusal: OBJECT_ALREADY_EXISTS."""
    place = _place(config)
    world.store.lock(f"{SLUG} {place}")
    if _find(world, place):
        raise Refusal(Reason.OBJECT_ALREADY_EXISTS, f"{config.key} is configured already", config.key)
    save_provider(world, config)
    return config


def change_provider(world: World, config: OAuthConfig, changed: Mapping[str, Any]) -> OAuthConfig:
    """Change some of a provider's configuration. Raises Refusal: OBJECT_UNKNOWN if it was taken away meanwhile."""
    world.store.lock(f"{SLUG} {_place(config)}")
    known = _find(world, _place(config))
    if known is None:
        raise Refusal(Reason.OBJECT_UNKNOWN, f"{config.key} is configured no more", config.key)
    new = replace(known, updated_at=world.now(), **changed)
    save_provider(world, new)
    return new


def save_provider(world: World, config: OAuthConfig) -> None:
    """Keep a provider's configuration."""
    row = world.store.find(tables.Group, service=SLUG, id=_place(config))
    _put(world, _place(config), vars(config) | {"scopes": list(config.scopes)}, row.position if row else serial())


def remove_provider(world: World, config: OAuthConfig) -> None:
    """Forget a provider's configuration."""
    world.store.lock(f"{SLUG} {_place(config)}")
    world.store.remove(tables.Group, service=SLUG, id=_place(config))


def find_kept(world: World, place: str) -> dict[str, Any] | None:
    """What was kept at a place, or None."""
    row = world.store.find(tables.Group, service=SLUG, id=place)
    return dict(row.attributes) if row else None


def keep(world: World, place: str, attributes: Mapping[str, Any]) -> None:
    """Keep something, instead of what was there before."""
    _put(world, place, dict(attributes), 0)


def _place(config: OAuthConfig) -> str:
    return (_CUSTOM if config.name else _BUILT_IN) + config.key


def _find(world: World, place: str) -> OAuthConfig | None:
    row = world.store.find(tables.Group, service=SLUG, id=place)
    return _config(row) if row else None


def _config(row: tables.Group) -> OAuthConfig:
    return OAuthConfig(**{**row.attributes, "scopes": tuple(row.attributes["scopes"])})


def _put(world: World, place: str, attributes: dict[str, Any], position: int) -> None:
    parent = _CUSTOM if place.startswith(_CUSTOM) else None
    world.store.put(
        tables.Group, service=SLUG, id=place, parent=parent, number=0, attributes=attributes, position=position
    )
