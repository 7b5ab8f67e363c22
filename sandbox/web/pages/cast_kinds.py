"""The kinds of entries that the pages of the cast show: where each lives, what it is called, how its address is made.

Asks the control API for entries, and changes none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import request

from sandbox.core.fixture_schema import Rule, entry_rule, members_of, resolve
from sandbox.core.refusals import Reason, Refusal
from sandbox.service import current_house, current_world
from sandbox.web.control.api import perform

Entry = Mapping[str, Any]
_GUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Kind:
    """One page of the cast. `path` is the page's, `plural`, `singular` and `key` are the control API's."""

    path: str
    title: str
    one: str
    lede: str
    plural: str
    singular: str
    key: str
    by_service: bool = True

    def rule(self, service: str | None) -> Rule:
        """The schema of an entry. Raises Refusal: FIELD_INVALID for a service that has none of them."""
        if self.plural in ("identities", "clients"):
            return entry_rule(self.plural)
        slug = service or self.services()[0]
        if slug not in self.services():
            known = ", ".join(self.services())
            raise Refusal(Reason.FIELD_INVALID, f"{slug!r} has no {self.plural}; {known} has", "service")
        return entry_rule(slug, self.plural)

    def services(self) -> list[str]:
        """Where an entry can be; empty if everywhere."""
        if not self.by_service:
            return []
        if self.plural != "clients":
            return [slug for slug, service in current_house().services.items() if self.plural in service.lists]
        used = dict.fromkeys(client["service"] for client in perform("list_clients")["clients"])
        issuers = (f"{one['service']}/{one['name']}" for one in perform("list_issuers")["issuers"])
        return sorted({**used, **dict.fromkeys(issuers)})

    def names(self, entry: Entry) -> dict[str, str]:
        """What tells this entry from all others, as operations take it."""
        return {self.key: entry[self.key], **({"service": entry["service"]} if self.by_service else {})}

    def address(self, entry: Entry, page: str = "one") -> str:
        """The page of an entry, below the own pages."""
        return f"{self.path}/{page}?{urlencode(self.names(entry))}"

    def asked(self) -> dict[str, str]:
        """Which entry the query names, as operations take it. Raises Refusal: OBJECT_UNKNOWN if it names none."""
        names = [self.key, *(["service"] if self.by_service else [])]
        given = {name: value for name in names if (value := request.args.get(name))}
        if self.key not in given:
            raise Refusal(Reason.OBJECT_UNKNOWN, f"the address names no {self.one}: {self.key} is missing", self.key)
        return given


PEOPLE = Kind(
    "people",
    "People",
    "person",
    "Who can sign in. Each is here for one reason, which the sign-in page tells.",
    "identities",
    "identity",
    "login",
    by_service=False,
)
CLIENTS = Kind(
    "clients",
    "Clients",
    "client",
    "The applications that are registered at a provider, and where each may be sent back to.",
    "clients",
    "client",
    "client_id",
)
ISSUERS = Kind(
    "issuers",
    "Issuers",
    "issuer",
    "OpenID Providers with keys, clients and switches of their own.",
    "issuers",
    "issuer",
    "name",
)
TENANTS = Kind(
    "tenants",
    "Tenants",
    "tenant",
    "The organizations that people and applications belong to.",
    "tenants",
    "tenant",
    "id",
)
KINDS = {kind.path: kind for kind in (PEOPLE, CLIENTS, ISSUERS, TENANTS)}
TABS = [(kind.path, kind.title) for kind in KINDS.values()] + [("fixture", "Fixture"), ("keys", "Keys")]


def find_template(kind: Kind, service: str | None) -> dict[str, Any]:
    """The smallest entry of this kind that is valid and not there yet."""
    if kind.by_service:
        service = service or next(iter(kind.services()), None)
    start: dict[str, Any] = {}
    if kind.plural == "clients":
        start["service"] = service
        others = perform("list_clients", service=service, limit=1)["clients"]
        if others and _GUID.fullmatch(others[0]["client_id"]):
            start = {"client_id": current_world().ids.uuid(), **start}
    made = _least(kind.rule(service), start, perform(f"list_{kind.plural}", limit=1)["total"] + 1)
    return {"service": service, **made} if kind.by_service else made


def _least(rule: Rule, start: dict[str, Any], number: int) -> dict[str, Any]:
    """The keys that must be there, with values that may."""
    rule, made = resolve(rule), dict(start)
    members = members_of(start, rule)
    cases = [case["then"] for case in rule.get("allOf", ()) if _applies(case, start)]
    for key in (*rule.get("required", ()), *(name for case in cases for name in case.get("required", ()))):
        if key not in made:
            made[key] = _some(key, resolve(members[key]), number)
    return made


def _applies(case: Mapping[str, Any], value: Entry) -> bool:
    return all(re.search(test["pattern"], str(value.get(key))) for key, test in case["if"]["properties"].items())


def _some(key: str, rule: Rule, number: int) -> Any:
    if "enum" in rule:
        return rule["enum"][0]
    if rule.get("type") == "array":
        return ["http://localhost:3000/callback"]
    if rule.get("type") == "object":
        return _least(rule, {}, number)
    words = {"name": f"New {number}", "secret": f"new-secret-{number}"}
    if key in words and "pattern" not in rule:
        return words[key]
    return {"id": current_world().ids.uuid(), "domain": f"new-{number}.test"}.get(key, f"new-{number}")
