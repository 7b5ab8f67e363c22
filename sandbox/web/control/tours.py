"""Tours: a login that stops at each hop, and may be broken there and mended.

What a step sends and what can be wrong with it is touring's.
"""

from __future__ import annotations

from typing import Any

from sandbox.core import tours
from sandbox.core.identities import get_identity, list_identities
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.service import current_world
from sandbox.web.control.api import operation
from sandbox.web.control.login import find_way, get_exchange, get_provider
from sandbox.web.control.problems import refused
from sandbox.web.control.shapes import COUNT, MOMENT, NULLABLE, OBJECT, TEXT, list_of, record, schema
from sandbox.web.steps import AT_PROVIDER
from sandbox.web.touring import going
from sandbox.web.touring.documents import check_version, describe_tour, get_document, summarize_tour

_NAME = {"type": "string", "maxLength": 2000}
# What a callback brings: an id_token with many groups is the longest of it.
_LONGEST_VALUE, _MOST_VALUES = 10_000, 20
_BREAK = record({"id": TEXT, "title": TEXT, "cause": TEXT, "group": {"enum": ["request", "answer", "service"]}})
_OR_NULL = {"type": ["object", "null"]}
_ASKED = schema(
    "TourRequest",
    {
        **record(
            {
                "provider": {**_NAME, "description": "Left out: where people of the exchange come from."},
                "exchange": {**_NAME, "description": "Left out: only the provider's tokens are wanted."},
                "via": {**_NAME, "description": "One of several ways from the provider to the exchange."},
                "issuer": {**_NAME, "description": "An issuer or a tenant."},
                "identity": {**_NAME, "description": "Left out: who is chosen at the provider."},
                "parameters": {
                    "type": "object",
                    "additionalProperties": _NAME,
                    "maxProperties": 20,
                    "description": "More of the authorization request, such as response_mode.",
                },
            },
            optional=("provider", "exchange", "via", "issuer", "identity", "parameters"),
        ),
        "anyOf": [{"required": ["provider"]}, {"required": ["exchange"]}],
    },
)
_SUMMARY = {
    "id": TEXT,
    "url": {**TEXT, "description": "The page of the tour."},
    "title": TEXT,
    "provider": TEXT,
    "exchange": NULLABLE,
    "via": NULLABLE,
    "identity": {**NULLABLE, "description": "Who was chosen; null: who is chosen at the provider."},
    "login": {**TEXT, "description": "Who signs in where the sandbox does it."},
    "issuer": NULLABLE,
    "parameters": OBJECT,
    "flow": TEXT,
    "status": {"enum": ["waiting", "sending", "refused", "done"]},
    "version": {**COUNT, "description": "Grows with each change."},
    "created_at": MOMENT,
    "created_iso": TEXT,
}
_HOP = schema(
    "TourHop",
    record(
        {
            "number": COUNT,
            "title": TEXT,
            "story": {**NULLABLE, "description": "What has happened, and why it is safe."},
            "verb": TEXT,
            "service": TEXT,
            "operation": TEXT,
            "by": {"enum": ["browser", "application"]},
            "request": OBJECT,
            "response": OBJECT,
            "way": list_of(OBJECT),
            "callback": {**_OR_NULL, "description": "What came back to the application: `url` and `parameters`."},
            "checks": list_of(record({"name": TEXT, "why": TEXT, "passed": {"type": "boolean"}, "detail": TEXT})),
            "refused": {
                **_OR_NULL,
                "description": "`by` service or application, `reason` and `detail`: the true cause.",
            },
            "broken": {**_OR_NULL, "description": "What was wrong on purpose."},
        }
    ),
)
_NEXT = schema(
    "TourStep",
    record(
        {
            "title": TEXT,
            "verb": TEXT,
            "service": TEXT,
            "operation": TEXT,
            "request": OBJECT,
            "parameters": list_of(OBJECT),
            "open": {**NULLABLE, "description": "Where the person's own browser signs in."},
            "redirect_uri": {**NULLABLE, "description": "Where the provider's answer goes."},
            "signs_in": {"type": "boolean", "description": "It takes a person, or `sign_in`."},
            "hands_over": {"type": "boolean", "description": "No redirect comes back, so only `sign_in` goes on."},
            "broken": {**_OR_NULL, "description": "What is to be wrong with it."},
            "breaks": list_of(_BREAK),
            "spent": {"type": "boolean", "description": "It brings a code that has been redeemed already."},
        }
    ),
)
_TOUR = schema(
    "Tour",
    record(
        {**_SUMMARY, "hops": list_of(_HOP), "next": {"anyOf": [_NEXT, {"type": "null"}]}, "result": _OR_NULL},
    ),
)
_TOURS = record({"tours": list_of(record(_SUMMARY))})
_VERSION = {**COUNT, "description": "Refused with 409 unless the tour is at this version."}
_STEP = schema(
    "TourGo",
    record(
        {
            "break": {**NULLABLE, "description": "One of the next step's; left out: as it was chosen."},
            "sign_in": {"type": "boolean", "description": "Have the sandbox sign in for the person."},
            "version": _VERSION,
        },
        optional=("break", "sign_in", "version"),
    ),
)
_CHOICE = record({"break": NULLABLE, "version": _VERSION}, optional=("version",))
_BACK = record(
    {
        "parameters": {
            "type": "object",
            "additionalProperties": {"type": "string", "maxLength": _LONGEST_VALUE},
            "maxProperties": _MOST_VALUES,
        },
    }
)
_GONE = (Reason.OBJECT_UNKNOWN,)


