"""Codes of InsForge Cloud: whether one lets its bearer in as an admin of this project, and as whom.

The cloud of this sandbox is asked in-process; nobody else's cloud is ever trusted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.core import jwts, tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tables import digest
from sandbox.core.world import World
from sandbox.exchanges.insforge import wire
from sandbox.exchanges.insforge.models import SLUG
from sandbox.exchanges.insforge.refusals import CloudRefusal
from sandbox.service import Redemption, Upstream

AUTHORIZATION = "project_authorization"
_OPAQUE = "iac_"
_SEEN = "cloud_code"
# What ends later than any clock shows never ends, and no column need hold it.
_LATEST = 2**40


def admit(world: World, cloud: Upstream, code: str) -> str:
    """The subject of the admin whom a code lets in. A code is good until it expires, as often as one likes.

    Raises Refusal: NOT_CONFIGURED; CloudRefusal: the reasons of `Upstream.verify` and of opaque codes,
    TOKEN_AUDIENCE_WRONG, TOKEN_TYPE_WRONG, ASSERTION_WITHOUT_USER, CODE_ALREADY_REDEEMED.
    """
    settings = world.settings[SLUG]
    project = settings["project_id"]
    if project is None:
        raise Refusal(Reason.NOT_CONFIGURED, "the fixture has no insforge.project_id", "PROJECT_ID")
    try:
        token = code
        if code.startswith(_OPAQUE) and settings["profile"] == "documented":
            token = cloud.redeem(world, Redemption(code, project)).access_token
        claims = cloud.verify(world, token)
        subject = _subject(claims, project)
        if settings["one_time_codes"]:
            _spend(world, code, claims.get("exp"))
    except Refusal as refusal:
        raise CloudRefusal.of(refusal) from refusal
    return subject


def is_cloud_token(value: str) -> bool:
    """Whether a token says of itself, unproven, that it is a code of the cloud."""
    try:
        return wire.read_code_claims(jwts.read_claims(value))[1] == AUTHORIZATION
    except Refusal:
        return False


def _subject(claims: Mapping[str, Any], project_id: str) -> str:
    project, kind, user = wire.read_code_claims(claims)
    if project != project_id:
        raise Refusal(Reason.TOKEN_AUDIENCE_WRONG, f"the code is for the project {project!r}, this is {project_id}")
    if kind != AUTHORIZATION:
        raise Refusal(Reason.TOKEN_TYPE_WRONG, f"the token's type is {kind!r}, not {AUTHORIZATION}")
    if not isinstance(user, str) or not user.strip():
        raise Refusal(Reason.ASSERTION_WITHOUT_USER, f"the code names no user: its userId is {user!r}")
    return wire.admin_subject("cloud", user)


def _spend(world: World, code: str, exp: float | None) -> None:
    """Remember a code until it expires, and refuse it if it was seen before. Raises Refusal: CODE_ALREADY_REDEEMED."""
    # Base64 can be written in several ways: of a JWT only what is signed, as text, is always the same.
    name = f"{SLUG} {_SEEN} {digest(code.rpartition('.')[0] or code)}"
    end = None if exp is None or exp > _LATEST else int(exp) + 1
    if world.store.count_up(tables.Counter, "used", name=name, window_at=0, expires_at=end) > 1:
        raise Refusal(Reason.CODE_ALREADY_REDEEMED, "the code was exchanged before, and one_time_codes is on")
