"""What an authorization request still needs of a person: prompt, max_age and hints (OIDC Core section 3.1.2).

Says which page is due, and shows none. Consent is its caller's, since what was granted is counted differently.
"""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.core import tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.protocol.authorization import AuthorizationRequest

PROMPTS = frozenset({"none", "login", "consent", "select_account"})


def check_prompt(prompt: str | None, *, known: frozenset[str] = PROMPTS) -> None:
    """Refuse values that contradict each other, or that nobody knows. Raises Refusal: FIELD_INVALID."""
    values = set((prompt or "").split())
    if strange := values - known:
        raise Refusal(Reason.FIELD_INVALID, f"no prompt is called {sorted(strange)[0]!r}", "prompt")
    if "none" in values and len(values) > 1:
        raise Refusal(Reason.FIELD_INVALID, "prompt=none goes with no other value", "prompt")


def parse_max_age(value: str | None) -> int | None:
    """Seconds. Raises Refusal: FIELD_INVALID."""
    if value is None:
        return None
    if not value.isascii() or not value.isdigit() or len(value) > 10:
        raise Refusal(Reason.FIELD_INVALID, f"max_age is a number of seconds; found {value!r}", "max_age")
    return int(value)


def find_usable_session(
    world: World, request: AuthorizationRequest, sessions: Sequence[tables.SignInSession], wanted: str | None
) -> tables.SignInSession | None:
    """The session that answers the request without a sign-in page, or None if that page is due.

    `wanted` is the login that a hint names, if any: another person's session is no answer then.
    """
    if {"login", "select_account"} & request.prompts:
        return None
    session = next((one for one in sessions if wanted in (None, one.login)), None)
    if session is None or is_too_old(world, request, session.auth_time):
        return None
    return session


def is_too_old(world: World, request: AuthorizationRequest, auth_time: int) -> bool:
    """Whether max_age asks for a newer sign-in; 0 always does, as prompt=login would."""
    return request.max_age is not None and (request.max_age == 0 or world.now() - auth_time > request.max_age)


def check_silent(request: AuthorizationRequest, reason: Reason, detail: str) -> None:
    """Refuse to show a page that prompt=none forbids. Raises Refusal: `reason`."""
    if "none" in request.prompts:
        raise Refusal(reason, detail, "prompt")
