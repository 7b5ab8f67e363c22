"""What a fault is, as a value: which calls it meets, how often, and the one thing that goes wrong.

Arms nothing and knows no vendor; the shapes of fixtures are in fixtures/schema.json, where a test holds them against
the ones here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from sandbox.core.fixture_reader import Entry, Finding, dotted
from sandbox.core.fixture_rules import hint, show, unknown
from sandbox.core.forgery import TAMPERS, Forgery
from sandbox.core.refusals import Issue, Reason, Refusal
from sandbox.core.schemas import Contract

# What a fault may hold up a thread of the server, in seconds.
LONGEST = 60
MOST_CALLS = 1_000_000
# The whole rule, as JSON.
_LARGEST = 100_000
# What no reader of JSON chokes on.
_DEEPEST = 50
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
# Printable ASCII: anything else would end the header, or servers would write it differently.
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]{0,4000}")
# These say where an answer ends and what becomes of its connection, which is the server's to say.
_SERVERS_OWN = frozenset(
    ("connection", "content-length", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade")
)

_TEXT = {"type": "string"}
_SECONDS = {"type": "number", "minimum": 0, "maximum": LONGEST}
_NAMES = {"type": "array", "items": _TEXT, "maxItems": 50}


def _action(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    shape: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties}
    return {**shape, "required": list(required)} if required else shape


ACTIONS: Mapping[str, Mapping[str, Any]] = {
    "refuse": _action(
        ("reason",),
        reason=_TEXT,
        detail={"type": "string", "maxLength": 1000},
        field={"type": "string", "maxLength": 200},
        retry_after={"type": "integer", "minimum": 0, "maximum": 86_400},
    ),
    "answer": _action(
        ("status",),
        status={"type": "integer", "minimum": 200, "maximum": 599},
        body={},
        headers={"type": "object", "additionalProperties": _TEXT, "maxProperties": 20},
        content_type=_TEXT,
    ),
    "delay": _action(("seconds",), seconds=_SECONDS),
    "drop": _action(),
    "truncate": _action(bytes={"type": "integer", "minimum": 0, "maximum": 1_000_000_000}),
    "drip": _action(("seconds",), seconds=_SECONDS),
    "redirect_loop": _action(),
    "malform": _action(),
    "content_type": _action(("value",), value=_TEXT),
    "repeat": _action(("fields",), fields={**_NAMES, "minItems": 1}),
    "change": _action(set={"type": "object", "maxProperties": 50}, remove=_NAMES),
    "callback": _action(
        set={"type": "object", "additionalProperties": _TEXT, "maxProperties": 50},
        remove=_NAMES,
    ),
    "forge": _action(("tamper",), tamper=_TEXT, kinds=_NAMES),
}
_OR_NULL = {"type": ["string", "null"]}
_MATCH: Mapping[str, Mapping[str, Any]] = {
    "service": _OR_NULL,
    "operation": _OR_NULL,
    "client_id": _OR_NULL,
    "login": _OR_NULL,
    "skip": {"type": "integer", "minimum": 0, "maximum": MOST_CALLS},
    "times": {"type": ["integer", "null"], "minimum": 1, "maximum": MOST_CALLS},
    "probability": {"type": "number", "minimum": 0, "maximum": 1},
}
RULE: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"recipe": _TEXT, **_MATCH, **ACTIONS, "after": {"type": "boolean"}},
}
_SHAPE = Contract(RULE)
# What may be said beside the name of a recipe.
_BESIDE_RECIPE = frozenset(("recipe", "client_id", "login", "skip", "times", "probability"))
_MAY_COME_AFTER = ("answer", "drop")

# The keyword of an issue that brings its own words.
_SAID = "said"

# The operations of each service, by its slug.
Operations = Mapping[str, Collection[str]]


@dataclass(frozen=True)
class Rule:
    """One fault, not armed yet; None matches any. `action` is its name and `what` its particulars.

    `times` None: until it is removed. `after`: the call does its work, and its answer is lost. `name` is a recipe's.
    """

    action: str
    what: Mapping[str, Any]
    service: str | None = None
    operation: str | None = None
    client_id: str | None = None
    login: str | None = None
    skip: int = 0
    times: int | None = 1
    probability: float = 1.0
    after: bool = False
    name: str | None = None


def make_rule(given: Mapping[str, Any], recipes: Mapping[str, Mapping[str, Any]]) -> Rule:
    """The rule that checked values mean; `recipes` is `{name: its rule}`."""
    name = given.get("recipe")
    given = {**recipes[name], **given} if name else given
    [action] = [key for key in given if key in ACTIONS]
    matched = {key: given[key] for key in _MATCH if key in given}
    # A loop that ended by itself would be none.
    times = {"times": None} if action == "redirect_loop" else {}
    return Rule(action, given[action], **{**times, **matched}, after=given.get("after", False), name=name)


def parse_rule(given: object, operations: Operations, recipes: Mapping[str, Mapping[str, Any]]) -> Rule:
    """The rule in a JSON value. Raises Refusal: FIELD_INVALID, `field` being the member's JSON pointer."""
    if issues := _SHAPE.issues(given):
        first = issues[0]
        wrong = f"{first.field or 'the rule'}: {first.keyword} is {json.dumps(first.expected)}"
        raise Refusal(Reason.FIELD_INVALID, wrong, _pointer(first.path), issues=issues)
    rule = cast(Mapping[str, Any], given)
    for place, message in check_rule(rule, operations, recipes):
        wrong = f"{dotted(place) or 'the rule'}: {message}"
        issues = (Issue(place, _SAID, message, None),)
        raise Refusal(Reason.FIELD_INVALID, wrong, _pointer(place), issues=issues)
    return make_rule(rule, recipes)


