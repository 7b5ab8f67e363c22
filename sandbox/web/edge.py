"""What happens around every request: host check, mount, world, faults, refusals, journal, response headers.

The order of steps is the order of this file. Decides nothing about logins.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from functools import partial
from io import BytesIO
from typing import Any, cast

from flask import Flask, Request, Response, g, request
from flask.ctx import _AppCtxGlobals
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.http import http_date
from werkzeug.wsgi import get_path_info

from sandbox.core.clock import Clock, tick
from sandbox.core.fault_calls import Interruption
from sandbox.core.journal import Entry
from sandbox.core.outage import find_outage, reconnecting
from sandbox.core.redaction import printable
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.session import Session
from sandbox.core.turns import given_up
from sandbox.core.world import DEFAULT, World
from sandbox.core.worlds import drop_idle_worlds, note_use, open_world, rejoin_world, share_world
from sandbox.mounts import Mounts
from sandbox.service import FLOW, House, Service
from sandbox.web import faults
from sandbox.web.errors import render_refusal
from sandbox.web.names import NameWatch
from sandbox.web.outage import give_up
from sandbox.web.recording import write_journal
from sandbox.web.sizes import MOST, largest
from sandbox.web.touring import watching

log = logging.getLogger("sandbox")

_ROUTING = {
    404: Reason.ROUTE_UNKNOWN,
    405: Reason.METHOD_NOT_ALLOWED,
    413: Reason.BODY_TOO_LARGE,
    415: Reason.MEDIA_TYPE_UNSUPPORTED,
    500: Reason.INTERNAL_ERROR,
}
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer, which would also take the Origin from our own forms.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    # Pages have no script and load nothing but the sandbox's own style sheet and pictures.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "frame-ancestors 'none'",
}
StartResponse = Callable[..., Any]
# Whether the body of the answer is there when the request is done.
_WHOLE = "sandbox.whole"
# Whether the body of the request was there before it was begun.
_RECEIVED = "sandbox.received"
_REAL, _DIGITS = Clock(), len(str(MOST))


class MountMiddleware:
    """Moves each request to its room's URL space before routing, and remembers where it came in."""

    def __init__(
        self,
        wsgi_app: Callable[..., Iterable[bytes]],
        mounts: Mounts,
        names: NameWatch,
        turns: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._wsgi_app = wsgi_app
        self._turns = turns
        self._mounts = mounts
        self._names = names

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        scheme = environ["wsgi.url_scheme"]
        host = environ.get("HTTP_HOST") or f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
        path = get_path_info(environ)
        mount, inner = self._mounts.resolve(scheme, host, path)
        environ["sandbox.mount"] = mount
        environ["sandbox.path"] = path
        environ["sandbox.known_host"] = known = self._mounts.knows_host(host)
        if known:
            self._names.see(mount, host)
        if inner != path:
            environ["PATH_INFO"] = inner.encode().decode("latin-1")
        _receive(environ)
        with self._turns():
            answer = self._wsgi_app(environ, start_response)
            return _whole(answer) if environ.get(_WHOLE) else answer


def _receive(environ: dict[str, Any]) -> None:
    """Have the body of a usual request there before its turn comes: whoever sends it slowly keeps nobody waiting."""
    length = environ.get("CONTENT_LENGTH") or ""
    # Python reads no number of any length.
    if length.isdecimal() and len(length) <= _DIGITS and 0 < int(length) <= MOST:
        try:
            body = environ["wsgi.input"].read(int(length))
        except OSError:
            # Whoever was sending it is gone, or gave up; what is missing is told like any other short body.
            body = b""
        environ["wsgi.input"], environ[_RECEIVED] = BytesIO(body), True


def _whole(answer: Iterable[bytes]) -> list[bytes]:
    # What comes as a list granian sends at once, and anything else piece by piece by way of another thread.
    with closing(cast(Any, answer)):
        return list(answer)


def install(app: Flask, sandbox: House, mounts: Mounts) -> None:
    """Put the edge around every request of `app`."""
    app.wsgi_app = MountMiddleware(app.wsgi_app, mounts, NameWatch(sandbox.config.public_url), sandbox.turns)  # type: ignore[method-assign]  # Flask's documented hook
    _install_entry(app, sandbox)
    _install_refusals(app, sandbox)
    _install_exit(app, sandbox)


def _install_entry(app: Flask, sandbox: House) -> None:
    @app.before_request
    def enter() -> None:
        sent, here = _at_hand()
        flow = sent.environ.get(FLOW)
        here.started, here.entry = tick(), Entry(flow=flow, bound=flow is not None)
        here.mount = mount = sent.environ["sandbox.mount"]
        here.session = session = sandbox.open_session()
        if not sent.environ["sandbox.known_host"]:
            raise Refusal(Reason.HOST_UNKNOWN, f"this sandbox does not answer to the host {sent.host!r}")
        world = reconnecting(session, partial(_open_world, sandbox, session, mount.world))
        world.entry, world.apart = here.entry, partial(sandbox.world, mount.world)
        here.world = world
        _check_body(sent)
        if mount.slug and watching.COOKIE in sent.cookies:
            watching.enter(world)
        # A preflight is the browser's own: a fault waits for the call behind it.
        if mount.slug and sent.method != "OPTIONS":
            faults.enter(world, mount.slug, _operation(sent), partial(_apart, world))


def _at_hand() -> tuple[Request, _AppCtxGlobals]:
    """This request and what is kept with it, looked up once: a look through a proxy costs more than what it finds."""
    return request._get_current_object(), g._get_current_object()  # type: ignore[attr-defined]  # as Werkzeug documents


def _open_world(sandbox: House, session: Session, name: str) -> World:
    """The world with this name; on its first use it is made. Raises Refusal: LIMIT_REACHED."""
    while True:
        world = share_world(session, name, sandbox.ids)
        if world is None:
            # Who shares it cannot make it.
            session.commit()
            drop_idle_worlds(session, sandbox.config.world_idle)
            open_world(session, name, sandbox.origin, sandbox.ids)
        elif name == DEFAULT or not note_use(world):
            return world
        # No lock on a row may be held while a room asks somebody outside.
        session.commit()


@contextmanager
def _apart(world: World) -> Iterator[None]:
    """End what the request holds for as long as it waits, and work on in its world then, if that is still there."""
    world.store.session.commit()
    with given_up():
        yield
    rejoin_world(world)


def _commit(session: Session, world: World | None) -> None:
    # What a refused request has done up to its refusal (a slowed-down poll, a revoked family) is part of it.
    if world and world.name != DEFAULT and share_world(session, world.name, world.ids) is None:
        # It was deleted meanwhile, and no row is without its world.
        session.rollback()
    session.commit()


def _install_refusals(app: Flask, sandbox: House) -> None:
    @app.errorhandler(Refusal)
    def refuse(refusal: Refusal) -> ResponseReturnValue:
        g.entry.refusal = refusal
        faults.stop_listening()
        service = _service(sandbox, request)
        return (service.render_refusal if service else render_refusal)(refusal)

    @app.errorhandler(Interruption)
    def interrupt(interruption: Interruption) -> ResponseReturnValue:
        return faults.answer_instead(interruption.fault)

    @app.errorhandler(HTTPException)
    def refuse_routing(error: HTTPException) -> ResponseReturnValue:
        if error.response is not None or (error.code or 500) < 400:
            return error
        failed = getattr(error, "original_exception", None)
        if isinstance(failed, Exception) and (outage := find_outage(failed)):
            # It came while another refusal was put into words.
            return give_up(g.session, outage, failed)
        reason = _ROUTING.get(error.code or 500, Reason.BODY_MALFORMED)
        response = app.make_response(refuse(Refusal(reason, _routing_detail(error))))
        allow = getattr(error, "valid_methods", None)
        if allow and response.status_code == 405:
            response.headers["Allow"] = ", ".join(sorted(allow))
        return response

    @app.errorhandler(Exception)
    def refuse_crash(error: Exception) -> ResponseReturnValue:
        if outage := find_outage(error):
            return give_up(g.session, outage, error)
        log.exception("%s %s failed", request.method, request.environ["sandbox.path"])
        g.session.rollback()
        if "world" in g:
            share_world(g.session, g.world.name, sandbox.ids)
        return refuse(Refusal(Reason.INTERNAL_ERROR, f"a defect of the sandbox: {type(error).__name__}: {error}"))


def _install_exit(app: Flask, sandbox: House) -> None:
    @app.after_request
    def leave(response: Response) -> Response:
        try:
            return finish(response)
        except Exception as error:
            if outage := find_outage(error):
                return finish(give_up(g.session, outage, error))
            raise

    def finish(response: Response) -> Response:
        sent, here = _at_hand()
        service, world = _service(sandbox, sent), here.get("world")
        if service and world:
            # Before the room's headers, so that a browser may read a changed answer too.
            response = service.after_request(faults.change_answer(response))
        _add_headers(response, world, here.entry.refusal)
        if world and _is_journaled(sent):
            faults.find_login(world)
            write_journal(world, sent, response, operation=_operation(sent), started=here.started)
        if world and service and watching.COOKIE in sent.cookies:
            response = watching.leave(response)
        _commit(here.session, world)
        delivered = faults.deliver(response)
        sent.environ[_WHOLE] = delivered is response and not (response.is_streamed or response.direct_passthrough)
        return delivered

    @app.teardown_request
    def let_go(_error: BaseException | None) -> None:
        if session := g.pop("session", None):
            session.close()


def _add_headers(response: Response, world: World | None, refusal: Refusal | None) -> None:
    if world and world.clock != _REAL:
        # Clients reckon a token's expiry from the date, so it must follow a clock that was moved; otherwise the
        # server's own date is right, and two would be one too many.
        response.headers["Date"] = http_date(world.now())
    if refusal:
        response.headers["X-Sandbox-Reason"] = _header(f"{refusal.reason}; {refusal.detail}")
    there = {name.lower() for name, _ in response.headers}
    for name, value in _HEADERS.items():
        if name.lower() not in there:
            response.headers.add(name, value)


def _check_body(sent: Request) -> None:
    sent.max_content_length = largest.get(sent.endpoint or "", MOST)
    # Werkzeug takes a body for whole that its sender cut off or, when it is chunked, that the limit cut off.
    declared = sent.content_length
    with nullcontext() if sent.environ.get(_RECEIVED) or _has_none(sent) else given_up():
        received = len(sent.get_data())
        if declared is None:
            sent.stream.read(1)
    if declared is not None and received < declared:
        raise Refusal(Reason.BODY_MALFORMED, f"the body ended after {received} of {declared} bytes")


def _has_none(sent: Request) -> bool:
    # RFC 9112 section 6.3 (7).
    return not (sent.content_length or "Transfer-Encoding" in sent.headers)


def _service(sandbox: House, sent: Request) -> Service | None:
    slug = sent.environ["sandbox.mount"].slug
    return sandbox.services[slug] if slug else None


def _operation(sent: Request) -> str:
    return sent.endpoint.rpartition(".")[2] if sent.endpoint else ""


def _is_journaled(sent: Request) -> bool:
    # The sandbox's own pages are looked at, and would only fill the journal that they show.
    return not (sent.environ["sandbox.mount"].slug is None and sent.path.startswith("/_sandbox/"))


def _routing_detail(error: HTTPException) -> str:
    path = request.environ["sandbox.path"]
    match error.code:
        case 404:
            return f"nothing lives at {path}"
        case 405:
            return f"{path} does not answer to {request.method}"
        case 413:
            return f"the body is larger than {request.max_content_length} bytes"
        case _:
            return error.description or error.name


def _header(text: str) -> str:
    # Header values are latin-1 without control characters; anything else comes out escaped.
    return printable(text)[:500].encode("unicode_escape").decode("ascii")
