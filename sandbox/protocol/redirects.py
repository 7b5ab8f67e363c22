"""Redirect URIs: which may never be used, and how an answer is put onto one.

What matches a registered URI is each vendor's own rule, and in its room.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode, urlsplit

from sandbox.core.world import DEFAULT

# A browser would run or show these itself instead of calling an application (RFC 9700 section 4.1.3).
FORBIDDEN_SCHEMES = frozenset({"javascript", "data", "vbscript", "blob", "file"})


def is_safe(uri: str) -> bool:
    """Whether a browser may be sent there: an absolute URI without fragment (RFC 6749 section 3.1.2)."""
    # A browser drops control characters and reads backslashes as slashes; such URIs mean two things at once. And a URI
    # has no characters but those of ASCII (RFC 3986 section 2).
    if any(character <= " " or character >= "\x7f" or character == "\\" for character in uri):
        return False
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return False
    if not parts.scheme or parts.scheme.lower() in FORBIDDEN_SCHEMES or parts.fragment or "#" in uri:
        return False
    # Custom schemes of native apps need no host; http and https do, and never credentials.
    return parts.scheme not in ("http", "https") or (bool(parts.hostname) and "@" not in parts.netloc)


def with_query(uri: str, parameters: Mapping[str, str | None]) -> str:
    """`uri` with the parameters added to the query it has (RFC 6749 section 4.1.2); None is left out."""
    added = urlencode(
        {name: value for name, value in parameters.items() if value is not None},
        quote_via=quote,
        safe="",
        errors="replace",
    )
    if not added:
        return uri
    return f"{uri}{'&' if urlsplit(uri).query else '' if uri.endswith('?') else '?'}{added}"


def without_world(uri: str, world: str) -> str:
    """The URI without the prefix of this world, which no fixture knows: an exchange of another world than the default
    one has its callback below `/w/{world}`, and what is registered is the same for all worlds.
    """
    prefix = f"/w/{world}/"
    try:
        parts = urlsplit(uri)
    except ValueError:
        return uri
    if world == DEFAULT or not parts.path.startswith(prefix):
        return uri
    return uri.replace(prefix, "/", 1)


def origin(uri: str) -> str:
    """Scheme, host and port of a redirect URI, as a consent page shows where the browser will go."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}"
