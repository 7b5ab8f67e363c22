"""Entra ID's errors about tenants, applications, their credentials, codes, refresh tokens and assertions."""

from __future__ import annotations

from sandbox.core.refusals import Reason
from sandbox.providers.azure.login.vocabulary import INVALID, Words

_UNKNOWN_CODE = "The provided value for the input parameter 'code' is not valid."
_UNKNOWN_TOKEN = "The provided value for the input parameter 'refresh_token' or 'assertion' is not valid."
_NOT_HERE = (
    "Application with identifier '{appId}' was not found in the directory '{tenant}'. This can happen if the "
    "application has not been installed by the administrator of the tenant or consented to by any user in the tenant. "
    "You may have sent your authentication request to the wrong tenant."
)
_NO_TENANT = (
    "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct "
    "cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the "
    "tenant."
)
_SINGLE_TENANT = (
    "Application '{appId}'({appName}) is not configured as a multi-tenant application. Usage of the /common endpoint "
    "is not supported for such applications created after '10/15/2018'. Use a tenant-specific endpoint or configure "
    "the application to be multi-tenant."
)
_WORK_ONLY = (
    "Application '{appId}'({appName}) is configured for use by Azure Active Directory users only. Please do not use "
    "the /consumers endpoint to serve this request."
)
_NEEDS_TENANT = (
    "Application '{appId}' ({appName}) is not supported over the /common or /consumers endpoints. Please use the "
    "/organizations or tenant-specific endpoint."
)
_GRANT_NEEDS_TENANT = (
    "The grant type is not supported over the /common or /consumers endpoints. Please use the /organizations or "
    "tenant-specific endpoint."
)
_REDIRECT = (
    "The redirect URI '{uri}' specified in the request does not match the redirect URIs configured for the application "
    "'{appId}'. Make sure the redirect URI sent in the request matches one added to your application in the Azure "
    "portal."
)
_SECRET = (
    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the "
    "client secret ID, for a secret added to app '{appId}'."
)
_SECRET_EXPIRED = (
    "The provided client secret keys for app '{appId}' are expired. Visit the Azure portal to create new keys for your "
    "app, or consider using certificate credentials for added security."
)
_SPA_OVER = (
    "The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of "
    "1.00:00:00, which cannot be extended. It is now expired and a new sign in request must be sent by the SPA to the "
    "sign in page. The token was issued on {date}."
)
_REVOKED = (
    "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed "
    "or reset their password."
)
_LATE_ASSERTION = (
    "Assertion is not within its valid time range. Ensure that the access token is not expired before using it for "
    "user assertion, or request a new token."
)

