"""The shapes of users: sign-up, sessions, pages of users, profiles, and codes by e-mail."""

from __future__ import annotations

import re
from collections.abc import Iterable

from flask import Response, request

from sandbox.exchanges.insforge import contract
from sandbox.exchanges.insforge.bodies import read_body
from sandbox.exchanges.insforge.models import NewUser, OtpSignIn, PasswordSignIn, Session, User
from sandbox.exchanges.insforge.refusals import invalid
from sandbox.exchanges.insforge.wire import Json, checked, iso, parse_body, render, render_user, trimmed

SIGN_IN_CODE_SENT = "If sign-in is available for this email, we have sent a verification code."
VERIFICATION_CODE_SENT = "If your email is registered, we have sent you a verification code. Please check your inbox."
RESET_CODE_SENT = "If your email is registered, we have sent you a password reset code. Please check your inbox."
PASSWORD_RESET = {"message": "Password reset successfully"}
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def parse_new_user() -> NewUser:
    """The user to be made."""
    fields = checked(contract.CREATE_USER, trimmed(read_body(), "name"))
    return NewUser(fields["email"].lower(), fields["password"], fields.get("name"))


def parse_sign_in() -> PasswordSignIn | OtpSignIn:
    """A sign-in, by password unless it says otherwise."""
    body = read_body()
    method = body.get("method") if isinstance(body, dict) else None
    if method is not None:
        checked(contract.SESSION_METHOD, body)
    if method == "otp":
        fields = checked(contract.CREATE_OTP_SESSION, trimmed(body, "name"))
        return OtpSignIn(fields["email"].lower(), fields["otp"], fields.get("name"))
    fields = checked(contract.CREATE_SESSION, body)
    return PasswordSignIn(fields["email"].lower(), fields["password"])


def parse_refresh() -> str:
    """The refresh token of a client without cookies; two spellings are taken."""
    body = read_body()
    if isinstance(body, dict) and "refreshToken" not in body and "refresh_token" in body:
        body = {"refreshToken": body["refresh_token"]}
    return str(checked(contract.REFRESH_SESSION, body)["refreshToken"])


def parse_user_id(text: str) -> str:
    """The id of a user in a path. Raises Refusal: FIELD_INVALID if it is no UUID."""
    if not _UUID.fullmatch(text):
        raise invalid("Invalid user ID format", "userId")
    return text


def parse_deletion() -> list[str]:
    """The ids of the users to be deleted."""
    ids: list[str] = parse_body(contract.DELETE_USERS)["userIds"]
    return ids


def parse_reset(fields: Json) -> tuple[str, str]:
    """The token, and the new password."""
    return fields["otp"], fields["newPassword"]


def parse_page() -> tuple[int, int, str]:
    """Limit, offset and search text of a list; what is no number counts as absent."""
    return _number("limit", 10), _number("offset", 0), request.args.get("search", "")


def render_users(users: Iterable[User], *, limit: int, offset: int, total: int) -> Response:
    """A page of users."""
    page = {"offset": offset, "limit": limit, "total": total}
    return render({"data": [render_user(user) for user in users], "pagination": page})


def render_deleted(count: int) -> Response:
    """How many users were deleted."""
    return render({"message": "Users deleted successfully", "deletedCount": count})


def render_profile(user: User) -> Response:
    """A user's profile alone."""
    return render({"id": user.id, "profile": dict(user.profile)})


def render_new_user(user: User, session: Session | None) -> Json:
    """A user who was just made; without a session the address is to be verified first."""
    if session is None:
        return {"accessToken": None, "requireEmailVerification": True}
    return {**render_signed_in(user, session), "requireEmailVerification": False}


def render_signed_in(user: User, session: Session) -> Json:
    """A session that begins."""
    return {"user": render_user(user), "accessToken": session.access_token}


def render_session(user: User, session: Session) -> Json:
    """A session that goes on, or begins by a code: the same in another order."""
    return {"accessToken": session.access_token, "user": render_user(user)}


def render_code_sent(told: str) -> Response:
    """The answer to whoever asks for a code, known or not."""
    return render({"success": True, "message": told}, 202)


def render_reset_token(token: str, expires_at: int) -> Json:
    """What sets a new password."""
    return {"token": token, "expiresAt": iso(expires_at)}


def _number(name: str, default: int) -> int:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default
