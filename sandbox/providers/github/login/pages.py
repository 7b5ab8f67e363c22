"""The pages a person sees while signing in at the sandbox GitHub.

Decide nothing: they show what the transaction holds.
"""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Response, make_response, render_template

from sandbox import browser, picker
from sandbox.core import tables
from sandbox.core.clients import get_client
from sandbox.core.identities import Face, face, find_identity, get_identity
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tokens import ACCESS
from sandbox.protocol import consents
from sandbox.protocol.authorization import Transaction, keep
from sandbox.protocol.redirects import origin
from sandbox.providers.github.login import rules
from sandbox.providers.github.login.applications import is_github_app
from sandbox.providers.github.scopes import WORDS as SCOPE_WORDS
from sandbox.providers.github.tokens import SLUG
from sandbox.service import current_mount, current_world

VENDOR = "GitHub"
# A GitHub App has no scopes: what it may do is set where it is installed.
_APP_PERMISSIONS = (
    ("Verify your identity", "Read your profile and your verified e-mail addresses"),
    ("Know which resources you can access", "As far as the app is installed on them"),
    ("Act on your behalf", "With the permissions that the app has, and only where you have them too"),
)
_REFUSED = {
    Reason.IDENTITY_UNKNOWN: "There is no account with this login in the sandbox.",
    Reason.IDENTITY_DEACTIVATED: "This account is deactivated and cannot sign in.",
    Reason.USER_CODE_UNKNOWN: "No device is waiting with this code. Check it, or start again on the device.",
    Reason.RATE_LIMITED: "Too many codes were submitted for this application. Try again within the hour.",
}


def sign_in(
    transaction: Transaction, *, signup: bool = True, refusal: Refusal | None = None, typed: str | None = None
) -> Response:
    """Who signs in? With `refusal`, why the one who was `typed` cannot."""
    world, asked = current_world(), transaction.request
    accounts = picker.pick_from_all(
        world, hint=None if refusal else asked.login_hint, signed_in=picker.signed_in_here(world, SLUG)
    )
    page = render_template(
        "sign_in.html",
        vendor=VENDOR,
        client=_client(asked.client_id),
        callback=_callback(transaction),
        picker=accounts,
        remember="Keep me signed in",
        hint=typed or asked.login_hint,
        signup=signup,
        transaction=keep(world, transaction),
        action=_action(transaction),
        message=_message(refusal),
    )
    return picker.let_search(make_response(page, 422 if refusal else 200), accounts)


def consent(transaction: Transaction) -> Response:
    """What the application asks for; the person may untick any of it."""
    world, asked, login = current_world(), transaction.request, transaction.login or ""
    granted = consents.granted_scopes(world, SLUG, asked.client_id, login) or ()
    page = render_template(
        "consent.html",
        vendor=VENDOR,
        client=_client(asked.client_id),
        callback=_callback(transaction),
        identity=face(get_identity(world, login)),
        scopes=[{**_scope(name), "already": name in granted} for name in asked.scopes],
        permissions=_APP_PERMISSIONS if is_github_app(get_client(world, SLUG, asked.client_id)) else (),
        transaction=keep(world, transaction),
        action=_action(transaction),
        device=_is_device(transaction),
    )
    return make_response(page)


def device(user_code: str, refusal: Refusal | None = None) -> Response:
    """The field for the code that a device shows."""
    page = render_template(
        "device.html",
        vendor=VENDOR,
        action=current_mount().url("/login/device"),
        user_code=user_code,
        message=_message(refusal),
    )
    return make_response(page, 422 if refusal else 200)


def device_done(transaction: Transaction, *, allowed: bool) -> Response:
    """The end of a device login, in the browser."""
    identity = find_identity(current_world(), transaction.login) if transaction.login else None
    page = render_template(
        "device_done.html",
        vendor=VENDOR,
        client=_client(transaction.request.client_id),
        identity=face(identity) if identity else None,
        allowed=allowed,
    )
    return make_response(page)


def connections(client: tables.Client, revoked: str | None) -> Response:
    """Who has granted this application what, with a button to take it back."""
    world = current_world()
    grants = []
    for grant in rules.list_grants(world, client.client_id):
        live = world.store.count(
            tables.Token,
            service=SLUG,
            kind=ACCESS,
            client_id=client.client_id,
            login=grant.login,
            revoked_at=None,
        )
        grants.append(
            {
                "identity": face(get_identity(world, grant.login)),
                "scopes": [_scope(name) for name in grant.scopes.split()],
                "token_count": live,
                "granted_on": datetime.fromtimestamp(grant.granted_at, UTC).strftime("%-d %B %Y"),
            }
        )
    page = render_template(
        "connections.html",
        vendor=VENDOR,
        client=_client(client.client_id),
        grants=grants,
        action=current_mount().url(f"/settings/connections/applications/{client.client_id}"),
        message=f"All that {revoked} had granted is revoked." if revoked else None,
    )
    return make_response(page)


def confirm_logout(people: list[Face]) -> Response:
    """Who shall be signed out, in this browser?"""
    page = render_template(
        "sign_out.html",
        vendor=VENDOR,
        identities=people,
        one_by_one=len(people) > 1,
        action=current_mount().url("/logout"),
        fields={},
    )
    return make_response(page)


def signed_out() -> Response:
    """The end of a session."""
    return browser.signed_out((), None, vendor=VENDOR)


def _message(refusal: Refusal | None) -> str | None:
    if refusal is None:
        return None
    current_world().entry.refusal = refusal
    return _REFUSED[refusal.reason]


def _client(client_id: str) -> dict[str, str | None]:
    client = get_client(current_world(), SLUG, client_id)
    return {
        "name": client.name,
        "client_id": client.client_id,
        "homepage_url": client.settings["homepage_url"],
        "owner": client.settings["owner"],
    }


def _scope(name: str) -> dict[str, str]:
    title, description = SCOPE_WORDS[name]
    return {"name": name, "title": title, "description": description}


def _callback(transaction: Transaction) -> str:
    return origin(transaction.request.redirect_uri) if transaction.request.redirect_uri else ""


def _action(transaction: Transaction) -> str:
    return current_mount().url("/login/device" if _is_device(transaction) else "/login/oauth/authorize")


def _is_device(transaction: Transaction) -> bool:
    return "user_code" in transaction.request.extra
