"""How people come from a provider to a session of InsForge without a browser of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sandbox.core.refusals import Reason, Refusal
from sandbox.exchanges.insforge import settings
from sandbox.exchanges.insforge.models import CLOUD, SLUG
from sandbox.exchanges.insforge.oauth.legs import BUILT_IN, GOOGLE
from sandbox.headless import Walk, Way
from sandbox.protocol.pkce import s256

# Where the application waits that nobody has named.
_APPLICATION = "http://localhost:3000/callback"
# The answer then holds the refresh token, which a browser would have as a cookie.
_CLIENT = {"client_type": "mobile"}
_VERIFIER_LENGTH = 43


def open_admin_session(walk: Walk) -> Mapping[str, Any]:
    """The console's code for the project, and an admin's session for it."""
    project = walk.world.settings[SLUG]["project_id"]
    code = walk.sign_in(parameters={"project": project, **walk.request.parameters})["code"]
    session: Mapping[str, Any] = walk.call("POST", "/api/auth/admin/sessions/exchange", json={"code": code})
    return session


def open_user_session(walk: Walk) -> Mapping[str, Any]:
    """The sign-in at a provider that the project has configured, its one-time code, and a user's session for it."""
    verifier = walk.world.ids.text(_VERIFIER_LENGTH)
    application = walk.request.redirect_uri or _APPLICATION
    asked = {**walk.request.parameters, "redirect_uri": application, "code_challenge": s256(verifier)}
    begun = walk.call("GET", f"/api/auth/oauth/{_find_provider(walk)}", query=asked)
    landed = walk.follow(walk.go(begun["authUrl"]))
    told = dict(parse_qsl(urlsplit(landed).query))
    session: Mapping[str, Any] = walk.call(
        "POST",
        "/api/auth/oauth/exchange",
        query=_CLIENT,
        json={"code": told.get("insforge_code", ""), "code_verifier": verifier},
    )
    return session


def _find_provider(walk: Walk) -> str:
    """What the backend calls the provider. Raises Refusal: NOT_CONFIGURED if the fixture binds none to it."""
    issuer = walk.request.issuer
    for config in settings.list_custom(walk.world):
        if walk.provider == BUILT_IN[GOOGLE].room and issuer and config.issuer == issuer:
            return f"custom/{config.key}"
    for name, leg in BUILT_IN.items():
        if leg.room == walk.provider and (leg.issuer is None or issuer in (None, leg.issuer)):
            return name
    raise Refusal(Reason.NOT_CONFIGURED, f"no provider of the project is at the issuer {issuer!r}", "issuer")


WAYS = (
    Way(CLOUD, "admin", open_admin_session),
    *(Way(leg.room, "oauth", open_user_session) for leg in BUILT_IN.values()),
)
