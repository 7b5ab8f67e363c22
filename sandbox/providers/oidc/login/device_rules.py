"""What an issuer decides while a device waits for its user (RFC 8628)."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.core import tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.protocol import approval
from sandbox.protocol.authorization import Transaction
from sandbox.protocol.grants import device_code
from sandbox.providers.oidc.clients import allowed_scopes
from sandbox.providers.oidc.issuers import Issuer

DEVICE_CODE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
INTERVAL = 5


@dataclass(frozen=True)
class DeviceAnswer:
    """The answer of the device authorization endpoint; times in seconds."""

    device_code: str
    user_code: str
    expires_in: int
    interval: int


def begin_device(world: World, issuer: Issuer, client: tables.Client, scope: str) -> DeviceAnswer:
    """Start a device login. Raises Refusal: GRANT_TYPE_NOT_ALLOWED."""
    if DEVICE_CODE_GRANT not in client.settings["grant_types"]:
        raise Refusal(Reason.GRANT_TYPE_NOT_ALLOWED, f"{client.client_id} may not use the device flow", "client_id")
    user_code, value = device_code.new_user_code(world), world.ids.text(43)
    ttl = issuer.settings["device_code_ttl"]
    device_code.begin_device_grant(
        world,
        issuer.service,
        client,
        device_code=value,
        user_code=user_code,
        scopes=allowed_scopes(issuer, client, scope),
        ttl=ttl,
        interval=INTERVAL,
    )
    return DeviceAnswer(value, user_code, ttl, INTERVAL)


def enter_user_code(world: World, issuer: Issuer, typed: str) -> Transaction:
    """Find the device whose code a person typed, and ask that person to sign in. Raises Refusal: USER_CODE_UNKNOWN."""
    grant = device_code.get_pending_grant(world, issuer.service, device_code.parse_user_code(typed))
    # A device shows no page of its own: the person always sees what is asked for.
    return approval.begin_for_device(world, grant, prompt="consent", wanted=None, strict=False, pushed=None)
