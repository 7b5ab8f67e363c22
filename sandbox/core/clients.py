"""Registered applications.

How a request proves that it is one of them is protocol/client_auth.py's.
"""

from __future__ import annotations

from sandbox.core import tables
from sandbox.core.compare import same_secret
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


def check_secret(client: tables.Client, secret: str | None) -> None:
    """Hold a secret that came, if one came, against the registered one. Raises Refusal: CLIENT_SECRET_WRONG."""
    if secret is not None and not same_secret(client.secret, secret):
        raise Refusal(Reason.CLIENT_SECRET_WRONG, f"not the secret of {client.client_id}", "client_secret")
