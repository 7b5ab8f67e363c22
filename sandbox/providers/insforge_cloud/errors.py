"""How InsForge Cloud says no: in its API's envelope, in the OAuth server's, at a redirect URI, and to a person.

Documented are the envelope of the API, the four cases of the partnership API (without statuses or texts), and the
errors of the OAuth server (https://docs.insforge.dev). Everything else is the sandbox's choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from flask import Response, jsonify, make_response, render_template, request

from sandbox.browser import redirect_to
from sandbox.core.refusals import Reason, Refusal, by_reason
from sandbox.protocol.authorization import RedirectRefusal
from sandbox.protocol.redirects import with_query
from sandbox.providers.insforge_cloud.pages import VENDOR
from sandbox.providers.insforge_cloud.people import SLUG
from sandbox.providers.insforge_cloud.shared.models import PROVIDERS
from sandbox.providers.insforge_cloud.shared.wire import failure_url


@dataclass(frozen=True)
class Words:
    """An answer of the API, or what a page says."""

    status: int
    message: str


@dataclass(frozen=True)
class OAuthError:
    """An error of the OAuth server, and the status of the JSON answer that carries it."""

    error: str
    description: str
    status: int = 400


R = Reason
_ROUTING = [
    (Words(404, "Not found"), [R.ROUTE_UNKNOWN]),
    (Words(405, "Method not allowed"), [R.METHOD_NOT_ALLOWED]),
    (Words(413, "Request body too large"), [R.BODY_TOO_LARGE]),
    (Words(415, "Unsupported media type"), [R.MEDIA_TYPE_UNSUPPORTED]),
    (Words(421, "Misdirected request"), [R.HOST_UNKNOWN]),
    (Words(429, "Too many requests"), [R.RATE_LIMITED]),
    (Words(500, "Internal server error"), [R.INTERNAL_ERROR]),
    (Words(503, "Service unavailable"), [R.PROVIDER_FAILED, R.DATABASE_UNAVAILABLE]),
]
API_WORDS = by_reason(
    [
        *_ROUTING,
        (
            Words(401, "Invalid authentication credentials"),
            [
                R.CLIENT_UNKNOWN,
                R.CLIENT_SECRET_MISSING,
                R.CLIENT_SECRET_WRONG,
                R.LOGIN_REQUIRED,
                R.TOKEN_MISSING,
                R.TOKEN_UNKNOWN,
                R.TOKEN_EXPIRED,
                R.TOKEN_REVOKED,
                R.TOKEN_MALFORMED,
                R.TOKEN_SIGNATURE_BAD,
                R.IDENTITY_UNKNOWN,
                R.IDENTITY_DEACTIVATED,
                R.PASSWORD_WRONG,
            ],
        ),
        (Words(404, "Project not found"), [R.OBJECT_UNKNOWN]),
        (Words(403, "Insufficient permissions for requested operation"), [R.PERMISSION_DENIED, R.SCOPE_INSUFFICIENT]),
        (Words(400, "Invalid redirect URI"), [R.REDIRECT_URI_MISMATCH]),
        (Words(404, "Unsupported provider"), [R.PROVIDER_UNSUPPORTED]),
    ],
    otherwise=Words(400, "Invalid request parameters"),
)
PAGE_WORDS = by_reason(
    [
        *_ROUTING,
        (Words(404, "Project not found"), [R.OBJECT_UNKNOWN]),
        (Words(404, "Unsupported provider"), [R.PROVIDER_UNSUPPORTED]),
        (Words(400, "Unknown application"), [R.CLIENT_UNKNOWN]),
        (Words(400, "The redirect URI is not registered for this application"), [R.REDIRECT_URI_MISMATCH]),
        (Words(403, "You have refused to sign in"), [R.ACCESS_DENIED]),
        (Words(403, "This account cannot sign in"), [R.IDENTITY_UNKNOWN, R.IDENTITY_DEACTIVATED]),
        (Words(403, "Cross-site request rejected"), [R.PERMISSION_DENIED]),
        (
            Words(400, "This sign-in is over. Start again where you began"),
            [R.TRANSACTION_UNKNOWN, R.TRANSACTION_EXPIRED, R.TRANSACTION_ALREADY_DECIDED, R.USER_CODE_UNKNOWN],
        ),
    ],
    otherwise=Words(400, "The request cannot be answered"),
)
_OAUTH_ROUTING = [
    (OAuthError("not_found", "Not found", 404), [R.ROUTE_UNKNOWN]),
    (OAuthError("invalid_request", "Method not allowed", 405), [R.METHOD_NOT_ALLOWED]),
    (OAuthError("invalid_request", "Request body too large", 413), [R.BODY_TOO_LARGE]),
    (OAuthError("invalid_request", "Unsupported media type", 415), [R.MEDIA_TYPE_UNSUPPORTED]),
    (OAuthError("invalid_request", "Misdirected request", 421), [R.HOST_UNKNOWN]),
    (OAuthError("temporarily_unavailable", "Too many requests", 429), [R.RATE_LIMITED]),
    (OAuthError("server_error", "Internal server error", 500), [R.INTERNAL_ERROR]),
    (OAuthError("server_error", "Service unavailable", 503), [R.PROVIDER_FAILED, R.DATABASE_UNAVAILABLE]),
]
_SHARED_OAUTH = [
    *_OAUTH_ROUTING,
    (OAuthError("unauthorized_client", "The client may not use this grant"), [R.DEVICE_FLOW_DISABLED]),
    (OAuthError("access_denied", "The user denied the request"), [R.ACCESS_DENIED]),
    (OAuthError("invalid_scope", "The requested scope is invalid"), [R.SCOPE_INVALID]),
    (OAuthError("invalid_request", "PKCE with S256 is required"), [R.CHALLENGE_INVALID, R.CHALLENGE_MISSING]),
    (OAuthError("invalid_request", "response_type must be code"), [R.RESPONSE_TYPE_UNSUPPORTED]),
]
_BAD_REQUEST = OAuthError("invalid_request", "The request is missing a parameter or is otherwise malformed")
CALLBACK_WORDS = by_reason(_SHARED_OAUTH, otherwise=_BAD_REQUEST)
TOKEN_WORDS = by_reason(
    [
        *_SHARED_OAUTH,
        (
            OAuthError("invalid_client", "Client authentication failed", 401),
            [R.CLIENT_UNKNOWN, R.CLIENT_SECRET_MISSING, R.CLIENT_SECRET_WRONG, R.CLIENT_ASSERTION_INVALID],
        ),
        (OAuthError("invalid_grant", "Authorization code has expired"), [R.CODE_EXPIRED]),
        (OAuthError("invalid_grant", "Authorization code has already been used"), [R.CODE_ALREADY_REDEEMED]),
        (OAuthError("invalid_grant", "Authorization code is invalid"), [R.CODE_UNKNOWN, R.CODE_OF_ANOTHER_CLIENT]),
        (OAuthError("invalid_grant", "Redirect URI does not match"), [R.REDIRECT_URI_MISMATCH]),
        (OAuthError("invalid_grant", "Code verifier does not match"), [R.VERIFIER_MISSING, R.VERIFIER_MISMATCH]),
        (
            OAuthError("invalid_grant", "Refresh token is invalid or has expired"),
            [
                R.REFRESH_TOKEN_UNKNOWN,
                R.REFRESH_TOKEN_EXPIRED,
                R.REFRESH_TOKEN_REVOKED,
                R.REFRESH_TOKEN_ALREADY_USED,
                R.REFRESH_TOKEN_OF_ANOTHER_CLIENT,
            ],
        ),
        (OAuthError("invalid_grant", "The user cannot sign in"), [R.IDENTITY_UNKNOWN, R.IDENTITY_DEACTIVATED]),
        (
            OAuthError("invalid_grant", "Device code is invalid"),
            [R.DEVICE_CODE_UNKNOWN, R.DEVICE_CODE_ALREADY_REDEEMED],
        ),
        (OAuthError("authorization_pending", "The user has not decided yet"), [R.AUTHORIZATION_PENDING]),
        (OAuthError("slow_down", "Polling too fast"), [R.POLLING_TOO_FAST]),
        (OAuthError("expired_token", "Device code has expired"), [R.DEVICE_CODE_EXPIRED]),
        (OAuthError("unsupported_grant_type", "The grant type is not supported"), [R.GRANT_TYPE_UNSUPPORTED]),
    ],
    otherwise=_BAD_REQUEST,
)
WORDS = {"api": API_WORDS, "page": PAGE_WORDS, "callback": CALLBACK_WORDS, "token": TOKEN_WORDS}


def render_refusal(refusal: Refusal) -> Response:
    """The refusal in the dialect of the endpoint that was called."""
    if isinstance(refusal, RedirectRefusal):
        return _render_redirect(refusal)
    path = request.path.removeprefix(f"/{SLUG}")
    if path.startswith(("/api/oauth/v1/authorize", "/api/oauth/v1/device")) and not path.endswith("_authorization"):
        return _render_page(refusal)
    if path.startswith("/api/oauth/"):
        return _render_token(refusal)
    is_page = path.startswith("/console") and not path.endswith("/code")
    if is_page or (path.startswith("/auth/v1/shared/") and path.endswith("/login")):
        return _render_page(refusal)
    return _render_api(refusal)


def _render_api(refusal: Refusal) -> Response:
    words = API_WORDS[refusal.reason]
    response = jsonify(success=False, message=words.message)
    response.status_code = words.status
    return response


def _render_token(refusal: Refusal) -> Response:
    words = TOKEN_WORDS[refusal.reason]
    body: dict[str, object] = {"error": words.error, "error_description": words.description}
    if refusal.retry_after is not None:
        body["interval"] = refusal.retry_after
    response = jsonify(body)
    response.status_code = words.status
    return response


def _render_redirect(refusal: RedirectRefusal) -> Response:
    words, address = CALLBACK_WORDS[refusal.reason], refusal.address
    if address.response_mode == "shared":
        return redirect_to(failure_url(address.redirect_uri, words.error))
    answer = {"error": words.error, "error_description": words.description, "state": address.state}
    return redirect_to(with_query(address.redirect_uri, answer))


def _render_page(refusal: Refusal) -> Response:
    words = PAGE_WORDS[refusal.reason]
    # At a shared login the person is at another provider.
    provider = (request.view_args or {}).get("provider", "")
    page = render_template(
        "error.html",
        vendor=PROVIDERS.get(provider, VENDOR),
        status=words.status,
        title=HTTPStatus(words.status).phrase,
        message=f"{words.message}.",
        reason=refusal.reason.value,
        detail=refusal.detail,
    )
    return make_response(page, words.status)
