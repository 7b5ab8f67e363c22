"""What Entra ID decides about codes and refresh tokens; only full success spends a code, and nothing a refresh token.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
https://learn.microsoft.com/entra/identity-platform/refresh-tokens
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from sandbox.core import tables
from sandbox.core.codes import check_code
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tokens import REFRESH, find_token
from sandbox.core.world import World
from sandbox.protocol.authorization import AUTHORIZATION_CODE, AuthorizationRequest
from sandbox.protocol.claims import asked_claims
from sandbox.protocol.grants import authorization_code, refresh_token
from sandbox.protocol.grants.authorization_code import CodeGrant
from sandbox.providers.azure import consent, directory
from sandbox.providers.azure.applications import Platform, find_platform, has_credentials
from sandbox.providers.azure.authorities import V1, Authority, get_authority
from sandbox.providers.azure.claims import MFA, Grant, SignIn
from sandbox.providers.azure.directory import SLUG, User
from sandbox.providers.azure.login import accounts
from sandbox.providers.azure.login.client_rules import Caller, check_confidential, check_public
from sandbox.providers.azure.login.parameters import TokenParameters
from sandbox.providers.azure.resources import Asked, ask_for_resource, parse_scopes
from sandbox.providers.azure.tokens import IssuedTokens, RefreshTerms, issue_tokens

_CODE_FORM = re.compile(r"[A-Za-z0-9._~-]+")


def redeem_code(world: World, authority: Authority, caller: Caller, asked: TokenParameters) -> IssuedTokens:
    """Swap a code for tokens; a refused attempt leaves it usable.

    Raises Refusal: FIELD_MISSING, TOKEN_MALFORMED, CODE_OF_ANOTHER_TENANT, REDIRECT_URI_MISMATCH, the reasons of codes
    and verifiers, of the platform (`check_platform`), and of the person.
    """
    code, client = require(asked.code, "code"), caller.client
    if not _CODE_FORM.fullmatch(code):
        raise Refusal(Reason.TOKEN_MALFORMED, "the code has characters that no code has", "code")
    if not asked.origin:
        # Whoever lacks a credential is told so first, whatever the code is worth.
        check_platform(caller, find_platform(client, asked.redirect_uri or ""), None)
    found = authorization_code.check_authorization_code(
        world,
        SLUG,
        client,
        code=code,
        redirect_uri=asked.redirect_uri,
        code_verifier=asked.code_verifier,
        is_allowed=lambda uri: find_platform(client, uri) is not None,
    )
    extra = found.request.extra
    issued_on = get_authority(world, authority.mount, extra["authority"])
    if issued_on.key != authority.key:
        raise Refusal(Reason.CODE_OF_ANOTHER_TENANT, f"the code was issued at {issued_on.name}, not {authority.name}")
    if found.request.redirect_uri_given and not asked.redirect_uri:
        raise Refusal(Reason.FIELD_MISSING, "the request has no redirect_uri", "redirect_uri")
    platform = Platform(extra["platform"])
    check_platform(caller, platform, asked.origin)
    grant = _grant_of_code(world, caller, found, asked)
    accounts.check_account(world, client, grant.user, interactive=False)
    authorization_code.redeem_authorization_code(world, found)
    return issue_tokens(world, authority.mount, grant, refreshable=_terms(authority, platform is Platform.SPA))


def refresh(world: World, authority: Authority, caller: Caller, asked: TokenParameters) -> IssuedTokens:
    """Swap a refresh token for new tokens; the used one stays good.

    Raises Refusal: FIELD_MISSING, the reasons of refresh tokens, of the platform, of the person and of scopes,
    CONSENT_REQUIRED, MFA_REQUIRED.
    """
    token = _check_refresh_token(world, caller, require(asked.refresh_token, "refresh_token"))
    data = token.data
    platform = Platform.SPA if data["is_spa"] else None
    check_platform(caller, platform, asked.origin)
    user = _user_of(world, authority, token)
    accounts.check_account(world, caller.client, user, interactive=False)
    wanted = _scopes_of_refresh(world, asked, token, user)
    sign_in = SignIn(data["auth_time"], tuple(data["amr"]), data["sid"])
    check_conditional_access(wanted, sign_in)
    consent.check_granted(world, caller.client, user, wanted)
    given = consent.granted(world, caller.client, user)
    grant = Grant(
        client=caller.client,
        user=user,
        asked=wanted,
        names=consent.token_scopes(wanted, given),
        sign_in=sign_in,
        flow=token.flow,
        version=asked.version,
        acr=caller.acr,
    )
    return issue_tokens(world, authority.mount, grant, refreshable=_terms(authority, data["is_spa"], data["ends_at"]))


def request_of_code(world: World, client: tables.Client, code: str) -> AuthorizationRequest:
    """The authorization request that a code answers. Raises Refusal: the reasons of `check_code`."""
    row = check_code(world, code, service=SLUG, kind=AUTHORIZATION_CODE, client_id=client.client_id)
    return AuthorizationRequest.restore(row.data["request"])


def require(value: str | None, name: str) -> str:
    """A parameter that must be there. Raises Refusal: FIELD_MISSING."""
    if not value:
        raise Refusal(Reason.FIELD_MISSING, f"the request has no {name}", name)
    return value


def check_platform(caller: Caller, platform: Platform | None, origin: str | None) -> None:
    """Hold a redemption against the platform of its redirect URI; None: whatever it was, no single-page application.

    Raises Refusal: ORIGIN_MISSING, ORIGIN_UNEXPECTED, CLIENT_CREDENTIALS_UNEXPECTED, CLIENT_SECRET_MISSING.
    """
    # https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#redirect-uris-for-single-page-apps-spas
    if platform is Platform.SPA:
        if not origin:
            raise Refusal(Reason.ORIGIN_MISSING, "a single-page application redeems from a browser, with an Origin")
        check_public(caller, "a secret came with an Origin header")
        return
    if origin:
        raise Refusal(Reason.ORIGIN_UNEXPECTED, f"an Origin header ({origin}) came with what is no browser's", origin)
    if platform is Platform.PUBLIC:
        check_public(caller, "the redirect URI is that of a public client")
    elif has_credentials(caller.client) and (platform or not caller.client.settings["public_client"]):
        check_confidential(caller)


def check_conditional_access(asked: Asked, sign_in: SignIn) -> None:
    """Refuse a token for a guarded API without a second factor. Raises Refusal: MFA_REQUIRED."""
    # https://learn.microsoft.com/entra/identity-platform/v2-conditional-access-dev-guide
    if asked.resource.settings.get("conditional_access") and MFA not in sign_in.amr:
        raise Refusal(Reason.MFA_REQUIRED, f"{asked.resource.name} wants a second factor", asked.resource.id)


def _grant_of_code(world: World, caller: Caller, found: CodeGrant, asked: TokenParameters) -> Grant:
    request, extra = found.request, found.request.extra
    user = directory.get_user(world, directory.get_tenant(world, extra["tenant"]), found.login)
    wanted = parse_scopes(world, " ".join(found.scopes), user.tenant)
    if asked.version == V1 and asked.resource:
        wanted = ask_for_resource(world, asked.resource, " ".join(wanted.oidc), user.tenant)
        consent.check_granted(world, caller.client, user, wanted)
    elif asked.scope:
        wanted = _narrowed(world, asked.scope, wanted, user)
    names = asked_claims(request.claims, "id_token")
    return Grant(
        client=caller.client,
        user=user,
        asked=wanted,
        names=consent.token_scopes(wanted, consent.granted(world, caller.client, user)),
        sign_in=SignIn(extra["auth_time"], tuple(extra["amr"]), found.sid),
        flow=found.flow,
        version=asked.version,
        acr=caller.acr,
        nonce=request.nonce,
        asked_claims=(*names, "auth_time") if request.max_age is not None else tuple(names),
    )


def _narrowed(world: World, scope: str, granted: Asked, user: User) -> Asked:
    """The scopes named at the token endpoint: OpenID Connect's stay as they were granted."""
    named = parse_scopes(world, scope, user.tenant)
    known = {(one.resource.id, one.name) for one in granted.scopes}
    for one in named.scopes:
        if (one.resource.id, one.name) not in known:
            raise Refusal(Reason.SCOPE_INVALID, f"{one.asked} was not asked for at the authorize endpoint", one.asked)
    resource = named.resource if named.scopes else granted.resource
    return Asked(granted.oidc, resource, named.scopes or granted.scopes)


