"""Who calls: reads the request's credentials once, and remembers for the headers what was asked for.

Decides nothing: callers.py does.
"""

from __future__ import annotations

from flask import g, request

from sandbox.core.refusals import Issue, Reason, Refusal
from sandbox.core.schemas import Contract
from sandbox.providers.github.api import callers
from sandbox.providers.github.api.callers import Caller
from sandbox.service import current_world, read_json


def check_user_agent() -> None:
    """Refuse an API request without a User-Agent, as GitHub does. Raises Refusal: HEADER_INVALID."""
    wanted = current_world().settings["github"]["require_user_agent"]
    if wanted and request.path.startswith("/github/api/") and not request.user_agent.string.strip():
        raise Refusal(Reason.HEADER_INVALID, "the request has no User-Agent header", "User-Agent")


def find_caller(*accepted: str) -> Caller | None:
    """Who calls, or None for a request without credentials; bad ones are refused.

    `accepted` are the scopes that show more here; they are told in the answer's headers.
    """
    g.github_accepted = accepted
    token = callers.read_token(request.headers.get("Authorization"))
    if token is None:
        return None
    g.github_caller = caller = callers.get_caller(current_world(), token)
    return caller


def get_caller(*accepted: str) -> Caller:
    """Who calls, with one of the `accepted` scopes if there are any.

    Raises Refusal: TOKEN_MISSING, SCOPE_INSUFFICIENT, and the reasons of `callers.get_caller`.
    """
    caller = find_caller(*accepted)
    if caller is None:
        raise Refusal(Reason.TOKEN_MISSING, "the request has no Authorization header with a token")
    if accepted and not caller.may(*accepted):
        raise Refusal(
            Reason.SCOPE_INSUFFICIENT,
            f"needs one of the scopes {', '.join(accepted)}; the token has {', '.join(caller.scopes) or 'none'}",
        )
    return caller


def known_caller() -> Caller | None:
    """Who calls, as far as that can be told after the request was answered, or refused early."""
    if "github_caller" not in g:
        try:
            token = callers.read_token(request.headers.get("Authorization"))
            g.github_caller = callers.get_caller(current_world(), token) if token else None
        except Refusal:
            g.github_caller = None
    caller: Caller | None = g.github_caller
    return caller


def accepted_scopes() -> tuple[str, ...]:
    """The scopes that the endpoint would have taken."""
    accepted: tuple[str, ...] = g.get("github_accepted", ())
    return accepted


def read_body(contract: Contract) -> dict[str, object]:
    """The request's body, which must be a JSON object that fulfils `contract`; none at all counts as `{}`.

    Raises Refusal: BODY_MALFORMED (with issues if it is JSON but no object), FIELD_MISSING, FIELD_INVALID.
    """
    body = read_json() if request.get_data(cache=True).strip() else {}
    issues = contract.issues(body)
    if not isinstance(body, dict):
        raise Refusal(Reason.BODY_MALFORMED, "the body is JSON but no object", issues=issues)
    if issues:
        first = issues[0]
        reason, fault = (
            (Reason.FIELD_MISSING, "is missing")
            if is_blank(first)
            else (Reason.FIELD_INVALID, f"breaks the rule {first.keyword!r}: {first.expected!r} is expected")
        )
        raise Refusal(reason, f"{first.field} {fault}", first.field, issues=issues)
    return body


def is_blank(issue: Issue) -> bool:
    """Whether a member of the body is absent, or as good as: null, or a text of spaces."""
    return issue.received is None or issue.keyword == "pattern"
