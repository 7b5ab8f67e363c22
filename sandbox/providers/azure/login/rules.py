"""What Entra ID decides about an authorization request: whether it is taken, and where its answer goes.

Who signs in is accounts.py's, and what the answer holds is answers.py's.
https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from sandbox.core import tables
from sandbox.core.clients import get_client
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.protocol.authorization import AuthorizationRequest, ReturnAddress, told_by_redirect
from sandbox.protocol.claims import parse_claims
from sandbox.protocol.interaction import check_prompt, parse_max_age
from sandbox.protocol.pkce import check_challenge
from sandbox.protocol.responses import default_mode, parse_response_mode, parse_response_type
from sandbox.providers.azure.applications import Platform, check_tenancy, get_platform, list_redirect_uris
from sandbox.providers.azure.authorities import V1, Authority
from sandbox.providers.azure.directory import SLUG
from sandbox.providers.azure.login.parameters import AuthorizeParameters
from sandbox.providers.azure.resources import Asked, ask_for_resource, parse_scopes

RESPONSE_TYPES = ("code", "id_token", "code id_token", "id_token token", "token")
PROMPTS = frozenset({"none", "login", "consent", "select_account", "admin_consent", "create"})


def get_application(world: World, authority: Authority, client_id: str | None) -> tables.Client:
    """The application of a request, which may be used at this authority.

    Raises Refusal: FIELD_MISSING, CLIENT_UNKNOWN, and the reasons of `check_tenancy`.
    """
    if not client_id:
        raise Refusal(Reason.FIELD_MISSING, "the request has no client_id", "client_id")
    client = get_client(world, SLUG, client_id)
    check_tenancy(world, client, authority)
    return client


def check_authorization(world: World, authority: Authority, parameters: AuthorizeParameters) -> AuthorizationRequest:
    """Check an authorization request, in the order client, redirect URI, everything else.

    Raises Refusal: those of `get_application` and REDIRECT_URI_MISMATCH, which a person reads; RedirectRefusal: the
    rest, of which the client is told.
    """
    client = get_application(world, authority, parameters.client_id)
    redirect_uri = parameters.redirect_uri or _only_redirect_uri(client)
    platform = get_platform(client, redirect_uri)
    address = ReturnAddress(client.client_id, answer_uri(redirect_uri), parameters.state, _mode_of_errors(parameters))
    with told_by_redirect(address):
        response_type = _check_response_type(client, parameters.response_type)
        response_mode = _check_response_mode(parameters.response_mode, response_type)
        asked = ask(world, authority, parameters.scope, parameters.resource, parameters.version)
        _check_id_token(parameters, response_type, asked)
        _check_pkce(parameters, platform)
        check_prompt(parameters.prompt, known=PROMPTS)
        return AuthorizationRequest(
            client_id=client.client_id,
            redirect_uri=redirect_uri,
            redirect_uri_given=parameters.redirect_uri is not None,
            scopes=asked.text,
            scope_given=True,
            state=parameters.state,
            response_type=response_type,
            response_mode=response_mode,
            nonce=parameters.nonce,
            code_challenge=parameters.code_challenge,
            code_challenge_method=parameters.code_challenge_method,
            login_hint=parameters.login_hint,
            prompt=parameters.prompt,
            max_age=parse_max_age(parameters.max_age),
            claims=parse_claims(parameters.claims),
            extra=_extra(authority, parameters, platform),
        )


def ask(world: World, authority: Authority, scope: str | None, resource: str | None, version: str) -> Asked:
    """What a request asks for, by the rules of its endpoint's version.

    Raises Refusal: FIELD_MISSING, SCOPE_INVALID, TARGET_INVALID.
    """
    if version == V1:
        return ask_for_resource(world, resource or "", scope or "", authority.tenant)
    if not scope:
        raise Refusal(Reason.FIELD_MISSING, "the request has no scope", "scope")
    return parse_scopes(world, scope, authority.tenant)


def answer_uri(redirect_uri: str) -> str:
    """Where the answer goes: a URI without a path gets one, as a browser would give it."""
    # https://learn.microsoft.com/entra/identity-platform/reply-url#redirect-uri-restrictions
    parts = urlsplit(redirect_uri)
    if parts.path or parts.scheme not in ("http", "https"):
        return redirect_uri
    return urlunsplit(parts._replace(path="/"))


def return_address(request: AuthorizationRequest) -> ReturnAddress:
    """The same for a request that was taken; the page of form_post keeps the URI as it is."""
    posted = request.response_mode == "form_post"
    uri = request.redirect_uri if posted else answer_uri(request.redirect_uri)
    return ReturnAddress(request.client_id, uri, request.state, request.response_mode)


def _only_redirect_uri(client: tables.Client) -> str:
    registered = [uri for uri, _ in list_redirect_uris(client)]
    if len(registered) != 1:
        detail = f"the request has no redirect_uri, and {len(registered)} are registered"
        raise Refusal(Reason.FIELD_MISSING, detail, "redirect_uri")
    return registered[0]


def _mode_of_errors(parameters: AuthorizeParameters) -> str:
    try:
        return parse_response_mode(parameters.response_mode, parse_response_type(parameters.response_type))
    except Refusal:
        return parameters.response_mode if parameters.response_mode in ("fragment", "form_post") else "query"


def _check_response_type(client: tables.Client, value: str | None) -> str:
    response_type = parse_response_type(value)
    words = response_type.split()
    if response_type not in RESPONSE_TYPES:
        raise Refusal(Reason.RESPONSE_TYPE_UNSUPPORTED, f"{response_type!r} is no response_type here", "response_type")
    # https://learn.microsoft.com/entra/identity-platform/v2-oauth2-implicit-grant-flow
    for word, setting in (("id_token", "implicit_id_tokens"), ("token", "implicit_access_tokens")):
        if word in words and not client.settings[setting]:
            raise Refusal(Reason.RESPONSE_TYPE_NOT_ALLOWED, f"{setting} is off for {client.client_id}", word)
    return response_type


def _check_response_mode(value: str | None, response_type: str) -> str:
    try:
        return parse_response_mode(value, response_type)
    except Refusal as refusal:
        raise Refusal(refusal.reason, refusal.detail, value or default_mode(response_type)) from refusal


def _check_id_token(parameters: AuthorizeParameters, response_type: str, asked: Asked) -> None:
    if "id_token" not in response_type.split():
        return
    if "openid" not in asked.oidc and parameters.version != V1:
        raise Refusal(Reason.SCOPE_INVALID, "an id_token needs the scope openid", parameters.scope)
    if not parameters.nonce:
        raise Refusal(Reason.NONCE_MISSING, "an id_token from here needs a nonce", "nonce")


def _check_pkce(parameters: AuthorizeParameters, platform: Platform) -> None:
    check_challenge(parameters.code_challenge, parameters.code_challenge_method)
    if platform is Platform.SPA and not parameters.code_challenge and "code" in (parameters.response_type or ""):
        raise Refusal(Reason.CHALLENGE_MISSING, "a single-page application needs PKCE", "code_challenge")


def _extra(authority: Authority, parameters: AuthorizeParameters, platform: Platform) -> dict[str, Any]:
    return {
        "authority": authority.name,
        "version": parameters.version,
        "platform": platform.value,
        "client_info": parameters.client_info,
        "domain_hint": parameters.domain_hint,
        "sid": parameters.sid,
    }
