"""How people come from a brand's own login to a session of Fanfare: the sandbox plays the brand's backend and page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.core import jwts
from sandbox.exchanges.fanfare.access import organizations
from sandbox.headless import Walk, Way


def open_session(walk: Walk) -> Mapping[str, Any]:
    """The brand's id_token, an exchange code for the identity in it, and the session."""
    brand = organizations(walk.world)[0]
    walk.sign_in(scope="openid profile email")
    claims = jwts.read_claims(walk.redeem()["id_token"])
    known = {"email": claims.get("email"), "fullName": claims.get("name")}
    identity = {
        "provider": walk.provider,
        "issuer": claims.get("iss"),
        "subject": claims.get("sub"),
        "claims": {name: value for name, value in known.items() if value},
    }
    secret = {"Authorization": f"Bearer {brand.secret_key}"}
    code = walk.call("POST", "/api/auth/external/authorize", json=identity, headers=secret)
    session: Mapping[str, Any] = walk.call(
        "POST",
        "/api/auth/external/exchange",
        json={"exchangeCode": code["exchangeCode"]},
        headers={"X-Publishable-Key": brand.publishable_key},
    )
    return session


WAYS = (Way("oidc", "external", open_session), Way("azure", "external", open_session))
