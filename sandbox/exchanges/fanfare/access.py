"""Who calls: a brand's backend by its secret key, a page of the brand by its publishable key, a consumer by a token.

Takes credentials as values; where they were in the request is wire.py's.
"""

from __future__ import annotations

from sandbox.core.compare import same_secret
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.exchanges.fanfare import consumers, tokens
from sandbox.exchanges.fanfare.models import SLUG, Consumer, Credentials, LiveSession, Organization

_PUBLISHABLE = "pk_"


def get_backend(world: World, presented: Credentials) -> Organization:
    """The organization whose secret key this is.

    Raises Refusal: CLIENT_SECRET_MISSING, CLIENT_SECRET_WRONG, CLIENT_CREDENTIALS_UNEXPECTED for a publishable key,
    TOKEN_TYPE_WRONG for a consumer's token, CLIENT_OF_ANOTHER_TENANT.
    """
    key = presented.bearer or presented.secret_key
    if key is None and presented.publishable_key is None:
        raise Refusal(Reason.CLIENT_SECRET_MISSING, "the request has no secret key", "Authorization")
    if key is None or key.startswith(_PUBLISHABLE):
        raise Refusal(
            Reason.CLIENT_CREDENTIALS_UNEXPECTED,
            "a publishable key was sent where a secret key belongs",
            "Authorization",
        )
    found = next((one for one in organizations(world) if same_secret(one.secret_key, key)), None)
    if found is None:
        if tokens.is_ours(world, key):
            raise Refusal(Reason.TOKEN_TYPE_WRONG, "a consumer's token was sent where a secret key belongs")
        raise Refusal(Reason.CLIENT_SECRET_WRONG, "no organization has this secret key", "Authorization")
    world.entry.note(client_id=found.id)
    if presented.organization not in (None, found.id):
        raise Refusal(
            Reason.CLIENT_OF_ANOTHER_TENANT, f"the secret key is that of {found.id}, and the header names another"
        )
    return found


def get_page(world: World, presented: Credentials) -> Organization:
    """The organization whose publishable key this is. Raises Refusal: CLIENT_UNKNOWN."""
    key = presented.publishable_key
    if key is None:
        raise Refusal(Reason.CLIENT_UNKNOWN, "the request has no publishable key", "X-Publishable-Key")
    found = next((one for one in organizations(world) if same_secret(one.publishable_key, key)), None)
    if found is None:
        raise Refusal(Reason.CLIENT_UNKNOWN, "no organization has this publishable key", "X-Publishable-Key")
    world.entry.note(client_id=found.id)
    return found


def get_session(world: World, presented: Credentials) -> LiveSession:
    """The session behind an access token. Raises Refusal: TOKEN_MISSING, those of `tokens.read_access_token`."""
    if presented.bearer is None:
        raise Refusal(Reason.TOKEN_MISSING, "the request has no access token", "Authorization")
    return tokens.read_access_token(world, presented.bearer)


def check_member(session: LiveSession, organization: Organization) -> None:
    """The session must be one of this organization. Raises Refusal: TOKEN_OF_ANOTHER_CLIENT."""
    if session.organization != organization.id:
        raise Refusal(
            Reason.TOKEN_OF_ANOTHER_CLIENT, f"the session is one of {session.organization}, not of {organization.id}"
        )


def find_guest(world: World, organization: Organization, presented: Credentials) -> Consumer | None:
    """The guest whose token goes with a login, if it is good and of this organization; what is not is passed over."""
    entry = world.entry
    about = entry.flow, entry.client_id, entry.login
    try:
        session = get_session(world, presented)
    except Refusal:
        return None
    finally:
        # The login is the code's, and stays so in the journal.
        entry.flow, entry.client_id, entry.login = about
    consumer = consumers.find_consumer(world, organization.id, session.consumer_id)
    return consumer if consumer and consumer.is_guest else None


def organizations(world: World) -> list[Organization]:
    """The organizations of the fixture."""
    return [Organization(**entry) for entry in world.settings[SLUG]["organizations"]]
