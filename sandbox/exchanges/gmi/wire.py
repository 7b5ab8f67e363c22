"""GMI Cloud's shapes: bodies, headers and claims; the only place with camelCase.

Takes and gives plain values; `errors.py` and `routes.py` put them on the wire.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sandbox.core.refusals import Issue, Reason, Refusal
from sandbox.core.schemas import Contract
from sandbox.exchanges.gmi import contract
from sandbox.exchanges.gmi.models import ApiKey, ApiKeyRequest, SessionTokens, User

Json = dict[str, Any]

# "Must be less than 8 characters. Only alphanumeric characters are allowed."
_CLIENT_ID = re.compile(r"[A-Za-z0-9]{1,7}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_ABSENT = ("required", "minLength")
# How the vendor's validator calls what JSON Schema calls otherwise, and its text. The one pattern is that of e-mails.
_EXPRESSIONS = {
    "required": ("required", "This field is required."),
    "minLength": ("required", "This field is required."),
    "type": ("type", "Invalid type."),
    "pattern": ("email", "Invalid email format."),
    "format": ("uuid", "Invalid UUID format."),
    "enum": ("oneof", "Invalid value."),
    "minimum": ("min", "Invalid value."),
    "maximum": ("max", "Invalid value."),
}


def parse_organization_id(value: str) -> str:
    """The id of an organization in a path. Raises Refusal: FIELD_INVALID if it is no UUID."""
    if not _UUID.fullmatch(value):
        issue = Issue(("orgId",), "format", "uuid", value)
        raise Refusal(Reason.FIELD_INVALID, f"{value!r} is no UUID", "orgId", issues=(issue,))
    return value


def parse_code_exchange(body: object) -> str:
    """The authorization code to swap; the provider can only be GitHub."""
    return str(_checked(contract.EXCHANGE_AUTHORIZATION_CODE, body)["code"])


def parse_provider_token(body: object) -> tuple[str, str]:
    """The provider, and its access token."""
    fields = _checked(contract.CREATE_AUTH_TOKEN_OAUTH, body)
    return fields["provider"], fields["accessToken"]


def parse_password_login(body: object) -> tuple[str, str]:
    """The e-mail address, and the password."""
    fields = _checked(contract.CREATE_AUTH_TOKEN, body)
    return fields["email"], fields["password"]


def parse_auth_token(body: object) -> str:
    """The authToken for which a one-time code is wanted."""
    return str(_checked(contract.SEND_2FA_VERIFICATION_CODE, body)["authToken"])


def parse_session(body: object) -> tuple[str, str | None]:
    """The authToken, and the one-time code if there is one."""
    fields = _checked(contract.CREATE_SESSION, body)
    otp_code = fields.get("otpCode")
    return fields["authToken"], None if otp_code in (None, "") else str(otp_code)


def parse_refresh(body: object) -> str:
    """The refresh token."""
    return str(_checked(contract.REFRESH_SESSION, body)["refreshToken"])


def parse_organization(body: object) -> str:
    """The name of the organization to register."""
    return str(_checked(contract.CREATE_ORGANIZATION, body)["name"])


def parse_api_key(body: object) -> ApiKeyRequest:
    """The API key that is wanted. Its type, which the vendor is giving up, is its scope unless it is named."""
    fields = _checked(contract.CREATE_API_KEY, body)
    scope = fields.get("scope") or "ie_model"
    expires_at = fields.get("expiresAt")
    return ApiKeyRequest(
        name=fields["name"],
        type=fields.get("type") or scope,
        scope=scope,
        expires_at=int(expires_at) if expires_at else None,
    )


def parse_client_id(header: str | None) -> str:
    """The CE-ClientId header: which device or browser this is. Raises Refusal: HEADER_INVALID."""
    if header is None or not _CLIENT_ID.fullmatch(header):
        raise Refusal(
            Reason.HEADER_INVALID,
            "CE-ClientId is missing" if header is None else f"CE-ClientId is not 1 to 7 letters or digits: {header!r}",
            "CE-ClientId",
        )
    return header


def parse_bearer(header: str | None) -> str:
    """The token of an Authorization header (RFC 6750 section 2.1). Raises Refusal: TOKEN_MISSING."""
    scheme, _, token = (header or "").strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refusal(Reason.TOKEN_MISSING, "there is no Authorization header with a Bearer token", "Authorization")
    return token.strip()


def render_provider_token(access_token: str) -> Json:
    """The answer to an authorization code."""
    return {"accessToken": access_token}


def render_auth_token(auth_token: str) -> Json:
    """The answer to a provider's access token."""
    return {"authToken": auth_token}


def render_password_login(auth_token: str, second_factor: bool) -> Json:
    """The answer to a password."""
    return {"authToken": auth_token, "is2FARequired": second_factor}


