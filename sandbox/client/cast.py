"""Who and what is in a world: identities, clients, issuers and tenants, in the shapes of a fixture file.

Checks nothing; the sandbox does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from sandbox.client.http import Http

Document = dict[str, Any]


class Cast:
    """`idp.identities`, `idp.clients`, `idp.issuers` or `idp.tenants`.

    Each is called by its key: a login, a `client_id`, a name, an id. `service` tells apart those who have the same one
    at several services.
    """

    def __init__(self, http: Http, collection: str) -> None:
        self._http = http
        self._collection = collection

    def list(self, *, service: str | None = None, search: str | None = None) -> list[Document]:
        """All of them, or those of a service or that `search` finds."""
        found: list[Document] = []
        while True:
            query = {"service": service, "search": search, "offset": len(found) or None}
            answer = self._http.get(f"/{self._collection}", query)
            page: list[Document] = answer[self._collection]
            found += page
            if not page or len(found) >= int(answer.get("total", 0)):
                return found

    def get(self, key: str, *, service: str | None = None) -> Document:
        """One of them. Raises SandboxError (404) if there is none."""
        found: Document = self._http.get(self._path(key), {"service": service})
        return found

    def add(self, document: Mapping[str, Any]) -> Document:
        """Add one; returns it with the defaults filled in. Raises SandboxError: 400, 409."""
        added: Document = self._http.post(f"/{self._collection}", dict(document))
        return added

    def change(self, key: str, changes: Mapping[str, Any], *, service: str | None = None) -> Document:
        """Change members of one (a JSON merge patch: None takes a member away); returns all of it."""
        changed: Document = self._http.call("PATCH", self._path(key), body=dict(changes), query={"service": service})
        return changed

    def replace(self, key: str, document: Mapping[str, Any], *, service: str | None = None) -> Document:
        """Put another in its place; returns it with the defaults filled in."""
        replaced: Document = self._http.put(self._path(key), dict(document), {"service": service})
        return replaced

    def remove(self, key: str, *, service: str | None = None) -> None:
        """Take one away."""
        self._http.delete(self._path(key), {"service": service})

    def _path(self, key: str) -> str:
        return f"/{self._collection}/{quote(key, safe='')}"
