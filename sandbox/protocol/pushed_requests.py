"""Pushed authorization requests (RFC 9126): kept under a request_uri until the login that uses them is over."""

from __future__ import annotations

from sandbox.core import tables
from sandbox.core.codes import check_code, issue_code
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tables import digest
from sandbox.core.world import World

PREFIX = "urn:ietf:params:oauth:request_uri:"
KIND = "pushed_request"
TTL = 90


def push_request(
    world: World, service: str, client_id: str, parameters: dict[str, str], *, dpop_jkt: str | None = None
) -> str:
    """Keep the parameters for TTL seconds; the request_uri that stands for them.

    `dpop_jkt` is the key of a proof that came with the push: the code will be bound to it (RFC 9449 section 10.1).
    """
    request_uri = PREFIX + world.ids.text(43)
    data = {**parameters, **({"dpop_jkt": dpop_jkt} if dpop_jkt else {})}
    flow = world.ids.text(16)
    issue_code(
        world, request_uri, service=service, kind=KIND, client_id=client_id, login="", ttl=TTL, flow=flow, data=data
    )
    world.entry.note(flow=flow, client_id=client_id)
    return request_uri


def get_pushed_request(world: World, service: str, client_id: str, request_uri: str) -> dict[str, str]:
    """The parameters behind a request_uri; it may be used again until a login with it is complete.

    Raises Refusal: REQUEST_URI_INVALID.
    """
    try:
        pushed = check_code(world, request_uri, service=service, kind=KIND, client_id=client_id)
    except Refusal as refusal:
        raise Refusal(Reason.REQUEST_URI_INVALID, refusal.detail, "request_uri") from refusal
    return {name: str(value) for name, value in pushed.data.items()}


def spend_pushed_request(world: World, request_uri: str) -> None:
    """The login is complete: the request_uri is worth nothing any more."""
    world.store.change(tables.Code, {"redeemed_at": world.now()}, digest=digest(request_uri), redeemed_at=None)
