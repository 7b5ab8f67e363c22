"""The text of `idp-sandbox snippet`: the lines that point a client library at the sandbox of a configuration.

Serves nothing; the same is on the page /_sandbox/snippets of a running one.
"""

from __future__ import annotations

from dataclasses import replace

from sandbox.config import Config, ConfigError
from sandbox.core.world import DEFAULT
from sandbox.factory import create_app
from sandbox.mounts import Mount
from sandbox.service import House, NothingFitsError, Service, Snippet
from sandbox.services import SERVICES
from sandbox.web.snippets import reach, render


def list_snippets() -> str:
    """The name and the title of every snippet, one a line."""
    rows = [(snippet.name, f"{snippet.title}, for {service.title}") for service, snippet in _all()]
    width = max((len(name) for name, _ in rows), default=0)
    return "\n".join(f"{name:<{width}}  {title}" for name, title in rows)


def print_snippet(config: Config, name: str) -> str:
    """The snippet of this name, for the origin and the fixture of a configuration.

    Raises ConfigError for a name that is none, for a fixture without a client that fits, and if the library takes https
    alone and `public_url` is something else.
    """
    service, snippet = _get(name)
    mount = Mount(config.public_url or f"http://localhost:{config.port}", DEFAULT, "", service.slug)
    if config.public_url and reach(snippet, mount, config) != mount:
        raise ConfigError(f"{name} takes https only; found {config.public_url}")
    # The clients are the fixture's: a database that a server uses is left alone.
    sandbox: House = create_app(replace(config, database=None)).extensions["sandbox"]
    try:
        with sandbox.world() as world:
            return render(snippet, world, reach(snippet, mount, config), config).rstrip("\n")
    except NothingFitsError as lack:
        raise ConfigError(f"{name}: {lack}") from lack
    finally:
        sandbox.close()


def _all() -> list[tuple[Service, Snippet]]:
    return [(service, snippet) for service in SERVICES.values() for snippet in service.snippets]


def _get(name: str) -> tuple[Service, Snippet]:
    for service, snippet in _all():
        if snippet.name == name:
            return service, snippet
    names = ", ".join(snippet.name for _, snippet in _all())
    raise ConfigError(f"there is no snippet called {name!r}; there are {names}")
