"""What the sandbox's own pages share: who may see them, how their forms act, and what stands on all of them.

A page shows what the control API tells, and a form does what one of its operations does; no page adds a behaviour of
its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, g, request
from flask.typing import ResponseReturnValue

from sandbox.core import faults, tables
from sandbox.core.clock import Clock, iso
from sandbox.core.world import DEFAULT, World
from sandbox.mounts import OWN_PREFIX
from sandbox.service import current_mount, current_world
from sandbox.web.control.guard import check_form, check_page
from sandbox.web.sizes import MOST, largest

pages = Blueprint("own", __name__)

View = Callable[..., ResponseReturnValue]
# A page may load its own scripts and ask its own origin; nothing else, and nothing of anybody else's.
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


@dataclass(frozen=True)
class State:
    """What is not as it was at the start: the world (None if it is the default one), its clock, the armed faults.

    `clock` is in words, or None for a clock that shows the real time; `faults` are names of recipes, or what rules do.
    """

    world: str | None
    clock: str | None
    faults: tuple[str, ...]


def page(path: str) -> Callable[[View], View]:
    """Show a page at GET /_sandbox`path`, to whoever may call the control API."""

    def add(view: View) -> View:
        @wraps(view)
        def show(**given: Any) -> ResponseReturnValue:
            check_page()
            return view(**given)

        pages.get(f"{OWN_PREFIX}{path}")(show)
        return view

    return add


def form(path: str, *, most: int = MOST) -> Callable[[View], View]:
    """Take a form at POST /_sandbox`path`, from whoever may call the control API and from no other origin.

    `most` is the size of the largest one, in bytes, where it brings files.
    """

    def add(view: View) -> View:
        @wraps(view)
        def act(**given: Any) -> ResponseReturnValue:
            check_form()
            return view(**given)

        pages.post(f"{OWN_PREFIX}{path}")(act)
        largest[f"{pages.name}.{act.__name__}"] = most
        return view

    return add


def go_to(path: str, **query: str) -> Response:
    """Have the browser open an own page of this world, such as `/faults`, after a form has done its work."""
    address = f"{current_mount().world_prefix}{OWN_PREFIX}{path}"
    return Response(status=303, headers={"Location": f"{address}?{urlencode(query)}" if query else address})


@pages.after_request
def let_scripts_run(response: Response) -> Response:
    """Own pages have scripts of their own, in files."""
    response.headers.setdefault("Content-Security-Policy", _POLICY)
    return response


def install(app: Flask) -> None:
    """Tell every page, those of rooms too, where the own pages are and what is not as it was."""

    @app.context_processor
    def tell() -> dict[str, object]:
        mount = current_mount()
        # On a host that is a room's own, nothing else can be reached.
        own = None if mount.begins else f"{mount.world_prefix}{OWN_PREFIX}/"
        here = {"path": request.path.removeprefix(OWN_PREFIX), "is_own": request.blueprint == pages.name}
        return {"own": own, "home": f"{mount.world_prefix}/", "here": here, "state": _find_state()}


def _find_state() -> State | None:
    """None if all is as it was at the start."""
    if "world" not in g:
        return None
    world = current_world()
    named = world.name if world.name != DEFAULT else None
    state = State(named, _tell_clock(world), _armed(world))
    return None if state == State(None, None, ()) else state


def _armed(world: World) -> tuple[str, ...]:
    if not world.faults_armed:
        return ()
    return tuple(_name(fault) for fault in faults.list_faults(world) if not faults.is_over(fault))


def _name(fault: tables.Fault) -> str:
    if fault.name:
        return fault.name
    return f"{faults.action_of(fault)} at {fault.operation or fault.service or 'any call'}"


def _tell_clock(world: World) -> str | None:
    clock = world.clock
    if clock.frozen_at is not None:
        return f"The clock stands at {iso(clock.frozen_at).replace('T', ' ').replace('Z', ' UTC')}"
    if clock == Clock():
        return None
    return f"The clock is {spell(abs(clock.offset))} {'ahead' if clock.offset > 0 else 'behind'}"


def spell(seconds: int) -> str:
    """A duration in its two largest units: `1 day 2 hours`."""
    parts = []
    for unit, size in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}{'' if count == 1 else 's'}")
    return " ".join(parts[:2]) or "0 seconds"
