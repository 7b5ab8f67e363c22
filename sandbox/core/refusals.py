"""The one way to say no: a Refusal names the true cause; a room turns it into its vendor's words.

Renders nothing: the words are in each room's errors.py, the cause goes to the journal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import TypeVar

W = TypeVar("W")


class Reason(StrEnum):
    """Every cause for which a request is refused, in the words of the RFCs where they have one."""

    @staticmethod
    def _generate_next_value_(name: str, *_: object) -> str:
        return name

    CLIENT_UNKNOWN = auto()
    CLIENT_SECRET_MISSING = auto()
    CLIENT_SECRET_WRONG = auto()
    CLIENT_SECRET_EXPIRED = auto()
    CLIENT_CREDENTIALS_AMBIGUOUS = auto()
    CLIENT_CREDENTIALS_UNEXPECTED = auto()
    CLIENT_AUTH_METHOD_WRONG = auto()
    CLIENT_ASSERTION_INVALID = auto()
    CLIENT_ASSERTION_SIGNATURE_BAD = auto()
    CLIENT_ASSERTION_AUDIENCE_WRONG = auto()
    CLIENT_ASSERTION_SUBJECT_WRONG = auto()
    CLIENT_SUSPENDED = auto()
    CLIENT_OF_ANOTHER_TENANT = auto()
    CLIENT_SINGLE_TENANT = auto()
    CLIENT_FOR_WORK_ONLY = auto()
    CLIENT_NEEDS_TENANT = auto()
    REDIRECT_URI_MISMATCH = auto()
    RESPONSE_TYPE_UNSUPPORTED = auto()
    RESPONSE_TYPE_NOT_ALLOWED = auto()
    RESPONSE_MODE_UNSUPPORTED = auto()
    REQUEST_OBJECT_UNSUPPORTED = auto()
    REQUEST_URI_UNSUPPORTED = auto()
    REQUEST_OBJECT_INVALID = auto()
    REQUEST_URI_INVALID = auto()
    PUSHED_REQUEST_REQUIRED = auto()
    REGISTRATION_PARAMETER_UNSUPPORTED = auto()
    NONCE_MISSING = auto()
    LOGIN_REQUIRED = auto()
    CONSENT_REQUIRED = auto()
    ADMIN_CONSENT_REQUIRED = auto()
    ASSIGNMENT_REQUIRED = auto()
    MFA_REQUIRED = auto()
    MFA_ENROLMENT_REQUIRED = auto()
    ACCESS_BLOCKED = auto()
    CODE_UNKNOWN = auto()
    CODE_EXPIRED = auto()
    CODE_ALREADY_REDEEMED = auto()
    CODE_OF_ANOTHER_CLIENT = auto()
    CODE_OF_ANOTHER_TENANT = auto()
    CHALLENGE_INVALID = auto()
    CHALLENGE_MISSING = auto()
    VERIFIER_MISSING = auto()
    VERIFIER_MISMATCH = auto()
    VERIFIER_UNEXPECTED = auto()
    ORIGIN_MISSING = auto()
    ORIGIN_UNEXPECTED = auto()
    GRANT_TYPE_UNSUPPORTED = auto()
    GRANT_TYPE_NOT_ALLOWED = auto()
    GRANT_NEEDS_TENANT = auto()
    REFRESH_TOKEN_UNKNOWN = auto()
    REFRESH_TOKEN_EXPIRED = auto()
    REFRESH_TOKEN_REVOKED = auto()
    REFRESH_TOKEN_ALREADY_USED = auto()
    REFRESH_TOKEN_OF_ANOTHER_CLIENT = auto()
    REFRESH_TOKEN_LIFETIME_OVER = auto()
    SCOPE_INVALID = auto()
    TARGET_INVALID = auto()
    DPOP_PROOF_MISSING = auto()
    DPOP_PROOF_INVALID = auto()
    SUBJECT_TOKEN_INVALID = auto()
    ASSERTION_INVALID = auto()
    ASSERTION_EXPIRED = auto()
    ASSERTION_AUDIENCE_WRONG = auto()
    ASSERTION_WITHOUT_USER = auto()
    TOKEN_MISSING = auto()
    TOKEN_UNKNOWN = auto()
    TOKEN_EXPIRED = auto()
    TOKEN_REVOKED = auto()
    TOKEN_OF_ANOTHER_CLIENT = auto()
    TOKEN_MALFORMED = auto()
    TOKEN_SIGNATURE_BAD = auto()
    TOKEN_KEY_UNKNOWN = auto()
    TOKEN_KEY_AMBIGUOUS = auto()
    TOKEN_ALGORITHM_NOT_ALLOWED = auto()
    TOKEN_ISSUER_WRONG = auto()
    TOKEN_AUDIENCE_WRONG = auto()
    TOKEN_NONCE_WRONG = auto()
    TOKEN_NOT_YET_VALID = auto()
    TOKEN_TYPE_WRONG = auto()
    SCOPE_INSUFFICIENT = auto()
    CSRF_TOKEN_WRONG = auto()
    AUTHORIZATION_PENDING = auto()
    POLLING_TOO_FAST = auto()
    ACCESS_DENIED = auto()
    DEVICE_CODE_UNKNOWN = auto()
    DEVICE_CODE_EXPIRED = auto()
    DEVICE_CODE_ALREADY_REDEEMED = auto()
    DEVICE_FLOW_DISABLED = auto()
    USER_CODE_UNKNOWN = auto()
    TRANSACTION_UNKNOWN = auto()
    TRANSACTION_EXPIRED = auto()
    TRANSACTION_ALREADY_DECIDED = auto()
    IDENTITY_UNKNOWN = auto()
    IDENTITY_DEACTIVATED = auto()
    IDENTITY_OF_ANOTHER_TENANT = auto()
    EMAIL_UNVERIFIED = auto()
    PASSWORD_WRONG = auto()
    PASSWORD_EXPIRED = auto()
    ACCOUNT_LOCKED = auto()
    OTP_MISSING = auto()
    OTP_WRONG = auto()
    PROVIDER_UNSUPPORTED = auto()
    PROVIDER_NOT_IMPLEMENTED = auto()
    PROVIDER_FAILED = auto()
    NOT_CONFIGURED = auto()
    STATE_INVALID = auto()
    ISSUER_UNKNOWN = auto()
    HTTPS_REQUIRED = auto()
    REDIRECT_URI_INVALID = auto()
    METADATA_INVALID = auto()
    OUTSIDE_ADDRESS_REFUSED = auto()
    BODY_MISSING = auto()
    BODY_MALFORMED = auto()
    FIELD_MISSING = auto()
    FIELD_INVALID = auto()
    FIELD_REPEATED = auto()
    HEADER_INVALID = auto()
    OBJECT_UNKNOWN = auto()
    OBJECT_ALREADY_EXISTS = auto()
    PERMISSION_DENIED = auto()
    LIMIT_REACHED = auto()
    RATE_LIMITED = auto()
    SSO_REQUIRED = auto()
    HOST_UNKNOWN = auto()
    ROUTE_UNKNOWN = auto()
    METHOD_NOT_ALLOWED = auto()
    BODY_TOO_LARGE = auto()
    MEDIA_TYPE_UNSUPPORTED = auto()
    DATABASE_UNAVAILABLE = auto()
    INTERNAL_ERROR = auto()


@dataclass(frozen=True)
class Issue:
    """One way in which a value missed its JSON Schema, in no vendor's dialect.

    `path` leads to the offending value, `keyword` is the schema keyword that failed (`required`, `type`,
    `enum`, `format` ...), `expected` that keyword's value, `received` the value found (None if absent).
    """

    path: tuple[str | int, ...]
    keyword: str
    expected: object
    received: object

    @property
    def field(self) -> str:
        """The path in dots: `user.emails.0`."""
        return ".".join(str(step) for step in self.path)


class Refusal(Exception):
    """A request is refused.

    `reason` is the true cause, `detail` one sentence for the developer (journal, X-Sandbox-Reason), `field` the
    offending parameter or object where there is one, `issues` the schema violations. `retry_after` is in seconds.
    """

    def __init__(
        self,
        reason: Reason,
        detail: str,
        field: str | None = None,
        *,
        issues: tuple[Issue, ...] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.field = field
        self.issues = issues
        self.retry_after = retry_after


def by_reason(words: Iterable[tuple[W, Iterable[Reason]]], *, otherwise: W | None = None) -> Mapping[Reason, W]:
    """Turn a dialect's table `words -> reasons` into `reason -> words`.

    `otherwise` speaks for the reasons that cannot arise where this dialect is spoken. Raises ValueError if a reason
    is named twice or if one has no words: this runs when the room is imported.
    """
    table: dict[Reason, W] = {}
    for word, reasons in words:
        for reason in reasons:
            if reason in table:
                raise ValueError(f"{reason} has words twice")
            table[reason] = word
    if otherwise is not None:
        return {reason: table.get(reason, otherwise) for reason in Reason}
    missing = [reason.value for reason in Reason if reason not in table]
    if missing:
        raise ValueError(f"no words for {', '.join(missing)}")
    return table
