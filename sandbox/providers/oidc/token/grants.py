"""The grants of the token endpoint, each from a client and its parameters to tokens; a refused one spends nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sandbox.core import jwts, tables
from sandbox.core.compare import same_secret
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tables import digest
from sandbox.core.tokens import REFRESH, find_token, lock_tokens, revoke_tokens, use_refresh_token
from sandbox.core.world import World
from sandbox.protocol import sessions
from sandbox.protocol.client_assertions import LEEWAY, check_unused, client_keys
from sandbox.protocol.dpop import check_binding
from sandbox.protocol.grants import authorization_code, device_code
from sandbox.protocol.grants.refresh_token import check_refresh_token
from sandbox.protocol.parameters import get_parameter
from sandbox.providers.oidc.clients import (
    allowed_scopes,
    is_public,
    is_registered,
    is_registered_redirect,
    narrowed_scopes,
)
from sandbox.providers.oidc.issuers import Issuer
from sandbox.providers.oidc.login.device_rules import DEVICE_CODE_GRANT
from sandbox.providers.oidc.login.requests import check_resources
from sandbox.providers.oidc.people import find_by_hint, find_by_subject, get_active
from sandbox.providers.oidc.token.exchange import exchange_token
from sandbox.providers.oidc.tokens import Grant, IssuedTokens, Sign, issue_tokens

JWT_BEARER_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_EXCHANGE_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"


@dataclass(frozen=True)
class TokenRequest:
    """What an authenticated client asks for. `jkt` is the key of the request's DPoP proof."""

    issuer: Issuer
    client: tables.Client
    parameters: dict[str, str]
    jkt: str | None


def redeem_code(world: World, request: TokenRequest) -> IssuedTokens:
    """RFC 6749 section 4.1.3. A code that comes twice takes with it all that the first one brought (section 4.1.2).

    Raises Refusal: FIELD_MISSING, and the reasons of codes, redirect URI, verifier, DPoP and identities.
    """
    issuer, client, parameters = request.issuer, request.client, request.parameters
    code = get_parameter(parameters, "code")
    try:
        grant = authorization_code.check_authorization_code(
            world,
            issuer.service,
            client,
            code=code,
            redirect_uri=parameters.get("redirect_uri"),
            code_verifier=parameters.get("code_verifier"),
            is_allowed=lambda uri: is_registered_redirect(client, uri),
        )
    except Refusal as refusal:
        if refusal.reason is Reason.CODE_ALREADY_REDEEMED:
            _revoke_what_came_of(world, issuer, code)
        raise
    asked = grant.request
    if asked.redirect_uri_given and "redirect_uri" not in parameters:
        raise Refusal(Reason.REDIRECT_URI_MISMATCH, "the authorization request had a redirect_uri", "redirect_uri")
    if asked.code_challenge is None and "code_verifier" in parameters:
        # Accepting it would hide that the challenge was stripped on the way (RFC 9700 section 2.1.1).
        raise Refusal(Reason.VERIFIER_UNEXPECTED, "the authorization request had no code_challenge", "code_verifier")
    check_binding(asked.dpop_jkt, request.jkt)
    get_active(world, grant.login)
    audience = _narrowed(asked.resources, check_resources(parameters.get("resource")))
    authorization_code.redeem_authorization_code(world, grant)
    made_of = Grant(
        grant.login,
        grant.scopes,
        grant.flow,
        Sign.restore(asked.extra["sign"]),
        claims=asked.claims,
        audience=audience,
        jkt=request.jkt,
        nonce=asked.nonce,
    )
    return issue_tokens(world, issuer, client, made_of)


