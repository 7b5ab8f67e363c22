"""The two cookies of a login, with exactly the vendor's attributes, and the session that a browser calls with.

Judges no token.
"""

from __future__ import annotations

from urllib.parse import quote, unquote, urlsplit

from flask import Response, request
from werkzeug.http import http_date

from sandbox.exchanges.prisme.models import SLUG, Session
from sandbox.service import current_mount, current_world

ACCESS, BROWSER = "access-token", "connect.sid"
_SIGNATURE_LENGTH = 43


def read_access() -> str | None:
    """The session token in the cookie, or None."""
    return request.cookies.get(ACCESS) or None


def read_browser() -> str:
    """What this browser was called when it went to a provider, or ""."""
    return unquote(request.cookies.get(BROWSER, ""))


def new_browser() -> str:
    """A name for a browser that nobody guesses, in the form of express-session."""
    ids = current_world().ids
    return f"s:{ids.uuid()}.{ids.text(_SIGNATURE_LENGTH)}"


def keep_session(response: Response, session: Session) -> Response:
    """Let the browser keep a session that has just begun, unless the fixture has cookies off."""
    if current_world().settings[SLUG]["cookies"]:
        _add(response, ACCESS, session.token or "")
        keep_browser(response, new_browser())
    return response


def keep_browser(response: Response, name: str) -> Response:
    """Let the browser keep its name."""
    world = current_world()
    ends = f"Expires={http_date(world.now() + world.settings[SLUG]['session_ttl'])}"
    return _add(response, BROWSER, quote(name, safe=""), ends)


def clear(response: Response) -> Response:
    """Take both cookies away."""
    for name in (BROWSER, ACCESS):
        _add(response, name, "", f"Expires={http_date(0)}")
    return response


def _add(response: Response, name: str, value: str, *ends: str) -> Response:
    mount = current_mount()
    rules = ("Secure", "SameSite=None") if mount.origin.startswith("https://") else ()
    path = urlsplit(mount.url("/")).path
    response.headers.add("Set-Cookie", "; ".join((f"{name}={value}", f"Path={path}", *ends, "HttpOnly", *rules)))
    return response
