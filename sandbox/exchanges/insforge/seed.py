"""Puts the fixture's `insforge` section into a world: the configuration that an admin may change is kept as rows."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sandbox.core.clients import find_client
from sandbox.core.world import World
from sandbox.exchanges.insforge import settings
from sandbox.exchanges.insforge.models import SLUG
from sandbox.exchanges.insforge.oauth.legs import BUILT_IN
from sandbox.exchanges.insforge.settings import NEVER_SAVED, AuthConfig, OAuthConfig

_IDS = uuid.uuid5(uuid.NAMESPACE_DNS, "insforge.app")


def seed(world: World, section: Mapping[str, Any]) -> Mapping[str, Any]:
    """The section without what became rows."""
    now = world.now()
    settings.save_config(world, AuthConfig(NEVER_SAVED, now, now, section["auth"]))
    for entry in section["oauth"]:
        _add(world, entry["provider"], BUILT_IN[entry["provider"]].service, entry, scopes=tuple(entry["scopes"]))
    for entry in section["custom_oauth"]:
        service = f"oidc/{entry['issuer']}"
        _add(world, entry["key"], service, entry, name=entry["name"], issuer=entry["issuer"])
    return {name: value for name, value in section.items() if name not in ("auth", "oauth", "custom_oauth")}


def _add(world: World, key: str, service: str, entry: Mapping[str, Any], **more: Any) -> None:
    client = find_client(world, service, entry["client"])
    config = OAuthConfig(
        key=key,
        id=str(uuid.uuid5(_IDS, f"{SLUG}/{service}/{key}")),
        client_id=entry["client"],
        client_secret=client.secret if client else None,
        scopes=(),
        created_at=world.now(),
        updated_at=world.now(),
    )
    settings.save_provider(world, OAuthConfig(**{**vars(config), **more}))