def refresh(world: World, request: TokenRequest) -> IssuedTokens:
    """RFC 6749 section 6, with rotation; whoever uses an old token again ends the whole login (RFC 9700 section 4.14).

    Raises Refusal: FIELD_MISSING, the reasons of refresh tokens, SCOPE_INVALID, DPoP and identities.
    """
    issuer, client = request.issuer, request.client
    value = get_parameter(request.parameters, "refresh_token")
    token = _check_refresh_token(world, issuer, client, value)
    grant = Grant.restore(token)
    get_active(world, grant.login)
    if is_public(client):
        # A confidential client proves itself otherwise and may change its key (RFC 9449 section 5).
        check_binding(grant.jkt, request.jkt)
    scopes = narrowed_scopes(grant.scopes, request.parameters.get("scope"))
    wanted = check_resources(request.parameters.get("resource"))
    lasting = replace(grant, jkt=request.jkt or grant.jkt, nonce=None)
    narrower = replace(lasting, scopes=scopes, audience=_narrowed(grant.audience, wanted))
    if not issuer.settings["refresh_token_rotation"]:
        return issue_tokens(world, issuer, client, narrower, refresh_token=value)
    if token.used_at is None:
        use_refresh_token(world, token)
    return issue_tokens(world, issuer, client, narrower, lasting=lasting)


def client_credentials(world: World, request: TokenRequest) -> IssuedTokens:
    """RFC 6749 section 4.4: the client for itself. Raises Refusal: GRANT_TYPE_NOT_ALLOWED, SCOPE_INVALID."""
    client = request.client
    if is_public(client) and is_registered(client):
        raise Refusal(Reason.GRANT_TYPE_NOT_ALLOWED, f"{client.client_id} cannot prove who it is", "grant_type")
    asked = tuple(dict.fromkeys(request.parameters.get("scope", "").split()))
    allowed = client.settings["scope"]
    strange = [scope for scope in asked if allowed is not None and scope not in allowed.split()]
    if strange:
        raise Refusal(Reason.SCOPE_INVALID, f"{client.client_id} may not have {' '.join(strange)}", "scope")
    # There is nobody to sign in, and nothing to stay signed in with.
    scopes = tuple(scope for scope in asked if scope not in ("openid", "offline_access"))
    audience = check_resources(request.parameters.get("resource"))
    flow = world.ids.text(16)
    world.entry.note(flow=flow)
    return issue_tokens(world, request.issuer, client, Grant("", scopes, flow, audience=audience, jkt=request.jkt))


def password(world: World, request: TokenRequest) -> IssuedTokens:
    """RFC 6749 section 4.3, for what is too old to do better. Raises Refusal: FIELD_MISSING, PASSWORD_WRONG."""
    parameters = request.parameters
    username, secret = get_parameter(parameters, "username"), get_parameter(parameters, "password")
    identity = find_by_hint(world, username)
    if identity is None or not same_secret(identity.password, secret):
        raise Refusal(Reason.PASSWORD_WRONG, f"not the password of {username!r}", "password")
    get_active(world, identity.login)
    sign = Sign(None, world.now(), sessions.BASIC_ACR, sessions.PASSWORD)
    return _issue_for(world, request, identity.login, sign)


def poll_device(world: World, request: TokenRequest) -> IssuedTokens:
    """RFC 8628 section 3.4. Raises Refusal: FIELD_MISSING, and the reasons of device codes and identities."""
    value = get_parameter(request.parameters, "device_code")
    grant = device_code.check_device_code(world, request.issuer.service, request.client, value)
    login = grant.login or ""
    get_active(world, login)
    device_code.redeem_device_code(world, grant)
    sign = Sign(None, world.now(), sessions.BASIC_ACR, sessions.PASSWORD)
    made_of = Grant(login, tuple(grant.scopes.split()), grant.flow, sign, jkt=request.jkt)
    return issue_tokens(world, request.issuer, request.client, made_of)


