"""InsForge's shapes: what requests hold, what answers look like, and the claims of its tokens.

The only place with camelCase; decides nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Response, request

from sandbox.core.refusals import Issue, Reason, Refusal
from sandbox.core.schemas import Contract
from sandbox.exchanges.insforge import contract
from sandbox.exchanges.insforge.bodies import read_body
from sandbox.exchanges.insforge.models import (
    WEB,
    Credentials,
    Session,
    User,
)
from sandbox.exchanges.insforge.settings import AuthConfig

Json = dict[str, Any]
# The backend whose behaviour this is.
VERSION = "2.3.1"
LOGGED_OUT = {"success": True, "message": "Logged out successfully"}
_BODILESS = ("mobile", "desktop", "server")
# The auth configuration, in the vendor's order.
_CONFIG = {
    "requireEmailVerification": "require_email_verification",
    "passwordMinLength": "password_min_length",
    "requireNumber": "require_number",
    "requireLowercase": "require_lowercase",
    "requireUppercase": "require_uppercase",
    "requireSpecialChar": "require_special_char",
    "verifyEmailMethod": "verify_email_method",
    "resetPasswordMethod": "reset_password_method",
    "allowedRedirectUrls": "allowed_redirect_urls",
    "disableSignup": "disable_signup",
}
_TYPES = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}


# What requests hold


def parse_body(schema: Contract) -> Json:
    """The request's body, if it meets the contract. Raises Refusal: BODY_MALFORMED, FIELD_MISSING, FIELD_INVALID."""
    return checked(schema, read_body())


def checked(schema: Contract, value: object) -> Json:
    """A value that meets the contract. Raises Refusal: FIELD_MISSING, FIELD_INVALID."""
    issues = schema.issues(value)
    if issues or not isinstance(value, dict):
        absent = all(issue.keyword == "required" for issue in issues)
        raise Refusal(
            Reason.FIELD_MISSING if absent else Reason.FIELD_INVALID,
            "; ".join(f"{issue.field or 'the body'} fails {issue.keyword}" for issue in issues),
            issues[0].field if issues else None,
            issues=issues,
        )
    return value


def trimmed(body: object, name: str) -> object:
    """The body, without the blanks around one of its texts: the vendor's schemas trim names before they judge them."""
    if isinstance(body, dict) and isinstance(body.get(name), str):
        return {**body, name: body[name].strip()}
    return body


def parse_query() -> dict[str, Any]:
    """The query, where what comes twice is a list."""
    return {name: values[0] if len(values) == 1 else values for name, values in request.args.lists()}


def parse_credentials() -> Credentials:
    """What the request proves itself with. `Bearer` has a capital, and nothing else counts."""
    header = request.headers.get("Authorization", "")
    bearer = header.removeprefix("Bearer ").strip() if header.startswith("Bearer ") else ""
    return Credentials(bearer or None, request.headers.get("X-API-Key") or None)


def parse_csrf() -> str | None:
    """The X-CSRF-Token header."""
    return request.headers.get("X-CSRF-Token")


def is_web() -> bool:
    """Whether the client keeps its refresh token in a cookie, as it does unless it says otherwise."""
    return request.args.get("client_type", WEB) not in _BODILESS


def parse_admin_sign_in() -> tuple[str, str]:
    """The admin's name and password."""
    fields = checked(contract.CREATE_ADMIN_SESSION, trimmed(read_body(), "username"))
    return fields["username"], fields["password"]


def parse_config(fields: Json) -> dict[str, Any]:
    """What is to change in the auth configuration; a list of null is an empty one, and 8.0 is 8."""
    changed = {_CONFIG[name]: value for name, value in fields.items() if name in _CONFIG}
    whole = {name: int(value) if isinstance(value, float) else value for name, value in changed.items()}
    return {name: [] if value is None else value for name, value in whole.items()}


def zod_message(issues: Iterable[Issue]) -> str:
    """Issues in the vendor's words, each with its path."""
    return ", ".join(_zod_issue(issue) for issue in issues)


def _zod_issue(issue: Issue) -> str:
    if issue.keyword == "message":
        return str(issue.expected)
    last = issue.path[-1] if issue.path else ""
    name = f"{issue.path[-2]}[]" if isinstance(last, int) else last
    text = contract.TEXTS.get((name, issue.keyword))
    return f"{issue.field}: {text or _zod_text(issue)}"


def _zod_text(issue: Issue) -> str:
    """What zod says where a schema has no words of its own."""
    received = _TYPES.get(type(issue.received), "null")
    match issue.keyword:
        case "required":
            return "Required"
        case "type":
            expected = issue.expected[0] if isinstance(issue.expected, list) else issue.expected
            if expected == "integer":
                expected, received = ("integer", "float") if received == "number" else ("number", received)
            return f"Expected {expected}, received {received}"
        case "enum":
            options = issue.expected if isinstance(issue.expected, list) else []
            listed = " | ".join(f"'{option}'" for option in options)
            is_text = isinstance(issue.received, str)
            told = f"Invalid enum value. Expected {listed}, received '{issue.received}'"
            return told if is_text else f"Expected {listed}, received {received}"
        case "pattern":
            return "Invalid url"
        case "minimum" | "maximum":
            than = "greater than" if issue.keyword == "minimum" else "less than"
            return f"Number must be {than} or equal to {issue.expected}"
        case _:
            than, unit = ("at least" if "min" in issue.keyword else "at most"), issue.keyword[3:]
            verb = "contain" if unit else "be"
            return f"String must {verb} {than} {issue.expected} character(s)"


