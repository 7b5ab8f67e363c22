"""The clock of a world: read, set, frozen, moved.

No time passes by waiting: what expires in an hour has expired after `advance(hours=1)`.
"""

from __future__ import annotations

from datetime import datetime

from sandbox.client.http import Http
from sandbox.client.values import ClockReading


class ClockControl:
    """`idp.clock`. Every verb but `now` returns what the clock says then."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def now(self) -> int:
        """The world's time, in epoch seconds."""
        return self.read().now

    def read(self) -> ClockReading:
        """The world's time, and whether it stands still."""
        return ClockReading.read(self._http.get("/clock"))

    def set(self, now: int | str | datetime, *, frozen: bool | None = None) -> ClockReading:
        """Set the time: epoch seconds, ISO 8601, or a datetime that knows its zone. Frozen or not as before if None."""
        moment = now.isoformat() if isinstance(now, datetime) else now
        return self._put({"now": moment} if frozen is None else {"now": moment, "frozen": frozen})

    def freeze(self, now: int | str | datetime | None = None) -> ClockReading:
        """Let no time pass, from this moment or from `now`."""
        return self._put({"frozen": True}) if now is None else self.set(now, frozen=True)

    def thaw(self) -> ClockReading:
        """Let time pass again, from where it stands."""
        return self._put({"frozen": False})

    def advance(self, *, seconds: int = 0, minutes: int = 0, hours: int = 0, days: int = 0) -> ClockReading:
        """Let time pass at once; negative numbers go back."""
        given = {"seconds": seconds, "minutes": minutes, "hours": hours, "days": days}
        body = {unit: number for unit, number in given.items() if number} or {"seconds": 0}
        return ClockReading.read(self._http.post("/clock/advance", body))

    def _put(self, body: dict[str, object]) -> ClockReading:
        return ClockReading.read(self._http.put("/clock", body))
