"""What InsForge decides about signing in elsewhere: who may begin, which state comes back, and who that makes a user.

A refusal is told to the application as soon as it is known where that is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sandbox.core.codes import check_code, issue_code, redeem_code
from sandbox.core.flows import follow, mark
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.exchanges.insforge import settings
from sandbox.exchanges.insforge import wire as claims
from sandbox.exchanges.insforge.models import PROVIDERS, SLUG, Session, User
from sandbox.exchanges.insforge.oauth import legs, wire
from sandbox.exchanges.insforge.oauth.allowed import check_redirect_uri
from sandbox.exchanges.insforge.oauth.legs import Person
from sandbox.exchanges.insforge.settings import OAuthConfig
from sandbox.exchanges.insforge.tokens import begin_user_session, read_by_secret, sign_by_secret
from sandbox.exchanges.insforge.users import people
from sandbox.exchanges.insforge.users.rules import check_signup
from sandbox.protocol.pkce import S256, check_verifier, s256

CODE_TTL, STATE_TTL = 300, 3600
_CODE, _CUSTOM_STATE = "insforge_code", "custom_state"
_VERIFIER_BYTES = 64


@dataclass(frozen=True)
class State:
    """What travelled through a provider: where the application waits, and its challenge."""

    provider: str
    redirect_uri: str
    code_challenge: str


def check_provider(provider: str) -> None:
    """Refuse a name that is no provider's. Raises Refusal: PROVIDER_UNSUPPORTED."""
    if provider not in PROVIDERS:
        raise Refusal(Reason.PROVIDER_UNSUPPORTED, f"InsForge knows no provider {provider!r}", provider)


def begin(world: World, provider: str, redirect_uri: str, challenge: str, passed_on: dict[str, str]) -> str:
    """The address at which a sign-in at a built-in provider begins.

    Raises Refusal: PROVIDER_NOT_IMPLEMENTED, REDIRECT_URI_INVALID, REDIRECT_URI_MISMATCH, NOT_CONFIGURED.
    """
    _check_redirect(world, redirect_uri)
    if provider == "spotify":
        raise Refusal(Reason.PROVIDER_NOT_IMPLEMENTED, "the vendor lists Spotify and has not built it", provider)
    config = _get_provider(world, provider)
    state = _issue_state(world, provider, redirect_uri, challenge)
    mark(world, state)
    if config.use_shared_key:
        return wire.add_parameters(legs.shared_url(world, provider, state), {}, passed_on)
    leg = legs.built_in_leg(provider)
    own = {
        "client_id": config.client_id or "",
        "redirect_uri": callback_of(world, provider),
        **dict(leg.extra),
        "scope": " ".join(config.scopes or leg.scopes),
        "state": state,
    }
    return wire.add_parameters(legs.authorize_url(leg), own, passed_on)


def begin_custom(world: World, key: str, redirect_uri: str, challenge: str, passed_on: dict[str, str]) -> str:
    """The same at a custom provider, where the backend uses PKCE itself.

    Raises Refusal: NOT_CONFIGURED, OUTSIDE_ADDRESS_REFUSED, REDIRECT_URI_INVALID, REDIRECT_URI_MISMATCH.
    """
    _check_redirect(world, redirect_uri)
    config = _get_custom(world, key)
    leg = legs.custom_leg(config)
    # Each is remembered, so no two may be alike.
    state = _issue_state(world, key, redirect_uri, challenge, nonce=world.ids.hex(16))
    mark(world, state)
    verifier = world.ids.text(_VERIFIER_BYTES)
    issue_code(
        world,
        state,
        service=SLUG,
        kind=_CUSTOM_STATE,
        client_id=key,
        login="",
        ttl=STATE_TTL,
        flow=world.entry.flow or "",
        data={"verifier": verifier},
    )
    own = {
        "client_id": config.client_id or "",
        "redirect_uri": custom_callback_of(world, key),
        **dict(leg.extra),
        "scope": " ".join(leg.scopes),
        "state": state,
        "code_challenge_method": S256,
        "code_challenge": s256(verifier),
    }
    return wire.add_parameters(legs.authorize_url(leg), own, passed_on)


def read_state(world: World, state: str, provider: str | None = None) -> State:
    """The state that a provider brought back; `provider` is whose callback it is, where the path says so.

    Raises Refusal: STATE_INVALID.
    """
    try:
        found = claims.read_state_claims(read_by_secret(world, state))
    except Refusal as refusal:
        raise Refusal(Reason.STATE_INVALID, refusal.detail, "state") from refusal
    name, redirect_uri, challenge = found
    if not (isinstance(name, str) and isinstance(redirect_uri, str) and isinstance(challenge, str)):
        raise Refusal(Reason.STATE_INVALID, "the token is genuine, but no state", "state")
    follow(world, state)
    if provider not in (None, name):
        raise Refusal(Reason.STATE_INVALID, f"the state belongs to a sign-in at {name}, not at {provider}", "state")
    return State(name, redirect_uri, challenge)


