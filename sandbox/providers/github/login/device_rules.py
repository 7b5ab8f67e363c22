"""What GitHub decides while a device waits: which applications may start, and which typed codes are good."""

from __future__ import annotations

from sandbox.core import tables
from sandbox.core.clients import get_client
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.protocol import approval
from sandbox.protocol.authorization import Transaction
from sandbox.protocol.grants import device_code
from sandbox.providers.github.login.applications import check_not_suspended, is_github_app
from sandbox.providers.github.login.parameters import DeviceAnswer
from sandbox.providers.github.scopes import normalize, parse_scopes
from sandbox.providers.github.tokens import SLUG

DEVICE_TTL = 900
DEVICE_INTERVAL = 5
# https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps (device flow, rate limits)
DEVICE_SUBMISSIONS_PER_HOUR = 50


def begin_device(world: World, client_id: str, scope: str) -> DeviceAnswer:
    """Start a device login. Raises Refusal: CLIENT_UNKNOWN, CLIENT_SUSPENDED, DEVICE_FLOW_DISABLED."""
    client = get_client(world, SLUG, client_id)
    check_device_flow(client)
    user_code, value = device_code.new_user_code(world), world.ids.hex(40)
    device_code.begin_device_grant(
        world,
        SLUG,
        client,
        device_code=value,
        user_code=user_code,
        scopes=() if is_github_app(client) else normalize(parse_scopes(scope)),
        ttl=DEVICE_TTL,
        interval=DEVICE_INTERVAL,
    )
    return DeviceAnswer(value, user_code, DEVICE_TTL, DEVICE_INTERVAL)


def enter_user_code(world: World, typed: str) -> Transaction:
    """Find the device whose code a person typed, and ask that person to sign in.

    Raises Refusal: USER_CODE_UNKNOWN, RATE_LIMITED.
    """
    grant = device_code.get_pending_grant(world, SLUG, device_code.parse_user_code(typed))
    hour = world.now() - world.now() % 3600
    used = world.store.count_up(
        tables.Counter,
        "used",
        name=f"github device submissions {grant.client_id}",
        window_at=hour,
        expires_at=hour + 3600,
    )
    if used > DEVICE_SUBMISSIONS_PER_HOUR:
        raise Refusal(
            Reason.RATE_LIMITED,
            f"more than {DEVICE_SUBMISSIONS_PER_HOUR} user codes were submitted for {grant.client_id} within an hour",
            retry_after=hour + 3600 - world.now(),
        )
    return approval.begin_for_device(world, grant)


def check_device_flow(client: tables.Client) -> None:
    """Refuse an application without the device flow. Raises Refusal: CLIENT_SUSPENDED, DEVICE_FLOW_DISABLED."""
    check_not_suspended(client)
    if not client.settings["device_flow"]:
        raise Refusal(Reason.DEVICE_FLOW_DISABLED, f"the device flow is off for {client.client_id}")