@operation("GET", "/tours", "List the tours, the latest first", answers={200: _TOURS})
def list_tours() -> dict[str, Any]:
    """Without their hops."""
    return {"tours": [summarize_tour(tour) for tour in tours.list_tours(current_world())]}


@operation(
    "POST",
    "/tours",
    "Begin a login that stops at each hop",
    body=_ASKED,
    answers={201: _TOUR},
    refuses=(Reason.FIELD_INVALID, Reason.FIELD_MISSING, Reason.IDENTITY_UNKNOWN, Reason.CLIENT_UNKNOWN),
    also=(404, 409),
)
def begin_tour(body: dict[str, Any]) -> Any:
    """It waits before its first request."""
    world = current_world()
    try:
        return describe_tour(world, going.start_tour(world, _read(world, body)))
    except Refusal as refusal:
        world.store.session.rollback()
        return refused(refusal)


@operation("GET", "/tours/<id>", "Look at a tour", answers={200: _TOUR}, refuses=_GONE)
def get_tour(id: str) -> dict[str, Any]:  # noqa: A002 - as all ids of the control API
    """With all hops so far, and what can be done next."""
    return get_document(current_world(), id)


@operation("DELETE", "/tours/<id>", "Drop a tour", answers={204: None}, refuses=_GONE)
def drop_tour(id: str) -> None:  # noqa: A002 - as all ids of the control API
    """What it has signed in, stays."""
    tours.remove_tour(current_world(), id)


@operation(
    "PUT",
    "/tours/<id>/break",
    "Choose what is to be wrong with the next step",
    body=_CHOICE,
    answers={200: _TOUR},
    refuses=(*_GONE, Reason.FIELD_INVALID, Reason.OBJECT_ALREADY_EXISTS),
)
def choose_break(id: str, body: dict[str, Any]) -> dict[str, Any]:  # noqa: A002 - as all ids of the control API
    """Null: nothing is."""
    world = current_world()
    tour = tours.get_tour(world, id)
    check_version(tour, body.get("version"))
    return describe_tour(world, going.choose_break(world, tour, body["break"]))


@operation(
    "POST",
    "/tours/<id>/next",
    "Take the next step of a tour",
    body=_STEP,
    answers={200: _TOUR},
    refuses=(*_GONE, Reason.FIELD_INVALID, Reason.FIELD_MISSING, Reason.OBJECT_ALREADY_EXISTS, Reason.LIMIT_REACHED),
)
def take_step(id: str, body: dict[str, Any]) -> dict[str, Any]:  # noqa: A002 - as all ids of the control API
    """A sign-in is the person's own, unless `sign_in` has the sandbox do it."""
    world = current_world()
    tour = tours.get_tour(world, id)
    check_version(tour, body.get("version"))
    if tour.pending and tour.pending["verb"] in AT_PROVIDER and not body.get("sign_in"):
        raise Refusal(
            Reason.FIELD_MISSING, "a person signs in at `next.open`; with sign_in the sandbox does", "sign_in"
        )
    return describe_tour(world, going.take_step(world, tour, body.get("break", tour.broken)))


@operation(
    "POST",
    "/tours/<id>/callback",
    "Bring what came back from the provider to a tour",
    body=_BACK,
    answers={200: _TOUR},
    refuses=(*_GONE, Reason.OBJECT_ALREADY_EXISTS, Reason.LIMIT_REACHED),
)
def bring_callback(id: str, body: dict[str, Any]) -> dict[str, Any]:  # noqa: A002 - as all ids of the control API
    """What came already changes nothing any more."""
    world = current_world()
    return describe_tour(world, going.come_back(world, tours.get_tour(world, id), body["parameters"]))


def _read(world: World, body: dict[str, Any]) -> dict[str, Any]:
    """What is asked for, in full. Raises Refusal: FIELD_INVALID, IDENTITY_UNKNOWN."""
    exchange, provider, name = body.get("exchange"), body.get("provider"), body.get("via")
    if provider is not None:
        get_provider(provider)
    way = None
    if exchange is not None:
        room = get_exchange(exchange)
        provider = provider or room.ways[0].provider
        way = find_way(room, provider, name)
    elif name is not None:
        raise Refusal(Reason.FIELD_INVALID, "a way leads to an exchange; name one", "via")
    identity = body.get("identity")
    login = get_identity(world, identity).login if identity is not None else _usual_login(world)
    return {
        "provider": provider,
        "exchange": exchange,
        "via": way.name if way else None,
        "issuer": body.get("issuer"),
        "identity": identity,
        "parameters": body.get("parameters", {}),
        "login": login,
    }


def _usual_login(world: World) -> str:
    """Who a login is about until it is known who signs in: of whom the fixture tells most. Raises Refusal:
    IDENTITY_UNKNOWN.
    """
    people = [one for one in list_identities(world) if not one.deactivated]
    if not people:
        raise Refusal(Reason.IDENTITY_UNKNOWN, "nobody of this world's fixture can sign in", "identity")
    return max(people, key=lambda one: _count(one.attributes)).login


def _count(told: object) -> int:
    """How much is told: a list is one thing, however long it is."""
    return sum(map(_count, told.values())) if isinstance(told, dict) else int(bool(told))
