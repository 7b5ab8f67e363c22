"""Which authorization requests an issuer takes: every parameter, in the order in which it is checked.

What is wrong before the redirect URI is known good is told to the person, all else to the client.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from urllib.parse import urlsplit

from sandbox.core import tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.protocol.authorization import AuthorizationRequest, ReturnAddress, told_by_redirect
from sandbox.protocol.claims import parse_claims, wanted_values
from sandbox.protocol.id_tokens import verify_hint
from sandbox.protocol.interaction import check_prompt, parse_max_age
from sandbox.protocol.pkce import PLAIN, S256, check_challenge
from sandbox.protocol.pushed_requests import PREFIX, get_pushed_request
from sandbox.protocol.redirects import is_safe
from sandbox.protocol.request_objects import fetch_request_object, read_request_object
from sandbox.protocol.responses import RESPONSE_MODES, parse_response_mode, parse_response_type
from sandbox.providers.oidc.clients import (
    allowed_scopes,
    get_issuers_client,
    is_public,
    is_registered,
    is_registered_redirect,
)
from sandbox.providers.oidc.issuers import Issuer
from sandbox.providers.oidc.people import find_by_hint, find_by_subject

Parameters = Mapping[str, str]


def check_authorization(world: World, issuer: Issuer, given: Parameters) -> AuthorizationRequest:
    """The request as it will be kept.

    Raises Refusal for what a person must be told (CLIENT_UNKNOWN, REDIRECT_URI_MISMATCH, REQUEST_URI_INVALID of a
    pushed request), and RedirectRefusal for everything else.
    """
    client = get_issuers_client(world, issuer, given.get("client_id", ""))
    return _check(world, issuer, client, _resolve(world, issuer, client, given, pushed=False))


def check_pushed(
    world: World, issuer: Issuer, client: tables.Client, given: Parameters
) -> tuple[AuthorizationRequest, dict[str, str]]:
    """A request that comes to the endpoint of RFC 9126, and its parameters, out of the request object if it has one.

    Raises Refusal: FIELD_INVALID for a request_uri; and as above.
    """
    if "request_uri" in given:
        raise Refusal(Reason.FIELD_INVALID, "a pushed request has no request_uri (RFC 9126 section 2.1)")
    parameters = _resolve(world, issuer, client, given, pushed=True)
    return _check(world, issuer, client, parameters), parameters


def _check(world: World, issuer: Issuer, client: tables.Client, parameters: Parameters) -> AuthorizationRequest:
    redirect_uri = _check_redirect_uri(client, parameters)
    with told_by_redirect(_address(client, redirect_uri, parameters)):
        return _check_parameters(world, issuer, client, parameters, redirect_uri)


def _resolve(world: World, issuer: Issuer, client: tables.Client, given: Parameters, *, pushed: bool) -> dict[str, str]:
    """The parameters wherever they are: pushed before, in a request object, or in the request itself."""
    named = given.get("request_uri", "")
    if named.startswith(PREFIX):
        kept = get_pushed_request(world, issuer.service, client.client_id, named)
        return {**kept, "client_id": client.client_id, "request_uri": named}
    known = is_registered_redirect(client, given.get("redirect_uri", ""))
    address = _address(client, given["redirect_uri"], given) if known else None
    with told_by_redirect(address) if address else nullcontext():
        required = (
            issuer.settings["require_pushed_authorization_requests"]
            or (client.settings["require_pushed_authorization_requests"])
        )
        if required and not pushed:
            raise Refusal(Reason.PUSHED_REQUEST_REQUIRED, f"{client.client_id} must push its requests (RFC 9126)")
        return _open_request_object(world, issuer, client, given)


def _open_request_object(world: World, issuer: Issuer, client: tables.Client, given: Parameters) -> dict[str, str]:
    if "registration" in given:
        raise Refusal(Reason.REGISTRATION_PARAMETER_UNSUPPORTED, "the registration parameter is not supported")
    if "request" not in given and "request_uri" not in given:
        if client.settings["require_signed_request_object"]:
            raise Refusal(Reason.REQUEST_OBJECT_INVALID, f"{client.client_id} must sign its requests", "request")
        return dict(given)
    if not issuer.settings["request_objects"]:
        # Never ignored: whoever signs its request relies on what is inside (OIDC Core section 6).
        if "request" in given:
            raise Refusal(Reason.REQUEST_OBJECT_UNSUPPORTED, f"{issuer.name} takes no request objects", "request")
        raise Refusal(Reason.REQUEST_URI_UNSUPPORTED, f"{issuer.name} fetches no request objects", "request_uri")
    if "request" in given and "request_uri" in given:
        raise Refusal(Reason.FIELD_INVALID, "request and request_uri exclude each other", "request")
    token = given.get("request") or fetch_request_object(client, given["request_uri"], issuer.network)
    signed = read_request_object(world, client, token, issuer=issuer.url, network=issuer.network)
    outside = {name: value for name, value in given.items() if name not in ("request", "request_uri")}
    return {**outside, **signed, "client_id": client.client_id}


def _address(client: tables.Client, redirect_uri: str, parameters: Parameters) -> ReturnAddress:
    """Where the answer goes, in the mode that was asked for as far as that can be told yet."""
    mode = parameters.get("response_mode")
    if mode not in RESPONSE_MODES:
        mode = "query" if parameters.get("response_type", "code") == "code" else "fragment"
    return ReturnAddress(client.client_id, redirect_uri, parameters.get("state"), mode)


def _check_redirect_uri(client: tables.Client, parameters: Parameters) -> str:
    """Raises Refusal: REDIRECT_URI_MISMATCH. It may be left out in plain OAuth alone (RFC 6749 section 3.1.2.3)."""
    asked = parameters.get("redirect_uri")
    if asked is None:
        is_oidc = "openid" in parameters.get("scope", "").split()
        if len(client.redirect_uris) == 1 and not is_oidc:
            return str(client.redirect_uris[0])
        raise Refusal(Reason.REDIRECT_URI_MISMATCH, "the request has no redirect_uri", "redirect_uri")
    if not is_registered_redirect(client, asked):
        allowed = ", ".join(client.redirect_uris) if is_registered(client) else "any address of this machine"
        raise Refusal(
            Reason.REDIRECT_URI_MISMATCH,
            f"{asked} is not registered for {client.client_id}; it must be exactly {allowed or 'a registered one'}",
            "redirect_uri",
        )
    return asked


def _check_parameters(
    world: World, issuer: Issuer, client: tables.Client, parameters: Parameters, redirect_uri: str
) -> AuthorizationRequest:
    response_type = parse_response_type(parameters.get("response_type"))
    bound = client.settings["dpop_bound_access_tokens"] and "token" in response_type.split()
    if bound or response_type not in issuer.response_types or response_type not in client.settings["response_types"]:
        raise Refusal(
            Reason.RESPONSE_TYPE_NOT_ALLOWED, f"{client.client_id} may not ask for {response_type}", "response_type"
        )
    mode = parse_response_mode(parameters.get("response_mode"), response_type)
    scopes = _scopes(issuer, client, parameters, response_type)
    _check_challenge(issuer, client, parameters, response_type)
    check_prompt(parameters.get("prompt"))
    if "id_token" in response_type.split() and "nonce" not in parameters:
        raise Refusal(Reason.NONCE_MISSING, f"{response_type} needs a nonce (OIDC Core section 3.2.2.1)", "nonce")
    max_age = parse_max_age(parameters.get("max_age"))
    claims = parse_claims(parameters.get("claims"))
    subjects = [*wanted_values(claims, "id_token", "sub"), *wanted_values(claims, "userinfo", "sub")]
    wanted, strict = _wanted_login(world, issuer, parameters, subjects)
    return AuthorizationRequest(
        client_id=client.client_id,
        redirect_uri=redirect_uri,
        redirect_uri_given="redirect_uri" in parameters,
        scopes=scopes,
        scope_given="scope" in parameters,
        state=parameters.get("state"),
        response_type=response_type,
        response_mode=mode,
        nonce=parameters.get("nonce"),
        code_challenge=parameters.get("code_challenge"),
        code_challenge_method=parameters.get("code_challenge_method"),
        login_hint=wanted or parameters.get("login_hint"),
        prompt=parameters.get("prompt"),
        max_age=max_age if max_age is not None else client.settings["default_max_age"],
        acr_values=tuple(parameters.get("acr_values", "").split()) or tuple(client.settings["default_acr_values"]),
        claims=claims,
        resources=check_resources(parameters.get("resource")),
        dpop_jkt=parameters.get("dpop_jkt"),
        extra={"wanted": wanted, "strict": strict, "pushed": parameters.get("request_uri")},
    )


def check_resources(value: str | None) -> tuple[str, ...]:
    """The resources asked for (RFC 8707 section 2). Raises Refusal: TARGET_INVALID."""
    resources = tuple((value or "").split())
    for resource in resources:
        parts = urlsplit(resource) if is_safe(resource) else None
        if parts is None or not (parts.netloc or parts.path):
            raise Refusal(Reason.TARGET_INVALID, f"{resource!r} is no absolute URI without fragment", "resource")
    return resources


def _scopes(issuer: Issuer, client: tables.Client, parameters: Parameters, response_type: str) -> tuple[str, ...]:
    """The scopes that can be granted; what nobody knows is ignored (OIDC Core section 3.1.2.1).

    offline_access is ignored where no refresh token could come of it (section 11).
    """
    known = allowed_scopes(issuer, client, parameters.get("scope", ""))
    consented = not issuer.settings["offline_access_needs_consent"] or "consent" in parameters.get("prompt", "").split()
    if "code" not in response_type.split() or not consented:
        return tuple(scope for scope in known if scope != "offline_access")
    return known


def _check_challenge(issuer: Issuer, client: tables.Client, parameters: Parameters, response_type: str) -> None:
    challenge = parameters.get("code_challenge")
    methods = (S256, PLAIN) if issuer.settings["plain_pkce"] else (S256,)
    check_challenge(challenge, parameters.get("code_challenge_method"), methods=methods)
    required = issuer.settings["require_pkce"] or client.settings["require_pkce"]
    required = required or (is_registered(client) and is_public(client))
    if required and challenge is None and "code" in response_type.split():
        raise Refusal(Reason.CHALLENGE_MISSING, f"{client.client_id} must use PKCE (RFC 7636)", "code_challenge")


def _wanted_login(
    world: World, issuer: Issuer, parameters: Parameters, subjects: list[object]
) -> tuple[str | None, bool]:
    """Who is meant to sign in, and whether nobody else will do.

    Raises Refusal: FIELD_INVALID for a bad id_token_hint.
    """
    if hint := parameters.get("id_token_hint"):
        try:
            subjects = [verify_hint(hint, issuer.keys(world), issuer.url)["sub"]]
        except Refusal as refusal:
            raise Refusal(Reason.FIELD_INVALID, f"id_token_hint: {refusal.detail}", "id_token_hint") from refusal
    if subjects:
        identity = find_by_subject(world, subjects[0]) if isinstance(subjects[0], str) else None
        return identity.login if identity else None, True
    identity = find_by_hint(world, parameters.get("login_hint"))
    return identity.login if identity else None, False
