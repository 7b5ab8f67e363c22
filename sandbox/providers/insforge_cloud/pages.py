"""The pages a person sees while signing in, at the cloud or through its applications at other providers.

Decide nothing: they show what the transaction holds.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, make_response, render_template

from sandbox import picker
from sandbox.core.identities import face, find_identity, get_identity
from sandbox.core.refusals import Reason, Refusal
from sandbox.protocol import consents
from sandbox.protocol.authorization import Transaction, keep
from sandbox.protocol.redirects import origin
from sandbox.providers.insforge_cloud.people import SLUG, find_by_hint
from sandbox.service import current_world

VENDOR = "InsForge Cloud"
SCOPE_WORDS = {
    "user:read": ("Profile", "Read your name, picture and e-mail address"),
    "organizations:read": ("Organizations", "Read which organizations you belong to"),
    "projects:read": ("Projects", "Read your projects"),
    "projects:write": ("Change projects", "Create, change and delete your projects"),
}
_REFUSED = {
    Reason.IDENTITY_UNKNOWN: "There is no account with this login in the sandbox.",
    Reason.IDENTITY_DEACTIVATED: "This account is deactivated and cannot sign in.",
    Reason.USER_CODE_UNKNOWN: "No device is waiting with this code. Check it, or start again on the device.",
}


@dataclass(frozen=True)
class Application:
    """What a page says of who asks: a client of the cloud, or the cloud itself."""

    name: str
    client_id: str
    homepage_url: str | None = None
    owner: str | None = None


def sign_in(
    transaction: Transaction,
    application: Application,
    action: str,
    *,
    vendor: str = VENDOR,
    refusal: Refusal | None = None,
    typed: str | None = None,
) -> Response:
    """Who signs in? With `refusal`, why the one who was `typed` cannot. The form goes to `action`.

    The sessions are the cloud's: at another provider nobody is signed in before, or stays so.
    """
    world, is_cloud = current_world(), vendor == VENDOR
    hinted = find_by_hint(world, transaction.request.login_hint)
    hint = typed or (hinted.login if hinted else transaction.request.login_hint)
    here = picker.signed_in_here(world, SLUG) if is_cloud else []
    accounts = picker.pick_from_all(world, hint=None if refusal else hint, signed_in=here)
    page = render_template(
        "sign_in.html",
        vendor=vendor,
        client=application,
        callback=_callback(transaction),
        picker=accounts,
        remember="Remember me" if is_cloud else None,
        hint=hint,
        signup=True,
        transaction=keep(world, transaction),
        action=action,
        message=message(refusal),
    )
    return picker.let_search(make_response(page, 422 if refusal else 200), accounts)


def consent(transaction: Transaction, application: Application, action: str) -> Response:
    """What the application asks for; the person may untick any of it."""
    world, asked = current_world(), transaction.request
    granted = consents.granted_scopes(world, SLUG, asked.client_id, transaction.login or "") or ()
    page = render_template(
        "consent.html",
        vendor=VENDOR,
        client=application,
        callback=_callback(transaction),
        identity=face(get_identity(world, transaction.login or "")),
        scopes=[{**_scope(name), "already": name in granted} for name in asked.scopes],
        transaction=keep(world, transaction),
        action=action,
        device="user_code" in asked.extra,
    )
    return make_response(page)


def device(action: str, user_code: str, refusal: Refusal | None = None) -> Response:
    """The field for the code that a device shows."""
    page = render_template("device.html", vendor=VENDOR, action=action, user_code=user_code, message=message(refusal))
    return make_response(page, 422 if refusal else 200)


def device_done(transaction: Transaction, application: Application, *, allowed: bool) -> Response:
    """The end of a device login, in the browser."""
    identity = find_identity(current_world(), transaction.login) if transaction.login else None
    page = render_template(
        "device_done.html",
        vendor=VENDOR,
        client=application,
        identity=face(identity) if identity else None,
        allowed=allowed,
    )
    return make_response(page)


def message(refusal: Refusal | None) -> str | None:
    """What a page that is shown again says of the refusal, which the journal gets as well."""
    if refusal is None:
        return None
    current_world().entry.refusal = refusal
    return _REFUSED.get(refusal.reason, "This cannot be done any more. Start again where you began.")


def _scope(name: str) -> dict[str, str]:
    title, description = SCOPE_WORDS[name]
    return {"name": name, "title": title, "description": description}


def _callback(transaction: Transaction) -> str:
    return origin(transaction.request.redirect_uri) if transaction.request.redirect_uri else ""
