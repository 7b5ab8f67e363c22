"""GitHub: OAuth apps and GitHub Apps, the REST and the GraphQL user API.

Emulated: the web flow with PKCE, the device flow, expiring tokens and refresh, token administration, the user,
organization and team endpoints that login libraries call, and the pages a person meets on the way.
Source: docs.github.com (apps, rest, graphql), and how public client libraries behave against github.com.
Different from the real one: anyone of the fixture signs in without a password; an organization is only as deep as a
login needs; rate limits are counted and shown but enforced on demand only.
Never: repositories, issues, webhooks, installation of apps, or any write to a profile.
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from sandbox.providers.github.api.routes import after_api_request, register_api
from sandbox.providers.github.errors import WORDS, render_refusal
from sandbox.providers.github.fixture import check_fixture
from sandbox.providers.github.headless import begin_login
from sandbox.providers.github.login.routes import register_login
from sandbox.providers.github.mint import MINTS
from sandbox.providers.github.seed import seed
from sandbox.providers.github.snippets import SNIPPETS
from sandbox.providers.github.story import STORIES
from sandbox.providers.github.upstream import GitHub
from sandbox.service import Service, current_world

room = Blueprint("github", __name__)
register_login(room)
register_api(room)


def _after_request(response: Response) -> Response:
    if request.path.startswith("/github/api"):
        return after_api_request(response)
    token_endpoint = request.path in ("/github/login/oauth/access_token", "/github/login/device/code")
    if token_endpoint and current_world().settings["github"]["token_endpoint_cors"]:
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Allow-Headers"] = "Accept, Authorization, Content-Type"
        response.headers["Access-Control-Allow-Methods"] = "POST"
    return response


service = Service(
    slug="github",
    title="GitHub",
    kind="provider",
    summary="Signs people in and issues codes, tokens and device codes; answers the user API.",
    blueprint=room,
    roots=("/login", "/logout", "/api/v3", "/api/graphql", "/settings/connections", "/avatars"),
    hosts={"github.com": "", "api.github.com": "/api/v3"},
    words=WORDS,
    render_refusal=render_refusal,
    check_fixture=check_fixture,
    seed=seed,
    after_request=_after_request,
    upstream=GitHub(),
    snippets=SNIPPETS,
    begin_login=begin_login,
    mints=MINTS,
    stories=STORIES,
)
