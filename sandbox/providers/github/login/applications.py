"""Applications as GitHub judges them: suspended or not, GitHub App or OAuth app, and where they may come back."""

from __future__ import annotations

from posixpath import normpath
from urllib.parse import SplitResult, unquote, urlsplit

from sandbox.core import tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.protocol.redirects import is_safe, without_world


def is_github_app(client: tables.Client) -> bool:
    """Whether the client is a GitHub App (permissions, `ghu_` tokens) rather than an OAuth app (scopes, `gho_`)."""
    return bool(client.settings["type"] == "github-app")


def check_not_suspended(client: tables.Client) -> None:
    """Refuse an application that GitHub has stopped. Raises Refusal: CLIENT_SUSPENDED."""
    if client.settings["suspended"]:
        raise Refusal(Reason.CLIENT_SUSPENDED, f"{client.client_id} is suspended in the fixture")


def is_allowed_redirect(client: tables.Client, redirect_uri: str) -> bool:
    """GitHub's own rule for redirect URIs.

    OAuth app: host (sub-domains aside) and port of the registered callback, its path or one below it; any port on a
    loopback callback. GitHub App: exactly one of the registered ones.
    """
    if not is_safe(redirect_uri):
        return False
    redirect_uri = without_world(redirect_uri, client.world)
    if is_github_app(client):
        return redirect_uri in client.redirect_uris
    asked, registered = urlsplit(redirect_uri), urlsplit(client.redirect_uris[0])
    host, registered_host = (asked.hostname or "").lower(), (registered.hostname or "").lower()
    if asked.scheme.lower() != registered.scheme.lower():
        return False
    if registered_host in ("127.0.0.1", "::1", "localhost"):
        return host == registered_host and _is_below(asked.path, registered.path)
    return (
        (host == registered_host or host.endswith("." + registered_host))
        and _port(asked) == _port(registered)
        and _is_below(asked.path, registered.path)
    )


def _port(parts: SplitResult) -> int | None:
    return parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _is_below(path: str, root: str) -> bool:
    # Dot segments, encoded or not, are resolved first, so that /path/../other is what it leads to.
    resolved, base = normpath(unquote(path) or "/"), normpath(unquote(root) or "/")
    return base in ("/", resolved) or resolved.startswith(base + "/")
