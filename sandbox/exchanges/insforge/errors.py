"""How InsForge says no: one envelope for everything, in the words of what the request is about.

A refusal that belongs to an application is told at its redirect URI. The words themselves are in words.py.
"""

from __future__ import annotations

from flask import Response, request

from sandbox.core.refusals import Reason, Refusal
from sandbox.exchanges.insforge import wire
from sandbox.exchanges.insforge.cookies import clear_cookie
from sandbox.exchanges.insforge.models import ADMIN, SLUG, USER
from sandbox.exchanges.insforge.refusals import CloudRefusal, SentBack
from sandbox.exchanges.insforge.words import CODE_PARTS, KEY_SET_FAULTS, WORDS, Words
from sandbox.service import current_world

# The dialect of each operation; `admin` is spoken by all others.
_SPEAKS = {
    "exchange_admin_session": "exchange",
    "create_admin_session": "admin_sign_in",
    "get_admin_session": "admin_current",
    "refresh_admin_session": "admin_refresh",
    "end_admin_session": "admin_refresh",
    "create_user": "sign_up",
    "create_session": "sign_in",
    "get_session": "user_current",
    "update_profile": "user_current",
    "get_profile": "user_current",
    "refresh_session": "user_refresh",
    "end_session": "user_refresh",
    "list_users": "users",
    "get_user": "users",
    "delete_users": "users",
    "send_otp": "mail",
    "send_verification": "mail",
    "send_reset_password": "mail",
    "verify_email": "sign_in",
    "exchange_reset_token": "mail",
    "reset_password": "mail",
    "begin_oauth": "oauth",
    "begin_custom_oauth": "oauth_custom",
    "finish_oauth": "oauth_callback",
    "finish_shared_oauth": "oauth_callback",
    "finish_custom_oauth": "oauth_custom_callback",
    "exchange_oauth_code": "oauth_exchange",
    "list_oauth_configs": "oauth_configs",
    "create_oauth_config": "oauth_configs",
    "get_oauth_config": "oauth_configs",
    "update_oauth_config": "oauth_configs",
    "delete_oauth_config": "oauth_configs",
    "list_custom_configs": "oauth_configs",
    "create_custom_config": "oauth_configs",
    "get_custom_config": "oauth_configs",
    "update_custom_config": "oauth_configs",
    "delete_custom_config": "oauth_configs",
}


def render_refusal(refusal: Refusal) -> Response:
    """The envelope, or the way back to the application."""
    operation = (request.endpoint or "").rpartition(".")[2]
    dialect = _SPEAKS.get(operation, "admin")
    if isinstance(refusal, CloudRefusal):
        words = _cloud_words(refusal)
    else:
        words = _cloud_words(refusal) if dialect == "exchange" else WORDS[dialect][refusal.reason]
    message = _message(refusal, words)
    if isinstance(refusal, SentBack):
        return wire.render_redirect(refusal.redirect_uri, error=refusal.told or message)
    # What the documentation says of the exchange's statuses it says of no other endpoint.
    follows_backend = _is_shipped(words) or (isinstance(refusal, CloudRefusal) and dialect != "exchange")
    status = words.shipped if words.shipped and follows_backend else words.status
    response = wire.render_error(status, words.error, message, words.next_actions)
    if status == 401 and operation == "refresh_admin_session":
        clear_cookie(response, ADMIN)
    if status == 401 and operation == "refresh_session" and wire.is_web():
        clear_cookie(response, USER)
    return response


def _cloud_words(refusal: Refusal) -> Words:
    if refusal.reason is Reason.TOKEN_MALFORMED and refusal.field in CODE_PARTS:
        return CODE_PARTS[refusal.field]
    return WORDS["exchange"][refusal.reason]


def _message(refusal: Refusal, words: Words) -> str:
    if refusal.issues:
        return wire.zod_message(refusal.issues)
    if refusal.reason is Reason.PROVIDER_FAILED and refusal.detail in KEY_SET_FAULTS:
        return words.message.replace(KEY_SET_FAULTS[0], refusal.detail)
    path = request.path.removeprefix(f"/{SLUG}")
    return words.message.replace("{field}", refusal.field or "").replace("{path}", path)


def _is_shipped(words: Words) -> bool:
    # A host that is not ours has no world to ask.
    return words.shipped is not None and current_world().settings[SLUG]["profile"] == "shipped"
