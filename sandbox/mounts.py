"""Where each room lives: at the root of an origin, under its prefix, or on its vendor's host names.

The one place that reads a room off a request and that builds a URL which leaves the process. Inside, every
room has a single URL space, `/{slug}/...`; requests are moved there before routing.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Protocol
from urllib.parse import urlsplit

from sandbox.core.world import DEFAULT, NAME

_WORLD = re.compile(rf"/w/({NAME})(?=/|$)")
_HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?P<port>:[0-9]{1,5})?")
_LAST_PORT = 65535
# The sandbox's own pages come before any room's claim on the root; their style sheet is there on every host.
OWN_PREFIX = "/_sandbox"
STATIC_PREFIX = f"{OWN_PREFIX}/static/"


class Room(Protocol):
    """What mounts need to know of a room."""

    @property
    def slug(self) -> str:
        """The room's name and prefix."""

    @property
    def roots(self) -> tuple[str, ...]:
        """The paths the room has at the root of an origin: `/login` stands for `/login` and all below.

        A step in braces stands for any one: `/{tenant}/oauth2`.
        """

    @property
    def hosts(self) -> Mapping[str, str]:
        """The vendor's host names and where in the room's URL space each begins (`{"api.github.com": "/api/v3"}`)."""


@dataclass(frozen=True)
class Mount:
    """Where a request came in, and so where every URL in its answer must point.

    `slug` is None on the sandbox's own pages. `begins` is set when the room was reached by a host name of its own:
    the host names of that room and where each begins. `by_prefix` tells that the room's slug precedes its paths.
    """

    origin: str
    world: str
    world_prefix: str
    slug: str | None
    by_prefix: bool = False
    begins: tuple[tuple[str, str], ...] = ()

    def url(self, path: str, *, host: str | None = None) -> str:
        """The absolute URL of a path of this room's URL space, such as `/login/oauth/authorize`.

        `host` prefers one of the room's host names; it is passed over unless the room was reached by such a name.
        """
        for host_name, start in sorted(self.begins, key=lambda begin: begin[0] != host):
            if _is_below(path, start):
                return f"{self._with_host(host_name)}{self.world_prefix}{path[len(start) :]}"
        prefix = f"/{self.slug}" if self.by_prefix else ""
        return f"{self.origin}{self.world_prefix}{prefix}{path}"

    def at(self, slug: str | None, *, by_prefix: bool = False) -> Mount:
        """The same way in, for another room; a room that is reached by host finds the others at the root.

        `by_prefix` leads below the other's slug however the request came, for what it does not have at the root.
        """
        return replace(self, slug=slug, by_prefix=(self.by_prefix or by_prefix) and slug is not None, begins=())

    def _with_host(self, host: str) -> str:
        parts = urlsplit(self.origin)
        return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}"


class Mounts:
    """All the mounts of one application."""

    def __init__(self, rooms: Iterable[Room], *, public_url: str | None, allowed_hosts: Iterable[str]) -> None:
        rooms = list(rooms)
        self._slugs = frozenset(room.slug for room in rooms)
        self._public_url = public_url
        # The most precise claim on the root wins: words before variables, long before short.
        self._roots = sorted(
            (_Claim.of(room.slug, root) for room in rooms for root in room.roots),
            key=lambda claim: (claim.has_variables, -claim.steps, -len(claim.root)),
        )
        # All claims in one look; which of them it was, its group tells.
        self._claims = re.compile("|".join(f"({claim.pattern})" for claim in self._roots) or "(?!)")
        self._hosts: dict[str, tuple[str, str, tuple[tuple[str, str], ...]]] = {}
        for room in rooms:
            begins = tuple(sorted(room.hosts.items(), key=lambda host: -len(host[1])))
            for host, start in room.hosts.items():
                self._hosts[host] = (room.slug, start, begins)
            local = f"{room.slug}.localhost"
            self._hosts[local] = (room.slug, "", ((local, ""),))
        self._names = frozenset((*self._hosts, *allowed_hosts, *((_hostname(public_url),) if public_url else ())))

    def knows_host(self, host: str) -> bool:
        """Whether to answer a request with this Host header; refusing the others stops DNS rebinding."""
        return _is_known(host, self._names)

    def resolve(self, scheme: str, host: str, path: str) -> tuple[Mount, str]:
        """Read off a request where it came in, and its path in the room's URL space (`/{slug}/...`)."""
        world, world_prefix = DEFAULT, ""
        if in_world := _WORLD.match(path):
            world, world_prefix = in_world[1], in_world[0]
            path = path[in_world.end() :] or "/"
        origin = self._public_url or f"{scheme}://{host}"
        at = partial(Mount, origin, world, world_prefix)
        own = self._hosts.get(host_name(host))
        if own and not path.startswith(STATIC_PREFIX):
            slug, start, begins = own
            by_host = Mount(f"{scheme}://{host}", world, world_prefix, slug, begins=begins)
            return by_host, f"/{slug}{start}{path}"
        if _is_below(path, OWN_PREFIX):
            # What the sandbox adds to a room is with the sandbox's own at the root, and with the room's elsewhere.
            slug, slash, rest = path[len(OWN_PREFIX) + 1 :].partition("/")
            if slug not in self._slugs:
                return at(None), path
            return at(slug), f"/{slug}{OWN_PREFIX}{slash}{rest}"
        first = path.split("/", 2)[1] if path.startswith("/") else ""
        claimed = self._claims.match(path)
        claim = self._roots[(claimed.lastindex or 1) - 1] if claimed else None
        # A claim in words is as good as a prefix, and may be the same one; a variable stands for what nobody names.
        if first in self._slugs and (claim is None or claim.has_variables):
            return at(first, by_prefix=True), path
        if claim:
            return at(claim.slug), f"/{claim.slug}{path}"
        return at(None), path


@dataclass(frozen=True)
class _Claim:
    """A room's claim on the root of an origin."""

    slug: str
    root: str
    pattern: str

    @classmethod
    def of(cls, slug: str, root: str) -> _Claim:
        steps = ("[^/]+" if step.startswith("{") else re.escape(step) for step in root.split("/"))
        return cls(slug, root, "/".join(steps) + "(?:/|$)")

    @property
    def steps(self) -> int:
        return self.root.count("/")

    @property
    def has_variables(self) -> bool:
        return "{" in self.root


def _is_below(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip("/") + "/")


def host_name(host: str) -> str:
    """The name in a Host header, in lower case and without the port."""
    return host.rsplit(":", 1)[0].lower() if not host.endswith("]") else host.lower()


# A sandbox is called by a few names, again and again.
@lru_cache(maxsize=512)
def _is_known(host: str, names: frozenset[str]) -> bool:
    match = _HOST.fullmatch(host)
    if match is None or int((match["port"] or ":0")[1:]) > _LAST_PORT:
        return False
    name = match["name"].lower()
    return name in names or is_loopback_name(name)


def _hostname(url: str) -> str:
    return urlsplit(url).hostname or ""


def is_loopback_name(name: str) -> bool:
    """Whether a host name in lower case stands for this machine alone (RFC 6761 section 6.3)."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False
