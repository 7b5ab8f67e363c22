"""Two kinds of refusal that are worded in a way of their own.

Which words that are is in errors.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from sandbox.core.refusals import Issue, Reason, Refusal


class CloudRefusal(Refusal):
    """A code or token of InsForge Cloud is refused: every endpoint says so in the same words."""

    @classmethod
    def of(cls, refusal: Refusal) -> Self:
        """The same refusal, as one of the cloud's token."""
        return cls(refusal.reason, refusal.detail, refusal.field)


class SentBack(Refusal):
    """A refusal that the application is told at its redirect URI, as `?error=`.

    `told` is the text where it is not that of the reason.
    """

    def __init__(self, refusal: Refusal, redirect_uri: str, told: str | None = None) -> None:
        super().__init__(refusal.reason, refusal.detail, refusal.field)
        self.redirect_uri = redirect_uri
        self.told = told


@contextmanager
def told_at(redirect_uri: str, told: str | None = None) -> Iterator[None]:
    """Have the refusals of this block reach the application at its redirect URI."""
    try:
        yield
    except Refusal as refusal:
        raise SentBack(refusal, redirect_uri, told) from refusal


def invalid(message: str, field: str | None = None, reason: Reason = Reason.FIELD_INVALID) -> Refusal:
    """A refusal of the input in exactly these words of the vendor."""
    return Refusal(reason, message, field, issues=(Issue((), "message", message, None),))
