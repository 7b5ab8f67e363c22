"""Puts the fixture's `prisme` section into a world: its users become rows, its providers are merged with the file's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.core.clients import find_client
from sandbox.core.world import World
from sandbox.exchanges.prisme import orgs, users
from sandbox.exchanges.prisme.fixture import service_of
from sandbox.exchanges.prisme.models import OIDC, SLUG, User
from sandbox.exchanges.prisme.provider_file import read_providers
from sandbox.exchanges.prisme.wire import local_data


def seed(world: World, section: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings that every request needs; what the fixture has by lists is there by slug."""
    providers = {entry["slug"]: _provider(world, entry) for entry in section["providers"]}
    if section["auth_providers_file"] is not None:
        # A provider of the file wins over another of its slug.
        providers |= read_providers(Path(section["auth_providers_file"]), section["variables"])
    settings = {name: value for name, value in section.items() if name not in ("users", "variables")}
    settings |= {"providers": providers, "organizations": {org["slug"]: _org(org) for org in section["organizations"]}}
    # Its own settings are not in the world yet, and users join organizations.
    world.settings = {**world.settings, SLUG: settings}
    for entry in section["users"]:
        users.add_user(world, orgs.with_memberships(world, _user(world, entry), None))
    return settings


def _provider(world: World, entry: Mapping[str, Any]) -> dict[str, Any]:
    client = find_client(world, service_of(entry["issuer"]), entry["client"])
    secret = client.secret if client else entry["client_secret"]
    return {
        "slug": entry["slug"],
        "type": OIDC,
        "client_id": entry["client"],
        "client_secret": secret,
        "reference": entry["issuer"],
        "issuer": entry["issuer"] if entry["check_issuer"] else None,
        "scopes": "openid email profile",
        "allow_token_exchange": entry["allow_token_exchange"],
        "pkce": entry["pkce"],
        "enabled": entry["enabled"],
        "name": entry["name"],
        "domains": entry["domains"],
        "org": entry["organization"],
        "attributes": {"email": entry["email_claim"]},
    }


def _org(entry: Mapping[str, Any]) -> dict[str, Any]:
    about = {name: value for name, value in entry.items() if name != "slug"}
    return {**about, "members": {member["email"]: member["role"] for member in entry["members"]}}


def _user(world: World, entry: Mapping[str, Any]) -> User:
    user_id = users.id_of(entry["email"])
    return User(
        id=user_id,
        email=entry["email"],
        first_name=entry["first_name"],
        last_name=entry["last_name"],
        language=entry["language"],
        status=entry["status"],
        auth_data=local_data(user_id, entry["email"]),
        orgs={},
        platform_role=entry["platform_role"],
        created_at=world.now(),
    )
