"""The mailbox: what services would have sent to people, as a page.

`to` and `service` in the query choose among the mails. Sends nothing, and changes nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime

from flask import render_template, request

from sandbox.core import mailbox, tables
from sandbox.service import current_house, current_world
from sandbox.web.control.guard import check_page


def show_mailbox() -> str:
    """GET /_sandbox/mailbox: the mails for a person to read, latest first."""
    check_page()
    services = current_house().services
    return render_template(
        "mailbox.html",
        mails=[
            {
                "to": mail.to,
                "sender": services[mail.service].title if mail.service in services else mail.service,
                "subject": mail.subject,
                "text": mail.text,
                "sent_at": datetime.fromtimestamp(mail.sent_at, UTC),
            }
            for mail in _chosen()
        ],
        to=_query("to"),
        service=_query("service"),
        services=services.values(),
        most=mailbox.MOST_SHOWN,
    )


def _chosen() -> list[tables.Mail]:
    # Addresses are kept as services compare them, in lower case.
    return mailbox.list_mail(current_world(), to=_query("to").lower(), service=_query("service"))


def _query(name: str) -> str:
    return request.args.get(name, "").strip()
