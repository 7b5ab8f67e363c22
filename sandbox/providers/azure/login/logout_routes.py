"""Entra ID's logout over HTTP."""

from __future__ import annotations

from flask import Blueprint, Response

from sandbox.browser import redirect_to, session_cookie
from sandbox.providers.azure.authorities import get_authority
from sandbox.providers.azure.directory import SLUG
from sandbox.providers.azure.login import pages, wire
from sandbox.providers.azure.login.logout import sign_out
from sandbox.service import current_mount, current_world


def logout(tenant: str) -> Response:
    """GET and POST /{tenant}/oauth2/v2.0/logout, and /{tenant}/oauth2/logout."""
    world = current_world()
    authority = get_authority(world, current_mount(), tenant)
    done = sign_out(world, authority, wire.parse_query(), session_cookie(SLUG))
    if done.next_url and not done.frames:
        return redirect_to(done.next_url)
    return pages.signed_out(done.frames, done.next_url)


def register_logout(room: Blueprint) -> None:
    """Add logout to the room's blueprint."""
    for path in ("/<tenant>/oauth2/v2.0/logout", "/<tenant>/oauth2/logout"):
        room.route(path, methods=["GET", "POST"])(logout)
