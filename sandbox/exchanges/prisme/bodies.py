"""Bodies as the vendor's gateway reads them: JSON that is announced as JSON, held against the contract.

The texts are those of express-openapi-validator 4.13, which every JSON endpoint shares.
"""

from __future__ import annotations

from typing import Any

from flask import request

from sandbox.core.refusals import Issue, Reason, Refusal
from sandbox.core.schemas import Contract
from sandbox.service import read_json

_ABSENT = "required"


def read_body(contract: Contract) -> dict[str, Any]:
    """The request's body, which meets the contract; an empty one counts as an empty object.

    Raises Refusal: MEDIA_TYPE_UNSUPPORTED, BODY_MALFORMED, FIELD_MISSING, FIELD_INVALID.
    """
    if request.mimetype != "application/json":
        raise Refusal(
            Reason.MEDIA_TYPE_UNSUPPORTED, "only application/json is read", request.headers.get("Content-Type")
        )
    body = read_json() if request.get_data(cache=True) else {}
    # body-parser is strict: JSON is an object or a list, and anything else is no JSON to it.
    if not isinstance(body, dict | list):
        raise Refusal(Reason.BODY_MALFORMED, "the body is JSON, but neither an object nor a list")
    if issues := contract.issues(body):
        absent = all(issue.keyword == _ABSENT for issue in issues)
        reason = Reason.FIELD_MISSING if absent else Reason.FIELD_INVALID
        raise Refusal(reason, ", ".join(map(sentence, issues)), issues[0].field or None, issues=issues)
    return dict(body)


def complaint(issue: Issue) -> dict[str, str]:
    """An issue as an entry of `details`."""
    match issue.keyword:
        case "required":
            message = f"should have required property '{issue.field}'"
        case "minimum":
            message = f"should be >= {issue.expected}"
        case "maximum":
            message = f"should be <= {issue.expected}"
        case _:
            message = f"should be {issue.expected}"
    path = "".join(f".{step}" for step in ("body", *issue.path))
    return {"path": path, "message": message, "errorCode": f"{issue.keyword}.openapi.validation"}


def sentence(issue: Issue) -> str:
    """An issue as a part of the message."""
    told = complaint(issue)
    return f"request{'.body' if issue.keyword == _ABSENT else told['path']} {told['message']}"
