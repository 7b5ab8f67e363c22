"""What people have typed into forms, as the control API takes it, and what it says of that, as a page shows it.

Knows no page.
"""

from __future__ import annotations

import json
import re
from typing import Any

from sandbox.core.fixture_reader import FixtureError, Reader
from sandbox.core.refusals import Reason, Refusal
from sandbox.web.issues import problems

_WHOLE = re.compile(r"-?[0-9]{1,18}")


def told(refusal: Refusal) -> dict[str, Any]:
    """Why a form did nothing: `{detail, errors: [{pointer, detail}]}`; a pointer is the name of a field.

    One error is told in the detail alone.
    """
    errors = [{"pointer": _name(one["pointer"]), "detail": one["detail"]} for one in problems(refusal)]
    if refusal.issues and len(errors) > 1:
        return {"detail": "This does not fit.", "errors": errors}
    if refusal.issues and errors[0]["pointer"]:
        return {"detail": f"{errors[0]['pointer']} {errors[0]['detail']}.", "errors": []}
    return {"detail": f"{refusal.detail[:1].upper()}{refusal.detail[1:]}.", "errors": []}


def as_number(text: str) -> int | str:
    """A whole number; anything else is what was typed, for the API to refuse in its words."""
    text = text.strip()
    return int(text) if _WHOLE.fullmatch(text) else text


def as_text(value: str) -> str | None:
    """What was typed, or None for nothing."""
    return value.strip() or None


def read_document(text: str, field: str) -> Any:
    """What a YAML or JSON text says. Raises Refusal: BODY_MALFORMED, naming the line."""
    try:
        return Reader(text, field).read()
    except FixtureError as error:
        problem = error.problems[0]
        line = f", line {problem.line}" if problem.line else ""
        detail = f"{field}{line}: {problem.message}"
        raise Refusal(Reason.BODY_MALFORMED, detail, field) from error


def read_upload(content: bytes, name: str) -> Any:
    """What an uploaded file says, JSON or YAML. Raises Refusal: BODY_MISSING, BODY_MALFORMED."""
    if not content.strip():
        raise Refusal(Reason.BODY_MISSING, "choose a file; this one is empty" if name else "choose a file", "file")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refusal(Reason.BODY_MALFORMED, f"the file is no text in UTF-8: {error}", "file") from error
    try:
        # Not by the reader of YAML, whose bounds a whole world may exceed.
        document = json.loads(text)
        json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return read_document(text, "the file")
    return document


def _name(pointer: str) -> str:
    return pointer.removeprefix("#").strip("/").replace("/", " / ")