def check_rule(given: Entry, operations: Operations, recipes: Mapping[str, Any]) -> Iterator[Finding]:
    """What no schema can say of a rule: a place in it, and what is wrong there."""
    try:
        written = json.dumps(given, ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        yield (), f"is not JSON: {error}"
        return
    if len(written) > _LARGEST:
        yield (), f"must be at most {_LARGEST} characters of JSON; found {len(written)}"
    if _UNSTORABLE.search(written) or "\\u0000" in written:
        yield (), "must hold no NUL and no half characters"
    actions = [key for key in given if key in ACTIONS]
    if recipe := given.get("recipe"):
        yield from unknown(("recipe",), recipe, recipes, "the name of a recipe")
        for key in given.keys() - _BESIDE_RECIPE:
            yield (key,), "is the recipe's to say"
        return
    if not actions:
        yield (), f"must have a recipe or one action of {', '.join(ACTIONS)}"
    for key in actions[1:]:
        yield (key,), f"a fault has one action, and this one has {actions[0]} already"
    if given.get("after") and not set(actions) & set(_MAY_COME_AFTER):
        yield ("after",), f"only {' and '.join(_MAY_COME_AFTER)} can come after the work"
    yield from _check_place(given, operations)
    for action in actions:
        if check := _CHECKS.get(action):
            yield from (((action, *place), message) for place, message in check(given[action]))


def check_action(given: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with an action and its particulars, as a row has them, in words."""
    if issues := _SHAPE.issues(given):
        yield f"{issues[0].field or 'the action'}: {issues[0].keyword}"
        return
    if given.keys() - {*ACTIONS, "after"}:
        yield "an action says nothing else"
    yield from (message for _, message in check_rule(given, {}, {}))


def _check_place(given: Entry, operations: Operations) -> Iterator[Finding]:
    service, operation = given.get("service"), given.get("operation")
    yield from unknown(("service",), service, operations, "a service")
    if service is None:
        known = {name for names in operations.values() for name in names}
        yield from unknown(("operation",), operation, known, "an operation of some service")
    elif service in operations:
        yield from unknown(("operation",), operation, operations[service], f"an operation of {service}")


def _check_refuse(what: Entry) -> Iterator[Finding]:
    yield from unknown(("reason",), what["reason"], list(Reason), "a reason")


def _check_answer(what: Entry) -> Iterator[Finding]:
    yield from _header_findings(("content_type",), what.get("content_type", ""))
    for name, value in what.get("headers", {}).items():
        if not _HEADER_NAME.fullmatch(name):
            yield ("headers", name), f"must be the name of a header; found {show(name)}"
        elif name.lower() in _SERVERS_OWN:
            yield ("headers", name), "is the server's own to say"
        yield from _header_findings(("headers", name), value)


def _check_content_type(what: Entry) -> Iterator[Finding]:
    yield from _header_findings(("value",), what["value"])


def _header_findings(place: tuple[str, ...], value: str) -> Iterator[Finding]:
    if not _HEADER_VALUE.fullmatch(value):
        yield place, f"must be printable ASCII in one line; found {show(value)}"


def _check_change(what: Entry) -> Iterator[Finding]:
    for key, pointers in (("set", what.get("set", {})), ("remove", what.get("remove", []))):
        for step, pointer in enumerate(pointers):
            place = (key, pointer) if key == "set" else (key, step)
            if not pointer.startswith("/"):
                yield place, f"must be a JSON pointer to a member, such as /access_token; found {show(pointer)}"
            elif pointer.count("/") > _DEEPEST:
                yield place, f"must lead at most {_DEEPEST} levels down"
    if not what.get("set") and not what.get("remove"):
        yield (), "must set or remove something"


def _check_callback(what: Entry) -> Iterator[Finding]:
    if not what.get("set") and not what.get("remove"):
        yield (), "must set or remove something"


def _check_forge(what: Entry) -> Iterator[Finding]:
    try:
        Forgery(what["tamper"], frozenset(what["kinds"]) if what.get("kinds") else None)
    except Refusal as refusal:
        yield ("tamper",), f"{refusal.detail}{hint(what['tamper'], TAMPERS)}"


def _pointer(place: tuple[str | int, ...]) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in place)


_CHECKS: Mapping[str, Callable[[Entry], Iterator[Finding]]] = {
    "refuse": _check_refuse,
    "answer": _check_answer,
    "content_type": _check_content_type,
    "change": _check_change,
    "callback": _check_callback,
    "forge": _check_forge,
}
