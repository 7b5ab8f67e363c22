"""Cedar in small: which of a tenant's rules decide a login, and what they tell the person.

Rules are the fixture's mappings, with the fields of the vendor's API. Conditions are Cedar's own text, which nothing
here can read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.core.refusals import Reason, Refusal
from sandbox.exchanges.jitsudo.models import LOGIN_ACTION, Person

Rule = Mapping[str, Any]


class PolicyDenial(Refusal):
    """A policy keeps somebody out; `notices` are the messages of the rules that decided it."""

    def __init__(self, detail: str, notices: Iterable[str] = ()) -> None:
        super().__init__(Reason.ACCESS_BLOCKED, detail)
        self.notices = tuple(notices)


def check_login(policies: Iterable[Mapping[str, Any]], person: Person) -> None:
    """Let a person in if the tenant's policies do, or if it has none.

    As in Cedar, one forbid is stronger than any permit, and nothing is permitted that no rule permits. Raises
    Refusal: ACCESS_BLOCKED.
    """
    rules = [rule for policy in policies for rule in policy["rules"]]
    deciding = [rule for rule in rules if _applies(rule, person)]
    forbidding = [rule for rule in deciding if rule["effect"] == "forbid"]
    if forbidding:
        told = [rule["message"] for rule in forbidding if rule["message"]]
        raise PolicyDenial(f"the rule {forbidding[0]['id']} forbids {person.email or person.subject} to log in", told)
    if rules and not deciding:
        raise PolicyDenial(f"no rule permits {person.email or person.subject} to log in")


def _applies(rule: Rule, person: Person) -> bool:
    # A login is about no resource, and conditions cannot be judged here.
    if rule["conditions"] is not None or rule["resource_scope_type"] != "any":
        return False
    is_action = rule["action_scope_type"] == "any" or LOGIN_ACTION in rule["action_ids"]
    return is_action and _is_principal(rule, person)


def _is_principal(rule: Rule, person: Person) -> bool:
    scope, kind, entity = (rule[f"principal_{name}"] for name in ("scope_type", "entity_type", "entity_id"))
    is_named = kind == "User" and entity in (person.email, person.subject)
    match scope:
        case "any":
            return True
        case "eq":
            return is_named
        case "is":
            return bool(kind == "User")
        case _:
            # `is_in` says that the principal is a user, which it always is. In Cedar everything is in itself.
            return is_named or (kind != "User" and entity in person.groups)
