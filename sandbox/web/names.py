"""Tells of a mistake that is hard to find: one machine called by two names, of which issued URLs carry one.

Refuses nothing.
"""

from __future__ import annotations

import logging
from threading import Lock
from urllib.parse import urlsplit

from sandbox.mounts import Mount, host_name, is_loopback_name

log = logging.getLogger("sandbox")

# A machine has countless loopback names; after some, the point is made.
_MANY = 20


class NameWatch:
    """Warns, once for each name, when requests come by one loopback name and the public URL has another.

    An issuer is compared character by character (RFC 9207 section 2.4, OpenID Connect Core 1.0 section 3.1.3.7), so a
    client that is configured with the one name refuses what carries the other.
    """

    def __init__(self, public_url: str | None) -> None:
        self._public_url = public_url
        name = urlsplit(public_url or "").hostname or ""
        self._name = name if is_loopback_name(name) else None
        self._seen: set[str] = set()
        self._lock = Lock()

    def see(self, mount: Mount, host: str) -> None:
        """Look at a request by its mount and its Host header; on the sandbox's own pages no URL is compared."""
        if self._name is None or mount.slug is None or mount.origin != self._public_url:
            return
        name = host_name(host)
        if name.strip("[]") == self._name or not is_loopback_name(name):
            return
        with self._lock:
            if name in self._seen or len(self._seen) == _MANY:
                return
            self._seen.add(name)
        log.warning(
            "a request came by the name %s, but issuers carry %s (--public-url), and clients compare them byte for "
            "byte: use one name everywhere",
            name,
            self._public_url,
        )