def render_session(tokens: SessionTokens) -> Json:
    """A session's two tokens."""
    return {"accessToken": tokens.access_token, "refreshToken": tokens.refresh_token}


def render_profile(user: User) -> Json:
    """The user and the user's organization."""
    return {"user": _user(user), "organization": {"id": user.organization_id, "role": user.role}}


def render_users(users: Iterable[User]) -> Json:
    """The members of an organization."""
    return {"users": [{**_user(user), "orgRole": user.role} for user in users]}


def render_api_keys(keys: Iterable[ApiKey]) -> Json:
    """An organization's API keys, without their values; a key that never expires shows 0."""
    return {
        "keys": [
            {
                "id": key.id,
                "name": key.name,
                "type": key.type,
                "scope": key.scope,
                "partialKey": key.partial,
                "createdAt": key.created_at,
                "expiresAt": key.expires_at or 0,
                "owner": {
                    "id": key.owner.id,
                    "firstName": key.owner.first_name,
                    "lastName": key.owner.last_name,
                },
            }
            for key in keys
        ]
    }


def render_current_api_key(key: ApiKey) -> Json:
    """The API key that the request was made with."""
    return {
        "key": {"id": key.id, "scope": key.scope, "owner": {"id": key.owner.id}, "type": key.type},
        "organization": {"id": key.organization_id},
    }


def render_issue(issue: Issue) -> Json:
    """An entry of `validationDetail`. An absent field shows as the empty text it is to the vendor."""
    expression, text = _EXPRESSIONS[issue.keyword]
    detail: Json = {"field": issue.field, "expression": expression}
    if expression not in ("required", "email", "uuid"):
        detail["argument"] = _argument(issue.expected)
    return {**detail, "originalValue": "" if issue.keyword in _ABSENT else issue.received, "reason": text}


def auth_claims(user: User, idp: str, second_factor: bool) -> Json:
    """What an authToken says."""
    return {"userId": user.id, "type": "auth", "idp": idp, "is2FARequired": second_factor}


def access_claims(user: User, session_id: str, client_id: str) -> Json:
    """What an access token says; only `userId` is known to be read by a client."""
    return {
        "userId": user.id,
        "email": user.email,
        "orgId": user.organization_id,
        "role": user.role,
        "sessionId": session_id,
        "clientId": client_id,
    }


def refresh_claims(user: User, session_id: str) -> Json:
    """What a refresh token says."""
    return {"userId": user.id, "sessionId": session_id, "type": "refresh"}


def api_key_claims(user: User, key_id: str, scope: str) -> Json:
    """What an API key says."""
    return {"id": key_id, "type": "api_key", "userId": user.id, "orgId": user.organization_id, "scope": scope}


def _user(user: User) -> Json:
    return {
        "id": user.id,
        "email": user.email,
        "firstName": user.first_name,
        "lastName": user.last_name,
        "lastLoginAt": user.last_login_at,
        "lastLoginIDP": user.last_login_idp,
    }


def _checked(schema: Contract, body: object) -> Json:
    """The body if it meets the contract, checked in the vendor's order: types, required fields, provider.

    Raises Refusal: BODY_MALFORMED, FIELD_MISSING, FIELD_INVALID, PROVIDER_UNSUPPORTED.
    """
    if not isinstance(body, dict):
        raise Refusal(Reason.BODY_MALFORMED, "the body is JSON, but not an object")
    told = _first_of_each(schema.issues(body))
    rest = tuple(issue for issue in told if not _is_unsupported_provider(issue))
    if rest:
        absent = all(issue.keyword in _ABSENT for issue in rest)
        raise Refusal(
            Reason.FIELD_MISSING if absent else Reason.FIELD_INVALID,
            "; ".join(f"{issue.field} fails {issue.keyword}" for issue in rest),
            rest[0].field,
            issues=rest,
        )
    for issue in told:
        accepted = _argument(issue.expected)
        raise Refusal(Reason.PROVIDER_UNSUPPORTED, f"{issue.received!r} is not among {accepted}", issue.field)
    return body


def _first_of_each(issues: tuple[Issue, ...]) -> list[Issue]:
    """One issue for each field; wrong types are told alone."""
    fields: dict[str, Issue] = {}
    for issue in [issue for issue in issues if issue.keyword == "type"] or issues:
        fields.setdefault(issue.field, issue)
    return list(fields.values())


def _is_unsupported_provider(issue: Issue) -> bool:
    return issue.field == "provider" and issue.keyword == "enum"


def _argument(expected: object) -> str:
    """A keyword's value as the parameter of the vendor's validator: the first of several types, all of an enum."""
    if not isinstance(expected, list):
        return str(expected)
    return str(expected[0]) if "null" in expected else " ".join(filter(None, expected))
