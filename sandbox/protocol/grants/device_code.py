"""The device authorization grant, RFC 8628.

Shows no page: the room's device page finds the grant by its user code and records what the person decides.
"""

from __future__ import annotations

from typing import Any

from sandbox.core import tables
from sandbox.core.ids import USER_CODE
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tables import digest
from sandbox.core.world import World

# What each early poll adds to the interval (RFC 8628 section 3.5).
SLOW_DOWN_BY = 5


def new_user_code(world: World) -> str:
    """Two groups of four letters, which nobody can misread (RFC 8628 section 6.1)."""
    return _grouped(world.ids.text(8, USER_CODE))


def parse_user_code(typed: str) -> str:
    """What a person typed, as `new_user_code` writes it: case, spaces and hyphens do not matter."""
    return _grouped("".join(character for character in typed.upper() if character.isalnum()))


def begin_device_grant(
    world: World,
    service: str,
    client: tables.Client,
    *,
    device_code: str,
    user_code: str,
    scopes: tuple[str, ...],
    ttl: int,
    interval: int,
    data: dict[str, Any] | None = None,
) -> None:
    """Let a device wait for its user for `ttl` seconds, polling every `interval` seconds (0: as fast as it likes).

    `data` is kept for the room (JSON-like).
    """
    flow = world.ids.text(16)
    world.store.add(
        tables.DeviceGrant,
        digest=digest(device_code),
        user_code=user_code,
        service=service,
        client_id=client.client_id,
        scopes=" ".join(scopes),
        flow=flow,
        data=data or {},
        login=None,
        interval=interval,
        polled_at=None,
        expires_at=world.now() + ttl,
        denied_at=None,
        redeemed_at=None,
    )
    world.entry.note(flow=flow, client_id=client.client_id)
    world.entry.facts["device"] = "begin"


def get_pending_grant(world: World, service: str, user_code: str) -> tables.DeviceGrant:
    """The device that shows this user code, and still waits. Raises Refusal: USER_CODE_UNKNOWN."""
    now = world.now()
    found = world.store.list(
        tables.DeviceGrant,
        order=("-expires_at",),
        service=service,
        user_code=user_code,
        login=None,
        denied_at=None,
    )
    grant = next((grant for grant in found if now < grant.expires_at), None)
    if grant is None:
        raise Refusal(Reason.USER_CODE_UNKNOWN, f"no device waits with the code {user_code!r}", "user_code")
    world.entry.note(flow=grant.flow, client_id=grant.client_id)
    return grant


def approve_device(world: World, grant: tables.DeviceGrant, login: str, scopes: tuple[str, ...]) -> None:
    """Record that this person lets the device in. Raises Refusal: USER_CODE_UNKNOWN if it was decided meanwhile."""
    _decide(world, grant, {"login": login, "scopes": " ".join(scopes)})


def deny_device(world: World, grant: tables.DeviceGrant) -> None:
    """Record that the person refused. Raises Refusal: USER_CODE_UNKNOWN if it was decided meanwhile."""
    _decide(world, grant, {"denied_at": world.now()})


def check_device_code(world: World, service: str, client: tables.Client, device_code: str) -> tables.DeviceGrant:
    """Answer a poll (RFC 8628 section 3.5): return the grant once its user has approved; nothing is spent by it.

    Raises Refusal: DEVICE_CODE_UNKNOWN, DEVICE_CODE_ALREADY_REDEEMED, ACCESS_DENIED, DEVICE_CODE_EXPIRED,
    POLLING_TOO_FAST (`retry_after` is the new interval, which stays), AUTHORIZATION_PENDING.
    """
    grant = world.store.find(tables.DeviceGrant, digest=digest(device_code), service=service)
    if grant is None or grant.client_id != client.client_id:
        raise Refusal(
            Reason.DEVICE_CODE_UNKNOWN,
            "no device code with this value was ever issued"
            if grant is None
            else f"the device code was issued to {grant.client_id}, not to {client.client_id}",
            "device_code",
        )
    world.entry.note(flow=grant.flow, login=grant.login)
    world.entry.facts["device"] = "poll"
    now = world.now()
    if grant.redeemed_at is not None:
        raise _already_redeemed(now - grant.redeemed_at)
    if grant.denied_at is not None:
        raise Refusal(Reason.ACCESS_DENIED, "the person refused on the device page")
    if now >= grant.expires_at:
        raise Refusal(Reason.DEVICE_CODE_EXPIRED, f"the device code expired {now - grant.expires_at} s ago")
    early = grant.polled_at is not None and now - grant.polled_at < grant.interval
    interval = grant.interval + SLOW_DOWN_BY if early else grant.interval
    world.store.change(tables.DeviceGrant, {"polled_at": now, "interval": interval}, digest=grant.digest)
    if early:
        raise Refusal(
            Reason.POLLING_TOO_FAST,
            f"polled within {grant.interval} s; the interval is {interval} s from now on",
            retry_after=interval,
        )
    if grant.login is None:
        raise Refusal(Reason.AUTHORIZATION_PENDING, "nobody has entered the user code yet")
    return grant


def redeem_device_code(world: World, grant: tables.DeviceGrant) -> None:
    """Spend the device code. Raises Refusal: DEVICE_CODE_ALREADY_REDEEMED if another was faster."""
    if (
        world.store.claim(tables.DeviceGrant, {"redeemed_at": world.now()}, digest=grant.digest, redeemed_at=None)
        is None
    ):
        raise _already_redeemed(0)


def _grouped(letters: str) -> str:
    return f"{letters[:4]}-{letters[4:]}"


def _decide(world: World, grant: tables.DeviceGrant, values: dict[str, object]) -> None:
    if not world.store.change(tables.DeviceGrant, values, digest=grant.digest, login=None, denied_at=None):
        raise Refusal(Reason.USER_CODE_UNKNOWN, "the device has been answered already", "user_code")


def _already_redeemed(seconds: int) -> Refusal:
    return Refusal(Reason.DEVICE_CODE_ALREADY_REDEEMED, f"the device code was redeemed {seconds} s ago")
