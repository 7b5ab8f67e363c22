"""What JITSudo decides about logins, in this order: state, provider, code, id_token, tenant, policy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.exchanges.jitsudo import policy, tenants
from sandbox.exchanges.jitsudo.login import wire
from sandbox.exchanges.jitsudo.login.providers import ISSUER_FIELD, Provider, get_provider, has_provider
from sandbox.exchanges.jitsudo.login.state import State, issue_state, read_state, use_state
from sandbox.exchanges.jitsudo.models import SLUG, SystemToken, Tenant
from sandbox.exchanges.jitsudo.tokens import issue_system_token
from sandbox.service import Redemption


def find_methods(world: World, domain: str | None, slug: str | None) -> tuple[Tenant, list[str]]:
    """The tenant of a domain or slug, and how its people log in. Raises Refusal: OBJECT_UNKNOWN, FIELD_MISSING."""
    tenant = get_tenant(world, domain, slug)
    methods = ["oidc"] if has_provider(world, tenant.id) else []
    return tenant, [*methods, "local"] if tenant.local_login else methods


def get_tenant(world: World, domain: str | None, slug: str | None) -> Tenant:
    """The tenant that a verified domain, an e-mail address or a slug names; both must name the same one.

    Raises Refusal: FIELD_MISSING if there is neither, OBJECT_UNKNOWN.
    """
    if domain is None and slug is None:
        raise Refusal(Reason.FIELD_MISSING, "there is neither a domain nor a slug", "domain")
    found = {tenants.find_by_domain(world, domain)} if domain is not None else set()
    found |= {tenants.find_by_slug(world, slug)} if slug is not None else set()
    tenant = found.pop()
    if tenant is None or found:
        raise Refusal(Reason.OBJECT_UNKNOWN, f"no tenant has the verified domain {domain!r} and the slug {slug!r}")
    return tenant


def begin(world: World, tenant: Tenant, redirect_uri: str) -> tuple[str, str | None]:
    """Where a tenant's people begin to sign in, and the state; there is none if that is at the global provider.

    Raises Refusal: the reasons of `get_provider` and of `OpenIdIssuer.authorization_url`.
    """
    asked = {"response_type": "code", "redirect_uri": redirect_uri}
    if tenants.find_config(world, tenant.id) is None:
        provider, text = get_provider(world, None), None
    else:
        provider = get_provider(world, tenant.id)
        text, state = issue_state(world, tenant.id, redirect_uri)
        asked |= {"state": text, "nonce": state.nonce}
    asked |= {"client_id": provider.client_id, "scope": " ".join(provider.scopes)}
    return provider.issuer.authorization_url(world, asked), text


def exchange(world: World, code: str, redirect_uri: str, state_text: str | None) -> SystemToken:
    """A system JWT for an authorization code. A state is used up together with the code, and by nothing else.

    Raises Refusal: STATE_INVALID, IDENTITY_OF_ANOTHER_TENANT, ACCESS_BLOCKED, and the reasons of `get_provider` and of
    `_redeem`.
    """
    state = None if state_text is None else read_state(world, state_text, redirect_uri)
    provider = get_provider(world, state.tenant_id if state else None)
    claims = _redeem(world, provider, code, redirect_uri, state)
    person = wire.read_person(claims, world.settings[SLUG]["groups_claim"])
    world.entry.note(flow=world.entry.flow or world.ids.text(16), login=world.entry.login or person.subject)
    tenant = _find_tenant(world, claims, state)
    policy.check_login(world.settings[SLUG]["policies"].get(tenant.id, ()), person)
    # Both parts may hold any character, so they are written as JSON, which keeps them apart.
    user_id = tenants.derived_id("user", tenant.id, json.dumps([provider.reference, person.subject]))
    return issue_system_token(world, tenant, user_id, person)


def _redeem(world: World, provider: Provider, code: str, redirect_uri: str, state: State | None) -> Mapping[str, Any]:
    """The claims of the id_token that the code buys.

    Raises Refusal: the reasons of `OpenIdIssuer.redeem` and `.verify`, TOKEN_MISSING, TOKEN_ISSUER_WRONG,
    TOKEN_AUDIENCE_WRONG, TOKEN_MALFORMED, TOKEN_NONCE_WRONG, STATE_INVALID.
    """
    try:
        redemption = Redemption(code, provider.client_id, provider.client_secret, redirect_uri)
        tokens = provider.issuer.redeem(world, redemption)
        try:
            claims = _verify(world, provider, tokens.id_token)
        finally:
            # Last, since no database may wait for an issuer; and in any case, since the code is gone.
            if state:
                use_state(world, state)
    except Refusal as refusal:
        if refusal.reason is not Reason.OUTSIDE_ADDRESS_REFUSED:
            raise
        raise Refusal(refusal.reason, refusal.detail, ISSUER_FIELD) from refusal
    _check_claims(claims, provider, state)
    return claims


def _verify(world: World, provider: Provider, id_token: str | None) -> Mapping[str, Any]:
    if id_token is None:
        raise Refusal(Reason.TOKEN_MISSING, "the provider gave no id_token; is openid among the scopes?", "scopes")
    return provider.issuer.verify(world, id_token)


def _check_claims(claims: Mapping[str, Any], provider: Provider, state: State | None) -> None:
    """OIDC Core section 3.1.3.7; whoever began without a state had nowhere to keep a nonce."""
    issuer, audience = claims.get("iss"), claims.get("aud")
    if issuer != provider.issuer.url:
        raise Refusal(Reason.TOKEN_ISSUER_WRONG, f"iss is {issuer!r}, not {provider.issuer.url}", "iss")
    if provider.client_id not in (audience if isinstance(audience, list) else [audience]):
        raise Refusal(Reason.TOKEN_AUDIENCE_WRONG, f"aud is {audience!r}, not {provider.client_id}", "aud")
    if claims.get("azp", provider.client_id) != provider.client_id:
        raise Refusal(Reason.TOKEN_AUDIENCE_WRONG, f"azp is {claims['azp']!r}, not {provider.client_id}", "azp")
    if "exp" not in claims or not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise Refusal(Reason.TOKEN_MALFORMED, "the id_token has no exp or no sub")
    if state and claims.get("nonce") != state.nonce:
        raise Refusal(Reason.TOKEN_NONCE_WRONG, f"nonce is {claims.get('nonce')!r}, not that of the state", "nonce")


def _find_tenant(world: World, claims: Mapping[str, Any], state: State | None) -> Tenant:
    """The tenant that the id_token names, or else the state, or else the verified domain of the e-mail address."""
    name = world.settings[SLUG]["tenant_claim"]
    named = claims.get(name)
    if named is not None:
        tenant_id = named.lower() if isinstance(named, str) else None
        if tenant_id is None or (state and tenant_id != state.tenant_id):
            whose = state.tenant_id if state else "any tenant"
            raise Refusal(Reason.IDENTITY_OF_ANOTHER_TENANT, f"{name} is {named!r}, not {whose}", name)
    else:
        tenant_id = state.tenant_id if state else None
    # Anybody can say that an address is theirs; an issuer that knows better says so, some of them in a text.
    email = claims.get("email") if claims.get("email_verified") not in (False, "false") else None
    if tenant_id is not None:
        tenant = tenants.find_tenant(world, tenant_id)
    else:
        tenant = tenants.find_by_domain(world, email) if isinstance(email, str) and "@" in email else None
    if tenant is None:
        raise Refusal(
            Reason.IDENTITY_OF_ANOTHER_TENANT,
            f"neither {name} {named!r} nor the domain of {email!r} has a tenant",
            name,
        )
    return tenant
