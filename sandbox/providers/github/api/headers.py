"""The headers that every answer of GitHub's API carries, and the answer to a browser's preflight.

Renders no body.
"""

from __future__ import annotations

from flask import Response, request

from sandbox.core.refusals import Reason
from sandbox.providers.github.api import access, rates
from sandbox.providers.github.api.callers import Caller
from sandbox.providers.github.api.rates import Budget
from sandbox.service import current_world

# https://docs.github.com/rest/using-the-rest-api/using-cors-and-jsonp-to-make-cross-origin-requests
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, Location, Retry-After, X-GitHub-OTP, X-RateLimit-Limit, "
    "X-RateLimit-Remaining, X-RateLimit-Used, X-RateLimit-Resource, X-RateLimit-Reset, X-OAuth-Scopes, "
    "X-Accepted-OAuth-Scopes, X-Poll-Interval, X-GitHub-Media-Type, X-GitHub-SSO, X-GitHub-Request-Id, "
    "Deprecation, Sunset",
}
_PREFLIGHT = {
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Match, "
    "If-Unmodified-Since, Accept-Encoding, X-GitHub-OTP, X-Requested-With, User-Agent",
    "Access-Control-Allow-Methods": "GET, POST, PATCH, PUT, DELETE",
    "Access-Control-Max-Age": "86400",
}
# https://docs.github.com/rest/rate-limit/rate-limit: reading the budget does not spend it.
_FREE = "github.get_rate_limit"


def after_api_request(response: Response) -> Response:
    """Put the API's headers on an answer, refusals included; a preflight is answered 204, whatever the path."""
    world, caller = current_world(), access.known_caller()
    if request.method == "OPTIONS":
        response = Response(status=204, headers=_PREFLIGHT)
    response.headers.update(_CORS)
    response.headers.update(_render_budget(_count(caller)))
    response.headers["X-GitHub-Media-Type"] = "github.v3; format=json"
    response.headers["X-GitHub-Request-Id"] = ":".join(world.ids.hex(n).upper() for n in (4, 6, 6, 7, 8))
    if caller and caller.has_scopes:
        response.headers["X-OAuth-Scopes"] = ", ".join(caller.scopes)
        response.headers["X-Accepted-OAuth-Scopes"] = ", ".join(sorted(access.accepted_scopes()))
    if response.status_code == 204:
        response.headers.remove("Content-Type")
    if request.method in ("GET", "HEAD") and response.status_code == 200:
        response.add_etag(weak=True)
        response.make_conditional(request)
    return response


def _count(caller: Caller | None) -> Budget:
    world = current_world()
    resource = rates.GRAPHQL if request.path.endswith("/graphql") else rates.CORE
    login = caller.identity.login if caller else None
    refusal = world.entry.refusal
    if refusal and refusal.reason is Reason.RATE_LIMITED:
        return rates.exhausted(world, resource, login)
    free = request.method == "OPTIONS" or request.endpoint == _FREE
    count = rates.read_budget if free else rates.spend
    return count(world, resource, login, request.remote_addr or "")


def _render_budget(budget: Budget) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(budget.limit),
        "X-RateLimit-Remaining": str(budget.remaining),
        "X-RateLimit-Reset": str(budget.reset),
        "X-RateLimit-Used": str(budget.used),
        "X-RateLimit-Resource": budget.resource,
    }
