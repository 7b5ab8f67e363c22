"""How people come from GitHub to a session of GMI Cloud without a browser of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.exchanges.gmi.people import SLUG
from sandbox.headless import Walk, Way

# The device that the session belongs to (CE-ClientId): 1 to 7 letters or digits.
DEVICE = "sandbox"


def open_session(walk: Walk) -> Mapping[str, Any]:
    """GitHub's code, its token, an authToken, and the session."""
    code = walk.sign_in(client=walk.world.settings[SLUG]["client"], scope="user:email")["code"]
    token = walk.call("POST", "/api/v1/oauth/token", json={"provider": walk.provider, "code": code})
    given = {"provider": walk.provider, **token}
    auth_token = walk.call("POST", "/api/v1/me/oauth/auth-tokens", json=given)
    session: Mapping[str, Any] = walk.call(
        "POST", "/api/v1/me/sessions", json=auth_token, headers={"CE-ClientId": DEVICE}
    )
    return session


WAYS = (Way("github", "code", open_session),)
