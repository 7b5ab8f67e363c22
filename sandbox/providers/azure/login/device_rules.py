"""What Entra ID decides while a device waits: who may start, and which typed codes are good.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code
"""

from __future__ import annotations

from sandbox.core import tables
from sandbox.core.ids import USER_CODE
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.mounts import Mount
from sandbox.protocol import approval, authorization
from sandbox.protocol.authorization import Transaction
from sandbox.protocol.grants import device_code
from sandbox.providers.azure import consent
from sandbox.providers.azure.applications import Platform
from sandbox.providers.azure.authorities import Authority
from sandbox.providers.azure.directory import SLUG, User
from sandbox.providers.azure.login.answers import make_grant
from sandbox.providers.azure.login.parameters import DeviceAnswer
from sandbox.providers.azure.login.rules import ask, get_application

INTERVAL = 5
_USER_CODE_LENGTH = 9


def begin_device(world: World, authority: Authority, form: dict[str, str], version: str) -> DeviceAnswer:
    """Start a device login. Raises Refusal: the reasons of `get_application` and `ask`."""
    client = get_application(world, authority, form.get("client_id"))
    asked = ask(world, authority, form.get("scope"), form.get("resource"), version)
    user_code, value = world.ids.text(_USER_CODE_LENGTH, USER_CODE), f"1.A{world.ids.text(120)}"
    ttl = world.settings[SLUG]["device_code_ttl"]
    device_code.begin_device_grant(
        world,
        SLUG,
        client,
        device_code=value,
        user_code=user_code,
        scopes=asked.text,
        ttl=ttl,
        # Whoever polls faster is told to go on polling, and never to slow down.
        interval=0,
        data={"authority": authority.name, "version": version},
    )
    return DeviceAnswer(value, user_code, ttl, INTERVAL)


def enter_user_code(world: World, typed: str) -> Transaction:
    """Find the device whose code a person typed, and ask that person to sign in.

    Raises Refusal: USER_CODE_UNKNOWN, TRANSACTION_ALREADY_DECIDED.
    """
    grant = _get_waiting(world, "".join(character for character in typed.upper() if character.isalnum()))
    return approval.begin_for_device(
        world,
        grant,
        # Whoever is sent a code by somebody else must see what the device is.
        prompt="consent",
        authority=grant.data["authority"],
        version=grant.data["version"],
        platform=Platform.PUBLIC.value,
        client_info=False,
        domain_hint=None,
        sid=None,
    )


def approve(world: World, transaction: Transaction, client: tables.Client, user: User) -> None:
    """Let the device in. Raises Refusal: USER_CODE_UNKNOWN, TRANSACTION_ALREADY_DECIDED."""
    request = transaction.request
    asked = make_grant(world, transaction, client, user).asked
    waiting = _get_waiting(world, request.extra["user_code"])
    authorization.decide(world, transaction)
    device_code.approve_device(world, waiting, user.login, request.scopes)
    consent.grant(world, client, user, asked)


def refuse(world: World, transaction: Transaction) -> None:
    """Keep the device out. Raises Refusal: USER_CODE_UNKNOWN, TRANSACTION_ALREADY_DECIDED."""
    waiting = _get_waiting(world, transaction.request.extra["user_code"])
    authorization.decide(world, transaction)
    device_code.deny_device(world, waiting)


def verification_uri(mount: Mount) -> str:
    """The page on which a person types the code."""
    return mount.url("/common/oauth2/deviceauth")


def _get_waiting(world: World, user_code: str) -> tables.DeviceGrant:
    try:
        return device_code.get_pending_grant(world, SLUG, user_code)
    except Refusal as refusal:
        found = world.store.list(tables.DeviceGrant, order=("expires_at",), service=SLUG, user_code=user_code)
        if any(world.now() < grant.expires_at for grant in found):
            detail = "the device with this code has been answered already"
            raise Refusal(Reason.TRANSACTION_ALREADY_DECIDED, detail, "user_code") from refusal
        raise