# What answers look like


def render(body: Json, status: int = 200) -> Response:
    """JSON as the vendor's web framework sends it, with its weak ETag."""
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    digest = base64.b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()[:27]
    response = Response(data, status, content_type="application/json; charset=utf-8")
    response.headers["ETag"] = f'W/"{len(data):x}-{digest}"'
    return response


def render_error(status: int, error: str, message: str, next_actions: str | None) -> Response:
    """The error envelope."""
    more = {} if next_actions is None else {"nextActions": next_actions}
    return render({"error": error, "message": message, "statusCode": status, **more}, status)


def render_redirect(uri: str, **added: str) -> Response:
    """A 302 as the vendor's web framework sends it, with one parameter set in the query of `uri`."""
    parts = urlsplit(uri)
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in added]
    path = parts.path or ("/" if parts.netloc else "")
    target = parts._replace(path=path, query=urlencode([*query, *added.items()])).geturl()
    body = f"Found. Redirecting to {target}"
    return Response(body, 302, headers={"Location": target}, content_type="text/plain; charset=utf-8")


def render_admin(session: Session) -> Response:
    """An admin's session: what the documentation shows and what the backend sends, in one."""
    return render(
        {**describe_admin(session.subject), "accessToken": session.access_token, "csrfToken": session.csrf_token}
    )


def describe_admin(subject: str) -> Json:
    """An admin, by the subject of its tokens."""
    username = subject.partition(":")[2]
    return {"admin": {"sub": subject}, "projectAdmin": {"subject": subject, "username": username}}


def render_user(user: User) -> Json:
    """A user as everyone sees one."""
    return {
        "id": user.id,
        "email": user.email,
        "emailVerified": user.email_verified,
        "createdAt": iso(user.created_at),
        "updatedAt": iso(user.updated_at),
        "providers": list(user.providers),
        "profile": dict(user.profile),
        "metadata": {},
    }


def render_anon_key(key: str) -> Json:
    """The anon key."""
    return {"anonKey": key}


def render_anon_token(key: str) -> Json:
    """The anon key, as the older endpoint gives it."""
    told = "Anon key retrieved successfully (deprecated route, use GET /api/metadata/anon-key)"
    return {"accessToken": key, "message": told}


def render_config(config: AuthConfig) -> Json:
    """The auth configuration."""
    values = {name: config.values[ours] for name, ours in _CONFIG.items()}
    moments = {"createdAt": iso(config.created_at), "updatedAt": iso(config.updated_at)}
    return {"id": config.id, **values, **moments}


def render_public_config(config: AuthConfig, built_in: list[str], custom: list[str]) -> Json:
    """What a sign-in page must know: all of it but where users may be sent back to."""
    values = {name: config.values[ours] for name, ours in _CONFIG.items() if name != "allowedRedirectUrls"}
    return {"oAuthProviders": built_in, "customOAuthProviders": custom, **values}


def render_csrf_or_refresh(session: Session, *, web: bool) -> Json:
    """The last member of a session: what goes with the cookie, or what a client without cookies keeps."""
    return {"csrfToken": session.csrf_token} if web else {"refreshToken": session.refresh_token}


def iso(epoch: int) -> str:
    """A moment as JavaScript writes it."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def render_keys(keys: Iterable[Mapping[str, Any]]) -> Json:
    """A key set, the members of each key in the vendor's order."""
    order = ("kty", "n", "e", "alg", "use", "kid")
    return {"keys": [{name: key[name] for name in order} for key in keys]}


def render_health(now: int) -> Json:
    """The backend's health."""
    return {"status": "ok", "version": VERSION, "service": "Insforge OSS Backend", "timestamp": iso(now)}


# The claims of tokens


def user_claims(user: User, role: str) -> Json:
    """What a user's access token says."""
    return {"sub": user.id, "email": user.email, "role": role}


def refresh_claims(session_type: str, subject: str, nonce: str) -> Json:
    """What a refresh token says."""
    return {
        "sub": subject,
        "type": "refresh",
        "iss": "insforge",
        "csrfNonce": nonce,
        "sessionType": session_type,
    }


def read_refresh_claims(claims: Mapping[str, Any]) -> tuple[object, object, object, object]:
    """Its type, the session's type, the subject and the nonce, whatever they are."""
    return claims.get("type"), claims.get("sessionType"), claims.get("sub"), claims.get("csrfNonce")


def read_code_claims(claims: Mapping[str, Any]) -> tuple[object, object, object]:
    """What a code of the cloud says: the project, its type, and the user."""
    return claims.get("projectId"), claims.get("type"), claims.get("userId")


def admin_subject(kind: str, name: str) -> str:
    """The subject of an admin, `local:` or `cloud:`."""
    return f"{kind}:{name}"


def state_claims(provider: str, redirect_uri: str, code_challenge: str, now: int) -> Json:
    """What travels through a provider and back."""
    return {
        "provider": provider,
        "redirectUri": redirect_uri,
        "codeChallenge": code_challenge,
        "createdAt": now * 1000,
    }


def read_state_claims(claims: Mapping[str, Any]) -> tuple[object, object, object]:
    """The provider, the redirect URI and the challenge of a state."""
    return claims.get("provider"), claims.get("redirectUri"), claims.get("codeChallenge")
