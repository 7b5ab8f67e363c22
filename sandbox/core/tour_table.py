"""What the sandbox remembers of tours, beside the tables of tables.py.

Holds no behaviour: that is in tours.py.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from sandbox.core.tables import Base


class Tour(Base):
    """A login that somebody takes step by step. `serial` orders the tours of a world by age.

    `asked` is what was chosen, and `seed` has its random values come out alike whenever it is gone through again.
    `hops` are the requests so far with their answers, refused ones included, and `pending` is the next one, None when
    there is none. `status` is `waiting`, `refused` (and waiting again) or `done`. `broken` names what is to be wrong
    with the next request, `result` is the session, or the tokens, at the end. `cookies` are those of the application's
    own browser. `version` counts the changes, and `sending_since` (real epoch seconds) is set while a request is under
    way.
    """

    __tablename__ = "tours"

    id: Mapped[str] = mapped_column(primary_key=True)
    serial: Mapped[int]
    asked: Mapped[dict[str, Any]]
    flow: Mapped[str]
    seed: Mapped[int]
    hops: Mapped[list[Any]]
    pending: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    status: Mapped[str]
    broken: Mapped[str | None]
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    cookies: Mapped[list[Any]]
    version: Mapped[int]
    sending_since: Mapped[int | None]
    created_at: Mapped[int]
