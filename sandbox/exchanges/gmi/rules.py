"""What GMI Cloud decides: who gets an authToken, what it turns into, and what its tokens and API keys open.

Everything is checked before anything is spent.
"""

from __future__ import annotations

from typing import Any

from sandbox.core import jwts, tables, tokens
from sandbox.core.codes import check_code, issue_code, redeem_code
from sandbox.core.compare import same_secret
from sandbox.core.identities import get_identity, list_identities, primary_email
from sandbox.core.keys import Key, secret_key
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.exchanges.gmi import people, wire
from sandbox.exchanges.gmi.models import ApiKey, ApiKeyRequest, SessionTokens, User
from sandbox.exchanges.gmi.people import SLUG
from sandbox.service import Redemption, Upstream

AUTH_TOKEN = "auth_token"
API_KEY = "api_key"
NATIVE = "native"
# An authToken is issued to a person, before any device is known.
_NO_CLIENT = ""


def redeem_provider_code(world: World, github: Upstream, code: str) -> str:
    """Swap a code of GMI's GitHub application for GitHub's access token.

    Raises Refusal: the reasons of `Upstream.redeem`; PROVIDER_FAILED where they blame the application.
    """
    client_id = world.settings[SLUG]["client"]
    if client_id is None:
        raise Refusal(
            Reason.CODE_OF_ANOTHER_CLIENT, "the fixture binds no GitHub application to GMI Cloud (gmi.client)", "code"
        )
    try:
        return github.redeem(world, Redemption(code, client_id)).access_token
    except Refusal as refusal:
        if refusal.reason in (Reason.CLIENT_UNKNOWN, Reason.CLIENT_SUSPENDED):
            raise Refusal(Reason.PROVIDER_FAILED, f"GitHub refuses GMI Cloud itself: {refusal.detail}") from refusal
        raise


def accept_provider_token(world: World, github: Upstream, provider: str, access_token: str) -> str:
    """An authToken for the person behind a provider's access token.

    Raises Refusal: the reasons of `Upstream.look_up`, TOKEN_OF_ANOTHER_CLIENT, and those of `open_user`.
    """
    if provider != "github":
        raise Refusal(Reason.TOKEN_UNKNOWN, f"no {provider} is bound to GMI Cloud here, so none issued this token")
    person = github.look_up(world, access_token)
    if person.client_id != world.settings[SLUG]["client"]:
        raise Refusal(Reason.TOKEN_OF_ANOTHER_CLIENT, f"the token was issued to {person.client_id}, not to GMI Cloud")
    user = people.open_user(world, get_identity(world, person.login))
    return issue_auth_token(world, user, provider, second_factor=False)


def check_password(world: World, email: str, password: str) -> tuple[str, bool]:
    """An authToken for an e-mail address and its password, and whether a one-time code is needed as well.

    Of several people who share a primary address, the first whose password fits is meant. Raises Refusal:
    IDENTITY_UNKNOWN, PASSWORD_WRONG, IDENTITY_DEACTIVATED.
    """
    named = [identity for identity in list_identities(world) if _has_email(identity, email)]
    if not named:
        raise Refusal(Reason.IDENTITY_UNKNOWN, f"nobody's primary e-mail is {email!r}", "email")
    world.entry.note(flow=world.ids.text(16), login=named[0].login)
    fitting = [identity for identity in named if same_secret(identity.password, password)]
    if not fitting:
        raise Refusal(Reason.PASSWORD_WRONG, f"not the password of {named[0].login}", "password")
    identity = next((identity for identity in fitting if not identity.deactivated), fitting[0])
    world.entry.note(login=identity.login)
    second_factor = _otp_code(identity) is not None
    user = people.open_user(world, identity)
    return issue_auth_token(world, user, NATIVE, second_factor=second_factor), second_factor


def check_auth_token(world: World, auth_token: str) -> tables.Code:
    """The authToken, if it could be turned into a session now.

    Raises Refusal: CODE_UNKNOWN, CODE_ALREADY_REDEEMED, CODE_EXPIRED.
    """
    return check_code(world, auth_token, service=SLUG, kind=AUTH_TOKEN, client_id=_NO_CLIENT)


