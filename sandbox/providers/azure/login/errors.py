"""How Entra ID's login endpoints say no: as JSON, at a redirect URI, and to a person."""

from __future__ import annotations

from collections import defaultdict

from flask import Response, g, make_response, render_template, request

from sandbox.browser import send_back
from sandbox.core.clients import find_client
from sandbox.core.identities import find_identity
from sandbox.core.redaction import printable
from sandbox.core.refusals import Reason, Refusal
from sandbox.protocol.authorization import RedirectRefusal
from sandbox.protocol.responses import respond
from sandbox.providers.azure import authorities, directory
from sandbox.providers.azure.directory import SLUG
from sandbox.providers.azure.login import wire
from sandbox.providers.azure.login.vocabulary import Words
from sandbox.providers.azure.login.words import AT, WORDS
from sandbox.providers.azure.resources import GRAPH_ID
from sandbox.service import current_mount, current_world

VENDOR = "Microsoft"
TITLE = "Sorry, but we're having trouble signing you in."


def render_json_refusal(refusal: Refusal) -> Response:
    """The error answer of every endpoint that speaks JSON."""
    words, error = _words(refusal), None
    if refusal.reason is Reason.ISSUER_UNKNOWN and not request.path.endswith(("/token", "/devicecode")):
        error = words.error if words.number != WORDS[Reason.ISSUER_UNKNOWN].number else "invalid_tenant"
    return wire.render_error(words, error or words.error, fill(words, refusal), refusal)


def render_redirect_refusal(refusal: RedirectRefusal) -> Response:
    """The answer that tells the client at its redirect URI, in the response mode it asked for."""
    words = _words(refusal)
    described = wire.describe_error(words, fill(words, refusal))
    answer = {
        "error": words.redirected or words.error,
        "error_subcode": refusal.field if refusal.reason is Reason.ACCESS_DENIED else None,
        "error_description": str(described["error_description"]),
        "error_uri": str(described["error_uri"]),
    }
    return send_back(respond(refusal.address, answer))


def render_page_refusal(refusal: Refusal) -> Response:
    """The error page a person sees, with the true cause for the developer beside it."""
    words = _words(refusal)
    page = render_template(
        "microsoft_error.html",
        vendor=VENDOR,
        status=words.status,
        title=TITLE,
        message=f"AADSTS{words.number}: {fill(words, refusal)}",
        reason=refusal.reason.value,
        detail=printable(refusal.detail),
    )
    return make_response(page, words.status)


def fill(words: Words, refusal: Refusal) -> str:
    """The text of an error with what this request holds."""
    return printable(words.text.format_map(_values(refusal)))


def _words(refusal: Refusal) -> Words:
    if refusal.field == "redirect_uri" and request.path.endswith("/authorize"):
        return AT.get((refusal.reason, "authorize redirect_uri")) or WORDS[refusal.reason]
    words = AT.get((refusal.reason, refusal.field or "")) or WORDS[refusal.reason]
    number = "world" in g and current_world().settings[SLUG]["client_credentials_scope_error"]
    if refusal.reason is Reason.SCOPE_INVALID and request.form.get("grant_type") == "client_credentials":
        variant = AT[refusal.reason, "client_credentials"]
        return variant if number == variant.number else words
    return words


def _values(refusal: Refusal) -> dict[str, str]:
    """What the blanks of an error's text stand for: the refusal's own field, and what the request says."""
    given, field = request.values, refusal.field or ""
    tenant = (request.view_args or {}).get("tenant", "")
    values = {
        "tenant": tenant,
        "tenantName": tenant,
        "uri": given.get("redirect_uri", ""),
        "name": field,
        "scope": field or given.get("scope", ""),
        "resource": field or given.get("resource") or GRAPH_ID,
        "grant": given.get("grant_type", ""),
        "mode": field or given.get("response_mode", ""),
        "origin": request.headers.get("Origin", ""),
        "upn": given.get("username") or given.get("login", ""),
        "verb": request.method,
        "verbs": "POST" if request.method == "GET" else "GET",
        "date": field,
    }
    if "world" in g:
        values |= {"time": _duration(current_world().settings[SLUG]["refresh_token_ttl"]), **_people()}
    return defaultdict(str, values)


def _people() -> dict[str, str]:
    world, entry = current_world(), current_world().entry
    app_id = entry.client_id or request.values.get("client_id", "")
    client = find_client(world, SLUG, app_id)
    known = {"appId": app_id, "appName": client.name if client else ""}
    identity = find_identity(world, entry.login) if entry.login else None
    if identity is None:
        return known
    home = directory.home_tenant(world, identity)
    user = directory.find_user(world, home, identity.login)
    idp = authorities.issuer(current_mount(), home.id, authorities.V1)
    return {**known, "user": user.upn if user else identity.login, "idp": idp}


def _duration(seconds: int) -> str:
    days, rest = divmod(seconds, 86_400)
    return f"{days}.{rest // 3600:02}:{rest % 3600 // 60:02}:{rest % 60:02}"
