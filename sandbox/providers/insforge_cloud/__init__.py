"""InsForge Cloud: vouches for its users towards the backends of its projects, and lends them its OAuth applications.

Emulated: project-authorization codes with their key set, the partnership API, the console page that hands a dashboard
its code by postMessage, shared-key logins, and the OAuth server for third parties and the command line.
Source: docs.insforge.dev, and what the open-source backend 2.3.1, its dashboard, SDK and command line take from it.
Different from the real one: anyone of the fixture signs in without a password; other providers are played by a page of
the sandbox; a code can be minted as a test likes it, and in an opaque form.
Never: hosting, billing, sites, storage, AI, e-mail, or any endpoint that no login needs.
"""

from __future__ import annotations

from sandbox.providers.insforge_cloud.claim_words import CLAIMS
from sandbox.providers.insforge_cloud.errors import WORDS, render_refusal
from sandbox.providers.insforge_cloud.fixture import check_fixture
from sandbox.providers.insforge_cloud.headless import begin_login
from sandbox.providers.insforge_cloud.mint import MINTS
from sandbox.providers.insforge_cloud.people import SLUG
from sandbox.providers.insforge_cloud.routes import after_request, room
from sandbox.providers.insforge_cloud.seed import seed
from sandbox.providers.insforge_cloud.story import STORIES
from sandbox.providers.insforge_cloud.upstream import InsForgeCloud
from sandbox.service import Service

service = Service(
    slug=SLUG,
    title="InsForge Cloud",
    kind="provider",
    summary="Signs project-authorization codes, hands them to dashboards, and lends its OAuth applications.",
    blueprint=room,
    roots=("/partnership", "/auth/v1/shared", "/console", "/api/oauth/v1"),
    hosts={"api.insforge.dev": "", "insforge.dev": ""},
    by_prefix=True,
    words=WORDS,
    render_refusal=render_refusal,
    check_fixture=check_fixture,
    seed=seed,
    after_request=after_request,
    upstream=InsForgeCloud(),
    begin_login=begin_login,
    mints=MINTS,
    claims=CLAIMS,
    stories=STORIES,
)