def create_session(world: World, client_id: str, auth_token: str, otp_code: str | None) -> SessionTokens:
    """Turn an authToken into a session of this device; a wrong one-time code does not spend it.

    Raises Refusal: the reasons of `check_auth_token`, OTP_MISSING, OTP_WRONG, and those of `get_user`.
    """
    code = check_auth_token(world, auth_token)
    user = people.get_user(world, code.login)
    if code.data["second_factor"]:
        _check_otp(world, code.login, otp_code)
    redeem_code(world, code)
    people.record_login(world, user, code.data["idp"])
    world.entry.note(client_id=client_id)
    return issue_session(world, user, client_id, session_id=world.ids.uuid(), flow=code.flow)


def refresh_session(world: World, client_id: str, refresh_token: str) -> SessionTokens:
    """Swap a refresh token for two new tokens; an access token that was issued before lives on until it expires.

    Raises Refusal: the reasons of `tokens.check_refresh_token`, REFRESH_TOKEN_OF_ANOTHER_CLIENT, and of `get_user`.
    """
    token = tokens.check_refresh_token(world, refresh_token, service=SLUG)
    if token.client_id != client_id:
        raise Refusal(
            Reason.REFRESH_TOKEN_OF_ANOTHER_CLIENT,
            f"the session belongs to the device {token.client_id}, not to {client_id}",
        )
    user = people.get_user(world, token.login)
    tokens.use_refresh_token(world, token)
    return issue_session(world, user, client_id, session_id=token.family, flow=token.flow)


def authenticate(world: World, access_token: str) -> User:
    """Whom an access token speaks for.

    Raises Refusal: the reasons of `jwts.verify` and `tokens.get_access_token`, TOKEN_TYPE_WRONG, those of `get_user`.
    """
    kind = jwts.verify(world, access_token, _key(world)).get("type")
    if kind is not None:
        raise Refusal(Reason.TOKEN_TYPE_WRONG, f"this is a token of the type {kind!r}, not an access token")
    token = tokens.get_access_token(world, access_token, service=SLUG)
    return people.get_user(world, token.login)


def check_member(user: User, organization_id: str) -> None:
    """Refuse everyone who is not in the organization. Raises Refusal: PERMISSION_DENIED."""
    if user.organization_id != organization_id:
        raise Refusal(
            Reason.PERMISSION_DENIED, f"{user.login} is in {user.organization_id}, not in {organization_id!r}", "orgId"
        )


def create_api_key(world: World, user: User, asked: ApiKeyRequest) -> str:
    """Make an API key for the user's organization; its value is shown this once. Raises Refusal: LIMIT_REACHED."""
    # Otherwise two requests at once would each find room for the last key.
    world.store.lock(f"API keys {user.organization_id}")
    most = world.settings[SLUG]["max_api_keys"]
    held = world.store.count(tables.Token, service=SLUG, kind=API_KEY, family=user.organization_id)
    if held >= most:
        raise Refusal(Reason.LIMIT_REACHED, f"{user.organization_id} holds {held} of {most} API keys")
    key_id = world.ids.uuid()
    value = _sign(world, API_KEY, wire.api_key_claims(user, key_id, asked.scope), asked.expires_at)
    tokens.issue_token(
        world,
        value,
        service=SLUG,
        kind=API_KEY,
        client_id=_NO_CLIENT,
        login=user.login,
        scopes=asked.scope,
        family=user.organization_id,
        flow=world.entry.flow or "",
        ttl=None if asked.expires_at is None else asked.expires_at - world.now(),
        data={"id": key_id, "name": asked.name, "type": asked.type, "partial": f"{value[:4]}...{value[-4:]}"},
    )
    return value


def list_api_keys(world: World, organization_id: str) -> list[ApiKey]:
    """All API keys of an organization, expired ones as well, oldest first."""
    rows = world.store.list(
        tables.Token, order=("issued_at", "digest"), service=SLUG, kind=API_KEY, family=organization_id
    )
    return [_api_key(world, row) for row in rows]


