"""Where people belong: the tenants and organizations of the rooms in which they are.

Says nothing of teams and other groups within those.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.core import tables
from sandbox.service import current_house, current_world
from sandbox.web.control.api import operation
from sandbox.web.control.fixture import current
from sandbox.web.control.shapes import TEXT, list_of, record, schema

_PLACE = schema(
    "Place",
    record(
        {
            "service": TEXT,
            "kind": {"enum": ["tenant", "organization"]},
            "id": TEXT,
            "name": TEXT,
            "role": {**TEXT, "description": "home or guest in a tenant; what the room calls it in an organization."},
            "state": {**TEXT, "description": "active, or what else the room calls it."},
        }
    ),
)


@operation(
    "GET",
    "/places",
    "List where people belong",
    answers={200: record({"places": {"type": "object", "additionalProperties": list_of(_PLACE)}})},
    query={"logins": {"type": "string", "maxLength": 10_000, "description": "Logins with commas between."}},
)
def list_places(logins: str = "") -> dict[str, Any]:
    """`{"places": {login: [...]}}` for these people; tenants come first."""
    wanted = dict.fromkeys(login for login in logins.split(",") if login)
    people = current_world().store.list(tables.Identity, order=("position",), among={"login": list(wanted)})
    document = current()
    places: dict[str, list[dict[str, str]]] = {
        person.login: [*_tenants_of(person.attributes, document)] for person in people
    }
    for login, place in _organizations_of([*places]):
        places[login].append(place)
    return {"places": places}


def _tenants_of(attributes: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """The tenants of a person, by what the rooms know of one."""
    for slug, service in current_house().services.items():
        key, about = service.lists.get("tenants"), attributes.get(slug, {})
        tenants = document[slug]["tenants"] if key and "tenant" in about else []
        if not key or not tenants or about.get("personal"):
            continue
        home = about["tenant"]
        for role, name in [("home", home), *(("guest", guest) for guest in about.get("guest_of", ()))]:
            found = next((one for one in tenants if name in (one[key], one.get("domain"))), None)
            found = tenants[0] if name is None else found
            if found:
                title = found.get("name") or found.get("domain") or found[key]
                yield {
                    "service": slug,
                    "kind": "tenant",
                    "id": found[key],
                    "name": title,
                    "role": role,
                    "state": "active",
                }


def _organizations_of(logins: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
    store = current_world().store
    memberships = store.list(tables.Membership, order=("service", "group"), among={"login": logins})
    groups = {
        (group.service, group.id): group
        for group in store.list(tables.Group, order=("position",), parent=None)
        if memberships
    }
    for one in memberships:
        if group := groups.get((one.service, one.group)):
            name = group.attributes.get("name") or group.id
            yield (
                one.login,
                {
                    "service": one.service,
                    "kind": "organization",
                    "id": group.id,
                    "name": name,
                    "role": one.role,
                    "state": one.state,
                },
            )
