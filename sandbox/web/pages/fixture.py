"""The fixture of the world as a page: read, downloaded, replaced, held against the start, and put back to it.

A long cast is shown in part; the file has it whole.
"""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from sandbox.core.fixture_reader import MAX_BYTES
from sandbox.core.fixture_schema import defaults_left_out
from sandbox.core.fixture_writer import write_document, write_yaml
from sandbox.core.refusals import Reason, Refusal
from sandbox.service import current_world
from sandbox.web.control.api import perform
from sandbox.web.pages.cast_kinds import TABS
from sandbox.web.pages.cast_texts import Typed, read_typed
from sandbox.web.pages.page import form, go_to, page
from sandbox.web.pages.typed import told

# How many entries of a list are shown before `all` is asked for.
_SHOWN = 50
_DIFFERENCES = 50


@page("/fixture")
def show_fixture() -> ResponseReturnValue:
    """GET /_sandbox/fixture; `all` shows all of a long one."""
    return _render()


@form("/fixture", most=3 * MAX_BYTES)
def replace_whole_fixture() -> ResponseReturnValue:
    """Put a pasted or an uploaded document into the place of the fixture."""
    # A file may be pasted too, and a form writes many characters as three.
    request.max_form_memory_size = 3 * MAX_BYTES
    text = None
    try:
        text = read_typed(_read_text())
        perform("replace_fixture", text.value)
    except Refusal as refusal:
        return _render(refusal, text), 400
    return go_to("/fixture", done="replaced")


@page("/fixture/file")
def download_fixture() -> Response:
    """GET /_sandbox/fixture/file: the fixture as a file; complete if `defaults=true`."""
    response: Response = perform("get_fixture", format="yaml", defaults=request.args.get("defaults") == "true")
    response.headers["Content-Disposition"] = f'attachment; filename="{current_world().name}-fixture.yaml"'
    return response


@page("/fixture/reset")
def ask_reset() -> ResponseReturnValue:
    """GET /_sandbox/fixture/reset: asks whether it is meant."""
    return render_template("own/fixture_reset.html", total=perform("list_fixture_changes", limit=1)["total"])


@form("/fixture/reset")
def reset_fixture() -> ResponseReturnValue:
    """Put the world back to its start."""
    perform("reset")
    return go_to("/fixture", done="reset")


def _read_text() -> str:
    """What was uploaded, or else what was pasted. Raises Refusal: BODY_TOO_LARGE, BODY_MALFORMED."""
    file = request.files.get("file")
    content = file.read() if file else b""
    if not content:
        return request.form.get("text", "")
    if len(content) > MAX_BYTES:
        raise Refusal(Reason.BODY_TOO_LARGE, f"the file is larger than {MAX_BYTES} bytes", "file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Refusal(Reason.BODY_MALFORMED, f"line {line} of the file is not UTF-8", "file") from error


def _render(refusal: Refusal | None = None, text: Typed | None = None) -> str:
    document = dict(perform("get_fixture"))
    hidden: dict[str, int] = {}
    if "all" not in request.args:
        hidden = {name: len(document[name]) - _SHOWN for name in ("identities", "clients")}
        hidden = {name: more for name, more in hidden.items() if more > 0}
    cut = {name: document[name][:_SHOWN] for name in hidden}
    found = perform("list_fixture_changes", limit=_DIFFERENCES)
    problem = None
    if refusal:
        problem = told(refusal) if text is None else text.problem(refusal)
    return render_template(
        "own/fixture.html",
        tabs=TABS,
        shown=write_document(defaults_left_out({**document, **cut}), defaults=False),
        hidden=hidden,
        changes=[_tell(change) for change in found["changes"]],
        total=found["total"],
        typed=request.form.get("text", "") if refusal else "",
        done=request.args.get("done") if refusal is None else None,
        problem=problem,
    )


def _tell(change: dict[str, Any]) -> dict[str, Any]:
    """A difference with both sides as texts; what is nothing is None."""
    sides = {
        side: None if change[side] is None and change["kind"] != "changed" else write_yaml(change[side]).rstrip()
        for side in ("before", "after")
    }
    return {**change, **sides}
