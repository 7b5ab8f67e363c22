"""What Entra ID's login endpoints are asked, as values; wire.py reads them off the request."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.providers.azure.authorities import V2


@dataclass(frozen=True)
class AuthorizeParameters:
    """An authorization request; what is absent or empty is None, unknown parameters are ignored.

    `version` is the endpoint's: version 1.0 has `resource` instead of scopes of an API.
    """

    client_id: str | None
    redirect_uri: str | None
    response_type: str | None
    response_mode: str | None
    scope: str | None
    resource: str | None
    state: str | None
    nonce: str | None
    prompt: str | None
    max_age: str | None
    login_hint: str | None
    domain_hint: str | None
    sid: str | None
    code_challenge: str | None
    code_challenge_method: str | None
    claims: str | None
    client_info: bool
    version: str = V2


@dataclass(frozen=True)
class TokenParameters:
    """A token request; what is absent or empty is None. `origin` is the header of a browser's script."""

    grant_type: str | None
    scope: str | None
    resource: str | None
    code: str | None
    redirect_uri: str | None
    code_verifier: str | None
    refresh_token: str | None
    username: str | None
    password: str | None
    device_code: str | None
    assertion: str | None
    requested_token_use: str | None
    origin: str | None
    version: str = V2


@dataclass(frozen=True)
class DeviceAnswer:
    """The answer that begins a device login; times in seconds."""

    device_code: str
    user_code: str
    expires_in: int
    interval: int