def finish(world: World, state: State, code: str) -> str:
    """The one-time code for an application whose user came back from a built-in provider.

    Raises Refusal: FIELD_MISSING, NOT_CONFIGURED, PERMISSION_DENIED, and the reasons of `come_back`.
    """
    if not code:
        raise Refusal(Reason.FIELD_MISSING, "the provider sent no code", "code")
    config, leg = _get_provider(world, state.provider), legs.built_in_leg(state.provider)
    known = legs.come_back(world, leg, config, code=code, redirect_uri=callback_of(world, state.provider))
    return admit(world, state, legs.describe_person(state.provider, known))


def finish_custom(world: World, state: State, state_text: str, code: str) -> str:
    """The same for a custom provider; each state is good once.

    Raises Refusal: the reasons of codes for the state, NOT_CONFIGURED, PERMISSION_DENIED, and those of `come_back`.
    """
    memory = check_code(world, state_text, service=SLUG, kind=_CUSTOM_STATE, client_id=state.provider)
    redeem_code(world, memory)
    config = _get_custom(world, state.provider)
    known = legs.come_back(
        world,
        legs.custom_leg(config),
        config,
        code=code,
        redirect_uri=custom_callback_of(world, state.provider),
        code_verifier=memory.data["verifier"],
    )
    return admit(world, state, legs.describe_person(state.provider, known))


def admit(world: World, state: State, person: Person) -> str:
    """A one-time code for the user that somebody elsewhere is. Raises Refusal: PERMISSION_DENIED."""
    user = _user_of(world, state.provider, person)
    world.entry.note(flow=world.entry.flow or world.ids.text(16), login=user.key)
    code = world.ids.hex(64)
    issue_code(
        world,
        code,
        service=SLUG,
        kind=_CODE,
        client_id="",
        login=user.key,
        ttl=CODE_TTL,
        flow=world.entry.flow or "",
        data={"user": user.id, "challenge": state.code_challenge},
    )
    return code


def exchange(world: World, code: str, verifier: str) -> tuple[User, Session]:
    """A session for a one-time code, which a wrong verifier burns.

    Raises Refusal: CODE_UNKNOWN, CODE_ALREADY_REDEEMED, CODE_EXPIRED, VERIFIER_MISMATCH, IDENTITY_UNKNOWN.
    """
    found = check_code(world, code, service=SLUG, kind=_CODE, client_id="")
    redeem_code(world, found)
    check_verifier(found.data["challenge"], S256, verifier)
    user = people.find_user(world, found.data["user"])
    if user is None:
        raise Refusal(Reason.IDENTITY_UNKNOWN, "the user was deleted since the sign-in")
    return user, begin_user_session(world, user)


def callback_of(world: World, provider: str) -> str:
    """Where a built-in provider sends the browser back."""
    return legs.callback_url(world, f"/api/auth/oauth/{provider}/callback")


def custom_callback_of(world: World, key: str) -> str:
    """Where a custom provider does."""
    return legs.callback_url(world, f"/api/auth/oauth/custom/{key}/callback")


def _check_redirect(world: World, redirect_uri: str) -> None:
    check_redirect_uri(redirect_uri, settings.get_config(world).values["allowed_redirect_urls"])


def _get_provider(world: World, provider: str) -> OAuthConfig:
    config = settings.find_provider(world, provider)
    if config is None or not (config.use_shared_key or config.client_id):
        raise Refusal(Reason.NOT_CONFIGURED, f"{provider} is not configured at this project", provider)
    return config


def _get_custom(world: World, key: str) -> OAuthConfig:
    config = settings.find_custom(world, key)
    if config is None:
        raise Refusal(Reason.NOT_CONFIGURED, f"no custom provider {key!r} is configured at this project", key)
    return config


def _issue_state(world: World, provider: str, redirect_uri: str, challenge: str, **more: str) -> str:
    said = claims.state_claims(provider, redirect_uri, challenge, world.now())
    return sign_by_secret(world, "state", {**said, **more}, STATE_TTL)


def _user_of(world: World, provider: str, person: Person) -> User:
    """Whoever signed in so before; else whoever has the address; else somebody new."""
    people.lock_users(world)
    joined = people.find_joined(world, provider, person.subject)
    if joined:
        return joined
    user = people.find_by_email(world, person.email)
    if user is None:
        check_signup(world)
        profile = wire.profile(person)
        user = people.add_user(world, person.email, provider=provider, profile=profile, verified=True)
    else:
        providers = tuple(dict.fromkeys((*user.providers, provider)))
        user = replace(user, email_verified=True, providers=providers, updated_at=world.now())
        people.change_user(world, user)
    people.join(world, user, provider, person.subject)
    return user
