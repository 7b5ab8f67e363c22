"""Snippets as text: which origin a library is pointed at, and its template with the facts of the room filled in.

Knows no library; each room names its own.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sandbox.config import Config, ConfigError
from sandbox.core.world import World
from sandbox.mounts import Mount
from sandbox.service import NothingFitsError, Service, Snippet
from sandbox.web.files import TEMPLATES

SUFFIXES = {"go": "go", "javascript": "mjs", "python": "py", "shell": "sh", "toml": "toml", "yaml": "yaml"}

# The text is source code, which the page escapes as a whole. Values come into it through a filter that quotes them: a
# JSON string is a string of every language here but the shell's.
_TEMPLATES = Environment(  # noqa: S701 - see above
    loader=FileSystemLoader(TEMPLATES / "snippets"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_TEMPLATES.filters["text"] = lambda value: json.dumps(value, ensure_ascii=False)
_TEMPLATES.filters["word"] = shlex.quote


@dataclass(frozen=True)
class Shown:
    """A snippet as the page shows it; `text` is None if the fixture has nothing to make it from, which `lack` says."""

    snippet: Snippet
    service: Service
    origin: str
    text: str | None
    lack: str = ""


def show_all(services: Iterable[Service], world: World, mount: Mount, config: Config) -> Iterator[Shown]:
    """Every snippet, for whoever reached the sandbox by this mount."""
    for service in services:
        for snippet in service.snippets:
            there = reach(snippet, mount, config).at(service.slug)
            try:
                yield Shown(snippet, service, there.origin, render(snippet, world, there, config))
            except NothingFitsError as lack:
                yield Shown(snippet, service, there.origin, None, str(lack))


def render(snippet: Snippet, world: World, mount: Mount, config: Config) -> str:
    """The text of a snippet. Raises NothingFitsError."""
    is_secure = mount.origin.startswith("https:")
    facts = {**snippet.facts(world, mount), "ca_file": _ca_file(config) if is_secure else ""}
    return _TEMPLATES.get_template(f"{snippet.name}.{SUFFIXES[snippet.language]}.j2").render(facts)


def reach(snippet: Snippet, mount: Mount, config: Config) -> Mount:
    """The way in that the library can take: that of https, if it refuses the one it is given."""
    if not snippet.https_only or mount.origin.startswith("https:"):
        return mount
    host = urlsplit(mount.origin).hostname or ""
    return replace(mount, origin=f"https://{f'[{host}]' if ':' in host else host}:{config.tls_port}")


def _ca_file(config: Config) -> str:
    # Where others can call, the folders of this machine are none of their business.
    try:
        return str(config.tls_folder / "ca.pem") if config.is_loopback else "ca.pem"
    except ConfigError:  # this user has no folder
        return "ca.pem"
