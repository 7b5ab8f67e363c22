"""The pages a person sees while signing in at a generic issuer.

Decide nothing: they show what the transaction holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, make_response, render_template

from sandbox import browser, picker
from sandbox.core import tables
from sandbox.core.identities import face, find_identity
from sandbox.core.refusals import Reason, Refusal
from sandbox.protocol import consents
from sandbox.protocol.authorization import Transaction, keep
from sandbox.protocol.outgoing import is_allowed
from sandbox.protocol.redirects import origin
from sandbox.providers.oidc.clients import get_issuers_client, is_registered
from sandbox.providers.oidc.issuers import SLUG, Issuer
from sandbox.service import current_world

SCOPE_WORDS = {
    "openid": ("Sign you in", "Learn who you are at this issuer."),
    "profile": ("Profile", "Read your name, picture, birthday and the like."),
    "email": ("E-mail address", "Read your address, and whether it was verified."),
    "address": ("Postal address", "Read where you live."),
    "phone": ("Phone number", "Read your number, and whether it was verified."),
    "groups": ("Groups", "Read which groups you belong to."),
    "offline_access": ("Stay signed in", "Keep access while you are away, by a refresh token."),
}
_REFUSED = {
    Reason.IDENTITY_UNKNOWN: "There is no account with this login in the sandbox.",
    Reason.IDENTITY_DEACTIVATED: "This account is deactivated and cannot sign in.",
    Reason.USER_CODE_UNKNOWN: "No device is waiting with this code. Check it, or start again on the device.",
}


def sign_in(
    issuer: Issuer,
    transaction: Transaction,
    *,
    refusal: Refusal | None = None,
    typed: str | None = None,
    frames: Sequence[str] = (),
) -> Response:
    """Who signs in? With `refusal`, why the one who was `typed` cannot.

    `frames` are the logout pages of clients whose session somebody has just ended here.
    """
    world, request = current_world(), transaction.request
    hint = typed or request.login_hint
    here = picker.signed_in_here(world, SLUG, issuer.service)
    accounts = picker.pick_from_all(world, hint=None if refusal else hint, signed_in=here)
    client = _client(issuer, request.client_id)
    page = render_template(
        "sign_in.html",
        vendor=None,
        place=issuer.service,
        client=client,
        callback=_callback(transaction),
        picker=accounts,
        remember="Keep me signed in",
        frames=frames,
        hint=hint,
        signup=False,
        transaction=keep(world, transaction),
        action=_action(issuer, transaction),
        message=_message(refusal),
    )
    pictures = [client["logo_url"]] if client["shows_logo"] else []
    return picker.let_search(make_response(page, 422 if refusal else 200), accounts, frames=frames, pictures=pictures)


def consent(issuer: Issuer, transaction: Transaction, login: str) -> Response:
    """What the application asks for; the person may untick any of it but the sign-in itself."""
    request, world = transaction.request, current_world()
    granted = consents.granted_scopes(world, issuer.service, request.client_id, login) or ()
    identity, client = find_identity(world, login), _client(issuer, request.client_id)
    page = render_template(
        "consent.html",
        vendor=None,
        place=issuer.service,
        client=client,
        callback=_callback(transaction),
        identity=face(identity) if identity else None,
        scopes=[{**_scope(name), "already": name in granted} for name in request.scopes],
        transaction=keep(world, transaction),
        action=_action(issuer, transaction),
        device=_is_device(transaction),
    )
    return _with_logo(client, make_response(page))


def device(issuer: Issuer, user_code: str, refusal: Refusal | None = None) -> Response:
    """The field for the code that a device shows."""
    page = render_template(
        "device.html",
        vendor=None,
        place=issuer.service,
        action=issuer.endpoint("/device"),
        user_code=user_code,
        message=_message(refusal),
    )
    return make_response(page, 422 if refusal else 200)


def device_done(issuer: Issuer, transaction: Transaction, *, allowed: bool) -> Response:
    """The end of a device login, in the browser."""
    identity = find_identity(current_world(), transaction.login) if transaction.login else None
    page = render_template(
        "device_done.html",
        vendor=None,
        place=issuer.service,
        client=_client(issuer, transaction.request.client_id),
        identity=face(identity) if identity else None,
        allowed=allowed,
    )
    return make_response(page)


def confirm_logout(issuer: Issuer, people: Sequence[tables.Identity], fields: dict[str, str]) -> Response:
    """Shall these people be signed out? Nobody is by a mere link (RP-Initiated Logout section 6)."""
    page = render_template(
        "sign_out.html",
        vendor=None,
        place=issuer.service,
        identities=[face(person) for person in people],
        action=issuer.endpoint("/logout/confirm"),
        fields=fields,
    )
    return make_response(page)


def signed_out(issuer: Issuer, frames: Sequence[str], next_url: str | None) -> Response:
    """The end of a session; each client with a front-channel logout page gets it loaded in an iframe."""
    return browser.signed_out(frames, next_url, vendor=None, place=issuer.service)


def _message(refusal: Refusal | None) -> str | None:
    if refusal is None:
        return None
    current_world().entry.refusal = refusal
    return _REFUSED.get(refusal.reason, refusal.detail)


def _client(issuer: Issuer, client_id: str) -> dict[str, Any]:
    client = get_issuers_client(current_world(), issuer, client_id)
    settings = client.settings
    logo = settings["logo_uri"]
    return {
        "name": client.name,
        "client_id": client.client_id,
        "homepage_url": settings["client_uri"],
        "owner": None,
        "unregistered": not is_registered(client),
        "policy_url": settings["policy_uri"],
        "terms_url": settings["tos_uri"],
        "logo_url": logo,
        "shows_logo": bool(logo) and is_allowed(logo, issuer.network),
    }


def _with_logo(client: Mapping[str, Any], page: Response) -> Response:
    """Let the page show the client's logo, if the issuer may reach where it is."""
    return browser.let_load(page, pictures=[client["logo_url"]]) if client["shows_logo"] else page


def _scope(name: str) -> dict[str, Any]:
    title, description = SCOPE_WORDS.get(name, (name, "A scope of this issuer's own; the sandbox has no words for it."))
    return {"name": name, "title": title, "description": description, "fixed": name == "openid"}


def _callback(transaction: Transaction) -> str:
    return origin(transaction.request.redirect_uri) if transaction.request.redirect_uri else ""


def _action(issuer: Issuer, transaction: Transaction) -> str:
    return issuer.endpoint("/device" if _is_device(transaction) else "/login")


def _is_device(transaction: Transaction) -> bool:
    return "user_code" in transaction.request.extra