def _check_refresh_token(world: World, caller: Caller, value: str) -> tables.Token:
    found = find_token(world, value, service=SLUG, kind=REFRESH)
    ended = found and found.expires_at is not None and world.now() >= found.expires_at
    if found and ended and found.client_id == caller.client.client_id and found.revoked_at is None:
        reason = Reason.REFRESH_TOKEN_LIFETIME_OVER if found.data["is_spa"] else Reason.REFRESH_TOKEN_EXPIRED
        since = datetime.fromtimestamp(found.issued_at, UTC).strftime("%Y-%m-%dT%H:%M:%S.0000000Z")
        raise Refusal(reason, f"the refresh token was issued at {since}", since)
    return refresh_token.check_refresh_token(world, SLUG, caller.client, value)


def _user_of(world: World, authority: Authority, token: tables.Token) -> User:
    # Refresh tokens "are bound to a combination of user and client, but aren't tied to a resource or tenant":
    # https://learn.microsoft.com/entra/identity-platform/refresh-tokens
    tenant = authority.tenant or directory.get_tenant(world, token.data["tenant"])
    return directory.get_user(world, tenant, token.login)


def _scopes_of_refresh(world: World, asked: TokenParameters, token: tables.Token, user: User) -> Asked:
    before = parse_scopes(world, token.scopes, user.tenant)
    if asked.version == V1:
        return ask_for_resource(world, asked.resource, "", user.tenant) if asked.resource else before
    if not asked.scope:
        return before
    named = parse_scopes(world, asked.scope, user.tenant)
    return named if named.scopes else Asked(named.oidc, before.resource, before.scopes)


def _terms(authority: Authority, is_spa: bool, ends_at: int | None = None) -> RefreshTerms:
    return RefreshTerms(authority.key, is_spa, ends_at)
