"""One attempt at a step of a tour: the request is sent, or its callback taken in, and the application looks at it.

Knows no tour: what is kept of it, and what comes next, is going.py's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

from sandbox.application import Check
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.headless import LoginStart
from sandbox.web.steps import AT_PROVIDER, Callback, Step, without_query
from sandbox.web.touring import checking
from sandbox.web.touring.breaks import Break
from sandbox.web.touring.records import bounded, describe_answer, describe_request, describe_way, keep_step
from sandbox.web.walking import REASON, StoppedError, Walker

_ERRORS = 400
# What a callback tells besides what it is told itself (RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6).
_REASONS = {
    "access_denied": Reason.ACCESS_DENIED,
    "login_required": Reason.LOGIN_REQUIRED,
    "consent_required": Reason.CONSENT_REQUIRED,
    "invalid_scope": Reason.SCOPE_INVALID,
}


@dataclass
class Taken:
    """A step that has been taken, and what became of it."""

    step: Step
    answer: Mapping[str, Any]
    way: Sequence[Mapping[str, Any]] = ()
    result: Any = None
    callback: Callback | None = None
    checks: Sequence[Check] = ()
    refusal: Refusal | None = None
    refused_by: str = ""
    by: str = "application"


def send(world: World, walker: Walker, step: Step, wrong: Break | None, start: LoginStart | None) -> Taken:
    """Take this step, whose walk began with the sign-in `start`; what became of it."""
    taken = Taken(step, {}, by="browser" if step.verb in (*AT_PROVIDER, "follow") else "application")
    try:
        if wrong and wrong.twice:
            walker.take(step)
        taken.result = walker.take(step)
    except StoppedError as stopped:
        taken.refusal = Refusal(stopped.reason, stopped.detail)
    last = walker.seen[-1] if walker.seen else None
    taken.answer, taken.way = describe_answer(last.answer if last else None), describe_way(walker.seen)
    told = last.answer.headers.get(REASON, "") if last and last.answer else ""
    status = taken.answer["status"] or 0
    taken.refused_by = "service" if told or status >= _ERRORS else "application"
    if taken.refusal is not None and status and not told:
        said = f"it answered {status}" if status >= _ERRORS else "the application cannot read the answer"
        taken.refusal = Refusal(taken.refusal.reason, said)
    if taken.refusal is None and step.verb in AT_PROVIDER:
        taken.callback = change_callback(wrong, walker.back)
        take_in_callback(taken, told)
    elif taken.refusal is None and step.verb == "redeem":
        taken.checks = checking.check_tokens(world, walker, start, taken.result)
    if taken.refusal is None and (found := checking.find_refusal(taken.checks)):
        taken.refusal, taken.refused_by = found, "application"
    return taken


def take_in_callback(taken: Taken, told: str = "") -> None:
    """What the application, or the exchange whose callback it is, is brought."""
    callback = taken.callback or Callback(None, {})
    parameters = callback.parameters
    taken.result = dict(parameters) if taken.step.verb == "sign_in" else callback.url or ""
    if "error" in parameters:
        word, _, detail = told.partition("; ")
        known = _REASONS.get(parameters["error"], Reason.PROVIDER_FAILED)
        reason = Reason(word) if word in Reason.__members__ else known
        said = parameters.get("error_description") or parameters["error"]
        taken.refusal, taken.refused_by = Refusal(reason, detail or said), "service"
        return
    taken.checks = checking.check_back(taken.step, parameters)
    if found := checking.find_refusal(taken.checks):
        taken.refusal, taken.refused_by = found, "application"


def change_callback(wrong: Break | None, back: Callback) -> Callback:
    """The callback as it reaches the application."""
    if wrong is None or wrong.callback is None:
        return back
    changed = {**back.parameters, **wrong.callback}
    parameters = {name: value for name, value in changed.items() if value is not None}
    url = back.url and f"{without_query(back.url)}?{urlencode(parameters)}"
    return Callback(url, parameters)


def describe_attempt(taken: Taken, wrong: Break | None) -> dict[str, Any]:
    """The attempt as a hop of a tour's row."""
    refused = taken.refusal and {
        "by": taken.refused_by,
        "reason": taken.refusal.reason.value,
        "detail": str(bounded(taken.refusal.detail)),
    }
    callback = taken.callback and {"url": taken.callback.url, "parameters": dict(taken.callback.parameters)}
    return {
        **keep_step(taken.step),
        "by": taken.by,
        "request": describe_request(taken.step),
        "response": dict(taken.answer),
        "way": [dict(one) for one in taken.way],
        "callback": callback,
        "result": bounded(taken.result) if taken.refusal is None else None,
        "checks": [asdict(check) for check in taken.checks],
        "refused": refused or None,
        "broken": wrong and {"id": wrong.id, "title": wrong.title, "cause": wrong.cause},
    }
