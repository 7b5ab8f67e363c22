"""The mailbox of a world: what its services would have sent to people, kept for them to read. Nothing is ever sent.

Knows no code and no address: what a mail says is its sender's.
"""

from __future__ import annotations

from typing import Any

from sandbox.core import tables
from sandbox.core.world import World

MOST_SHOWN = 200


def deliver(world: World, *, service: str, to: str, subject: str, text: str) -> None:
    """Put a mail into the mailbox; `to` is an e-mail address, or a phone number for a text message."""
    world.store.add(tables.Mail, service=service, to=to, subject=subject, text=text, sent_at=world.now())


def empty(world: World) -> None:
    """Leave no mail."""
    world.store.remove(tables.Mail)


def list_mail(world: World, *, to: str = "", service: str = "") -> list[tables.Mail]:
    """The newest mails, latest first; all of them, or those to one recipient, or those of one service."""
    wanted: dict[str, Any] = {name: value for name, value in {"to": to, "service": service}.items() if value}
    return world.store.list(tables.Mail, order=("-id",), limit=MOST_SHOWN, **wanted)
