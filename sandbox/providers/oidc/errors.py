"""How an issuer says no: on a page, to a client at its redirect URI, in JSON, and to whoever presents a bad token.

The codes are those of RFC 6749 sections 4.1.2.1 and 5.2, OIDC Core section 3.1.2.6, RFC 6750, RFC 7591, RFC 8628,
RFC 8693, RFC 8707, RFC 9101, RFC 9126 and RFC 9449. Descriptions are free there, so they are the true cause.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask import Response, g, jsonify, make_response, render_template, request

from sandbox.browser import send_back
from sandbox.core.refusals import Reason, Refusal, by_reason
from sandbox.protocol.authorization import RedirectRefusal
from sandbox.protocol.responses import respond
from sandbox.providers.oidc.context import current_issuer

# Error descriptions have no quotes, no backslashes and nothing but ASCII (RFC 6749 section 5.2).
_UNSPEAKABLE = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]")
_UNANSWERED = "The application's request cannot be answered, and it is not safe to send you back to it."
_OVER = "This sign-in is over. Start again where you began."
_PAGE_MESSAGES = {
    Reason.TRANSACTION_UNKNOWN: _OVER,
    Reason.TRANSACTION_EXPIRED: _OVER,
    Reason.TRANSACTION_ALREADY_DECIDED: _OVER,
    Reason.USER_CODE_UNKNOWN: "The device is no longer waiting. Start again on the device.",
    Reason.PERMISSION_DENIED: "The form was sent from another site, so nothing was done.",
    Reason.ISSUER_UNKNOWN: "There is no such issuer.",
}
_BEARER = ("userinfo", "registered_client", "register")


@dataclass(frozen=True)
class OAuthError:
    """An error code, and the status of the JSON answer that carries it."""

    error: str
    status: int = 400


R = Reason
_CLIENT = [
    R.CLIENT_UNKNOWN,
    R.CLIENT_SUSPENDED,
    R.CLIENT_SECRET_MISSING,
    R.CLIENT_SECRET_WRONG,
    R.CLIENT_SECRET_EXPIRED,
    R.CLIENT_CREDENTIALS_UNEXPECTED,
    R.CLIENT_AUTH_METHOD_WRONG,
    R.CLIENT_ASSERTION_INVALID,
    R.CLIENT_ASSERTION_SIGNATURE_BAD,
    R.CLIENT_ASSERTION_AUDIENCE_WRONG,
    R.CLIENT_ASSERTION_SUBJECT_WRONG,
]
_GRANT = [
    R.CODE_UNKNOWN,
    R.CODE_EXPIRED,
    R.CODE_ALREADY_REDEEMED,
    R.CODE_OF_ANOTHER_CLIENT,
    R.REDIRECT_URI_MISMATCH,
    R.VERIFIER_MISSING,
    R.VERIFIER_MISMATCH,
    R.VERIFIER_UNEXPECTED,
    R.REFRESH_TOKEN_UNKNOWN,
    R.REFRESH_TOKEN_EXPIRED,
    R.REFRESH_TOKEN_REVOKED,
    R.REFRESH_TOKEN_ALREADY_USED,
    R.REFRESH_TOKEN_OF_ANOTHER_CLIENT,
    R.TOKEN_OF_ANOTHER_CLIENT,
    R.DEVICE_CODE_UNKNOWN,
    R.DEVICE_CODE_ALREADY_REDEEMED,
    R.IDENTITY_UNKNOWN,
    R.IDENTITY_DEACTIVATED,
    R.EMAIL_UNVERIFIED,
    R.PASSWORD_WRONG,
    R.ASSERTION_INVALID,
]
_TOKEN = [
    R.TOKEN_UNKNOWN,
    R.TOKEN_EXPIRED,
    R.TOKEN_REVOKED,
    R.TOKEN_MALFORMED,
    R.TOKEN_SIGNATURE_BAD,
    R.TOKEN_KEY_UNKNOWN,
    R.TOKEN_ISSUER_WRONG,
    R.TOKEN_AUDIENCE_WRONG,
    R.TOKEN_NOT_YET_VALID,
    R.TOKEN_TYPE_WRONG,
]
# What routing refuses, and what has no code of its own.
_PLAIN = [
    (OAuthError("not_found", 404), [R.ROUTE_UNKNOWN, R.ISSUER_UNKNOWN, R.OBJECT_UNKNOWN]),
    (OAuthError("method_not_allowed", 405), [R.METHOD_NOT_ALLOWED]),
    (OAuthError("request_too_large", 413), [R.BODY_TOO_LARGE]),
    (OAuthError("misdirected_request", 421), [R.HOST_UNKNOWN]),
    (OAuthError("temporarily_unavailable", 429), [R.RATE_LIMITED]),
    (OAuthError("temporarily_unavailable", 503), [R.DATABASE_UNAVAILABLE]),
    (OAuthError("server_error", 500), [R.INTERNAL_ERROR, R.PROVIDER_FAILED]),
]
_SHARED = [
    *_PLAIN,
    (OAuthError("unsupported_response_type"), [R.RESPONSE_TYPE_UNSUPPORTED]),
    (OAuthError("request_not_supported"), [R.REQUEST_OBJECT_UNSUPPORTED]),
    (OAuthError("request_uri_not_supported"), [R.REQUEST_URI_UNSUPPORTED]),
    (OAuthError("registration_not_supported"), [R.REGISTRATION_PARAMETER_UNSUPPORTED]),
    (OAuthError("invalid_request_object"), [R.REQUEST_OBJECT_INVALID]),
    (OAuthError("invalid_request_uri"), [R.REQUEST_URI_INVALID]),
    (
        OAuthError("unauthorized_client"),
        [R.RESPONSE_TYPE_NOT_ALLOWED, R.GRANT_TYPE_NOT_ALLOWED, R.DEVICE_FLOW_DISABLED],
    ),
    (OAuthError("invalid_scope"), [R.SCOPE_INVALID]),
    (OAuthError("invalid_target"), [R.TARGET_INVALID]),
    (OAuthError("login_required"), [R.LOGIN_REQUIRED]),
    (OAuthError("consent_required"), [R.CONSENT_REQUIRED]),
    (OAuthError("access_denied"), [R.ACCESS_DENIED]),
    (OAuthError("unsupported_grant_type"), [R.GRANT_TYPE_UNSUPPORTED]),
    (OAuthError("authorization_pending"), [R.AUTHORIZATION_PENDING]),
    (OAuthError("slow_down"), [R.POLLING_TOO_FAST]),
    (OAuthError("expired_token"), [R.DEVICE_CODE_EXPIRED]),
    (OAuthError("invalid_dpop_proof"), [R.DPOP_PROOF_MISSING, R.DPOP_PROOF_INVALID]),
    (OAuthError("invalid_redirect_uri"), [R.REDIRECT_URI_INVALID]),
    (OAuthError("invalid_client_metadata"), [R.METADATA_INVALID, R.OUTSIDE_ADDRESS_REFUSED]),
    (OAuthError("insufficient_scope", 403), [R.SCOPE_INSUFFICIENT]),
    (OAuthError("invalid_token", 401), [*_TOKEN, R.TOKEN_MISSING]),
    (OAuthError("invalid_client", 401), _CLIENT),
]
_INVALID_REQUEST = OAuthError("invalid_request")
JSON_WORDS = by_reason([*_SHARED, (OAuthError("invalid_grant"), _GRANT)], otherwise=_INVALID_REQUEST)
# In an authorization request nothing is granted yet, so nothing of it is an invalid grant.
REQUEST_WORDS = by_reason(_SHARED, otherwise=_INVALID_REQUEST)
WORDS = {"request": REQUEST_WORDS, "json": JSON_WORDS}


def render_refusal(refusal: Refusal) -> Response:
    """The refusal as whoever sent the request can take it."""
    if isinstance(refusal, RedirectRefusal) and _operation() != "push":
        return _render_redirect(refusal)
    if _operation() in ("authorize", "decide", "device", "enter_user_code", "end_session", "confirm_logout"):
        return _render_page(refusal)
    words = _words(refusal)
    response = _render_json(refusal, words)
    # On a 400 a challenge would hide the error from clients that look at this header first.
    if words.status in (401, 403):
        bearer = _operation() in _BEARER
        response.headers["WWW-Authenticate"] = _challenge(refusal, words) if bearer else 'Basic realm="token endpoint"'
    return response


def _words(refusal: Refusal) -> OAuthError:
    words = (REQUEST_WORDS if _operation() == "push" else JSON_WORDS)[refusal.reason]
    if _operation() == "userinfo":
        if refusal.reason in (*_GRANT, R.CLIENT_UNKNOWN):
            # The person or the client that a token speaks for has gone since: the token is worth nothing.
            return OAuthError("invalid_token", 401)
        if refusal.reason in (R.DPOP_PROOF_MISSING, R.DPOP_PROOF_INVALID):
            # At a resource a bad proof is a bad credential (RFC 9449 section 7.1).
            return OAuthError(words.error, 401)
    return words


def _render_json(refusal: Refusal, words: OAuthError) -> Response:
    body: dict[str, object] = {"error": words.error, "error_description": speakable(refusal.detail)}
    response = jsonify(body)
    response.status_code = words.status
    response.headers["Pragma"] = "no-cache"
    return response


def _challenge(refusal: Refusal, words: OAuthError) -> str:
    """RFC 6750 section 3: whoever sent no token at all is told of no error."""
    scheme = "DPoP" if refusal.reason in (R.DPOP_PROOF_MISSING, R.DPOP_PROOF_INVALID) else "Bearer"
    if refusal.reason is R.TOKEN_MISSING:
        return scheme
    return f'{scheme} error="{words.error}", error_description="{speakable(refusal.detail)}"'


def _render_redirect(refusal: RedirectRefusal) -> Response:
    words = REQUEST_WORDS[refusal.reason]
    answer = {
        "error": words.error,
        "error_description": speakable(refusal.detail),
        "iss": current_issuer(str((request.view_args or {})["issuer"])).url,
    }
    return send_back(respond(refusal.address, answer))


def _render_page(refusal: Refusal) -> Response:
    words = REQUEST_WORDS[refusal.reason]
    # A page asks for no credentials.
    status = words.status if words.status != 401 else 400
    page = render_template(
        "error.html",
        vendor=None,
        place=_place(),
        status=status,
        title=words.error,
        message=_PAGE_MESSAGES.get(refusal.reason, _UNANSWERED),
        reason=refusal.reason.value,
        detail=refusal.detail,
    )
    return make_response(page, status)


def _place() -> str | None:
    """What the pages call the issuer, if there is one."""
    if "world" not in g:
        # A host that is not ours, or a database that is away, has no issuers.
        return None
    try:
        return current_issuer(str((request.view_args or {}).get("issuer", ""))).service
    except Refusal:
        return None


def speakable(text: str) -> str:
    """`text` in the characters that an error description may have."""
    return _UNSPEAKABLE.sub("'", text)[:500]


def _operation() -> str:
    return request.endpoint.rpartition(".")[2] if request.endpoint else ""
