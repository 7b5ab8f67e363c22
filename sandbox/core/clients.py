"""Registered applications.

Does not authenticate them: that is protocol/client_auth.py.
"""

from __future__ import annotations

from sandbox.core import tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World


def find_client(world: World, service: str, client_id: str) -> tables.Client | None:
    """The application with this id at this room, or None."""
    return world.store.find(tables.Client, service=service, client_id=client_id)


def get_client(world: World, service: str, client_id: str) -> tables.Client:
    """The application with this id at this room. Raises Refusal: CLIENT_UNKNOWN."""
    client = find_client(world, service, client_id)
    if client is None:
        raise Refusal(Reason.CLIENT_UNKNOWN, f"no client {client_id!r} is registered at {service}")
    world.entry.note(client_id=client.client_id)
    return client