CLIENT_WORDS: tuple[tuple[Words, list[Reason]], ...] = (
    # Tenants and applications
    (Words(90002, "invalid_request", _NO_TENANT), [Reason.ISSUER_UNKNOWN]),
    (
        Words(700016, "unauthorized_client", _NOT_HERE),
        [Reason.CLIENT_UNKNOWN, Reason.CLIENT_OF_ANOTHER_TENANT],
    ),
    (Words(50194, "invalid_request", _SINGLE_TENANT), [Reason.CLIENT_SINGLE_TENANT]),
    (Words(9002332, "invalid_request", _WORK_ONLY), [Reason.CLIENT_FOR_WORK_ONLY]),
    (Words(90130, "invalid_request", _NEEDS_TENANT), [Reason.CLIENT_NEEDS_TENANT]),
    (Words(9001023, "invalid_request", _GRANT_NEEDS_TENANT), [Reason.GRANT_NEEDS_TENANT]),
    (
        Words(7000112, "unauthorized_client", "Application '{appId}'({appName}) is disabled."),
        [Reason.CLIENT_SUSPENDED],
    ),
    (Words(50011, "invalid_grant", _REDIRECT), [Reason.REDIRECT_URI_MISMATCH]),
    # Client authentication
    (
        Words(
            7000218,
            "invalid_client",
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
            401,
        ),
        [Reason.CLIENT_SECRET_MISSING, Reason.CLIENT_AUTH_METHOD_WRONG],
    ),
    (Words(7000215, "invalid_client", _SECRET, 401), [Reason.CLIENT_SECRET_WRONG]),
    (Words(7000222, "invalid_client", _SECRET_EXPIRED, 401), [Reason.CLIENT_SECRET_EXPIRED]),
    (
        Words(
            700025,
            "invalid_client",
            "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
            401,
        ),
        [Reason.CLIENT_CREDENTIALS_UNEXPECTED],
    ),
    (
        Words(700027, "invalid_client", "Client assertion contains an invalid signature.", 401),
        [Reason.CLIENT_ASSERTION_SIGNATURE_BAD],
    ),
    (
        Words(
            700021,
            "invalid_client",
            "Client assertion application identifier doesn't match 'client_id' parameter.",
            401,
        ),
        [Reason.CLIENT_ASSERTION_SUBJECT_WRONG],
    ),
    (
        Words(700023, "invalid_client", "Client assertion audience claim does not match Realm issuer.", 401),
        [Reason.CLIENT_ASSERTION_AUDIENCE_WRONG],
    ),
    (
        Words(700024, "invalid_client", "Client assertion is not within its valid time range.", 401),
        [Reason.CLIENT_ASSERTION_INVALID],
    ),
    # Codes, PKCE and single-page applications
    (
        Words(
            54005,
            "invalid_grant",
            "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing "
            "refresh token.",
        ),
        [Reason.CODE_ALREADY_REDEEMED, Reason.DEVICE_CODE_ALREADY_REDEEMED],
    ),
    (
        Words(
            70008,
            "invalid_grant",
            "The provided authorization code or refresh token has expired due to inactivity. Send a new "
            "interactive authorization request for this user and resource.",
        ),
        [Reason.CODE_EXPIRED],
    ),
    (Words(70000, "invalid_grant", _UNKNOWN_CODE), [Reason.CODE_UNKNOWN, Reason.CODE_OF_ANOTHER_CLIENT]),
    (Words(9002313, "invalid_grant", INVALID.text), [Reason.TOKEN_MALFORMED]),
    (
        Words(
            700005,
            "invalid_grant",
            "Provided Authorization Code is intended to use against other tenant, thus rejected.",
        ),
        [Reason.CODE_OF_ANOTHER_TENANT],
    ),
    (
        Words(
            501481,
            "invalid_grant",
            "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
        ),
        [Reason.VERIFIER_MISMATCH],
    ),
    (
        Words(
            50148,
            "invalid_grant",
            "The code_verifier does not match the code_challenge supplied in the authorization request for PKCE.",
        ),
        [Reason.VERIFIER_MISSING],
    ),
    (
        Words(501491, "invalid_request", "Invalid size of Code_Challenge parameter."),
        [Reason.CHALLENGE_INVALID],
    ),
    (
        Words(
            9002325,
            "invalid_request",
            "Proof Key for Code Exchange is required for cross-origin authorization code redemption.",
        ),
        [Reason.CHALLENGE_MISSING],
    ),
    (
        Words(
            9002326,
            "invalid_request",
            "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type. "
            "Request origin: '{origin}'.",
        ),
        [Reason.ORIGIN_UNEXPECTED],
    ),
    (
        Words(
            9002327,
            "invalid_request",
            "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin "
            "requests.",
        ),
        [Reason.ORIGIN_MISSING],
    ),
    # Refresh tokens and assertions
    (
        Words(70000, "invalid_grant", _UNKNOWN_TOKEN),
        [
            Reason.REFRESH_TOKEN_UNKNOWN,
            Reason.REFRESH_TOKEN_OF_ANOTHER_CLIENT,
            Reason.REFRESH_TOKEN_ALREADY_USED,
        ],
    ),
    (
        Words(
            700082,
            "invalid_grant",
            "The refresh token has expired due to inactivity. The token was issued on {date} and was inactive for "
            "{time}.",
        ),
        [Reason.REFRESH_TOKEN_EXPIRED],
    ),
    (Words(700084, "invalid_grant", _SPA_OVER), [Reason.REFRESH_TOKEN_LIFETIME_OVER]),
    (Words(50173, "invalid_grant", _REVOKED), [Reason.REFRESH_TOKEN_REVOKED, Reason.TOKEN_REVOKED]),
    (
        Words(50013, "invalid_grant", "Assertion failed signature validation."),
        [
            Reason.ASSERTION_INVALID,
            Reason.SUBJECT_TOKEN_INVALID,
            Reason.TOKEN_SIGNATURE_BAD,
            Reason.TOKEN_KEY_UNKNOWN,
            Reason.TOKEN_ISSUER_WRONG,
        ],
    ),
    (
        Words(500131, "invalid_grant", "Assertion audience does not match the Client app presenting the assertion."),
        [Reason.ASSERTION_AUDIENCE_WRONG],
    ),
    (Words(500133, "invalid_grant", _LATE_ASSERTION), [Reason.ASSERTION_EXPIRED]),
    (
        Words(
            7000114,
            "invalid_grant",
            "Application '{appId}' is not allowed to make application on-behalf-of calls.",
        ),
        [Reason.ASSERTION_WITHOUT_USER],
    ),
)
