"""The mailbox of a world over HTTP: one-time codes and links that were never sent."""

from __future__ import annotations

from typing import Any

from sandbox.core import mailbox
from sandbox.service import current_world
from sandbox.web.control.api import operation
from sandbox.web.control.shapes import COUNT, MOMENT, TEXT, Shape, list_of, record, schema

_SHOWN: dict[str, Shape] = {
    "id": COUNT,
    "service": TEXT,
    "to": {**TEXT, "description": "An e-mail address, or a phone number for a text message."},
    "subject": TEXT,
    "text": TEXT,
    "sent_at": MOMENT,
}
_MAIL = schema("Mail", record(_SHOWN))


@operation(
    "GET",
    "/mailbox",
    "Read what would have been sent",
    answers={200: record({"mail": list_of(_MAIL)})},
    query={"to": TEXT, "service": TEXT},
)
def get_mail(to: str = "", service: str = "") -> dict[str, Any]:
    """The newest mails, latest first."""
    # Addresses are kept as services compare them, in lower case.
    found = mailbox.list_mail(current_world(), to=to.strip().lower(), service=service.strip())
    return {"mail": [{name: getattr(mail, name) for name in _SHOWN} for mail in found]}


@operation("DELETE", "/mailbox", "Empty the mailbox", answers={204: None})
def empty_mailbox() -> None:
    """Nothing is left in it."""
    mailbox.empty(current_world())
