"""Where an absolute address leads: to a room of this sandbox, or out of it."""

from __future__ import annotations

from urllib.parse import urlsplit

from sandbox.mounts import OWN_PREFIX
from sandbox.service import current_house, current_mount

_PORTS = {"http": 80, "https": 443}


def find_room(address: str) -> str | None:
    """The slug of the room that an address leads to, "" for what else is the sandbox's own, None for all outside.

    A page of the sandbox where a login of its own lands, as an application's does, counts as outside; an address
    without a host leads back to whoever gave it.
    """
    found = _resolve(address)
    return None if found is None or found[1].startswith(f"{OWN_PREFIX}/callback") else found[0]


def is_own(address: str) -> bool:
    """Whether an address is one of this sandbox: an exchange's callback, or a page of its own."""
    found = _resolve(address)
    return found is not None and bool(found[0] or found[1].startswith(f"{OWN_PREFIX}/"))


def _resolve(address: str) -> tuple[str, str] | None:
    """The slug and the path of an address of this sandbox."""
    mounts, here = current_house().mounts, urlsplit(current_mount().origin)
    try:
        there = urlsplit(address)
        if not there.netloc and not there.scheme:
            return "", there.path
        same_port = (there.port or _PORTS.get(there.scheme)) == (here.port or _PORTS.get(here.scheme))
    except ValueError:
        return None
    if not same_port or not mounts.knows_host(there.netloc):
        return None
    mount, path = mounts.resolve(there.scheme, there.netloc, there.path)
    return mount.slug or "", path
