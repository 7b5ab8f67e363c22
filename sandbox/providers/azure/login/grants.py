"""The grants without a code: client credentials, password, device code, and on behalf of someone.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
https://learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow
"""

from __future__ import annotations

from sandbox.core import jwts, keysets, tables
from sandbox.core.compare import same_secret
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tokens import ACCESS, find_token
from sandbox.core.world import World
from sandbox.protocol.grants import device_code
from sandbox.protocol.sessions import PASSWORD
from sandbox.providers.azure import consent, directory
from sandbox.providers.azure.authorities import COMMON, Authority, get_authority
from sandbox.providers.azure.claims import MFA, Grant, SignIn
from sandbox.providers.azure.directory import SLUG, User
from sandbox.providers.azure.login import accounts
from sandbox.providers.azure.login.client_rules import Caller, check_confidential, check_may_be_public
from sandbox.providers.azure.login.parameters import TokenParameters
from sandbox.providers.azure.login.rules import ask
from sandbox.providers.azure.login.token_rules import check_conditional_access, require
from sandbox.providers.azure.resources import DEFAULT, Asked, Resource, ask_for_resource, parse_scopes
from sandbox.providers.azure.tokens import ALGORITHM, IssuedTokens, RefreshTerms, issue_app_token, issue_tokens

ON_BEHALF_OF = "on_behalf_of"


def client_credentials(world: World, authority: Authority, caller: Caller, asked: TokenParameters) -> IssuedTokens:
    """A token for the application itself.

    Raises Refusal: CLIENT_SECRET_MISSING, GRANT_NEEDS_TENANT, FIELD_MISSING, SCOPE_INVALID, TARGET_INVALID,
    ASSIGNMENT_REQUIRED.
    """
    check_confidential(caller)
    if authority.tenant is None or authority.is_personal:
        raise Refusal(Reason.GRANT_NEEDS_TENANT, f"an application has no home at {authority.name}")
    wanted = ask(world, authority, asked.scope, asked.resource, asked.version)
    if wanted.oidc or len(wanted.scopes) != 1 or wanted.scopes[0].name != DEFAULT:
        raise Refusal(Reason.SCOPE_INVALID, f"the scope must be one resource and /{DEFAULT}", asked.scope or "")
    resource, client = wanted.resource, caller.client
    roles = _permissions(client, resource)
    if resource.settings.get("assignment_required") and not roles:
        raise Refusal(Reason.ASSIGNMENT_REQUIRED, f"{client.client_id} has no app role at {resource.name}")
    return issue_app_token(
        world, authority.mount, client, tenant=authority.tenant, resource=resource, acr=caller.acr, roles=roles
    )


def password(world: World, authority: Authority, caller: Caller, asked: TokenParameters) -> IssuedTokens:
    """Swap a name and a password for tokens (ROPC).

    Raises Refusal: GRANT_NEEDS_TENANT, FIELD_MISSING, IDENTITY_UNKNOWN, PASSWORD_WRONG, the reasons of the person, of
    second factors and scopes, CONSENT_REQUIRED.
    """
    if authority.key == COMMON or authority.is_personal:
        raise Refusal(Reason.GRANT_NEEDS_TENANT, f"passwords are not taken at {authority.name}")
    check_may_be_public(caller)
    username, secret = require(asked.username, "username"), require(asked.password, "password")
    wanted = ask(world, authority, asked.scope, asked.resource, asked.version)
    user = accounts.find_account(world, authority, caller.client, username)
    if user is None:
        raise Refusal(Reason.IDENTITY_UNKNOWN, f"no account is called {username!r} here", "username")
    world.entry.note(login=user.login)
    if not same_secret(user.identity.password, secret):
        raise Refusal(Reason.PASSWORD_WRONG, f"not the password of {user.login}", "password")
    accounts.check_account(world, caller.client, user, interactive=True)
    accounts.check_second_factor(user)
    consent.check_granted(world, caller.client, user, wanted)
    flow = world.ids.text(16)
    world.entry.note(flow=flow)
    grant = _grant(world, caller, user, wanted, sign_in=SignIn(world.now()), flow=flow, version=asked.version)
    return issue_tokens(world, authority.mount, grant, refreshable=RefreshTerms(authority.key))


