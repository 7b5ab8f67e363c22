"""The signing keys of a world's services: listed, rotated, retired.

Holds no private key; those never leave the sandbox.
"""

from __future__ import annotations

from urllib.parse import quote

from sandbox.client.http import Http
from sandbox.client.values import Key


class Keys:
    """`idp.keys`. A service with issuers names one of them: `oidc/main`."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def list(self, service: str | None = None) -> list[Key]:
        """The keys of all services, or of one."""
        keys = [Key.read(key) for key in self._http.get("/keys")["keys"]]
        return [key for key in keys if service in (None, key.service)]

    def rotate(self, service: str, algorithm: str | None = None) -> Key:
        """Sign with a new key from now on, which is returned; the one before is still published."""
        given = {"service": service, "algorithm": algorithm}
        return Key.read(self._http.post("/keys/rotate", {name: value for name, value in given.items() if value}))

    def retire(self, kid: str, service: str | None = None) -> None:
        """Publish a key no longer: what it signed is not accepted any more."""
        self._http.delete(f"/keys/{quote(kid, safe='')}", {"service": service})
