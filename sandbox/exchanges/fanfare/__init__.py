"""Fanfare: the auth part of its Consumer API, where a brand's backend vouches for a user and a browser gets a session.

Emulated: external identities with their one-time codes, guests and how they become somebody, codes by e-mail and text
message, refresh, logout, reading a consumer, rate limits.
Source: the pages and the Consumer API 1.0.0 at docs.fanfare.io, and valibot 1, whose issues the vendor sends.
Different from the real one: codes go to the sandbox's mailbox; organizations and keys come from the fixture; rate
limits are counted, and enforced on request only; a key set is published.
Never: queues, draws, auctions, the admin API, or webhooks, since nothing here calls out.
"""

from __future__ import annotations

from sandbox.exchanges.fanfare.claim_words import CLAIMS
from sandbox.exchanges.fanfare.errors import WORDS, render_refusal
from sandbox.exchanges.fanfare.fixture import check_fixture
from sandbox.exchanges.fanfare.headers import after_request
from sandbox.exchanges.fanfare.headless import WAYS
from sandbox.exchanges.fanfare.mint import MINTS
from sandbox.exchanges.fanfare.models import SLUG
from sandbox.exchanges.fanfare.routes import room
from sandbox.exchanges.fanfare.story import STORIES
from sandbox.service import Service

service = Service(
    slug=SLUG,
    title="Fanfare",
    kind="exchange",
    summary="Swaps a user whom a brand's backend vouches for, an e-mailed code, or nobody at all for a session.",
    blueprint=room,
    roots=("/api/auth/external", "/api/auth/otp", "/api/auth/guest", "/auth", "/consumers/me"),
    hosts={"consumer.fanfare.io": ""},
    words=WORDS,
    render_refusal=render_refusal,
    check_fixture=check_fixture,
    after_request=after_request,
    ways=WAYS,
    mints=MINTS,
    claims=CLAIMS,
    stories=STORIES,
)
