"""Prisme.ai: the gateway's login, from an id_token of a login provider to a session of its own.

Emulated: the token exchange, sessions and their cookies and CSRF tokens, anonymous sessions, the login in a browser at
OpenID providers, the profile with organizations, access tokens, the keys, and the agents list, which holds none.
Source: the API reference and guides at docs.prisme.ai (27.5.5), the open-source gateway of 2024 where they are silent,
and the Python client `prismeai-sdk-agents` 0.3.0.
Different from the real one: there are no passwords, so nobody signs in or up locally; organizations are those of the
fixture; after a login in a browser comes the console's address, without the gateway's own OpenID provider between.
Never: agents, workspaces, SAML, the built-in Azure login, second factors, or mail.
"""

from __future__ import annotations

from sandbox.exchanges.prisme.claim_words import CLAIMS
from sandbox.exchanges.prisme.errors import render_refusal
from sandbox.exchanges.prisme.fixture import check_fixture
from sandbox.exchanges.prisme.headless import WAYS
from sandbox.exchanges.prisme.mint import MINTS
from sandbox.exchanges.prisme.models import SLUG
from sandbox.exchanges.prisme.routes import finish_answer, room
from sandbox.exchanges.prisme.seed import seed
from sandbox.exchanges.prisme.story import STORIES
from sandbox.exchanges.prisme.words import WORDS
from sandbox.service import Service

service = Service(
    slug=SLUG,
    title="Prisme.ai",
    kind="exchange",
    summary="Swaps an id_token of a login provider for a session of its own; signs people in at providers, too.",
    blueprint=room,
    roots=("/v2", "/oidc/jwks", "/oidc/session"),
    hosts={"api.studio.prisme.ai": ""},
    base_path="/v2",
    words=WORDS,
    render_refusal=render_refusal,
    check_fixture=check_fixture,
    seed=seed,
    after_request=finish_answer,
    ways=WAYS,
    mints=MINTS,
    claims=CLAIMS,
    stories=STORIES,
)