def get_api_key(world: World, value: str) -> ApiKey:
    """The API key with this value. Raises Refusal: TOKEN_UNKNOWN, TOKEN_EXPIRED, and the reasons of `get_user`."""
    row = tokens.find_token(world, value, service=SLUG, kind=API_KEY)
    if row is None:
        raise Refusal(Reason.TOKEN_UNKNOWN, "no API key with this value was ever issued")
    world.entry.note(flow=row.flow, login=row.login)
    if row.expires_at is not None and world.now() >= row.expires_at:
        raise Refusal(Reason.TOKEN_EXPIRED, f"the API key expired {world.now() - row.expires_at} s ago")
    people.get_user(world, row.login)
    return _api_key(world, row)


def _has_email(identity: tables.Identity, email: str) -> bool:
    primary = primary_email(identity)
    return primary is not None and primary["email"].lower() == email.lower()


def _otp_code(identity: tables.Identity) -> str | None:
    code: str | None = identity.attributes.get(SLUG, {}).get("otp_code")
    return code


def _check_otp(world: World, login: str, otp_code: str | None) -> None:
    if otp_code is None:
        raise Refusal(Reason.OTP_MISSING, f"{login} has a second factor, and no code was sent", "otpCode")
    if not same_secret(_otp_code(get_identity(world, login)), otp_code):
        raise Refusal(Reason.OTP_WRONG, f"not the one-time code of {login}", "otpCode")


def issue_auth_token(world: World, user: User, idp: str, *, second_factor: bool) -> str:
    """A new authToken of a user who came from this identity provider."""
    ttl = world.settings[SLUG]["auth_token_ttl"]
    value = _sign(world, AUTH_TOKEN, wire.auth_claims(user, idp, second_factor), world.now() + ttl)
    if world.forgery and world.forgery.covers(AUTH_TOKEN):
        # It is remembered like a code, and so is how long a forged one is good for.
        ttl = world.forgery.lifetime(AUTH_TOKEN, ttl) or 0
    issue_code(
        world,
        value,
        service=SLUG,
        kind=AUTH_TOKEN,
        client_id=_NO_CLIENT,
        login=user.login,
        ttl=ttl,
        flow=world.entry.flow or "",
        data={"idp": idp, "second_factor": second_factor},
    )
    return value


def issue_session(world: World, user: User, client_id: str, *, session_id: str, flow: str) -> SessionTokens:
    """The tokens of a session, begun or gone on with."""
    settings = world.settings[SLUG]
    values = {}
    for kind, claims, ttl in (
        (tokens.ACCESS, wire.access_claims(user, session_id, client_id), settings["access_token_ttl"]),
        (tokens.REFRESH, wire.refresh_claims(user, session_id), settings["refresh_token_ttl"]),
    ):
        values[kind] = _sign(world, kind, claims, world.now() + ttl)
        tokens.issue_token(
            world,
            values[kind],
            service=SLUG,
            kind=kind,
            client_id=client_id,
            login=user.login,
            family=session_id,
            flow=flow,
            ttl=ttl,
        )
    return SessionTokens(values[tokens.ACCESS], values[tokens.REFRESH])


def _api_key(world: World, row: tables.Token) -> ApiKey:
    return ApiKey(
        id=row.data["id"],
        name=row.data["name"],
        type=row.data["type"],
        scope=row.scopes,
        partial=row.data["partial"],
        created_at=row.issued_at,
        expires_at=row.expires_at,
        owner=people.describe_user(world, row.login),
        organization_id=row.family,
    )


def _sign(world: World, kind: str, claims: dict[str, Any], expires_at: int | None) -> str:
    life = {"iat": world.now(), "exp": expires_at, "jti": world.ids.uuid()}
    whole = {**claims, **{name: value for name, value in life.items() if value is not None}}
    return jwts.issue(world, kind, whole, _key(world))


def _key(world: World) -> Key:
    return secret_key(world.settings[SLUG]["secret"])
