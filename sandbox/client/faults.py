"""What goes wrong on purpose: armed by a recipe's name or by a rule, and cleared again.

Decides nothing: which request a fault meets is the sandbox's to find.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self, TypedDict

from sandbox.client.errors import SandboxError
from sandbox.client.http import Http
from sandbox.client.values import Fault


class Rule(TypedDict, total=False):
    """Which requests a fault meets, how often, and the one thing that it does.

    `times=None` is until cleared; `skip=2` from the third request on; `probability` is between 0 and 1; `after` lets
    the call do its work before its answer is lost.
    """

    service: str | None
    operation: str | None
    client_id: str | None
    login: str | None
    skip: int
    times: int | None
    probability: float
    after: bool
    refuse: Mapping[str, Any]
    answer: Mapping[str, Any]
    delay: Mapping[str, Any]
    drop: Mapping[str, Any]
    truncate: Mapping[str, Any]
    drip: Mapping[str, Any]
    redirect_loop: Mapping[str, Any]
    malform: Mapping[str, Any]
    content_type: Mapping[str, Any]
    repeat: Mapping[str, Any]
    change: Mapping[str, Any]
    callback: Mapping[str, Any]
    forge: Mapping[str, Any]


class ArmedFault:
    """A fault that was armed. It stays until it is cleared or used up; at the end of a `with` block it is cleared."""

    def __init__(self, http: Http, armed: Fault) -> None:
        self._http = http
        self.id = armed.id
        self.name = armed.name
        self.rule = armed.rule

    def read(self) -> Fault:
        """The fault as it is now. Raises SandboxError (404) when it is gone."""
        return Fault.read(self._http.get(f"/faults/{self.id}"))

    @property
    def hits(self) -> int:
        """How many requests it has met so far."""
        return self.read().hits

    def clear(self) -> None:
        """Make nothing go wrong any more; clearing it again does nothing."""
        try:
            self._http.delete(f"/faults/{self.id}")
        except SandboxError as error:
            if error.status != 404:
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()
