"""What GitHub's login endpoints are asked, as values; wire.py reads them off the request."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AuthorizeParameters:
    """The query of `/login/oauth/authorize`; unknown parameters are ignored, as GitHub does."""

    client_id: str
    redirect_uri: str | None
    scope: str | None
    state: str | None
    code_challenge: str | None
    code_challenge_method: str | None
    login: str | None
    prompt: str | None
    allow_signup: bool


@dataclass(frozen=True)
class TokenParameters:
    """What was posted to `/login/oauth/access_token`; absent parameters are empty."""

    grant_type: str
    code: str
    redirect_uri: str | None
    code_verifier: str | None
    refresh_token: str
    device_code: str


@dataclass(frozen=True)
class DeviceAnswer:
    """The answer of `/login/device/code`; times in seconds."""

    device_code: str
    user_code: str
    expires_in: int
    interval: int
