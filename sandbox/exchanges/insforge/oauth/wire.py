"""The shapes of signing in elsewhere: queries, the state, payloads of shared keys, and configurations."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Response, request

from sandbox.core.world import World
from sandbox.exchanges.insforge import contract
from sandbox.exchanges.insforge.bodies import read_body
from sandbox.exchanges.insforge.oauth.legs import Person
from sandbox.exchanges.insforge.settings import OAuthConfig
from sandbox.exchanges.insforge.wire import Json, checked, iso, parse_body, parse_query, render

_NAMES = {
    "clientId": "client_id",
    "clientSecret": "client_secret",
    "scopes": "scopes",
    "useSharedKey": "use_shared_key",
    "name": "name",
    "discoveryEndpoint": "discovery_endpoint",
}


def parse_start() -> tuple[str, str, dict[str, str]]:
    """The redirect URI, the challenge, and what is passed on to the provider."""
    fields = checked(contract.BEGIN_OAUTH, parse_query())
    more = {name: value for name, value in fields.items() if name not in ("redirect_uri", "code_challenge")}
    return fields["redirect_uri"], fields["code_challenge"], more


def parse_callback() -> tuple[str, str]:
    """Code and state, from the query or from a posted form; "" where they are absent."""
    body = read_body() if request.method == "POST" else {}
    fields = {**parse_query(), **(body if isinstance(body, dict) else {})}
    code, state = (fields.get(name) for name in ("code", "state"))
    return code if isinstance(code, str) else "", state if isinstance(state, str) else ""


def parse_shared() -> tuple[bool, str | None, str]:
    """Whether a shared login went well, its payload, and what it says if it did not."""
    query = request.args
    return query.get("success") == "true", query.get("payload") or None, query.get("error", "")


def parse_payload(payload: str, provider: str) -> Person | None:
    """The person in the payload of a shared login, or None if that is no person."""
    try:
        known = json.loads(base64.b64decode(payload, validate=False))
    except (ValueError, binascii.Error, RecursionError):
        return None
    if not isinstance(known, dict):
        return None
    texts = {name: value for name, value in known.items() if isinstance(value, str) and _is_storable(value)}
    handle = texts.get("login") or texts.get("username") or ""
    noreply = {"github": "github.com", "discord": "discord.local", "x": "x.local"}
    email = None if provider == "x" else texts.get("email")
    if not email and provider in noreply:
        name = texts.get("providerId", "") if provider == "discord" else handle
        email = f"{name}@users.noreply.{noreply[provider]}"
    if not texts.get("providerId") or not email or len(email) > contract.LONGEST_EMAIL:
        return None
    return Person(texts["providerId"], email, texts.get("name") or handle or None, texts.get("avatar"))


def parse_exchange() -> tuple[str, str]:
    """The code, and the verifier."""
    fields = parse_body(contract.EXCHANGE_OAUTH)
    return fields["code"], fields["code_verifier"]


def parse_new_provider(world: World) -> OAuthConfig:
    """A built-in provider to be configured."""
    fields = parse_body(contract.CREATE_OAUTH_CONFIG)
    return _new(world, fields["provider"], fields)


def parse_new_custom(world: World) -> OAuthConfig:
    """A custom provider to be configured."""
    fields = parse_body(contract.CREATE_CUSTOM_CONFIG)
    return _new(world, fields["key"], fields)


def parse_change(fields: Json) -> dict[str, Any]:
    """What is to change in a provider's configuration."""
    changed = {_NAMES[name]: value for name, value in fields.items() if name in _NAMES}
    if "scopes" in changed:
        changed["scopes"] = tuple(changed["scopes"])
    return changed


def profile(person: Person) -> Json:
    """A user's profile, as a provider tells it."""
    known = {"name": person.name, "avatar_url": person.picture}
    return {name: value for name, value in known.items() if value}


def add_parameters(url: str, own: Mapping[str, str], passed_on: Mapping[str, str]) -> str:
    """The address with the backend's own parameters, and those of the application that do not collide."""
    more = {name: value for name, value in passed_on.items() if name not in own}
    parts = urlsplit(url)
    query = urlencode([*parse_qsl(parts.query), *own.items(), *more.items()], errors="replace")
    return parts._replace(query=query).geturl()


def render_start(url: str) -> Response:
    """Where the application sends the browser."""
    return render({"authUrl": url})


def render_provider(config: OAuthConfig, *, secret: bool = False) -> Json:
    """The configuration of a built-in provider."""
    known = {
        "id": config.id,
        "provider": config.key,
        "clientId": config.client_id,
        "nativeClientIds": [],
        "redirectUri": None,
        "scopes": list(config.scopes),
        "useSharedKey": config.use_shared_key,
        **_moments(config),
    }
    return {**known, **({"clientSecret": config.client_secret} if secret else {})}


def render_custom(config: OAuthConfig, endpoint: str, *, secret: bool = False) -> Json:
    """The configuration of a custom provider."""
    known = {
        "id": config.id,
        "key": config.key,
        "name": config.name,
        "discoveryEndpoint": endpoint,
        "clientId": config.client_id,
        **_moments(config),
    }
    return {**known, **({"clientSecret": config.client_secret} if secret else {})}


def render_list(configs: list[Json]) -> Response:
    """Several configurations."""
    return render({"data": configs, "count": len(configs)})


def render_removed() -> Response:
    """A configuration is gone."""
    return render({"success": True, "message": "OAuth configuration deleted successfully"})


def _moments(config: OAuthConfig) -> Json:
    return {"createdAt": iso(config.created_at), "updatedAt": iso(config.updated_at)}


def _new(world: World, key: str, fields: Json) -> OAuthConfig:
    empty = OAuthConfig(key, world.ids.uuid(), None, None, (), world.now(), world.now())
    return OAuthConfig(**{**vars(empty), **parse_change(fields)})


def _is_storable(text: str) -> bool:
    return not any(char == "\0" or "\ud800" <= char <= "\udfff" for char in text)
