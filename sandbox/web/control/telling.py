"""What became of a login, in one sentence: who signed in where, and what came of it or who said no.

Decides nothing: the outcome is core/flows.py's.
"""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.core.flows import Flow
from sandbox.service import Service

_PROVIDER, _EXCHANGE = "provider", "exchange"


def find_person(flow: Flow, services: Mapping[str, Service]) -> str | None:
    """Who it was: by the name that a provider knows, since an exchange may have one of its own; None if nobody came."""
    known = (flow.people[slug] for slug in _of_kind(flow, services, _PROVIDER) if slug in flow.people)
    return next(known, flow.login)


def tell_flow(flow: Flow, services: Mapping[str, Service]) -> str:
    """The sentence, with the titles of the services."""
    who = find_person(flow, services)
    match flow.outcome:
        case "succeeded":
            return _tell_success(flow, services, who)
        case "refused":
            return _tell_refusal(flow, services, who)
        case _:
            where = _titles(flow.services[-1:], services)
            if who is None:
                return f"Somebody has come to {where}; nothing is decided yet." if where else "Nothing is decided yet."
            return f"{who} is at {where}; no token was given out yet."


def _tell_success(flow: Flow, services: Mapping[str, Service], who: str | None) -> str:
    providers = _titles(_of_kind(flow, services, _PROVIDER), services)
    exchanges = _titles(_of_kind(flow, services, _EXCHANGE), services)
    if who is None:
        return f"{flow.client_id or 'The application'} got a token of {exchanges or providers} for itself."
    if not exchanges:
        return f"{who} signed in at {providers}, and the application got its tokens."
    if not providers:
        return f"{who} got a session of {exchanges}."
    return f"{who} signed in at {providers} and got a session of {exchanges}."


def _tell_refusal(flow: Flow, services: Mapping[str, Service], who: str | None) -> str:
    refusal = flow.refusal
    if refusal is None:
        return "The login was refused."
    where = _titles([refusal.service], services) or "The sandbox"
    cause = " ".join(filter(None, (refusal.detail.rstrip("."), f"({refusal.reason})")))
    before = [slug for slug in flow.people if slug != refusal.service]
    if who is not None and before:
        return f"{who} signed in at {_titles(before[:1], services)}, but {where} refused: {cause}."
    return f"{where} refused {who or 'the login'}: {cause}."


def _of_kind(flow: Flow, services: Mapping[str, Service], kind: str) -> list[str]:
    return [slug for slug in flow.services if slug in services and services[slug].kind == kind]


def _titles(slugs: list[str] | tuple[str, ...], services: Mapping[str, Service]) -> str:
    return " and ".join(services[slug].title if slug in services else slug for slug in slugs)
