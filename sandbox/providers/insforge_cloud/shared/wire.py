"""What a shared login tells the backend: the provider's view of a person, unsigned, as base64 of JSON."""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any

from flask import Response, jsonify

from sandbox.core import tables
from sandbox.protocol.redirects import with_query
from sandbox.providers.insforge_cloud.people import IDS, describe

# Apple tells of no picture.
_WITHOUT_PICTURE = frozenset({"apple"})


def render_start(auth_url: str) -> Response:
    """Where the backend sends the browser."""
    return jsonify(auth_url=auth_url)


def success_url(redirect_uri: str, payload: dict[str, Any]) -> str:
    """The backend's callback, with the payload in standard base64."""
    encoded = base64.b64encode(json.dumps(payload).encode()).decode()
    return with_query(redirect_uri, {"success": "true", "payload": encoded})


def failure_url(redirect_uri: str, error: str) -> str:
    """The backend's callback, with what went wrong."""
    return with_query(redirect_uri, {"success": "false", "error": error})


def payload(provider: str, identity: tables.Identity, picture: str) -> dict[str, Any]:
    """What the provider says of a person; what it does not know is left out."""
    user = describe(identity)
    words = user.name.split()
    own: dict[str, dict[str, Any]] = {
        "github": {"login": user.login},
        "discord": {"username": user.login},
        "facebook": {"first_name": (words or [user.login])[0], "picture": {"data": {"url": picture}}},
        "x": {"username": user.login, "profile_image_url": picture},
    }
    members = {
        "providerId": provider_id(provider, identity),
        "email": user.email,
        "name": user.name,
        "avatar": None if provider in _WITHOUT_PICTURE else picture,
        **own.get(provider, {}),
    }
    return {name: value for name, value in members.items() if value is not None}


def provider_id(provider: str, identity: tables.Identity) -> str:
    """The person's id at a provider: the fixture's where it has one, or else one that follows from the login."""
    if provider == "github":
        return str(identity.attributes["github"]["id"])
    if provider == "microsoft" and identity.attributes["azure"]["oid"]:
        return str(identity.attributes["azure"]["oid"])
    derived = uuid.uuid5(IDS, f"{identity.login}/{provider}")
    return str(derived) if provider == "microsoft" else str(derived.int)[:21]
