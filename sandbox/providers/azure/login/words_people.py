"""Entra ID's errors about what a request holds, about people, devices and pages, and about the server itself."""

from __future__ import annotations

from sandbox.core.refusals import Reason
from sandbox.providers.azure.login.vocabulary import INVALID, Words

_STRANGER = (
    "User account '{user}' from identity provider '{idp}' does not exist in tenant '{tenantName}' and cannot access "
    "the application '{appId}'({appName}) in that tenant. The account needs to be added as an external user in the "
    "tenant first. Sign out and sign in again with a different Azure Active Directory user account."
)
_CONSENT = (
    "The user or administrator has not consented to use the application with ID '{appId}' named '{appName}'. Send an "
    "interactive authorization request for this user and resource."
)
_MFA = (
    "Due to a configuration change made by your administrator, or because you moved to a new location, you must {do} "
    "to access '{resource}'."
)
_NO_RESOURCE = (
    "The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if the "
    "application has not been installed by the administrator of the tenant or consented to by any user in the tenant. "
    "You might have sent your authentication request to the wrong tenant."
)

PEOPLE_WORDS: tuple[tuple[Words, list[Reason]], ...] = (
    # What a request must hold
    (
        Words(900144, "invalid_request", "The request body must contain the following parameter: '{name}'."),
        [Reason.FIELD_MISSING, Reason.NONCE_MISSING],
    ),
    (
        Words(70003, "unsupported_grant_type", "The app requested an unsupported grant type '{grant}'."),
        [Reason.GRANT_TYPE_UNSUPPORTED, Reason.GRANT_TYPE_NOT_ALLOWED],
    ),
    (
        Words(
            70011,
            "invalid_scope",
            "The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid.",
        ),
        [Reason.SCOPE_INVALID],
    ),
    (Words(500011, "invalid_resource", _NO_RESOURCE), [Reason.TARGET_INVALID]),
    (
        Words(
            700054,
            "unsupported_response_type",
            "The provided value for the input parameter 'response_type' is not allowed for this client. Expected "
            "value is 'code'",
        ),
        [Reason.RESPONSE_TYPE_NOT_ALLOWED],
    ),
    (
        Words(
            70005,
            "unsupported_response_type",
            "The provided value for the input parameter 'response_type' is not valid.",
        ),
        [Reason.RESPONSE_TYPE_UNSUPPORTED],
    ),
    (
        Words(
            70007,
            "invalid_request",
            "'{mode}' is not a supported value of 'response_mode' when requesting a token.",
        ),
        [Reason.RESPONSE_MODE_UNSUPPORTED],
    ),
    # People
    (
        Words(50058, "login_required", "A silent sign-in request was sent but no user is signed in."),
        [Reason.LOGIN_REQUIRED],
    ),
    (
        Words(65001, "invalid_grant", _CONSENT, 400, "consent_required", "consent_required"),
        [Reason.CONSENT_REQUIRED],
    ),
    (
        Words(
            65004,
            "authorization_declined",
            "User declined to consent to access the app.",
            redirected="access_denied",
        ),
        [Reason.ACCESS_DENIED],
    ),
    (
        Words(
            50076,
            "interaction_required",
            _MFA.replace("{do}", "use multi-factor authentication"),
            400,
            "basic_action",
        ),
        [Reason.MFA_REQUIRED],
    ),
    (
        Words(
            50079,
            "interaction_required",
            _MFA.replace("{do}", "enroll in multifactor authentication"),
            400,
            "basic_action",
        ),
        [Reason.MFA_ENROLMENT_REQUIRED],
    ),
    (
        Words(
            53003,
            "interaction_required",
            "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
            redirected="access_denied",
        ),
        [Reason.ACCESS_BLOCKED],
    ),
    (
        Words(50126, "invalid_grant", "Error validating credentials due to invalid username or password."),
        [Reason.PASSWORD_WRONG],
    ),
    (
        Words(
            50034,
            "invalid_grant",
            "The user account {upn} does not exist in the {tenant} directory. To sign into this application, the "
            "account must be added to the directory.",
        ),
        [Reason.IDENTITY_UNKNOWN],
    ),
    (Words(50057, "invalid_grant", "The user account is disabled."), [Reason.IDENTITY_DEACTIVATED]),
    (
        Words(50055, "invalid_grant", "The password is expired.", 400, "user_password_expired"),
        [Reason.PASSWORD_EXPIRED],
    ),
    (
        Words(
            50053,
            "invalid_grant",
            "The account is locked, you've tried to sign in too many times with an incorrect user ID or password.",
        ),
        [Reason.ACCOUNT_LOCKED],
    ),
    (Words(50020, "invalid_grant", _STRANGER), [Reason.IDENTITY_OF_ANOTHER_TENANT]),
    (
        Words(
            50105,
            "invalid_grant",
            "The signed in user '{user}' is not assigned to a role for the application '{appId}'({appName}).",
        ),
        [Reason.ASSIGNMENT_REQUIRED],
    ),
    (
        Words(90094, "invalid_grant", "Administrator consent is required."),
        [Reason.ADMIN_CONSENT_REQUIRED],
    ),
    # Devices and pages
    (
        Words(
            70016,
            "authorization_pending",
            "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
        ),
        [Reason.AUTHORIZATION_PENDING, Reason.POLLING_TOO_FAST],
    ),
    (
        Words(
            70018,
            "bad_verification_code",
            "Invalid verification code due to User typing in wrong user code for device code flow.",
        ),
        [Reason.DEVICE_CODE_UNKNOWN],
    ),
    (Words(70019, "expired_token", "Verification code expired."), [Reason.DEVICE_CODE_EXPIRED]),
    (Words(90119, "invalid_request", "The user code is null or empty."), [Reason.USER_CODE_UNKNOWN]),
    (
        Words(90120, "invalid_request", "The request was already authorized or declined."),
        [Reason.TRANSACTION_ALREADY_DECIDED],
    ),
    (
        Words(50089, "invalid_request", "Authentication failed due to flow token expired."),
        [Reason.TRANSACTION_UNKNOWN, Reason.TRANSACTION_EXPIRED],
    ),
    # Before and behind it all
    (
        Words(90023, "invalid_request", "The authentication service request isn't valid.", 403),
        [Reason.PERMISSION_DENIED],
    ),
    (Words(9002313, "invalid_request", INVALID.text, 404), [Reason.ROUTE_UNKNOWN]),
    (
        Words(
            900561,
            "invalid_request",
            "The endpoint only accepts {verbs} requests. Received a {verb} request.",
            405,
        ),
        [Reason.METHOD_NOT_ALLOWED],
    ),
    (Words(9002313, "invalid_request", INVALID.text, 413), [Reason.BODY_TOO_LARGE]),
    (Words(9002313, "invalid_request", INVALID.text, 415), [Reason.MEDIA_TYPE_UNSUPPORTED]),
    (Words(9002313, "invalid_request", INVALID.text, 421), [Reason.HOST_UNKNOWN]),
    (
        Words(90055, "temporarily_unavailable", "There are too many incoming requests.", 429),
        [Reason.RATE_LIMITED],
    ),
    (
        Words(
            90033,
            "temporarily_unavailable",
            "The Microsoft Online Directory Service (MSODS) isn't available.",
            503,
        ),
        [Reason.PROVIDER_FAILED, Reason.DATABASE_UNAVAILABLE],
    ),
    (
        Words(50000, "server_error", "There's an issue with the sign-in service.", 500),
        [Reason.INTERNAL_ERROR],
    ),
)
