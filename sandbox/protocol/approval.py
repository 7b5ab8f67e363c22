"""What a person decides on an authorization request: recorded once, for the client or the device that waits.

Issues nothing: what the client gets for it is the room's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.core import tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.protocol import authorization, consents
from sandbox.protocol.authorization import AuthorizationRequest, ReturnAddress, Transaction, told_by_redirect
from sandbox.protocol.grants import device_code

Scopes = tuple[str, ...]


def begin_for_device(
    world: World, grant: tables.DeviceGrant, *, prompt: str | None = None, **extra: Any
) -> Transaction:
    """Ask a person about a device: its request is answered where the device polls, and nowhere else."""
    request = AuthorizationRequest(
        client_id=grant.client_id,
        redirect_uri="",
        redirect_uri_given=False,
        scopes=tuple(grant.scopes.split()),
        scope_given=bool(grant.scopes),
        prompt=prompt,
        extra={**extra, "user_code": grant.user_code},
    )
    return authorization.begin(world, grant.service, request, flow=grant.flow, by_client=False)


def allow(
    world: World,
    service: str,
    transaction: Transaction,
    login: str,
    scopes: Scopes,
    *,
    merge: Callable[[Scopes], Scopes],
) -> bool:
    """Record that this person grants `scopes`; `merge` makes one list of those granted before and now.

    Returns whether a device waits, so that nobody else is to be answered. Raises Refusal: TRANSACTION_ALREADY_DECIDED,
    USER_CODE_UNKNOWN.
    """
    client_id, user_code = transaction.request.client_id, transaction.request.extra.get("user_code")
    authorization.decide(world, transaction)
    if user_code:
        # First, since another person may have answered the device meanwhile: then nothing is granted.
        device_code.approve_device(world, device_code.get_pending_grant(world, service, user_code), login, scopes)
    before = consents.granted_scopes(world, service, client_id, login)
    granted = merge((*(before or ()), *scopes))
    if granted != before:
        consents.remember_consent(world, service, client_id, login, granted)
    world.entry.note(login=login)
    return bool(user_code)


def deny(world: World, service: str, transaction: Transaction, address: ReturnAddress) -> None:
    """Record that the person refused; a device is told when it polls, a client at `address` at once.

    Raises Refusal: TRANSACTION_ALREADY_DECIDED, USER_CODE_UNKNOWN; RedirectRefusal: ACCESS_DENIED.
    """
    authorization.decide(world, transaction)
    if user_code := transaction.request.extra.get("user_code"):
        device_code.deny_device(world, device_code.get_pending_grant(world, service, user_code))
        return
    with told_by_redirect(address):
        raise Refusal(Reason.ACCESS_DENIED, "the person pressed Cancel")
