"""The two refresh cookies: set and cleared with exactly the vendor's attributes.

They are written here, since browsers and tests look at every one of them. Judges no token.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response, request
from werkzeug.http import http_date

from sandbox.exchanges.insforge.models import ADMIN, SLUG, SessionType
from sandbox.service import current_mount, current_world


def read_cookie(session_type: SessionType) -> str | None:
    """The refresh token in the cookie, or None."""
    return request.cookies.get(_name(session_type)) or None


def set_cookie(response: Response, session_type: SessionType, refresh_token: str) -> Response:
    """Let the browser keep a refresh token for as long as it lives."""
    world = current_world()
    ttl = world.settings[SLUG]["refresh_token_ttl"]
    return _add(response, session_type, refresh_token, world.now() + ttl, f"Max-Age={ttl}")


def clear_cookie(response: Response, session_type: SessionType) -> Response:
    """Take the cookie away."""
    return _add(response, session_type, "", 0)


def _add(response: Response, session_type: SessionType, value: str, expires_at: int, *age: str) -> Response:
    place = "/api/auth/admin" if session_type == ADMIN else "/api/auth"
    path = urlsplit(current_mount().url(place)).path
    # Browsers drop what is SameSite=None and not Secure, and clients other than browsers send nothing Secure over http.
    rules = ("HttpOnly", "Secure", "SameSite=None") if _is_strict() else ("HttpOnly", "SameSite=Lax")
    parts = (f"{_name(session_type)}={value}", *age, f"Path={path}", f"Expires={http_date(expires_at)}", *rules)
    response.headers.add("Set-Cookie", "; ".join(parts))
    return response


def _name(session_type: SessionType) -> str:
    return "insforge_admin_refresh_token" if session_type == ADMIN else "insforge_refresh_token"


def _is_strict() -> bool:
    chosen = current_world().settings[SLUG]["secure_cookies"]
    return chosen == "strict" if chosen else current_mount().origin.startswith("https://")
