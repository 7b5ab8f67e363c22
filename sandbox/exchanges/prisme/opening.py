"""Opens a session for a user whom the rules have let in, with the addresses of the way that the request came in."""

from __future__ import annotations

from sandbox.core.world import World
from sandbox.exchanges.prisme.models import Session, User
from sandbox.exchanges.prisme.sessions import begin_session
from sandbox.service import current_mount


def open_session(world: World, user: User, expires_after: float | None, provider: str) -> Session:
    """A session by PROVIDER_URL for API_URL, as the vendor calls them."""
    mount = current_mount()
    world.entry.note(flow=world.entry.flow or world.ids.text(16), client_id=provider)
    return begin_session(
        world, user.id, expires_after, provider=provider, issuer=mount.url(""), audience=mount.url("/v2")
    )
