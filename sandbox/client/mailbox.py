"""What a world's services would have sent to people.

Sends nothing.
"""

from __future__ import annotations

from sandbox.client.http import Http
from sandbox.client.values import Mail


class Mailbox:
    """`idp.mailbox`."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def list(self, *, to: str | None = None, service: str | None = None) -> list[Mail]:
        """The mails and text messages, latest first."""
        return [Mail.read(mail) for mail in self._http.get("/mailbox", {"to": to, "service": service})["mail"]]

    def clear(self) -> None:
        """Forget them all."""
        self._http.delete("/mailbox")
