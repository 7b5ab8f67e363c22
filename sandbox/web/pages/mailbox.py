"""The mailbox: what services would have sent to people, as a page where codes and links stand out.

`to` and `service` in the query choose among the mails. Sends nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from flask import render_template, request
from flask.typing import ResponseReturnValue

from sandbox.core import mailbox
from sandbox.core.refusals import Reason, Refusal
from sandbox.service import current_house, current_mount
from sandbox.web.control.api import perform
from sandbox.web.pages.page import form, go_to, page
from sandbox.web.pages.typed import told

_ADDRESS = r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?)\]]"
# What people are asked to type: digits that are no length of time, or capitals and digits.
_DIGITS = r"[0-9]{4,10}(?!\s*(?:seconds?|minutes?|hours?|days?)\b)"
_LETTERS = r"(?=[0-9-]*[A-Z])(?=[A-Z-]*[0-9])[A-Z0-9]{4,6}-?[A-Z0-9]{2,6}"
_CODE = rf"(?<![\w+-])(?:{_DIGITS}|{_LETTERS})(?![\w-])"
_PIECE = re.compile(f"(?P<link>{_ADDRESS})|(?P<code>{_CODE})")


@dataclass(frozen=True)
class Piece:
    """A part of a mail's text. A link leads to the sandbox itself; any other address is text."""

    kind: Literal["text", "code", "link"]
    text: str


@page("/mailbox")
def mails() -> ResponseReturnValue:
    """GET /_sandbox/mailbox: the mails for a person to read, latest first."""
    return _render()


@form("/mailbox")
def change_mailbox() -> ResponseReturnValue:
    """Empty the mailbox."""
    if request.form.get("do") != "empty":
        return _render(Refusal(Reason.FIELD_MISSING, "the form does not say what to do", "do")), 400
    perform("empty_mailbox")
    return go_to("/mailbox", done="emptied", **{name: value for name, value in _choice().items() if value})


def _render(refusal: Refusal | None = None) -> str:
    services, choice = current_house().services, _choice()
    return render_template(
        "own/mailbox.html",
        mails=[_show(mail) for mail in perform("get_mail", **choice)["mail"]],
        titles={slug: service.title for slug, service in services.items()},
        choice=choice,
        most=mailbox.MOST_SHOWN,
        done=request.args.get("done") if refusal is None else None,
        problem=told(refusal) if refusal else None,
    )


def _show(mail: Mapping[str, Any]) -> dict[str, Any]:
    """A mail with its text in pieces, and each code and link of it once."""
    pieces = list(cut(mail["text"], current_mount().origin))
    sent_at = datetime.fromtimestamp(mail["sent_at"], UTC)
    kinds = {"codes": "code", "links": "link"}
    found = {name: list(dict.fromkeys(one.text for one in pieces if one.kind == kind)) for name, kind in kinds.items()}
    return {**mail, "pieces": pieces, **found, "sent_at": sent_at}


def cut(text: str, origin: str) -> Iterator[Piece]:
    """The text of a mail in its pieces, in order; links are the addresses at `origin`."""
    end = 0
    for match in _PIECE.finditer(text):
        if match["link"] and not _is_at(match["link"], origin):
            continue
        if match.start() > end:
            yield Piece("text", text[end : match.start()])
        yield Piece("link" if match["link"] else "code", match[0])
        end = match.end()
    if end < len(text):
        yield Piece("text", text[end:])


def _is_at(address: str, origin: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return f"{parts.scheme}://{parts.netloc}" == origin


def _choice() -> dict[str, str]:
    return {name: request.args.get(name, "").strip() for name in ("to", "service")}
