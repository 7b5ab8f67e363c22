"""The pages a person sees while signing in at the sandbox Entra ID.

Decide nothing: they show what the transaction holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from flask import Response, make_response, render_template

from sandbox import browser, picker
from sandbox.core import tables
from sandbox.core.clients import get_client
from sandbox.core.identities import Face, face
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.protocol.authorization import Transaction, keep
from sandbox.protocol.redirects import origin
from sandbox.providers.azure.authorities import Authority
from sandbox.providers.azure.directory import SLUG, User
from sandbox.providers.azure.login import accounts
from sandbox.providers.azure.login.device_rules import verification_uri
from sandbox.providers.azure.login.errors import VENDOR
from sandbox.providers.azure.login.vocabulary import Words
from sandbox.providers.azure.resources import OIDC_SCOPES, parse_scopes
from sandbox.service import current_mount, current_world

_REFUSED = {
    Reason.IDENTITY_UNKNOWN: "We couldn't find an account with that username.",
    Reason.USER_CODE_UNKNOWN: "That code didn't work. Check the code and try again.",
    Reason.TRANSACTION_ALREADY_DECIDED: "The request was already authorized or declined.",
}
_WORDLESS = "The sandbox has no words for this permission, and does not know whether the real one exists."
_WARNING = "Accepting means that this application gets the access listed here. You can begin again at any time."
_DEVICE_WARNING = "Are you trying to sign in on another device? Only go on if you started this sign-in yourself."


def sign_in(
    authority: Authority,
    transaction: Transaction,
    *,
    refusal: Refusal | None = None,
    typed: str | None = None,
    frames: Sequence[str] = (),
) -> Response:
    """Who signs in? With `refusal`, why the one who was `typed` cannot.

    `frames` are the logout pages of applications whose session somebody has just ended here.
    """
    world, asked = current_world(), transaction.request
    client = get_client(world, SLUG, asked.client_id)
    hinted = accounts.find_account(world, authority, client, asked.login_hint) if asked.login_hint else None
    choice = _accounts(world, authority, client, asked.extra["domain_hint"], hinted)
    page = render_template(
        "microsoft_sign_in.html",
        vendor=VENDOR,
        organization=_organization(authority),
        client=_client(client),
        callback=_callback(transaction),
        picker=choice,
        remember="Stay signed in",
        frames=frames,
        hint=typed or (hinted.home_upn if hinted else asked.login_hint),
        transaction=keep(world, transaction),
        action=action(authority, transaction),
        message=_message(world, refusal),
    )
    return picker.let_search(make_response(page, 422 if refusal else 200), choice, frames=frames)


def consent(authority: Authority, transaction: Transaction, user: User) -> Response:
    """What the application asks for; it gets all of it or nothing."""
    world, asked = current_world(), transaction.request
    client = get_client(world, SLUG, asked.client_id)
    device, admin = "user_code" in asked.extra, "admin_consent" in asked.extra
    page = render_template(
        "microsoft_consent.html",
        vendor=VENDOR,
        organization=user.tenant.name,
        heading=f"Permissions requested{' for your organization' if admin else ''}",
        warning=_DEVICE_WARNING if device else _WARNING,
        client=_client(client),
        callback=_callback(transaction),
        identity=_face(user),
        scopes=_scopes(world, transaction, user),
        transaction=keep(world, transaction),
        action=action(authority, transaction),
        device=device,
    )
    return make_response(page)


def device(user_code: str, refusal: Refusal | None = None) -> Response:
    """The field for the code that a device shows."""
    page = render_template(
        "microsoft_device.html",
        vendor=VENDOR,
        action=verification_uri(current_mount()),
        user_code=user_code,
        message=_message(current_world(), refusal),
    )
    return make_response(page, 422 if refusal else 200)


def device_done(transaction: Transaction, user: User | None, *, allowed: bool) -> Response:
    """The end of a device login, in the browser."""
    client = get_client(current_world(), SLUG, transaction.request.client_id)
    identity = _face(user) if user else None
    page = render_template(
        "microsoft_device_done.html", vendor=VENDOR, client=_client(client), identity=identity, allowed=allowed
    )
    return make_response(page)


def signed_out(frames: Sequence[str], next_url: str | None) -> Response:
    """The end of a session; each application with a logout URL gets it loaded in an iframe."""
    return browser.signed_out(frames, next_url, template="microsoft_signed_out.html", vendor=VENDOR)


def explain_number(words: Words | None) -> Response:
    """What an error number means."""
    page = render_template(
        "microsoft_error.html",
        vendor=VENDOR,
        status=words.status if words else 404,
        title=f"AADSTS{words.number}" if words else "No such error",
        message=words.text if words else "The sandbox knows no error with this number.",
        reason=None,
        detail=None,
    )
    return make_response(page, 200 if words else 404)


def action(authority: Authority, transaction: Transaction) -> str:
    """Where the forms of a sign-in are sent."""
    if "user_code" in transaction.request.extra:
        return verification_uri(authority.mount)
    return authority.url("/oauth2/v2.0/authorize")


def _accounts(
    world: World, authority: Authority, client: tables.Client, domain_hint: str | None, hinted: User | None
) -> picker.Picker:
    def search(text: str, limit: int, offset: int) -> list[Face]:
        users = accounts.search_accounts(world, authority, client, domain_hint, text, limit=limit, offset=offset)
        return [_face(user) for user in users]

    signed_in = []
    for one in picker.signed_in_here(world, SLUG):
        # It may be somebody whom this application does not take.
        with suppress(Refusal):
            signed_in.append(_face(accounts.get_account(world, authority, client, one.login)))
    return picker.pick(search, hinted=_face(hinted) if hinted else None, signed_in=signed_in)


def _scopes(world: World, transaction: Transaction, user: User) -> list[dict[str, str]]:
    asked = parse_scopes(world, " ".join(transaction.request.scopes), user.tenant)
    named = [
        (scope.asked, scope.resource.describe(scope.name)[0], "" if scope.resource.knows(scope.name) else _WORDLESS)
        for scope in asked.scopes
    ]
    named += [(name, OIDC_SCOPES[name], "") for name in asked.oidc]
    return [{"name": name, "title": title, "description": description} for name, title, description in named]


def _message(world: World, refusal: Refusal | None) -> str | None:
    if refusal is None:
        return None
    world.entry.refusal = refusal
    return _REFUSED.get(refusal.reason, refusal.detail)


def _face(user: User) -> Face:
    return replace(face(user.identity), email=user.home_upn)


def _client(client: tables.Client) -> dict[str, str | None]:
    return {"client_id": client.client_id, "name": client.name, "homepage_url": None, "owner": None}


def _callback(transaction: Transaction) -> str:
    return origin(transaction.request.redirect_uri) if transaction.request.redirect_uri else ""


def _organization(authority: Authority) -> str:
    return authority.tenant.name if authority.tenant else VENDOR
