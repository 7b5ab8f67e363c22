"""What the tests of the control API say: where it is, and how it refuses."""

from __future__ import annotations

from typing import Any

API = "/_sandbox/api"


def refused(answer: Any) -> tuple[int, str]:
    """The status and the reason of a problem document (RFC 9457)."""
    assert answer.content_type == "application/problem+json", answer.text
    return answer.status_code, answer.json["reason"]
