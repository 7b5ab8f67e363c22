"""The one place of the client that speaks HTTP: calls the control API of one world and raises what it refuses.

Knows no verb of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests

from sandbox.client.errors import SandboxError

# A fault may delay any answer by a minute.
_PATIENCE = 90  # seconds
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_SHOWN = 200

Query = Mapping[str, object]


class Http:
    """Calls below `{url}/_sandbox/api`. `url` is an origin, with `/w/{name}` behind it for a world of its own."""

    def __init__(self, url: str, token: str | None = None, ca_file: str | None = None) -> None:
        self.url = url.rstrip("/")
        self.token = token
        self.ca_file = ca_file
        self._session: requests.Session | None = None

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    def get(self, path: str, query: Query | None = None) -> Any:
        """The JSON of a GET. Raises SandboxError, as all verbs here do."""
        return self.call("GET", path, query=query)

    def post(self, path: str, body: object = None, query: Query | None = None) -> Any:
        """The JSON of a POST, None if the answer has none."""
        return self.call("POST", path, body=body, query=query)

    def put(self, path: str, body: object, query: Query | None = None) -> Any:
        """The JSON of a PUT, None if the answer has none."""
        return self.call("PUT", path, body=body, query=query)

    def delete(self, path: str, query: Query | None = None) -> None:
        """Send a DELETE."""
        self.call("DELETE", path, query=query)

    def call(self, method: str, path: str, *, body: object = None, query: Query | None = None) -> Any:
        """Send a request with a JSON body; the JSON of its answer, None if it has none."""
        answer = self._send(method, f"{self.url}/_sandbox/api{path}", body, query or {})
        if answer.status_code >= 300:
            raise _problem(answer)
        return answer.json() if answer.content else None

    def text(self, path: str, query: Query) -> str:
        """The text of a GET whose answer is no JSON."""
        answer = self._send("GET", f"{self.url}/_sandbox/api{path}", None, query)
        if answer.status_code >= 300:
            raise _problem(answer)
        return answer.text

    def close(self) -> None:
        """Let go of the connections; a later call opens new ones."""
        if self._session:
            self._session.close()
        self._session = None

    def _send(self, method: str, url: str, body: Any, query: Query) -> requests.Response:
        if not self.url:
            raise SandboxError(0, "", "the sandbox is not running; use it in a `with` block, or call start()")
        if self._session is None:
            self._session = self._open()
        try:
            return self._session.request(
                method,
                url,
                params={name: str(value) for name, value in query.items() if value is not None},
                json=body,
                allow_redirects=False,
                verify=self.ca_file or True,
                timeout=_PATIENCE,
            )
        except (requests.RequestException, UnicodeError) as error:
            raise SandboxError(0, "", f"no sandbox answers at {self.url}: {error}") from error

    def _open(self) -> requests.Session:
        session = requests.Session()
        session.headers["Accept"] = "application/json"
        if self.token:
            session.headers["X-Sandbox-Token"] = self.token
        if urlsplit(self.url).hostname in _LOOPBACK:
            # A proxy that the environment names would look for the sandbox on its own machine.
            session.proxies["no_proxy"] = "*"
        return session


def _problem(answer: requests.Response) -> SandboxError:
    """The error that a problem document (RFC 9457) tells of."""
    try:
        problem = answer.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        return SandboxError(answer.status_code, "", answer.text[:_SHOWN] or str(answer.reason))
    return SandboxError(
        answer.status_code,
        str(problem.get("reason") or ""),
        str(problem.get("detail") or problem.get("title") or ""),
        errors=problem.get("errors") or (),
        answer=problem.get("answer"),
    )