def exchange_assertion(world: World, request: TokenRequest) -> IssuedTokens:
    """RFC 7523 section 2.1: the client speaks for a person, by an assertion it has signed with its own key.

    Raises Refusal: FIELD_MISSING, ASSERTION_INVALID.
    """
    issuer, client = request.issuer, request.client
    assertion = get_parameter(request.parameters, "assertion")
    try:
        claims = jwts.verify(world, assertion, client_keys(client, assertion, issuer.network), leeway=LEEWAY)
    except Refusal as refusal:
        raise Refusal(Reason.ASSERTION_INVALID, refusal.detail, "assertion") from refusal
    named = claims.get("aud")
    audiences = named if isinstance(named, list) else [named]
    if claims.get("iss") != client.client_id or not {issuer.url, issuer.endpoint("/token")} & {*map(str, audiences)}:
        raise Refusal(Reason.ASSERTION_INVALID, f"iss must be {client.client_id} and aud {issuer.url}", "assertion")
    sub = claims.get("sub")
    identity = find_by_subject(world, sub) if isinstance(sub, str) else None
    if identity is None or identity.deactivated:
        raise Refusal(Reason.ASSERTION_INVALID, f"{sub!r} is nobody who can sign in", "assertion")
    if "jti" in claims:
        whose, until = f"{issuer.service} {client.client_id}", claims["exp"] + LEEWAY if "exp" in claims else None
        check_unused(world, whose, claims["jti"], Reason.ASSERTION_INVALID, until=until)
    return _issue_for(world, request, identity.login, Sign())


def exchange(world: World, request: TokenRequest) -> IssuedTokens:
    """RFC 8693. Raises Refusal: FIELD_MISSING, FIELD_INVALID, SUBJECT_TOKEN_INVALID, SCOPE_INVALID, TARGET_INVALID."""
    return exchange_token(world, request.issuer, request.client, request.parameters, request.jkt)


GRANTS: Mapping[str, Callable[[World, TokenRequest], IssuedTokens]] = {
    "authorization_code": redeem_code,
    "refresh_token": refresh,
    "client_credentials": client_credentials,
    "password": password,
    DEVICE_CODE_GRANT: poll_device,
    JWT_BEARER_GRANT: exchange_assertion,
    TOKEN_EXCHANGE_GRANT: exchange,
}


def _issue_for(world: World, request: TokenRequest, login: str, sign: Sign) -> IssuedTokens:
    scopes = allowed_scopes(request.issuer, request.client, request.parameters.get("scope", ""))
    flow = world.ids.text(16)
    world.entry.note(flow=flow, login=login)
    audience = check_resources(request.parameters.get("resource"))
    made_of = Grant(login, scopes, flow, sign, audience=audience, jkt=request.jkt)
    return issue_tokens(world, request.issuer, request.client, made_of)


def _check_refresh_token(world: World, issuer: Issuer, client: tables.Client, value: str) -> tables.Token:
    try:
        return check_refresh_token(world, issuer.service, client, value, grace=issuer.settings["refresh_token_grace"])
    except Refusal as refusal:
        token = find_token(world, value, service=issuer.service, kind=REFRESH)
        if refusal.reason is Reason.REFRESH_TOKEN_ALREADY_USED and token is not None:
            lock_tokens(world, issuer.service, token.login)
            revoke_tokens(world, service=issuer.service, family=token.family)
        raise


def _revoke_what_came_of(world: World, issuer: Issuer, code: str) -> None:
    row = world.store.find(tables.Code, digest=digest(code), service=issuer.service)
    if row is not None:
        lock_tokens(world, issuer.service, row.login)
        revoke_tokens(world, service=issuer.service, family=row.flow)


def _narrowed(granted: tuple[str, ...], wanted: tuple[str, ...]) -> tuple[str, ...]:
    """The resources of a token: those wanted among those granted (RFC 8707 section 2.2). Raises Refusal:
    TARGET_INVALID.
    """
    if granted and not set(wanted) <= set(granted):
        raise Refusal(Reason.TARGET_INVALID, "the authorization request had other resources", "resource")
    return wanted or granted
