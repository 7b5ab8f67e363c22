"""Which providers there are, over HTTP: admins list them, add them, change them and take them away."""

from __future__ import annotations

from flask import Blueprint, Response

from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.exchanges.insforge import contract, settings
from sandbox.exchanges.insforge.admin.routes import admin_world
from sandbox.exchanges.insforge.models import SLUG
from sandbox.exchanges.insforge.oauth import wire
from sandbox.exchanges.insforge.oauth.legs import discovery_url
from sandbox.exchanges.insforge.oauth.rules import check_provider
from sandbox.exchanges.insforge.settings import OAuthConfig
from sandbox.exchanges.insforge.wire import Json, parse_body, render
from sandbox.service import current_mount


def list_oauth_configs() -> Response:
    """GET /api/auth/oauth/configs: the built-in providers that are configured."""
    return wire.render_list([wire.render_provider(config) for config in settings.list_providers(admin_world())])


def create_oauth_config() -> Response:
    """POST /api/auth/oauth/configs: configure a built-in provider."""
    world = admin_world()
    config = wire.parse_new_provider(world)
    _check_shared(world, use_shared_key=config.use_shared_key)
    return render(wire.render_provider(settings.add_provider(world, config)))


def get_oauth_config(provider: str) -> Response:
    """GET /api/auth/oauth/{provider}/config: one of them, with its secret."""
    return render(wire.render_provider(_get_provider(admin_world(), provider), secret=True))


def update_oauth_config(provider: str) -> Response:
    """PUT /api/auth/oauth/{provider}/config: change one."""
    world = admin_world()
    config = _get_provider(world, provider)
    changed = wire.parse_change(parse_body(contract.UPDATE_OAUTH_CONFIG))
    _check_shared(world, use_shared_key=changed.get("use_shared_key", False))
    return render(wire.render_provider(settings.change_provider(world, config, changed)))


def delete_oauth_config(provider: str) -> Response:
    """DELETE /api/auth/oauth/{provider}/config: take one away."""
    world = admin_world()
    settings.remove_provider(world, _get_provider(world, provider))
    return wire.render_removed()


def list_custom_configs() -> Response:
    """GET /api/auth/oauth/custom/configs: the custom providers."""
    return wire.render_list([_render_custom(config) for config in settings.list_custom(admin_world())])


def create_custom_config() -> Response:
    """POST /api/auth/oauth/custom/configs: add a custom provider."""
    world = admin_world()
    return render(_render_custom(settings.add_provider(world, wire.parse_new_custom(world))))


def get_custom_config(key: str) -> Response:
    """GET /api/auth/oauth/custom/{key}/config: one of them, with its secret."""
    return render(_render_custom(_get_custom(admin_world(), key), secret=True))


def update_custom_config(key: str) -> Response:
    """PUT /api/auth/oauth/custom/{key}/config: change one."""
    world = admin_world()
    config = _get_custom(world, key)
    changed = wire.parse_change(parse_body(contract.UPDATE_CUSTOM_CONFIG))
    # A new address is the provider's, whatever the fixture named.
    issuer = {"issuer": None} if "discovery_endpoint" in changed else {}
    return render(_render_custom(settings.change_provider(world, config, {**changed, **issuer})))


def delete_custom_config(key: str) -> Response:
    """DELETE /api/auth/oauth/custom/{key}/config: take one away."""
    world = admin_world()
    settings.remove_provider(world, _get_custom(world, key))
    return wire.render_removed()


def register_configs(room: Blueprint) -> None:
    """Add these endpoints to the room's blueprint; each endpoint's name is its operation in the journal."""
    room.get("/api/auth/oauth/configs")(list_oauth_configs)
    room.post("/api/auth/oauth/configs")(create_oauth_config)
    room.get("/api/auth/oauth/<provider>/config")(get_oauth_config)
    room.put("/api/auth/oauth/<provider>/config")(update_oauth_config)
    room.delete("/api/auth/oauth/<provider>/config")(delete_oauth_config)
    room.get("/api/auth/oauth/custom/configs")(list_custom_configs)
    room.post("/api/auth/oauth/custom/configs")(create_custom_config)
    room.get("/api/auth/oauth/custom/<key>/config")(get_custom_config)
    room.put("/api/auth/oauth/custom/<key>/config")(update_custom_config)
    room.delete("/api/auth/oauth/custom/<key>/config")(delete_custom_config)


def _get_provider(world: World, provider: str) -> OAuthConfig:
    check_provider(provider)
    return _required(settings.find_provider(world, provider), provider)


def _get_custom(world: World, key: str) -> OAuthConfig:
    return _required(settings.find_custom(world, key), key)


def _required(config: OAuthConfig | None, name: str) -> OAuthConfig:
    if config is None:
        raise Refusal(Reason.OBJECT_UNKNOWN, f"{name!r} is not configured", name)
    return config


def _check_shared(world: World, *, use_shared_key: bool) -> None:
    if use_shared_key and not world.settings[SLUG]["shared_keys"]:
        raise Refusal(Reason.NOT_CONFIGURED, "the fixture has insforge.shared_keys off", "shared_keys")


def _render_custom(config: OAuthConfig, *, secret: bool = False) -> Json:
    return wire.render_custom(config, discovery_url(current_mount(), config), secret=secret)
