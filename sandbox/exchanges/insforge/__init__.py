"""InsForge: the auth API of a project's backend, for its admins and for its end users.

Emulated: the exchange of an InsForge Cloud code for an admin session, admin sessions by password, their refresh and
logout; end users' sign-up, sessions, profiles and codes by e-mail; sign-in at GitHub, Microsoft, Google and custom
providers; the configuration of all this, and the project's keys.
Source: the Authentication API 2.0.0 at docs.insforge.dev, the open-source backend 2.3.1, and the packages
`@insforge/shared-schemas` 1.2.1, `@insforge/sdk` 1.5.2 and `insforge` 0.1.0, which call it.
Different from the real one: mail goes to the sandbox's mailbox, with the code of the fixture; Google is played by a
generic issuer; only providers of this sandbox can be signed in at; a refresh token is no access token.
Never: databases, storage, functions, payments, or any endpoint outside of auth.
"""

from __future__ import annotations

from sandbox.exchanges.insforge.claim_words import CLAIMS
from sandbox.exchanges.insforge.errors import render_refusal
from sandbox.exchanges.insforge.fixture import check_fixture
from sandbox.exchanges.insforge.headless import WAYS
from sandbox.exchanges.insforge.mint import MINTS
from sandbox.exchanges.insforge.models import SLUG
from sandbox.exchanges.insforge.routes import allow_origin, room
from sandbox.exchanges.insforge.seed import seed
from sandbox.exchanges.insforge.story import STORIES
from sandbox.exchanges.insforge.tokens import name_key
from sandbox.exchanges.insforge.words import WORDS
from sandbox.service import Service

service = Service(
    slug=SLUG,
    title="InsForge",
    kind="exchange",
    summary="Swaps a code of InsForge Cloud for an admin session; signs end users up and in, also at other providers.",
    blueprint=room,
    roots=("/api/auth", "/api/metadata", "/api/health", "/api/.well-known", "/.well-known/jwks.json", "/dashboard"),
    base_path="/api/auth",
    words=WORDS,
    render_refusal=render_refusal,
    check_fixture=check_fixture,
    seed=seed,
    after_request=allow_origin,
    ways=WAYS,
    mints=MINTS,
    claims=CLAIMS,
    name_key=name_key,
    stories=STORIES,
)
