"""GMI Cloud's endpoints at their real paths: parse, decide, render."""

from __future__ import annotations

from flask import Blueprint, Response, request

from sandbox.exchanges.gmi import people, rules, wire
from sandbox.exchanges.gmi.models import User
from sandbox.service import Upstream, current_house, current_world, read_json

Answer = tuple[wire.Json, int]

room = Blueprint("gmi", __name__)


@room.post("/api/v1/oauth/token")
def exchange_authorization_code() -> Answer:
    """Swap a GitHub authorization code for GitHub's access token."""
    code = wire.parse_code_exchange(read_json())
    return wire.render_provider_token(rules.redeem_provider_code(current_world(), _github(), code)), 200


@room.post("/api/v1/me/oauth/auth-tokens")
def create_auth_token_oauth() -> Answer:
    """Swap a provider's access token for an authToken."""
    provider, access_token = wire.parse_provider_token(read_json())
    auth_token = rules.accept_provider_token(current_world(), _github(), provider, access_token)
    return wire.render_auth_token(auth_token), 201


@room.post("/api/v1/me/auth-tokens")
def create_auth_token() -> Answer:
    """Swap an e-mail address and a password for an authToken."""
    email, password = wire.parse_password_login(read_json())
    return wire.render_password_login(*rules.check_password(current_world(), email, password)), 201


@room.post("/api/v1/me/2fa-verification-code")
def send_2fa_verification_code() -> Answer:
    """Pretend to send the one-time code; the fixture says which one it is."""
    rules.check_auth_token(current_world(), wire.parse_auth_token(read_json()))
    return {}, 200


@room.post("/api/v1/me/sessions")
def create_session() -> Answer:
    """Turn an authToken into a session."""
    client_id = wire.parse_client_id(request.headers.get("CE-ClientId"))
    auth_token, otp_code = wire.parse_session(read_json())
    return wire.render_session(rules.create_session(current_world(), client_id, auth_token, otp_code)), 201


@room.patch("/api/v1/me/sessions")
def refresh_session() -> Answer:
    """Swap a refresh token for two new tokens."""
    client_id = wire.parse_client_id(request.headers.get("CE-ClientId"))
    refresh_token = wire.parse_refresh(read_json())
    return wire.render_session(rules.refresh_session(current_world(), client_id, refresh_token)), 200


@room.get("/api/v1/me/profile")
def get_profile() -> Answer:
    """Who the access token speaks for."""
    return wire.render_profile(_user()), 200


@room.get("/api/v1/me/api-keys/current")
def get_current_api_key() -> Answer:
    """What the API key in the Authorization header is."""
    value = wire.parse_bearer(request.headers.get("Authorization"))
    return wire.render_current_api_key(rules.get_api_key(current_world(), value)), 200


@room.post("/api/v1/organizations")
def create_organization() -> Answer:
    """Register an organization and move into it."""
    user = _user()
    name = wire.parse_organization(read_json())
    return {"id": people.register_organization(current_world(), user, name)}, 201


@room.get("/api/v1/organizations/<organization_id>/users")
def list_organization_users(organization_id: str) -> Answer:
    """The members of the user's organization."""
    rules.check_member(_user(), wire.parse_organization_id(organization_id))
    return wire.render_users(people.list_members(current_world(), organization_id)), 200


@room.post("/api/v1/organizations/<organization_id>/api-keys")
def create_api_key(organization_id: str) -> Answer:
    """Make an API key for the user's organization."""
    user = _user()
    rules.check_member(user, wire.parse_organization_id(organization_id))
    asked = wire.parse_api_key(read_json())
    return {"key": rules.create_api_key(current_world(), user, asked)}, 201


@room.get("/api/v1/organizations/<organization_id>/api-keys")
def list_api_keys(organization_id: str) -> Answer:
    """The API keys of the user's organization."""
    rules.check_member(_user(), wire.parse_organization_id(organization_id))
    return wire.render_api_keys(rules.list_api_keys(current_world(), organization_id)), 200


def allow_origin(response: Response) -> Response:
    """Let any page call, without credentials: GMI Cloud has no cookies."""
    response.vary.add("Origin")
    if origin := request.headers.get("Origin"):
        response.headers["Access-Control-Allow-Origin"] = origin
    if "Access-Control-Request-Method" in request.headers:
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, PATCH, OPTIONS"
        response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, CE-ClientId"
    return response


def _github() -> Upstream:
    return current_house().upstreams["github"]


def _user() -> User:
    return rules.authenticate(current_world(), wire.parse_bearer(request.headers.get("Authorization")))
