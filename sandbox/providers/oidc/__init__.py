"""Generic OpenID Connect issuers: any number of them, each a complete OpenID Provider at /oidc/{name}.

Emulated: no product, but the standards. OpenID Connect Core, Discovery, Dynamic Registration, RP-Initiated,
Front-Channel and Back-Channel Logout, Form Post; OAuth 2.0 with PKCE, PAR, DPoP, request objects, device flow, token
exchange, introspection and revocation (RFC 6749, 7009, 7523, 7591, 7592, 7636, 7662, 8414, 8628, 8693, 8707, 9068,
9101, 9126, 9207, 9449).
Different from a real one: anyone of the fixture signs in without a password, and an issuer at which no client is
registered takes any client of this machine.
Never: pairwise subjects, encrypted tokens, request objects without signature, session management by iframe, CIBA.
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from sandbox.providers.oidc.claim_words import CLAIMS
from sandbox.providers.oidc.errors import WORDS, render_refusal
from sandbox.providers.oidc.fixture import check_fixture
from sandbox.providers.oidc.headless import begin_login
from sandbox.providers.oidc.login.routes import register_login
from sandbox.providers.oidc.metadata.routes import register_metadata
from sandbox.providers.oidc.mint import MINTS
from sandbox.providers.oidc.seed import seed
from sandbox.providers.oidc.snippets import SNIPPETS
from sandbox.providers.oidc.story import STORIES
from sandbox.providers.oidc.token.routes import register_token
from sandbox.providers.oidc.upstream import OpenIdProvider
from sandbox.service import Service

room = Blueprint("oidc", __name__)
register_metadata(room)
register_login(room)
register_token(room)

# What pages of other origins may call (OIDC Discovery section 4, and every browser library); never /authorize.
_CROSS_ORIGIN = frozenset(
    {
        "discovery",
        "keys",
        "webfinger",
        "token",
        "userinfo",
        "revoke",
        "introspect",
        "device_authorization",
        "push",
        "register",
        "registered_client",
    }
)


def _after_request(response: Response) -> Response:
    operation = request.endpoint.rpartition(".")[2] if request.endpoint else ""
    if operation not in _CROSS_ORIGIN:
        return response
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "WWW-Authenticate, DPoP-Nonce, Date"
    if request.method == "OPTIONS":
        response.status_code = 204
        response.headers["Access-Control-Allow-Methods"] = response.headers.get("Allow", "GET, POST, OPTIONS")
        response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, DPoP"
        response.headers["Access-Control-Max-Age"] = "3600"
    return response


service = Service(
    slug="oidc",
    title="OpenID Connect",
    kind="provider",
    summary="Any number of generic OpenID issuers, strict or lenient, at /oidc/{name}.",
    blueprint=room,
    roots=(
        "/oidc",
        "/.well-known/openid-configuration/oidc",
        "/.well-known/oauth-authorization-server/oidc",
        "/.well-known/webfinger",
    ),
    base_path="/oidc/main",
    words=WORDS,
    render_refusal=render_refusal,
    check_fixture=check_fixture,
    seed=seed,
    lists={"issuers": "name"},
    after_request=_after_request,
    upstream=OpenIdProvider(),
    snippets=SNIPPETS,
    begin_login=begin_login,
    mints=MINTS,
    claims=CLAIMS,
    stories=STORIES,
)
