"""How GitHub's login endpoints say no: to the client at its callback, at the token endpoint, and to a person.

The words are documented at https://docs.github.com/apps (troubleshooting OAuth app access token request errors, and
authorization request errors).
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from flask import Response, make_response, render_template

from sandbox.browser import redirect_to
from sandbox.core.refusals import Reason, Refusal, by_reason
from sandbox.protocol.authorization import RedirectRefusal
from sandbox.protocol.redirects import with_query
from sandbox.providers.github.login import wire
from sandbox.providers.github.login.pages import VENDOR
from sandbox.providers.github.login.rules import rfc9207_iss
from sandbox.service import current_world

_DOCS = "https://docs.github.com"
_TOKEN_DOCS = f"{_DOCS}/apps/managing-oauth-apps/troubleshooting-oauth-app-access-token-request-errors/"
_AUTHORIZE_DOCS = f"{_DOCS}/apps/managing-oauth-apps/troubleshooting-authorization-request-errors/"
_CALLBACK_DOCS = (
    f"{_DOCS}/apps/building-integrations/setting-up-and-registering-oauth-apps"
    "/troubleshooting-authorization-request-errors/"
)
_DEVICE_DOCS = f"{_DOCS}/developers/apps/authorizing-oauth-apps#error-codes-for-the-device-flow"
_PKCE_DOCS = f"{_DOCS}/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps"
_MISMATCH = "The redirect_uri MUST match the registered callback URL for this application."


@dataclass(frozen=True)
class OAuthError:
    """One of the vendor's errors; `description` None stands for the refusal's own detail."""

    error: str
    description: str | None
    uri: str
    status: int = 200


# Every error of the token endpoint is HTTP 200; what routing refuses keeps its status.
TOKEN_WORDS = by_reason(
    [
        (
            OAuthError(
                "incorrect_client_credentials",
                "The client_id and/or client_secret passed are incorrect.",
                f"{_TOKEN_DOCS}#incorrect-client-credentials",
            ),
            [
                Reason.CLIENT_UNKNOWN,
                Reason.CLIENT_SECRET_MISSING,
                Reason.CLIENT_SECRET_WRONG,
                # A body that cannot be read carries no credentials.
                Reason.BODY_MISSING,
                Reason.BODY_MALFORMED,
            ],
        ),
        (
            OAuthError("redirect_uri_mismatch", _MISMATCH, f"{_AUTHORIZE_DOCS}#redirect-uri-mismatch2"),
            [Reason.REDIRECT_URI_MISMATCH],
        ),
        (
            OAuthError(
                "bad_verification_code",
                "The code passed is incorrect or expired.",
                f"{_TOKEN_DOCS}#bad-verification-code",
            ),
            [
                Reason.CODE_UNKNOWN,
                Reason.CODE_EXPIRED,
                Reason.CODE_ALREADY_REDEEMED,
                Reason.CODE_OF_ANOTHER_CLIENT,
                Reason.VERIFIER_MISSING,
                Reason.VERIFIER_MISMATCH,
                Reason.IDENTITY_UNKNOWN,
                Reason.IDENTITY_DEACTIVATED,
            ],
        ),
        (
            OAuthError(
                "unverified_user_email",
                "The user must have a verified primary email.",
                f"{_TOKEN_DOCS}#unverified_user_email",
            ),
            [Reason.EMAIL_UNVERIFIED],
        ),
        (
            OAuthError("bad_refresh_token", "The refresh token passed is incorrect or expired.", _TOKEN_DOCS),
            [
                Reason.REFRESH_TOKEN_UNKNOWN,
                Reason.REFRESH_TOKEN_EXPIRED,
                Reason.REFRESH_TOKEN_REVOKED,
                Reason.REFRESH_TOKEN_ALREADY_USED,
                Reason.REFRESH_TOKEN_OF_ANOTHER_CLIENT,
            ],
        ),
        (
            OAuthError("unsupported_grant_type", None, _DEVICE_DOCS),
            [Reason.GRANT_TYPE_UNSUPPORTED],
        ),
        (
            OAuthError("authorization_pending", "The authorization request is still pending.", _DEVICE_DOCS),
            [Reason.AUTHORIZATION_PENDING],
        ),
        (
            OAuthError("slow_down", "Too many requests have been made in the same timeframe.", _DOCS),
            [Reason.POLLING_TOO_FAST, Reason.RATE_LIMITED],
        ),
        (
            OAuthError("expired_token", "The device_code has expired.", _DEVICE_DOCS),
            [Reason.DEVICE_CODE_EXPIRED],
        ),
        (
            OAuthError("incorrect_device_code", "The device_code provided is not valid.", _DEVICE_DOCS),
            [Reason.DEVICE_CODE_UNKNOWN, Reason.DEVICE_CODE_ALREADY_REDEEMED],
        ),
        (
            OAuthError("access_denied", "The authorization request was denied.", _DEVICE_DOCS),
            [Reason.ACCESS_DENIED],
        ),
        (
            OAuthError("device_flow_disabled", "Device Flow must be explicitly enabled for this App", _DEVICE_DOCS),
            [Reason.DEVICE_FLOW_DISABLED],
        ),
        (
            OAuthError(
                "application_suspended",
                "Your application has been suspended. Contact support@github.com.",
                f"{_CALLBACK_DOCS}#application-suspended",
            ),
            [Reason.CLIENT_SUSPENDED],
        ),
        (OAuthError("not_found", None, _DOCS, 404), [Reason.ROUTE_UNKNOWN]),
        (OAuthError("method_not_allowed", None, _DOCS, 405), [Reason.METHOD_NOT_ALLOWED]),
        (OAuthError("payload_too_large", None, _DOCS, 413), [Reason.BODY_TOO_LARGE]),
        (OAuthError("unsupported_media_type", None, _DOCS, 415), [Reason.MEDIA_TYPE_UNSUPPORTED]),
        (OAuthError("misdirected_request", None, _DOCS, 421), [Reason.HOST_UNKNOWN]),
        (OAuthError("server_error", None, _DOCS, 500), [Reason.INTERNAL_ERROR, Reason.PROVIDER_FAILED]),
        (OAuthError("temporarily_unavailable", None, _DOCS, 503), [Reason.DATABASE_UNAVAILABLE]),
    ],
    otherwise=OAuthError("invalid_request", None, _DOCS),
)

# What the client is told at its registered callback. The `#` of the documentation's address is sent encoded.
CALLBACK_WORDS = by_reason(
    [
        (
            OAuthError("redirect_uri_mismatch", _MISMATCH, f"{_CALLBACK_DOCS}#redirect-uri-mismatch"),
            [Reason.REDIRECT_URI_MISMATCH],
        ),
        (
            OAuthError(
                "access_denied",
                "The user has denied your application access.",
                f"{_CALLBACK_DOCS}#access-denied",
            ),
            [Reason.ACCESS_DENIED],
        ),
        (
            OAuthError(
                "application_suspended",
                "Your application has been suspended. Contact support@github.com.",
                f"{_CALLBACK_DOCS}#application-suspended",
            ),
            [Reason.CLIENT_SUSPENDED],
        ),
    ],
    otherwise=OAuthError("invalid_request", None, _PKCE_DOCS),
)

# What a person reads in the browser.
PAGE_WORDS = by_reason(
    [
        (
            (404, "Page not found", "This is not the web page you are looking for."),
            [Reason.CLIENT_UNKNOWN, Reason.ROUTE_UNKNOWN, Reason.OBJECT_UNKNOWN],
        ),
        (
            (405, "Method not allowed", "This page does not answer to this method."),
            [Reason.METHOD_NOT_ALLOWED],
        ),
        ((403, "Forbidden", "Cross-site request rejected."), [Reason.PERMISSION_DENIED]),
        ((413, "Too large", "The request is too large."), [Reason.BODY_TOO_LARGE]),
        ((415, "Unsupported media type", "The form cannot be read."), [Reason.MEDIA_TYPE_UNSUPPORTED]),
        (
            (421, "Misdirected request", "This server does not answer to that host name."),
            [Reason.HOST_UNKNOWN],
        ),
        ((429, "Too many requests", "Wait a few minutes before you try again."), [Reason.RATE_LIMITED]),
        (
            (500, "Something went wrong", "The server could not answer this request."),
            [Reason.INTERNAL_ERROR, Reason.PROVIDER_FAILED],
        ),
        (
            (
                503,
                "No server is available",
                "No server is currently available to service your request. Sorry about that. Please try refreshing.",
            ),
            [Reason.DATABASE_UNAVAILABLE],
        ),
        (
            (
                400,
                "This sign-in is over",
                "It was answered already, or waited too long. Start again in your application.",
            ),
            [Reason.TRANSACTION_UNKNOWN, Reason.TRANSACTION_EXPIRED, Reason.TRANSACTION_ALREADY_DECIDED],
        ),
    ],
    otherwise=(400, "Bad request", "The request cannot be answered."),
)


def render_token_refusal(refusal: Refusal) -> Response:
    """The error answer of the token and device-code endpoints, in the format that Accept asks for."""
    words = TOKEN_WORDS[refusal.reason]
    return wire.render_error(refusal, words.error, words.description or refusal.detail, words.uri, words.status)


def render_device_refusal(refusal: Refusal) -> Response:
    """The same at the start of a device login, where an unknown client is 404 and a disabled device flow 400."""
    if refusal.reason is Reason.CLIENT_UNKNOWN:
        return wire.negotiate({"error": "Not Found"}, HTTPStatus.NOT_FOUND)
    response = render_token_refusal(refusal)
    if refusal.reason is Reason.DEVICE_FLOW_DISABLED:
        response.status_code = HTTPStatus.BAD_REQUEST
    return response


def render_callback_refusal(refusal: RedirectRefusal) -> Response:
    """The redirect that tells the client at its callback, with its state, so that it can end its session."""
    words = CALLBACK_WORDS[refusal.reason]
    answer = {
        "error": words.error,
        "error_description": words.description or refusal.detail,
        "error_uri": words.uri,
        "state": refusal.address.state,
        "iss": wire.issuer(rfc9207_iss(current_world(), refusal.address.client_id)),
    }
    return redirect_to(with_query(refusal.address.redirect_uri, answer))


def render_page_refusal(refusal: Refusal) -> Response:
    """The error page a person sees, with the true cause for the developer beside it."""
    status, title, message = PAGE_WORDS[refusal.reason]
    page = render_template(
        "error.html",
        vendor=VENDOR,
        status=status,
        title=title,
        message=message,
        reason=refusal.reason.value,
        detail=refusal.detail,
    )
    return make_response(page, status)
