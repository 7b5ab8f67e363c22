"""A running sandbox, as commands reach it: `remote` gives a command its options, and what they lead to.

Knows no endpoint; speaks through sandbox.client.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import click

from sandbox.cli.options import as_json
from sandbox.config import environment_name

if TYPE_CHECKING:
    from sandbox.client.errors import SandboxError
    from sandbox.client.http import Http

Command = Callable[..., None]

_DEFAULT_URL = "http://localhost:9400"


class Remote:
    """The control API of one world of a running sandbox.

    Its verbs raise click.ClickException, in one line, for a refusal and if no sandbox answers.
    """

    def __init__(self, url: str, token: str | None, world: str | None) -> None:
        if not _is_address(url):
            raise click.UsageError(f"--url: {url!r} is no http or https address")
        self._url = url.rstrip("/") + (f"/w/{quoted(world)}" if world else "")
        self._token = token

    def call(self, method: str, path: str, body: object = None, **query: object) -> Any:
        """The JSON that a call of the control API answers; None if it answers none."""
        return self._speak(lambda http: http.call(method, path, body=body, query=query))

    def text(self, path: str, **query: object) -> str:
        """The text of a GET whose answer is no JSON."""
        return str(self._speak(lambda http: http.text(path, query)))

    def _speak(self, speak: Callable[[Http], Any]) -> Any:
        # Imported here, so that --help answers at once.
        from sandbox.client import SandboxError  # noqa: PLC0415
        from sandbox.client.http import Http  # noqa: PLC0415

        http = Http(self._url, self._token)
        try:
            return speak(http)
        except SandboxError as error:
            raise click.ClickException(self._explain(error)) from error
        except ValueError as error:
            raise click.ClickException(f"what answers at {self._url} is no sandbox") from error
        finally:
            http.close()

    def _explain(self, error: SandboxError) -> str:
        if error.status == 0 and "SSL" in type(error.__cause__).__name__:
            return f'the certificate of {self._url} is not trusted; type eval "$(idp-sandbox ca --env)"'
        if error.status == 0:
            return f"nothing answers at {self._url}; start it with `idp-sandbox serve`, or say where it is with --url"
        if not error.reason:
            return f"what answers at {self._url} is no sandbox, or an older one (status {error.status})"
        said = f"; it said {error.answer.get('status')}{_short(error.answer.get('body'))}" if error.answer else ""
        remedy = f"; give it with --token or {environment_name('token')}" if error.status == 401 else ""
        return f"{error}{said}{remedy}"


def _short(body: object) -> str:
    """The body of an answer in a few words; that of a page is left to browsers."""
    return f": {json.dumps(body, ensure_ascii=False)}" if isinstance(body, dict | list) else ""


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def quoted(name: str) -> str:
    """A name as one step of a path."""
    return quote(name, safe="")


def remote(command: Command) -> Command:
    """Give a command the options that lead to a running sandbox, that as `sandbox`, and --json as `as_json`."""

    @wraps(command)
    def run(url: str, token: str | None, world: str | None, **rest: Any) -> None:
        command(sandbox=Remote(url, token, world), **rest)

    options = (
        click.option(
            "--url",
            metavar="URL",
            envvar=environment_name("url"),
            default=_DEFAULT_URL,
            help=f"Where the sandbox answers. Environment: {environment_name('url')}. [default: {_DEFAULT_URL}]",
        ),
        click.option(
            "--token",
            metavar="TOKEN",
            # A shell that serves with a token of its own need not name it twice.
            envvar=[environment_name("token"), environment_name("control_token")],
            help=f"The token that its control API wants to see. Environment: {environment_name('token')}.",
        ),
        click.option("--world", metavar="NAME", help="The world to act on; the default one if left out."),
        as_json,
    )
    decorated: Command = run
    for option in reversed(options):
        decorated = option(decorated)
    return decorated
