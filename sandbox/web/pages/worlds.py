"""The worlds as a page: listed, made, deleted; the one it is looked at from put back, taken as a file and restored."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from sandbox.core import snapshots
from sandbox.core.clock import real_now
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import DEFAULT
from sandbox.mounts import OWN_PREFIX
from sandbox.service import current_world
from sandbox.web.control.api import perform
from sandbox.web.control.worlds import LARGEST
from sandbox.web.pages.page import form, go_to, page, spell
from sandbox.web.pages.typed import read_upload, told

_PAGE = 50
_EMPTY = {"name": "", "source": "own", "from": DEFAULT, "clock": "then"}


@page("/worlds")
def show_worlds() -> ResponseReturnValue:
    """GET /_sandbox/worlds; `offset` says where in the list to begin."""
    return _render()


@form("/worlds", most=LARGEST)
def change_worlds() -> ResponseReturnValue:
    """Make or delete a world; reset this one, or restore a snapshot in it."""
    typed = request.form
    try:
        if "delete" in typed:
            return _delete(typed["delete"])
        done = _do(typed)
    except Refusal as refusal:
        return _render(refusal, typed), 400
    return go_to("/worlds", done=done)


@page("/worlds/snapshot")
def download_snapshot() -> ResponseReturnValue:
    """GET /_sandbox/worlds/snapshot: this world as a file; without its journal if `journal=false`."""
    name = current_world().name
    taken = perform("take_snapshot", journal=request.args.get("journal") != "false")
    moment = _words(taken["taken_at"], "%Y%m%dT%H%M%SZ")
    response = Response(json.dumps(taken), content_type="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{moment}.json"'
    return response


def _delete(name: str) -> Response:
    perform("delete_world", name=name)
    if name == current_world().name:
        # To look at what is gone would make it anew.
        return Response(status=303, headers={"Location": f"{OWN_PREFIX}/worlds?done=deleted"})
    return go_to("/worlds", done="deleted")


def _do(typed: Mapping[str, str]) -> str:
    """Do what the form says; returns the word for it. Raises Refusal."""
    match typed.get("do"):
        case "make":
            perform("add_world", {"name": typed.get("name", "").strip(), **_beginning(typed)})
            return "made"
        case "reset":
            perform("reset")
            return "reset"
        case "restore":
            perform("restore_snapshot", _uploaded(), clock=_clock(typed))
            return "restored"
        case _:
            raise Refusal(Reason.FIELD_MISSING, "the form does not say what to do", "do")


def _beginning(typed: Mapping[str, str]) -> dict[str, Any]:
    """What a new world comes from, as `POST /worlds` takes it."""
    match typed.get("source"):
        case "copy":
            return {"from": typed.get("from", "").strip()}
        case "file":
            document = _uploaded()
            if isinstance(document, dict) and document.get("kind") == snapshots.KIND:
                return {"snapshot": document, "clock": _clock(typed)}
            return {"fixture": document}
        case _:
            return {}


def _uploaded() -> Any:
    file = request.files.get("file")
    return read_upload(file.read() if file else b"", (file.filename or "") if file else "")


def _clock(typed: Mapping[str, str]) -> str:
    return "now" if typed.get("clock") == "now" else "then"


def _render(refusal: Refusal | None = None, typed: Mapping[str, str] | None = None) -> str:
    offset = request.args.get("offset", "0")
    start = int(offset) if re.fullmatch("[0-9]{1,6}", offset) else 0
    found = perform("get_worlds", limit=_PAGE, offset=start)
    here = current_world().name
    given = {name: value for name, value in (typed or {}).items() if name in _EMPTY}
    return render_template(
        "own/worlds.html",
        here_world=_show(perform("get_world", name=here)),
        worlds=[_show(world) for world in found["worlds"]],
        total=found["total"],
        offset=start,
        limit=_PAGE,
        default=DEFAULT,
        services=perform("get_services")["services"],
        typed={**_EMPTY, "from": here, **given},
        done=request.args.get("done") if refusal is None else None,
        problem=told(refusal) if refusal else None,
    )


def _show(world: Mapping[str, Any]) -> dict[str, Any]:
    """A world as the control API describes it, with its moments in words; `path` is that of its own pages."""
    name = world["name"]
    path = f"{'' if name == DEFAULT else f'/w/{name}'}{OWN_PREFIX}/"
    return {
        **world,
        "path": path,
        "created": _words(world["created_at"], "%Y-%m-%d %H:%M"),
        "used": _ago(world["used_at"]),
        "clock": _words(world["now"], "%Y-%m-%d %H:%M"),
    }


def _ago(epoch: int) -> str:
    seconds = real_now() - epoch
    return "just now" if seconds < 120 else f"{spell(seconds)} ago"


def _words(epoch: int, style: str) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime(style)
