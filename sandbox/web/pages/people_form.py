"""The short form for a person: the usual fields, as the control API takes them.

What else is known of a person is for the YAML.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FIELDS = ("login", "name", "purpose", "email", "password")
EMPTY = {**dict.fromkeys(FIELDS, ""), "verified": "on", "deactivated": ""}


def fields_of(person: Mapping[str, Any]) -> dict[str, str]:
    """What stands in the form for this person; a password is not shown."""
    primary = next((email for email in person["emails"] if email["primary"]), None)
    return {
        "login": person["login"],
        "name": person["name"] or "",
        "purpose": person["purpose"],
        "email": primary["email"] if primary else "",
        "verified": "on" if primary is None or primary["verified"] else "",
        "password": "",
        "deactivated": "on" if person["deactivated"] else "",
    }


def read_fields(typed: Mapping[str, str]) -> dict[str, str]:
    """What was typed, for showing it again."""
    return {name: typed.get(name, "") for name in EMPTY}


def make_person(typed: Mapping[str, str]) -> dict[str, Any]:
    """A new person by what was typed; what was left empty has its default."""
    email = typed.get("email", "").strip()
    emails = [{"email": email, "primary": True, "verified": "verified" in typed}] if email else []
    return {
        "login": typed.get("login", "").strip(),
        **{name: text for name in ("name", "purpose") if (text := typed.get(name, "").strip())},
        **({"password": typed["password"]} if typed.get("password") else {}),
        "deactivated": "deactivated" in typed,
        "emails": emails,
    }


def make_patch(typed: Mapping[str, str], person: Mapping[str, Any]) -> dict[str, Any]:
    """The merge patch that makes of this person what was typed; an empty password leaves the old one."""
    return {
        "name": typed.get("name", "").strip() or None,
        "purpose": typed.get("purpose", "").strip(),
        "deactivated": "deactivated" in typed,
        "emails": _change_emails(person["emails"], typed.get("email", "").strip(), verified="verified" in typed),
        **({"password": typed["password"]} if typed.get("password") else {}),
    }


def _change_emails(emails: list[dict[str, Any]], address: str, *, verified: bool) -> list[dict[str, Any]]:
    """The addresses with another primary one; without any, the next one becomes it."""
    others = [email for email in emails if not email["primary"]]
    if not address:
        return [{**email, "primary": number == 0} for number, email in enumerate(others)]
    # An address that the person has already becomes the primary one.
    known = next((email for email in others if email["email"].lower() == address.lower()), None)
    primary = known or next((email for email in emails if email["primary"]), {})
    kept = [email for email in others if email is not known]
    return [{**primary, "email": address, "primary": True, "verified": verified}, *kept]
