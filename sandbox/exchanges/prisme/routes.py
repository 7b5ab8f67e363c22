"""Prisme.ai's endpoints at their real paths: parse, decide, render. The login in a browser is in login/."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Response, request

from sandbox.exchanges.prisme import callers, cookies, orgs, rules, sessions, wire
from sandbox.exchanges.prisme.login.answers import is_ours
from sandbox.exchanges.prisme.login.routes import register_login
from sandbox.exchanges.prisme.models import SLUG, Session
from sandbox.exchanges.prisme.opening import open_session
from sandbox.service import current_world

room = Blueprint(SLUG, __name__)
register_login(room)

AGENTS = "/v2/workspaces/slug:agent-factory/webhooks/v1/agents"
_SEEN = "X-Correlation-Id, X-Prismeai-Session-Id, x-prismeai-client-id, x-prismeai-csrf-token"


@room.post("/v2/login/token-exchange")
def token_exchange() -> Response:
    """Swap an id_token of a login provider for a session."""
    world, asked = current_world(), wire.parse_exchange()
    callers.check_newcomer()
    provider, profile, allowance = rules.accept_token(world, asked, callers.address())
    user = rules.sign_in(world, provider, profile)
    session = open_session(world, user, asked.expires_after, provider.slug)
    answer = wire.tell_allowance(wire.render(wire.render_login(user, session)), allowance, rules.is_shipped(world))
    return cookies.keep_session(answer, session)


@room.post("/v2/login/anonymous")
def anonymous_login() -> Response:
    """Open a session for somebody whom nobody knows."""
    world, (expires_after, org) = current_world(), wire.parse_anonymous()
    callers.check_newcomer()
    host = urlsplit(request.headers.get("Origin", "")).hostname if is_origin() else None
    allowance = rules.count_anonymous(world, callers.address())
    user = rules.make_anonymous(world, expires_after, org, host)
    session = open_session(world, user, expires_after, rules.ANONYMOUS)
    answer = wire.render(wire.render_anonymous(user, session))
    return cookies.keep_session(wire.tell_allowance(answer, allowance, rules.is_shipped(world)), session)


@room.get("/v2/me")
def get_me() -> Response:
    """Who calls, by which session, and in which organizations."""
    world, (user, session) = current_world(), callers.get_caller()
    user = rules.join_organizations(world, user)
    active = orgs.active_place(world, user, session)
    return _told(wire.render_me(user, session, active, orgs.list_places(world, user)), session)


@room.put("/v2/user/active-org")
def set_active_org() -> Response:
    """Act in another organization."""
    world, (user, session) = current_world(), callers.get_caller()
    place = orgs.get_place(world, user, wire.parse_active_org())
    sessions.choose_org(world, session, place.org.slug)
    return _told(wire.render_active_org(place), session)


@room.get("/v2/user/accessTokens")
def list_access_tokens() -> Response:
    """The caller's access tokens."""
    callers.check_no_access_token()
    user, session = callers.get_caller()
    listed = sessions.list_access_tokens(current_world(), user.id)
    return _told(wire.render_access_tokens(user.id, listed), session)


@room.post("/v2/user/accessTokens")
def create_access_token() -> Response:
    """Make an access token, which calls as the user."""
    callers.check_no_access_token()
    world, (user, session) = current_world(), callers.get_caller()
    name, expires_at, shown = wire.parse_access_token(world.now())
    value, token_id = sessions.issue_access_token(world, user.id, name, expires_at, shown)
    return _told(wire.render_new_access_token(name, shown, user.id, value, token_id), session)


@room.delete("/v2/user/accessTokens/<token>")
def delete_access_token(token: str) -> Response:
    """Forget an access token."""
    callers.check_no_access_token()
    user, session = callers.get_caller()
    sessions.delete_access_token(current_world(), user.id, token)
    return _told({}, session)


@room.get(AGENTS)
def list_agents() -> Response:
    """The agents of the caller, of which there are none: what the vendor's SDKs ask first."""
    _, session = callers.get_caller()
    page, limit = (wire.parse_page(request.args.get(name), usual) for name, usual in (("page", 1), ("limit", 20)))
    return _told(wire.render_items(page, limit), session)


@room.get("/oidc/jwks")
def keys() -> Response:
    """The keys that verify session tokens."""
    return wire.render(wire.render_keys(key.jwk for key in sessions.published_keys(current_world())))


def finish_answer(response: Response) -> Response:
    """What every answer has: its own id, and leave for pages of allowed origins, with cookies."""
    response.headers["x-correlation-id"] = current_world().ids.uuid()
    response.vary.add("Origin")
    if not is_origin():
        return response
    response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
    response.headers["Access-Control-Allow-Credentials"] = "true"
    response.headers["Access-Control-Expose-Headers"] = _SEEN
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        response.status_code = 204
        response.set_data(b"")
        response.headers["Access-Control-Allow-Methods"] = "GET,HEAD,PUT,PATCH,POST,DELETE"
        response.headers["Access-Control-Allow-Headers"] = (
            "Authorization, Content-Type, x-prismeai-csrf-token, x-prismeai-api-key, x-prismeai-token"
        )
    return response


def is_origin() -> bool:
    """Whether a page of an allowed origin calls."""
    return is_ours(request.headers.get("Origin", ""))


def _told(body: object, session: Session) -> Response:
    """An answer to a caller whose session is known."""
    answer = wire.render(body)
    answer.headers["x-prismeai-session-id"] = session.id
    if session.csrf_token:
        answer.headers["x-prismeai-csrf-token"] = session.csrf_token
    return answer
