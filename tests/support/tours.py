"""What every test of tours needs: the logins that there are, and how one goes on."""

from __future__ import annotations

from typing import Any

from sandbox.services import SERVICES

API = "/_sandbox/api/tours"
Trip = tuple[str, str | None, str | None]
PROVIDERS = [slug for slug, service in SERVICES.items() if service.begin_login]
TRIPS: list[Trip] = [(slug, None, None) for slug in PROVIDERS] + [
    (way.provider, service.slug, way.name) for service in SERVICES.values() for way in service.ways
]


def name(trip: Trip) -> str:
    """What a trip is called in the list of tests."""
    return "-".join(part for part in trip if part)


def begin(client: Any, trip: Trip, *, world: str = "", **more: Any) -> Any:
    """A new tour, before its first request; alice's, unless `more` says otherwise."""
    chosen = dict(zip(("provider", "exchange", "via"), trip, strict=True))
    body = {key: value for key, value in {**chosen, "identity": "alice", **more}.items() if value is not None}
    answer = client.post(world + API, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json


def go_on(client: Any, tour: Any, *, world: str = "", **body: Any) -> Any:
    """The tour after its next step, at which the sandbox signs in."""
    answer = client.post(f"{world}{API}/{tour['id']}/next", json={"sign_in": True, **body})
    assert answer.status_code == 200, answer.text
    return answer.json


def go_to(client: Any, trip: Trip, hop: int, **more: Any) -> Any:
    """A new tour that has done so many hops."""
    tour = begin(client, trip, **more)
    for _ in range(hop):
        tour = go_on(client, tour)
    return tour


def finish(client: Any, tour: Any, *, world: str = "") -> Any:
    """The tour at its end."""
    while tour["next"]:
        tour = go_on(client, tour, world=world)
        assert tour["hops"][-1]["refused"] is None, tour["hops"][-1]
    return tour
