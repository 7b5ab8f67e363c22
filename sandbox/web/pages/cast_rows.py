"""Entries of the cast as a list shows them, and as the head of their own page does.

Asks the control API where people belong; everything else is in the entries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from sandbox.core.identities import HUES, initials
from sandbox.service import current_house
from sandbox.web.control.api import perform
from sandbox.web.pages.cast_kinds import CLIENTS, PEOPLE, Entry, Kind

# How many redirect URIs a list shows of a client.
_SHOWN = 2


def make_rows(kind: Kind, entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Each entry as `tell_entry` tells it; people with the places where they belong."""
    rows = [tell_entry(kind, entry) for entry in entries]
    if kind is PEOPLE and rows:
        places = perform("list_places", logins=",".join(row["key"] for row in rows))["places"]
        rows = [{**row, "places": _tell_places(places.get(row["key"], ()))} for row in rows]
    return rows


def tell_entry(kind: Kind, entry: Entry) -> dict[str, Any]:
    """What a page says first of an entry: `{key, name, service, address, twin, delete, try}` and what its kind has."""
    told = {
        "key": entry[kind.key],
        "name": entry.get("name") or entry[kind.key],
        "service": tell_service(entry["service"]) if kind.by_service else "",
        "slug": entry.get("service", ""),
        "address": kind.address(entry),
        "twin": kind.address(entry, "new"),
        "delete": kind.address(entry, "delete"),
    }
    if kind is PEOPLE:
        return {**told, **_tell_person(entry)}
    if kind is CLIENTS:
        return {**told, **_tell_client(entry)}
    settings = entry.get("settings") or {}
    return {**told, "about": entry.get("domain") or entry.get("slug") or "", "switches": len(settings)}


def _tell_person(person: Entry) -> dict[str, Any]:
    primary = next((email for email in person["emails"] if email["primary"]), None)
    return {
        "initials": initials(person["name"] or person["login"]),
        "hue": sum(person["login"].encode()) % HUES,
        "email": primary["email"] if primary else None,
        "verified": bool(primary and primary["verified"]),
        "purpose": person["purpose"],
        "deactivated": person["deactivated"],
        "try": f"try?{urlencode({'identity': person['login']})}",
    }


def _tell_client(client: Entry) -> dict[str, Any]:
    settings = client["settings"]
    return {
        "public": client["secret"] is None,
        "type": settings.get("type"),
        "uris": client["redirect_uris"][:_SHOWN],
        "more": max(len(client["redirect_uris"]) - _SHOWN, 0),
        "grants": [grant.rpartition(":")[2] for grant in settings.get("grant_types", ())],
        "try": f"try?{urlencode({'provider': client['service'].partition('/')[0], 'client': client['client_id']})}",
    }


def _tell_places(places: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Where a person belongs, in short: the name, and what they are there if that is not the usual."""
    usual = ("home", "member", "active")
    return [
        {
            "name": place["name"],
            "role": next((word for word in (place["state"], place["role"]) if word not in usual), ""),
            "service": tell_service(place["service"]),
        }
        for place in places
    ]


def tell_service(name: str) -> str:
    """`slug` or `slug/issuer` with the title of the service, as people read it."""
    slug, slash, issuer = name.partition("/")
    service = current_house().services.get(slug)
    return f"{service.title if service else slug}{' ' if slash else ''}{issuer}"
