"""Kinds of refusal that are worded in a way of their own.

Which words the others have is in words.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from sandbox.core.refusals import Issue, Reason, Refusal

MESSAGE = "message"


def invalid(message: str, field: str | None = None, reason: Reason = Reason.FIELD_INVALID) -> Refusal:
    """A refusal in exactly these words of the vendor."""
    return Refusal(reason, message, field, issues=(Issue((), MESSAGE, message, None),))


class CallerRefused(Refusal):
    """Who calls is not let in: what the call is about has not been looked at.

    `dialect` says which credential it was: `session` or `access_token`.
    """

    dialect = "session"

    @classmethod
    def of(cls, refusal: Refusal, dialect: str) -> Self:
        """The same refusal, as one of the caller's credential."""
        refused = cls(refusal.reason, refusal.detail, refusal.field, issues=refusal.issues)
        refused.dialect = dialect
        return refused


@contextmanager
def of_caller(dialect: str) -> Iterator[None]:
    """Have the refusals of this block sound as those of the caller's credential."""
    try:
        yield
    except Refusal as refusal:
        raise CallerRefused.of(refusal, dialect) from refusal
