"""One-time codes: issued, checked without being spent, and redeemed by exactly one caller.

Knows neither what a code is for (`kind`) nor what it carries (`data`).
"""

from __future__ import annotations

from typing import Any

from sandbox.core import tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tables import digest
from sandbox.core.world import World


def issue_code(
    world: World,
    value: str,
    *,
    service: str,
    kind: str,
    client_id: str,
    login: str,
    ttl: int,
    flow: str,
    data: dict[str, Any],
) -> None:
    """Remember `value` as redeemable once within `ttl` seconds. Only its digest is kept."""
    world.entry.note_issued(kind)
    world.store.add(
        tables.Code,
        digest=digest(value),
        service=service,
        kind=kind,
        client_id=client_id,
        login=login,
        flow=flow,
        data=data,
        expires_at=world.now() + ttl,
        redeemed_at=None,
    )


def check_code(world: World, value: str, *, service: str, kind: str, client_id: str) -> tables.Code:
    """Return the code if `client_id` could redeem it now; changes nothing.

    Raises Refusal: CODE_UNKNOWN, CODE_OF_ANOTHER_CLIENT, CODE_ALREADY_REDEEMED, CODE_EXPIRED.
    """
    code = world.store.find(tables.Code, digest=digest(value), service=service, kind=kind)
    if code is None:
        raise Refusal(Reason.CODE_UNKNOWN, f"no {kind.replace('_', ' ')} with this value was ever issued")
    world.entry.note(flow=code.flow, login=code.login)
    world.entry.facts["code"] = kind
    if code.client_id != client_id:
        raise Refusal(Reason.CODE_OF_ANOTHER_CLIENT, f"the code was issued to {code.client_id}, not to {client_id}")
    if code.redeemed_at is not None:
        raise _already_redeemed(world.now() - code.redeemed_at)
    if world.now() >= code.expires_at:
        raise Refusal(Reason.CODE_EXPIRED, f"the code expired {world.now() - code.expires_at} s ago")
    return code


def redeem_code(world: World, code: tables.Code) -> None:
    """Spend the code: of all concurrent callers one returns, the others are refused.

    Raises Refusal: CODE_ALREADY_REDEEMED.
    """
    if not world.store.change(tables.Code, {"redeemed_at": world.now()}, digest=code.digest, redeemed_at=None):
        raise _already_redeemed(0)


def _already_redeemed(seconds: int) -> Refusal:
    return Refusal(Reason.CODE_ALREADY_REDEEMED, f"the code was redeemed {seconds} s ago")
