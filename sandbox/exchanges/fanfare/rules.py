"""What Fanfare decides: which consumer an identity is, what a one-time code opens, and how sessions go on and end.

Everything is checked before anything is spent.
"""

from __future__ import annotations

from dataclasses import replace

from sandbox.core.codes import check_code, issue_code, redeem_code
from sandbox.core.world import World
from sandbox.exchanges.fanfare import access, consumers, otp, tokens
from sandbox.exchanges.fanfare.models import (
    SLUG,
    Address,
    Consumer,
    Credentials,
    ExchangeCode,
    ExternalIdentity,
    LiveSession,
    Organization,
    Session,
)

# "Codes expire after 60 seconds", which cannot be configured.
CODE_TTL = 60
_EXCHANGE_CODE = "exchange_code"


def authorize(world: World, organization: Organization, asked: ExternalIdentity) -> ExchangeCode:
    """A one-time code for an identity that the brand's backend vouches for; nobody looks into the login behind it."""
    consumer, resolution = consumers.resolve(world, organization.id, asked)
    value = f"exc_{world.ids.ulid(world.now())}"
    flow = world.entry.flow or world.ids.text(16)
    world.entry.note(flow=flow, login=consumer.id)
    issue_code(
        world,
        value,
        service=SLUG,
        kind=_EXCHANGE_CODE,
        client_id=organization.id,
        login=consumer.id,
        ttl=CODE_TTL,
        flow=flow,
        data={"identity": consumers.identity_key(organization.id, asked), "is_new": resolution == "created"},
    )
    return ExchangeCode(value, world.now() + CODE_TTL, resolution)


def exchange(world: World, organization: Organization, value: str, presented: Credentials) -> Session:
    """Swap a code for a session. A guest whose token comes along stays the consumer if the identity is new.

    Raises Refusal: CODE_UNKNOWN, CODE_OF_ANOTHER_CLIENT, CODE_ALREADY_REDEEMED, CODE_EXPIRED.
    """
    consumers.lock_consumers(world, organization.id)
    code = check_code(world, value, service=SLUG, kind=_EXCHANGE_CODE, client_id=organization.id)
    redeem_code(world, code)
    # The identity may have moved to a guest since the code was issued.
    consumer = consumers.get_by_identity(world, code.data["identity"])
    guest = access.find_guest(world, organization, presented) if code.data["is_new"] else None
    if guest and not consumer.signed_in:
        consumer = consumers.move_to_guest(world, consumer, guest)
    return sign_in(world, consumer)


def begin_guest(world: World, organization: Organization) -> Session:
    """A session of somebody of whom nothing is known."""
    return sign_in(world, consumers.add_guest(world, organization.id))


def request_otp(world: World, organization: Organization, address: Address, name: str | None) -> None:
    """Send a one-time code to an address, whoever has it."""
    otp.send_code(world, organization, address, name)


def verify_otp(
    world: World, organization: Organization, address: Address, code: str, presented: Credentials
) -> Session:
    """Let in whoever knows the code that was sent to an address; a stranger becomes a consumer.

    Raises Refusal: the reasons of `otp.spend_code`.
    """
    consumers.lock_consumers(world, organization.id)
    name = otp.spend_code(world, organization, address, code)
    consumer = consumers.find_by_address(world, organization.id, address)
    if consumer is None:
        guest = access.find_guest(world, organization, presented)
        if guest:
            tokens.end_sessions(world, guest.id)
            consumer = consumers.join_address(world, guest, address, name)
        else:
            consumer = consumers.add_by_address(world, organization.id, address, name)
    return sign_in(world, consumer)


def refresh(world: World, organization: Organization, value: str | None) -> Session:
    """The session behind a refresh token, gone on with.

    Raises Refusal: the reasons of `tokens.get_refresh_token` and `tokens.spend_refresh_token`.
    """
    token = tokens.get_refresh_token(world, organization, value)
    tokens.spend_refresh_token(world, token)
    return tokens.go_on(world, token, consumers.get_consumer(world, organization.id, token.login))


def log_out(world: World, session: LiveSession) -> None:
    """End a session with its refresh tokens."""
    tokens.end_session(world, session.consumer_id, session.id)


def sign_in(world: World, consumer: Consumer) -> Session:
    """A new session of a consumer, who is known to have signed in from now on."""
    if not consumer.signed_in:
        consumer = consumers.save(world, replace(consumer, signed_in=True))
    return tokens.begin_session(world, consumer)
