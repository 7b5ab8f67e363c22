"""JITSudo: swaps an OIDC authorization code for a system JWT, for one of several tenants.

Emulated: the exchange at a tenant's own identity provider or at the global one, the state of a tenant's sign-in,
providers by domain, the configuration of providers, tenants, domains and API keys, and policies as far as they decide
a login.
Source: the API pages (OpenAPI 3.0.3) and the guides of the Cedar-based product of that name. No behaviour of a server
is known beyond them.
Different from the real one: an address of its own begins a sign-in, since no documented one does; a page at the
callback posts what a browser brings there; no DNS is asked, and no invitation sent.
Never: access requests and approvals, AWS, audit, Cedar's conditions, gRPC or the device flow of another product of a
similar name.
"""

from __future__ import annotations

from sandbox.exchanges.jitsudo.claim_words import CLAIMS
from sandbox.exchanges.jitsudo.errors import WORDS, render_refusal
from sandbox.exchanges.jitsudo.fixture import check_fixture
from sandbox.exchanges.jitsudo.headless import WAYS
from sandbox.exchanges.jitsudo.mint import MINTS
from sandbox.exchanges.jitsudo.models import SLUG
from sandbox.exchanges.jitsudo.routes import allow_origin, room
from sandbox.exchanges.jitsudo.seed import seed
from sandbox.exchanges.jitsudo.story import STORIES
from sandbox.service import Service

service = Service(
    slug=SLUG,
    title="JITSudo",
    kind="exchange",
    summary="Swaps a code of an OpenID issuer, a tenant's own or the global one, for a system JWT.",
    blueprint=room,
    roots=("/v1",),
    words=WORDS,
    render_refusal=render_refusal,
    check_fixture=check_fixture,
    seed=seed,
    lists={"tenants": "id"},
    after_request=allow_origin,
    ways=WAYS,
    mints=MINTS,
    claims=CLAIMS,
    stories=STORIES,
)
