"""Where a browser is sent: to the console after a login, to sign out after a failure, and only to places of ours.

Decides nothing about logins.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response

from sandbox.browser import redirect_to
from sandbox.exchanges.prisme.models import SLUG
from sandbox.mounts import is_loopback_name
from sandbox.protocol.redirects import is_safe, origin, with_query
from sandbox.service import current_mount, current_world

CONSOLE_CLIENT = "local-client-id"


def console_url() -> str:
    """Where people are after a login: the fixture's console, or the sandbox's own home page."""
    chosen: str | None = current_world().settings[SLUG]["console_url"]
    return chosen or current_mount().at(None).url("/")


def send_to_sign_out() -> Response:
    """How a login in the browser fails: nothing but a way out."""
    query = {"client_id": CONSOLE_CLIENT, "post_logout_redirect_uri": console_url()}
    return redirect_to(with_query(current_mount().url("/oidc/session/end"), query))


def send_on(wanted: str | None) -> Response:
    """To where a client wants its people after the sign-out, if that is a place of ours; else to the console."""
    return redirect_to(wanted if wanted and is_ours(wanted) else console_url())


def is_ours(url: str) -> bool:
    """Whether a URL is on this machine, at the console or at an origin that the fixture allows."""
    try:
        parts = urlsplit(url)
        is_plain = (
            parts.scheme in ("http", "https") and bool(parts.hostname) and is_safe(url) and "@" not in parts.netloc
        )
        if not is_plain:
            return False
        allowed = {origin(console_url()), *current_world().settings[SLUG]["allowed_origins"]}
        return origin(url) in allowed or is_loopback_name((parts.hostname or "").lower())
    except ValueError:  # a host in brackets that is no address of IPv6, or a port that is no number
        return False
