"""What every test of GitHub's login needs: the shipped clients, and the calls that redeem and refresh."""

from __future__ import annotations

import base64
from typing import Any

from tests.conftest import HouseClient

TOKEN = "/login/oauth/access_token"
CLIENT = "Iv1.sandboxclient"
APP = "Iv23.sandboxghapp"
SECRET = "sandbox-secret"
CALLBACK = "http://127.0.0.1:9999/callback"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
DOCS = "https://docs.github.com/apps/managing-oauth-apps/"
TOKEN_DOCS = f"{DOCS}troubleshooting-oauth-app-access-token-request-errors/"
JSON = {"Accept": "application/json"}


def redeem(sandbox: HouseClient, code: str, **parameters: str) -> Any:
    body = {"client_id": CLIENT, "client_secret": SECRET, "code": code, **parameters}
    return sandbox.post(TOKEN, json=body, headers=JSON)


def refresh(sandbox: HouseClient, refresh_token: str, **parameters: str) -> Any:
    body = {"client_id": APP, "client_secret": SECRET, "refresh_token": refresh_token}
    return sandbox.post(TOKEN, json={**body, "grant_type": "refresh_token", **parameters}, headers=JSON)


def error(name: str, description: str, uri: str) -> dict[str, str]:
    return {"error": name, "error_description": description, "error_uri": uri}


CREDENTIALS = error(
    "incorrect_client_credentials",
    "The client_id and/or client_secret passed are incorrect.",
    f"{TOKEN_DOCS}#incorrect-client-credentials",
)
BAD_CODE = error(
    "bad_verification_code", "The code passed is incorrect or expired.", f"{TOKEN_DOCS}#bad-verification-code"
)
MISMATCH = error(
    "redirect_uri_mismatch",
    "The redirect_uri MUST match the registered callback URL for this application.",
    f"{DOCS}troubleshooting-authorization-request-errors/#redirect-uri-mismatch2",
)
UNVERIFIED = error(
    "unverified_user_email",
    "The user must have a verified primary email.",
    f"{TOKEN_DOCS}#unverified_user_email",
)
BAD_REFRESH = error("bad_refresh_token", "The refresh token passed is incorrect or expired.", TOKEN_DOCS)


def basic(client_id: str, secret: str, scheme: str = "Basic") -> dict[str, str]:
    return {"Authorization": f"{scheme} {base64.b64encode(f'{client_id}:{secret}'.encode()).decode()}"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "User-Agent": "test"}
