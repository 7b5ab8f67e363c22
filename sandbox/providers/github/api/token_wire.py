"""The shapes of token administration: a token as its application sees it.

https://docs.github.com/rest/apps/oauth-applications and https://docs.github.com/rest/apps/apps
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.core import tables
from sandbox.providers.github.api.wire import Json, api_url, render_moment, render_simple_user


def render_authorization(
    value: str, token: tables.Token, client: tables.Client, identity: tables.Identity | None
) -> Json:
    """A token as its application sees it; `value` is the token itself."""
    created_at = render_moment(token.issued_at)
    return {
        "id": token.number,
        "url": api_url(f"/authorizations/{token.number}"),
        "scopes": token.scopes.split(),
        "token": value,
        "token_last_eight": token.hint,
        "hashed_token": token.digest,
        "app": {
            "name": client.name,
            "url": client.settings["homepage_url"],
            "client_id": client.client_id,
        },
        "note": None,
        "note_url": None,
        "updated_at": created_at,
        "created_at": created_at,
        "fingerprint": None,
        "expires_at": None if token.expires_at is None else render_moment(token.expires_at),
        "user": identity and render_simple_user(identity),
    }


def parse_narrowing(body: Mapping[str, Any]) -> Json:
    """What a token is to be narrowed to, as it is kept with the new one."""
    some = "repositories" in body or "repository_ids" in body
    return {
        "permissions": body.get("permissions") or {"metadata": "read"},
        "repository_selection": "selected" if some else "all",
    }


def render_installation(token: tables.Token, account: Json) -> Json:
    """What a scoped token reaches: the permissions it was given, at one account."""
    return {
        "permissions": token.data["permissions"],
        "repository_selection": token.data["repository_selection"],
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "repositories_url": api_url("/user/repos"),
        "account": account,
    }
