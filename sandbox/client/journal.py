"""What the sandbox remembers of a world's requests, and the assertions that tests make of it.

Judges nobody; that is the verdict.
"""

from __future__ import annotations

from sandbox.client.http import Http
from sandbox.client.values import Request


class Journal:
    """`idp.journal`."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def requests(self, service: str | None = None, operation: str | None = None, **filters: object) -> list[Request]:
        """The requests so far, oldest first.

        `filters` are `client_id`, `login`, `flow`, `status` (`401` or `"4xx"`), `reason`, `method`, `path`, `fault`,
        `after` (an id), `limit`, and `wait`: the seconds to wait for one if there is none yet.
        """
        query = {"service": service, "operation": operation, **filters}
        return [Request.read(entry) for entry in self._http.get("/journal", query)["entries"]]

    def get(self, number: int) -> Request:
        """One request, by its id. Raises SandboxError (404)."""
        return Request.read(self._http.get(f"/journal/{number}"))

    def clear(self) -> None:
        """Forget them all."""
        self._http.delete("/journal")
