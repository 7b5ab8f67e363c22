"""What Prisme.ai decides: whose id_token opens a session, and which user that is.

The order of checks is that of the file; sessions.py makes the session, providers.py judges the token.
"""

from __future__ import annotations

from dataclasses import replace

from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.exchanges.prisme import limits, orgs, providers, sessions, users, wire
from sandbox.exchanges.prisme.models import (
    DEACTIVATED,
    PENDING,
    SLUG,
    VALIDATED,
    Exchange,
    Profile,
    Provider,
    Session,
    User,
)

ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ANONYMOUS = "anonymous"
_LANGUAGE = "fr"


def accept_token(world: World, asked: Exchange, address: str) -> tuple[Provider, Profile, limits.Allowance | None]:
    """The provider and the person of a good id_token, and what the address has left.

    Raises Refusal: RATE_LIMITED, GRANT_TYPE_UNSUPPORTED, SUBJECT_TOKEN_INVALID, FIELD_INVALID, the reasons of
    `get_exchanger`, `verify_id_token` and `read_profile`.
    """
    # Counted when all is said: fetching keys takes its time, and whoever has written holds SQLite's only lock.
    limits.check_limit(world, "token_exchange", address)
    try:
        _check_request(world, asked)
        provider = providers.get_exchanger(world, asked.provider)
        claims = providers.verify_id_token(world, provider, asked.subject_token)
        profile = providers.read_profile(provider, claims)
    except Refusal:
        limits.count_call(world, "token_exchange", address)
        raise
    return provider, profile, limits.count_call(world, "token_exchange", address)


def sign_in(world: World, provider: Provider, profile: Profile) -> User:
    """The user that a person of a provider is; made at the first login.

    Raises Refusal: EMAIL_UNVERIFIED, IDENTITY_DEACTIVATED.
    """
    users.lock_users(world)
    user = _find_or_make(world, provider, profile)
    if user.status == DEACTIVATED:
        raise Refusal(Reason.IDENTITY_DEACTIVATED, f"the user {user.id} is deactivated at Prisme.ai")
    if user.status not in (None, VALIDATED):
        raise Refusal(Reason.EMAIL_UNVERIFIED, f"the user {user.id} is {user.status}")
    return user


def make_anonymous(world: World, expires_after: float | None, org_slug: str | None, origin_host: str | None) -> User:
    """A new user whom nobody knows. Raises Refusal: OBJECT_UNKNOWN, PERMISSION_DENIED, FIELD_INVALID."""
    sessions.check_life(world, expires_after)
    settings = world.settings[SLUG]
    org = orgs.get_org(world, org_slug) if org_slug is not None else None
    if not (org.anonymous if org is not None else settings["anonymous"]):
        raise Refusal(
            Reason.PERMISSION_DENIED, f"anonymous sessions are off{f' in {org.slug}' if org is not None else ''}"
        )
    if org is not None and org.allowed_domains and origin_host not in org.allowed_domains:
        raise Refusal(Reason.PERMISSION_DENIED, f"{origin_host!r} is not in the allowed domains of {org.slug}")
    now = world.now()
    expires_ms = round((now + (expires_after or settings["session_ttl"])) * 1000)
    user = User(
        id=users.new_id(world),
        email=None,
        first_name=f"{ANONYMOUS}-{now * 1000}-{world.ids.digits(6)}",
        last_name=None,
        language=None,
        status=None,
        auth_data=wire.anonymous_data(expires_ms),
        orgs={},
        platform_role=None,
        created_at=now,
    )
    if org is not None:
        user = orgs.joined(user, org, org.anonymous_role, now)
    users.add_user(world, user)
    return user


def count_anonymous(world: World, address: str) -> limits.Allowance | None:
    """Count an anonymous login of this address; what it has left. Raises Refusal: RATE_LIMITED."""
    return limits.count_call(world, "anonymous_login", address)


def is_shipped(world: World) -> bool:
    """Whether to behave as the open-source gateway where the documentation says otherwise."""
    return bool(world.settings[SLUG]["profile"] == "shipped")


def join_organizations(world: World, user: User) -> User:
    """The user in every organization that the fixture names for the e-mail: join rules run with each call of /me."""
    member = orgs.with_memberships(world, user, None)
    if member != user:
        users.change_user(world, user, member)
    return member


def get_user(world: World, session: Session) -> User:
    """The user of a session. Raises Refusal: TOKEN_UNKNOWN."""
    user = users.find_user(world, session.user_id)
    if user is None:
        raise Refusal(Reason.TOKEN_UNKNOWN, "the session's user is gone")
    return user


def _check_request(world: World, asked: Exchange) -> None:
    if asked.grant_type not in (None, TOKEN_EXCHANGE):
        raise Refusal(Reason.GRANT_TYPE_UNSUPPORTED, f"grant_type is {asked.grant_type!r}", "grant_type")
    if asked.subject_token_type not in (None, ID_TOKEN):
        raise Refusal(
            Reason.SUBJECT_TOKEN_INVALID, f"subject_token_type is {asked.subject_token_type!r}", "subject_token_type"
        )
    sessions.check_life(world, asked.expires_after)


def _find_or_make(world: World, provider: Provider, profile: Profile) -> User:
    if found := users.find_by_provider(world, provider.slug, profile.subject):
        # An empty value is no news.
        user = replace(
            found,
            email=profile.email or found.email,
            first_name=profile.first_name or found.first_name,
            last_name=profile.last_name or found.last_name,
        )
    elif profile.email and (found := _find_by_email(world, profile.email)):
        user = replace(found, status=VALIDATED if found.status == PENDING else found.status)
    else:
        user = _make(world, profile)
    user = replace(user, auth_data={**user.auth_data, provider.slug: dict(profile.auth_data)})
    user = orgs.with_memberships(world, user, provider.org)
    if found:
        users.change_user(world, found, user)
    else:
        users.add_user(world, user)
    return user


def _find_by_email(world: World, email: str) -> User | None:
    return users.find_by_email(world, email, ignore_case=world.settings[SLUG]["ignore_email_case"])


def _make(world: World, profile: Profile) -> User:
    first_name = profile.first_name
    if first_name is None and world.settings[SLUG]["profile"] == "documented":
        first_name = _fallback_name(profile)
    return User(
        id=users.new_id(world),
        email=profile.email,
        first_name=first_name,
        last_name=profile.last_name,
        language=profile.language or _LANGUAGE,
        status=VALIDATED,
        auth_data={},
        orgs={},
        platform_role=None,
        created_at=world.now(),
    )


def _fallback_name(profile: Profile) -> str:
    """What the required first name is where the provider tells none."""
    name = profile.auth_data.get("name")
    if isinstance(name, str) and name:
        return name
    return (profile.email or "").partition("@")[0] or ANONYMOUS
