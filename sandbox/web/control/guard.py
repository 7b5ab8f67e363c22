"""Who may use the control API: no page of another origin ever, and beyond this machine only who has the token.

Knows no operation.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from flask import request

from sandbox.config import Config
from sandbox.core.compare import same_secret
from sandbox.core.refusals import Reason, Refusal
from sandbox.mounts import is_loopback_name
from sandbox.service import current_house

HEADER = "X-Sandbox-Token"
# What a browser says of requests that no other origin has caused (Fetch Metadata Request Headers, section 2.3).
_OWN_SITES = ("same-origin", "none")
_OF_PROXIES = frozenset(("forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip"))


def check_call() -> None:
    """Let this call of the control API in. Raises Refusal: PERMISSION_DENIED, TOKEN_MISSING, TOKEN_UNKNOWN."""
    _check_origin()
    _check_token(request.headers.get(HEADER))


def check_page() -> None:
    """Let a browser see a page of what the control API tells; the token is the password that it asks its person for.

    Raises Refusal: TOKEN_MISSING, TOKEN_UNKNOWN.
    """
    _check_token(request.headers.get(HEADER) or _password())


def _password() -> str | None:
    try:
        return request.authorization.password if request.authorization else None
    except ValueError:  # what Werkzeug takes for base64 and cannot read
        return None


def check_form() -> None:
    """Let a form of such a page act: as for the page, and from no other origin.

    Raises Refusal: PERMISSION_DENIED, TOKEN_MISSING, TOKEN_UNKNOWN.
    """
    _check_origin()
    check_page()


def check_reveal() -> None:
    """Let this caller see secrets: only one on this machine, at a sandbox that listens on loopback alone, token or not.

    Raises Refusal: PERMISSION_DENIED.
    """
    if not may_reveal():
        raise Refusal(
            Reason.PERMISSION_DENIED,
            "secrets are shown only on the machine of the sandbox, and only if it listens on loopback",
            "reveal",
        )


def may_reveal() -> bool:
    """Whether `check_reveal` would let this caller see secrets."""
    # Whoever comes through a proxy on this machine may be anybody.
    return _is_only_here(current_house().config) and not any(_is_of_proxies(name) for name, _ in request.headers)


def _is_of_proxies(header: str) -> bool:
    name = header.lower()
    return name in _OF_PROXIES or name.startswith("x-forwarded-")


def _check_origin() -> None:
    site = request.headers.get("Sec-Fetch-Site", "none").lower()
    origin = request.headers.get("Origin")
    own = {f"{request.scheme}://{request.host}".lower(), current_house().config.public_url}
    if site not in _OWN_SITES or (origin is not None and origin.lower() not in own):
        raise Refusal(
            Reason.PERMISSION_DENIED, f"the control API is closed to pages of other origins; found {origin or site}"
        )


def _check_token(presented: str | None) -> None:
    config = current_house().config
    if not _needs_token(config):
        return
    if not presented:
        raise Refusal(Reason.TOKEN_MISSING, f"beyond this machine the control API needs the header {HEADER}")
    if config.control_token is None or not same_secret(config.control_token, presented):
        raise Refusal(Reason.TOKEN_UNKNOWN, f"the header {HEADER} has not the token of this sandbox")


def _needs_token(config: Config) -> bool:
    return config.control_token is not None or not _is_only_here(config)


def _is_only_here(config: Config) -> bool:
    """Whether the sandbox listens on loopback alone, has no other address, and is called from there."""
    if not config.is_loopback:
        return False
    if config.public_url and not is_loopback_name((urlsplit(config.public_url).hostname or "").lower()):
        return False
    return _is_loopback(request.remote_addr or "")


def _is_loopback(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_loopback
