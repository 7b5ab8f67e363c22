"""GMI Cloud: the exchange of its IAM service, from a GitHub code or a password to a session and API keys.

Emulated: the code exchange, authTokens from GitHub or a password with a second factor, sessions and their refresh,
the profile, organizations and their API keys.
Source: the IAM Service API 2.4.0 at docs.gmicloud.ai, and how the Python client `gmicloud` 0.1.10 calls it.
Different from the real one: an identity becomes a user at its first login, without sign-up; GitHub is the only
provider whose tokens are accepted; the second factor is a fixed code of the fixture, and nothing is ever sent.
Never: GPUs, inference, billing, invitations, Google or Hugging Face accounts, or any endpoint outside of IAM.
"""

from __future__ import annotations

from sandbox.exchanges.gmi.claim_words import CLAIMS
from sandbox.exchanges.gmi.errors import WORDS, render_refusal
from sandbox.exchanges.gmi.fixture import check_fixture
from sandbox.exchanges.gmi.headless import WAYS
from sandbox.exchanges.gmi.mint import MINTS
from sandbox.exchanges.gmi.routes import allow_origin, room
from sandbox.exchanges.gmi.story import STORIES
from sandbox.service import Service

service = Service(
    slug="gmi",
    title="GMI Cloud",
    kind="exchange",
    summary="Swaps a GitHub code or a password for a session of its own; has a profile, organizations and API keys.",
    blueprint=room,
    roots=("/api/v1",),
    hosts={"console.gmicloud.ai": ""},
    base_path="/api/v1",
    words=WORDS,
    render_refusal=render_refusal,
    check_fixture=check_fixture,
    after_request=allow_origin,
    ways=WAYS,
    mints=MINTS,
    claims=CLAIMS,
    stories=STORIES,
)
