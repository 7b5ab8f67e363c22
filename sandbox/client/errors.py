"""What a client raises when the control API says no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class SandboxError(Exception):
    """The sandbox refused, or could not be reached.

    `status` is the HTTP status, 0 if nobody answered. `reason` is one of the sandbox's reasons (`docs/reasons.md`), ""
    where the answer had none; `detail` says in words what is wrong. `errors` are the offending members as
    `{pointer, detail}`. `answer` is what a provider or an exchange had said, as `{status, body}`, where it was its
    refusal.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        detail: str,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        answer: Mapping[str, Any] | None = None,
    ) -> None:
        # The detail may tell of the first one already.
        wrong = [error for error in errors if error.get("detail", "") not in detail]
        words = [detail, *(f"{error.get('pointer', '')}: {error.get('detail', '')}" for error in wrong)]
        head = " ".join(str(word) for word in (status, reason) if word)
        super().__init__(": ".join(part for part in (head, "; ".join(word for word in words if word)) if part))
        self.status = status
        self.reason = reason
        self.detail = detail
        self.errors = tuple(errors)
        self.answer = answer
