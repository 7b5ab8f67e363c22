"""Administrators' consent: one person grants an application its permissions for a whole tenant.

Anyone of the tenant may play the administrator here.
https://learn.microsoft.com/entra/identity-platform/v2-admin-consent
"""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.core import tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.protocol import authorization
from sandbox.protocol.authorization import AuthorizationRequest, Transaction
from sandbox.protocol.responses import AuthorizationResponse, respond
from sandbox.providers.azure import consent
from sandbox.providers.azure.applications import get_platform
from sandbox.providers.azure.authorities import V2, Authority
from sandbox.providers.azure.directory import User
from sandbox.providers.azure.login.rules import get_application, return_address
from sandbox.providers.azure.resources import parse_scopes


def check_request(world: World, authority: Authority, query: Mapping[str, str]) -> AuthorizationRequest:
    """Check the request that an application sends an administrator with.

    Raises Refusal: those of `get_application`, FIELD_MISSING, REDIRECT_URI_MISMATCH, SCOPE_INVALID, TARGET_INVALID.
    """
    client = get_application(world, authority, query.get("client_id"))
    redirect_uri = query.get("redirect_uri")
    if not redirect_uri:
        raise Refusal(Reason.FIELD_MISSING, "the request has no redirect_uri", "redirect_uri")
    platform = get_platform(client, redirect_uri)
    asked = parse_scopes(world, query.get("scope", ""), authority.tenant)
    return AuthorizationRequest(
        client_id=client.client_id,
        redirect_uri=redirect_uri,
        redirect_uri_given=True,
        scopes=asked.text,
        scope_given=bool(asked.text),
        state=query.get("state"),
        prompt="consent",
        extra={
            "authority": authority.name,
            "version": V2,
            "platform": platform.value,
            "client_info": False,
            "domain_hint": None,
            "sid": None,
            "admin_consent": True,
        },
    )


def allow(world: World, transaction: Transaction, client: tables.Client, user: User) -> AuthorizationResponse:
    """Grant it for everyone of the administrator's tenant, and answer. Raises Refusal: TRANSACTION_ALREADY_DECIDED."""
    request = transaction.request
    asked = parse_scopes(world, " ".join(request.scopes), user.tenant) if request.scope_given else None
    authorization.decide(world, transaction)
    consent.grant_for_everyone(world, client, user.tenant, asked)
    scope = " ".join(request.scopes) or None
    answer = {"admin_consent": "True", "tenant": user.tenant.id, "state": None, "scope": scope}
    return respond(return_address(request), answer)


def deny(world: World, transaction: Transaction) -> AuthorizationResponse:
    """Grant nothing, and answer. Raises Refusal: TRANSACTION_ALREADY_DECIDED."""
    authorization.decide(world, transaction)
    answer = {"error": "permission_denied", "error_description": "The admin canceled the request"}
    return respond(return_address(transaction.request), answer)
