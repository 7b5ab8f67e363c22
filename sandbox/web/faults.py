"""What faults do to a request and to its answer: late, instead, changed, broken, or lost on the way.

Which fault meets a request is core/fault_calls.py's; changes no body itself, which is altered.py's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import quote

from flask import Response, g, request
from werkzeug.exceptions import HTTPException

from sandbox.core import flows
from sandbox.core.fault_calls import Call
from sandbox.core.fault_rules import LONGEST
from sandbox.core.faults import action_of, comes_after, particulars_of
from sandbox.core.tables import Fault
from sandbox.core.turns import given_up
from sandbox.core.world import World
from sandbox.web import altered
from sandbox.web.hanging_up import hang_up

# What is done when there is an answer, to it or to its connection.
_LATE = ("answer", "drop", "delay", "truncate", "drip", "malform", "content_type", "repeat", "change", "callback")
_MOST_PIECES = 50
# Of what a request brings, as many values are looked up as no honest one has.
_MOST_BROUGHT = 30


def enter(world: World, service: str, operation: str, apart: Callable[[], AbstractContextManager[None]]) -> None:
    """Meet the faults of this request that come before its work; while it is `apart` it holds nothing.

    Raises Refusal or Interruption, here or when the client or the person becomes known.
    """
    if not world.faults_armed:
        return
    g.call = call = Call(world, service, operation)
    world.forgery = call.forger()
    seconds = sum(particulars_of(fault)["seconds"] for fault in call.claim(("delay",), of_anybody=True))
    if seconds:
        with apart():
            time.sleep(min(seconds, LONGEST))
    world.entry.listeners.append(call.meet)
    call.meet()


def stop_listening() -> None:
    """Meet nothing any more that comes instead of the work: there is an answer."""
    g.entry.listeners.clear()


def answer_instead(fault: Fault) -> Response:
    """The answer of a call whose work a fault has taken the place of."""
    stop_listening()
    what = particulars_of(fault)
    match action_of(fault):
        case "answer":
            return _answer(what)
        case "drop":
            _wire().append(("drop", what))
            return Response("")
        case _:
            return _redirect_to_itself()


def change_answer(response: Response) -> Response:
    """The answer after the faults that meet it; what is done to its connection is remembered for `deliver`."""
    stop_listening()
    call: Call | None = g.get("call")
    if call is None:
        return response
    answer = _Answer(response)
    for fault in call.claim(_LATE, fits=answer.fits):
        answer.meet(action_of(fault), particulars_of(fault))
    return answer.response


def find_login(world: World) -> None:
    """Have a request that a fault kept from its work belong to the login whose code or token it brought."""
    if world.entry.fault is None or world.entry.flow is not None:
        return
    try:
        body = request.get_json(silent=True) if request.is_json else request.form
    except HTTPException:  # more parts than a form may have
        return
    brought = [*request.args.values(), *(body.values() if isinstance(body, Mapping) else ())]
    brought.append(request.headers.get("Authorization", "").partition(" ")[2])
    flows.resume(world, [value for value in brought if isinstance(value, str) and value][:_MOST_BROUGHT])


def deliver(response: Response) -> Response:
    """The answer as it goes out on a connection that faults may slow down or cut."""
    if not g.get("wire"):
        return response
    whole = altered.body_of(response)
    slow = _Wire("", status=response.status_code, headers=response.headers)
    # What is announced and does not come is how a client knows that something is missing.
    slow.headers["Content-Length"] = str(len(whole))
    slow.whole, slow.effects = whole, dict(reversed(g.wire))
    slow.wait = min(sum(what["seconds"] for action, what in g.wire if action == "delay"), LONGEST)
    if "drop" in slow.effects:
        slow.status_code, slow.headers["Content-Length"] = 200, "1"
    return slow


class _Wire(Response):
    """An answer that comes in pieces, late, or not as a whole, with or without a body."""

    automatically_set_content_length = False
    whole: bytes
    effects: Mapping[str, Mapping[str, Any]]
    wait: float

    def get_app_iter(self, environ: Mapping[str, Any]) -> Iterable[bytes]:
        # Here and not in the iterator: by then the head of the answer may be on its way.
        with given_up():
            time.sleep(self.wait)
            if "drop" in self.effects:
                hang_up(environ)
                return iter(())
        return self._pieces(environ)

    def _pieces(self, environ: Mapping[str, Any]) -> Iterator[bytes]:
        body, cut = self.whole if environ["REQUEST_METHOD"] != "HEAD" else b"", len(self.whole)
        if "truncate" in self.effects:
            cut = min(self.effects["truncate"].get("bytes", len(body) // 2), max(len(body) - 1, 0))
        yield from self._dripped(body[:cut])
        if "truncate" in self.effects:
            hang_up(environ, after_sending=cut > 0)

    def _dripped(self, body: bytes) -> Iterator[bytes]:
        if "drip" not in self.effects:
            if body:
                yield body
            return
        pieces = max(1, min(len(body), _MOST_PIECES))
        for number in range(pieces):
            # Its turn is over, unless the sandbox asks itself.
            with given_up():
                time.sleep(self.effects["drip"]["seconds"] / pieces)
            if piece := body[len(body) * number // pieces : len(body) * (number + 1) // pieces]:
                yield piece


class _Answer:
    """An answer that faults meet one after the other."""

    def __init__(self, response: Response) -> None:
        self.response = response

    def fits(self, fault: Fault) -> bool:
        """Whether the fault can happen to what the answer is by now."""
        what = particulars_of(fault)
        match action_of(fault):
            case "answer" | "drop":
                return comes_after(fault)
            case "malform":
                return bool(altered.body_of(self.response).strip())
            case "repeat":
                return altered.has_members(self.response, what["fields"])
            case "change":
                return altered.has_members(self.response)
            case "callback":
                return altered.is_callback(self.response)
            case _:
                return True

    def meet(self, action: str, what: Mapping[str, Any]) -> None:
        """Let it happen, or remember it for `deliver`."""
        match action:
            case "answer":
                self.response = _answer(what)
            case "malform":
                altered.malform(self.response)
            case "repeat":
                altered.repeat_members(self.response, what["fields"])
            case "change":
                altered.change_members(self.response, what.get("set", {}), what.get("remove", []))
            case "callback":
                altered.change_callback(self.response, what.get("set", {}), what.get("remove", []))
            case "content_type":
                self.response.headers["Content-Type"] = what["value"]
            case _:
                _wire().append((action, what))


def _answer(what: Mapping[str, Any]) -> Response:
    return altered.make_answer(what["status"], what.get("body"), what.get("headers", {}), what.get("content_type"))


def _redirect_to_itself() -> Response:
    query = request.query_string.decode("latin-1")
    path = quote(request.environ["sandbox.path"])
    # 307, so that a POST comes again as one.
    response = Response("", 302 if request.method in ("GET", "HEAD") else 307)
    sent = f"?{quote(query, safe='%&=+/:?@!$,;~*()')}" if query else ""
    response.headers["Location"] = f"{g.mount.origin}{path}{sent}"
    return response


def _wire() -> list[tuple[str, Mapping[str, Any]]]:
    if "wire" not in g:
        g.wire = []
    wire: list[tuple[str, Mapping[str, Any]]] = g.wire
    return wire