def poll_device(world: World, authority: Authority, caller: Caller, asked: TokenParameters) -> IssuedTokens:
    """Answer a device's poll. Raises Refusal: the reasons of `check_device_code`, CODE_OF_ANOTHER_TENANT, and those of
    the person.
    """
    check_may_be_public(caller)
    waiting = device_code.check_device_code(world, SLUG, caller.client, require(asked.device_code, "device_code"))
    begun_at = get_authority(world, authority.mount, waiting.data["authority"])
    if begun_at.key != authority.key:
        raise Refusal(Reason.CODE_OF_ANOTHER_TENANT, f"the device began at {begun_at.name}, not {authority.name}")
    user = accounts.get_account(world, authority, caller.client, waiting.login or "")
    accounts.check_account(world, caller.client, user, interactive=False)
    wanted = parse_scopes(world, waiting.scopes, user.tenant)
    # On the page everybody can show a second factor, and has where it was due.
    guarded = wanted.resource.settings.get("conditional_access")
    amr = (*PASSWORD, MFA) if guarded or accounts.shows_second_factor(user) else PASSWORD
    sign_in = SignIn(world.now(), amr)
    grant = _grant(world, caller, user, wanted, sign_in=sign_in, flow=waiting.flow, version=asked.version)
    device_code.redeem_device_code(world, waiting)
    return issue_tokens(world, authority.mount, grant, refreshable=RefreshTerms(authority.key))


def on_behalf_of(world: World, authority: Authority, caller: Caller, asked: TokenParameters) -> IssuedTokens:
    """Swap a user's token for the calling API for one for another API.

    Raises Refusal: CLIENT_SECRET_MISSING, FIELD_MISSING, FIELD_INVALID, those of assertions, of scopes and of the
    person, CONSENT_REQUIRED, MFA_REQUIRED.
    """
    check_confidential(caller)
    if require(asked.requested_token_use, "requested_token_use") != ON_BEHALF_OF:
        raise Refusal(Reason.FIELD_INVALID, f"requested_token_use is {ON_BEHALF_OF}", "requested_token_use")
    assertion = require(asked.assertion, "assertion")
    user, sign_in, flow = _check_assertion(world, authority, caller.client, assertion)
    accounts.check_account(world, caller.client, user, interactive=False)
    wanted = ask(world, authority, asked.scope, asked.resource, asked.version)
    check_conditional_access(wanted, sign_in)
    consent.check_granted(world, caller.client, user, wanted)
    grant = _grant(world, caller, user, wanted, sign_in=sign_in, flow=flow, version=asked.version)
    return issue_tokens(world, authority.mount, grant, refreshable=RefreshTerms(authority.key))


def _grant(
    world: World,
    caller: Caller,
    user: User,
    wanted: Asked,
    *,
    sign_in: SignIn,
    flow: str,
    version: str,
) -> Grant:
    return Grant(
        client=caller.client,
        user=user,
        asked=wanted,
        names=consent.token_scopes(wanted, consent.granted(world, caller.client, user)),
        sign_in=sign_in,
        flow=flow,
        version=version,
        acr=caller.acr,
    )


def _permissions(client: tables.Client, resource: Resource) -> list[str]:
    """The app roles that an application has been granted at an API."""
    granted = client.settings["application_permissions"]
    names = {uri.lower() for uri in resource.uris}
    return [role for name, roles in granted.items() if name.rstrip("/").lower() in names for role in roles]


def _check_assertion(
    world: World, authority: Authority, client: tables.Client, assertion: str
) -> tuple[User, SignIn, str]:
    """The person for whom a token for this client was issued, how they signed in, and the flow.

    Raises Refusal: ASSERTION_INVALID, ASSERTION_EXPIRED, ASSERTION_AUDIENCE_WRONG, ASSERTION_WITHOUT_USER.
    """
    try:
        claims = jwts.verify_signature(assertion, keysets.published_keys(world, SLUG, (ALGORITHM,)))
        jwts.check_life(world, claims)
    except Refusal as refusal:
        late = refusal.reason is Reason.TOKEN_EXPIRED
        reason = Reason.ASSERTION_EXPIRED if late else Reason.ASSERTION_INVALID
        raise Refusal(reason, refusal.detail, "assertion") from refusal
    named = str(claims.get("aud", "")).rstrip("/").lower()
    own = ask_for_resource(world, client.client_id, "", None).resource
    if named not in {uri.rstrip("/").lower() for uri in own.uris}:
        raise Refusal(Reason.ASSERTION_AUDIENCE_WRONG, f"the token is for {named!r}, not for {client.client_id}")
    if claims.get("idtyp") == "app":
        raise Refusal(Reason.ASSERTION_WITHOUT_USER, "the token is an application's own, and speaks for nobody")
    known = find_token(world, assertion, service=SLUG, kind=ACCESS)
    if known is None or known.revoked_at is not None:
        raise Refusal(Reason.ASSERTION_INVALID, "the token was revoked, or is no access token", "assertion")
    home = directory.get_tenant(world, known.data["tenant"])
    if authority.tenant and authority.tenant.id != home.id:
        raise Refusal(Reason.ASSERTION_INVALID, f"the token is of {home.domain}, not of {authority.name}")
    amr = (*PASSWORD, MFA) if known.data[MFA] else PASSWORD
    sign_in = SignIn(known.data["auth_time"], amr, known.data["sid"])
    return directory.get_user(world, home, known.login), sign_in, known.flow
