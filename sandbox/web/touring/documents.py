"""A tour as it is told: what was chosen, each request with its answer and its story, and what can be done next.

Changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.core import tables, tours
from sandbox.core.clock import iso
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tables import digest
from sandbox.core.tour_table import Tour
from sandbox.core.world import World
from sandbox.mounts import OWN_PREFIX
from sandbox.service import current_house, current_mount
from sandbox.web.steps import AT_PROVIDER, Step
from sandbox.web.touring import fields
from sandbox.web.touring.breaks import describe as describe_break
from sandbox.web.touring.going import broken_step, find_breaks
from sandbox.web.touring.meanings import explain
from sandbox.web.touring.records import describe_request, restore_step

_VERBS = {"sign_in": "Sign in at {}", "go": "Sign in at {}", "redeem": "Swap the code at {}"}


def describe_tour(world: World, tour: Tour) -> dict[str, Any]:
    """The whole tour, as GET /tours/{id} tells it."""
    return {
        **summarize_tour(tour),
        "hops": [_describe_hop(number, hop) for number, hop in enumerate(tour.hops, 1)],
        "next": _describe_next(world, tour) if tour.pending else None,
        "result": tour.result,
    }


def summarize_tour(tour: Tour) -> dict[str, Any]:
    """What was chosen, and how far it is."""
    mount, asked = current_mount(), tour.asked
    return {
        "id": tour.id,
        "url": f"{mount.origin}{mount.world_prefix}{OWN_PREFIX}/try/{tour.id}",
        "title": title_of(asked["provider"], asked["exchange"]),
        **{name: asked[name] for name in ("provider", "exchange", "via", "identity", "login", "issuer", "parameters")},
        "flow": tour.flow,
        "status": "sending" if tours.is_sending(tour) else tour.status,
        "version": tour.version,
        "created_at": tour.created_at,
        "created_iso": iso(tour.created_at),
    }


def title_of(provider: str, exchange: str | None) -> str:
    """From where to where a login goes, in words."""
    services = current_house().services
    return f"{services[provider].title} to {services[exchange].title}" if exchange else services[provider].title


def _describe_hop(number: int, hop: Mapping[str, Any]) -> dict[str, Any]:
    names = (
        "verb",
        "service",
        "operation",
        "by",
        "request",
        "response",
        "way",
        "callback",
        "checks",
        "refused",
        "broken",
    )
    return {"number": number, "title": _title(hop), "story": _story(hop), **{name: hop[name] for name in names}}


def _describe_next(world: World, tour: Tour) -> dict[str, Any]:
    pending: Mapping[str, Any] = tour.pending or {}
    breaks = find_breaks(world, tour)
    step, wrong = restore_step(pending), breaks.get(tour.broken or "")
    # What is minted for a break is not there yet.
    sent = broken_step(world, tour)
    at_provider = step.verb in AT_PROVIDER
    redirects = bool(step.start and step.start.redirect_uri)
    by_hand = at_provider and redirects and not (wrong and (wrong.denies or wrong.recipe))
    return {
        "title": _title(pending),
        **{name: pending[name] for name in ("verb", "service", "operation")},
        "request": describe_request(sent),
        "parameters": explain(step, sent),
        "open": sent.url if by_hand else None,
        "redirect_uri": step.start.redirect_uri if step.start else None,
        "signs_in": at_provider,
        "hands_over": at_provider and not redirects,
        "broken": describe_break(wrong) if wrong else None,
        "breaks": [describe_break(one) for one in breaks.values()],
        "spent": _is_spent(world, step),
    }


def _title(kept: Mapping[str, Any]) -> str:
    title = current_house().services[kept["service"]].title if kept["service"] else "nobody"
    if kept["verb"] in _VERBS:
        return _VERBS[kept["verb"]].format(title)
    return f"{kept['operation'].replace('_', ' ').capitalize() or 'Call'} at {title}"


def _story(hop: Mapping[str, Any]) -> str | None:
    service = current_house().services.get(hop["service"])
    return service.stories.get(hop["operation"]) if service else None


def _is_spent(world: World, step: Step) -> bool:
    """Whether the step brings a code that has been redeemed meanwhile."""
    rows = (world.store.find(tables.Code, digest=digest(value)) for value in fields.values(step))
    return any(row is not None and row.redeemed_at is not None for row in rows)


def get_document(world: World, tour_id: str) -> dict[str, Any]:
    """The tour with this id, in full. Raises Refusal: OBJECT_UNKNOWN."""
    return describe_tour(world, tours.get_tour(world, tour_id))


def check_version(tour: Tour, version: int | None) -> None:
    """Refuse who has seen another state of the tour. Raises Refusal: OBJECT_ALREADY_EXISTS."""
    if version not in (None, tour.version):
        raise Refusal(Reason.OBJECT_ALREADY_EXISTS, f"the tour is at version {tour.version} by now", "version")
