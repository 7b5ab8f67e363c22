"""What a person has granted to a client so far, so that the same question is not asked twice.

Knows no scope's meaning: rooms normalize.
"""

from __future__ import annotations

from sandbox.core import tables
from sandbox.core.world import World


def granted_scopes(world: World, service: str, client_id: str, login: str) -> tuple[str, ...] | None:
    """The scopes granted so far, or None if this person never granted this client anything."""
    consent = world.store.find(tables.Consent, service=service, client_id=client_id, login=login)
    return tuple(consent.scopes.split()) if consent else None


def remember_consent(world: World, service: str, client_id: str, login: str, scopes: tuple[str, ...]) -> None:
    """Replace what is granted by `scopes`."""
    world.store.put(
        tables.Consent,
        service=service,
        client_id=client_id,
        login=login,
        scopes=" ".join(scopes),
        granted_at=world.now(),
    )


def forget_consent(world: World, service: str, client_id: str, login: str) -> bool:
    """Take the consent back; tells whether there was one."""
    return bool(world.store.remove(tables.Consent, service=service, client_id=client_id, login=login))
