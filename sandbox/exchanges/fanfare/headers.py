"""What every answer of Fanfare carries: who may read it in a browser, what is left of a limit, and an id.

Renders no body.
"""

from __future__ import annotations

from flask import Response, g, request

from sandbox.core.refusals import Reason
from sandbox.exchanges.fanfare import limits
from sandbox.exchanges.fanfare.limits import Budget
from sandbox.exchanges.fanfare.models import Organization
from sandbox.service import current_world

# "Exempt from rate limits."
_FREE = ("health", "describe", "keys")
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, X-Publishable-Key, X-Fingerprint, DPoP",
}
_EXPOSED = "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After, X-Request-Id"


def admit(organization: Organization | str) -> None:
    """Remember whose request this is, and hold it against the limit. Raises Refusal: RATE_LIMITED."""
    organization_id = organization if isinstance(organization, str) else organization.id
    limits.check_limit(current_world(), organization_id, _operation())
    g.fanfare_organization = organization_id


def after_request(response: Response) -> Response:
    """Put the headers on an answer, refusals included; a preflight is answered on every path."""
    budget = _count()
    headers = response.headers
    response.vary.add("Origin")
    headers["X-RateLimit-Limit"] = str(budget.limit)
    headers["X-RateLimit-Remaining"] = str(budget.remaining)
    headers["X-RateLimit-Reset"] = str(budget.reset)
    headers["X-Request-Id"] = current_world().ids.uuid()
    if origin := request.headers.get("Origin"):
        headers["Access-Control-Allow-Origin"] = origin
        # The vendor's SDK may be told to call with credentials, although there are no cookies.
        headers["Access-Control-Allow-Credentials"] = "true"
        headers["Access-Control-Expose-Headers"] = _EXPOSED
    if request.method == "OPTIONS":
        headers.update(_PREFLIGHT)
        response.status_code = 204
        response.set_data(b"")
        headers.pop("Content-Type", None)
    return response


def _count() -> Budget:
    world, operation = current_world(), _operation()
    refusal = world.entry.refusal
    if refusal and refusal.reason is Reason.RATE_LIMITED:
        return limits.exhausted(world, operation)
    organization: str | None = g.get("fanfare_organization")
    if organization is None or request.method == "OPTIONS" or operation in _FREE:
        return limits.read_budget(world, organization, operation)
    return limits.spend(world, organization, operation)


def _operation() -> str:
    return (request.endpoint or "").rpartition(".")[2]
