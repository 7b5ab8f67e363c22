"""The cast as pages: people, clients, issuers and tenants, listed and each by itself, added, changed and deleted.

What an entry's page says is cast_facts.py's; the YAML that is typed is read by cast_texts.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from sandbox.core.refusals import Refusal
from sandbox.web.control.api import perform
from sandbox.web.control.cast import version_of
from sandbox.web.pages import people_form
from sandbox.web.pages.cast_facts import list_facts
from sandbox.web.pages.cast_kinds import KINDS, PEOPLE, TABS, Entry, Kind, find_template
from sandbox.web.pages.cast_rows import make_rows, tell_entry
from sandbox.web.pages.cast_texts import Typed, make_copy, read_typed, write_entry
from sandbox.web.pages.page import form, go_to, page
from sandbox.web.pages.typed import told

_PAGE = 50
_PATH = f"/<any({','.join(KINDS)}):path>"
_BY_FORM, _BY_TEXT = "usual", "text"


@page(_PATH)
def show_cast(path: str) -> ResponseReturnValue:
    """GET /_sandbox/people and its like; `q` searches, `offset` says where in the list to begin."""
    kind, offset = KINDS[path], request.args.get("offset", "")
    start = int(offset) if re.fullmatch("[0-9]{1,6}", offset) else 0
    query = request.args.get("q", "").strip()[:200]
    found = perform(f"list_{kind.plural}", search=query, limit=_PAGE, offset=start)
    return render_template(
        "own/cast.html",
        kind=kind,
        tabs=TABS,
        rows=make_rows(kind, found[kind.plural]),
        total=found["total"],
        offset=start,
        limit=_PAGE,
        query=query,
        done=request.args.get("done"),
    )


@page(f"{_PATH}/one")
def show_entry(path: str) -> ResponseReturnValue:
    """GET /_sandbox/people/one?login=…: an entry to read and to change."""
    kind = KINDS[path]
    return _render_entry(kind, _find(kind))


@form(f"{_PATH}/one")
def change_entry(path: str) -> ResponseReturnValue:
    """Save what was typed, unless the entry was changed meanwhile."""
    kind, typed = KINDS[path], request.form
    asked, version = kind.asked(), typed.get("version", "")
    before, text = _find(kind), None
    try:
        if typed.get("do") == _BY_FORM:
            patch = people_form.make_patch(typed, before)
            saved = perform(f"change_{kind.singular}", patch, **asked, version=version)
        else:
            text = read_typed(typed.get("text", ""))
            saved = perform(f"replace_{kind.singular}", text.value, **asked, version=version)
    except Refusal as refusal:
        return _render_entry(kind, before, refusal, text), 400
    return go_to(f"/{kind.path}/one", **kind.names(saved), done="saved")


@page(f"{_PATH}/new")
def show_new(path: str) -> ResponseReturnValue:
    """GET /_sandbox/people/new: an empty form; with the key of an entry, one like that."""
    kind = KINDS[path]
    if request.args.get(kind.key):
        like = _find(kind)
        return _render_new(kind, _write(kind, make_copy(like, kind.key, kind.rule(like.get("service")))), like=like)
    service = request.args.get("service")
    try:
        made = find_template(kind, service)
        return _render_new(kind, _write(kind, made), service=made.get("service"))
    except Refusal as refusal:
        return _render_new(kind, "", refusal), 400


@form(f"{_PATH}/new")
def add_entry(path: str) -> ResponseReturnValue:
    """Add what was typed."""
    kind, typed, text = KINDS[path], request.form, None
    by_form = typed.get("do") == _BY_FORM
    try:
        if by_form:
            added = perform("add_identity", people_form.make_person(typed))
        else:
            text = read_typed(typed.get("text", ""))
            added = perform(f"add_{kind.singular}", text.value)
    except Refusal as refusal:
        written = _write(kind, find_template(kind, None)) if by_form else typed.get("text", "")
        return _render_new(kind, written, refusal, text), 400
    return go_to(f"/{kind.path}/one", **kind.names(added), done="added")


@page(f"{_PATH}/delete")
def ask_delete(path: str) -> ResponseReturnValue:
    """GET /_sandbox/people/delete?login=…: asks whether it is meant."""
    kind = KINDS[path]
    return _render_delete(kind, _find(kind))


@form(f"{_PATH}/delete")
def delete_entry(path: str) -> ResponseReturnValue:
    """Delete the entry."""
    kind = KINDS[path]
    entry = _find(kind)
    try:
        perform(f"delete_{kind.singular}", **kind.asked(), version=request.form.get("version", ""))
    except Refusal as refusal:
        return _render_delete(kind, entry, refusal), 400
    return go_to(f"/{kind.path}", done="deleted")


def _find(kind: Kind) -> dict[str, Any]:
    """The entry that the query names. Raises Refusal: OBJECT_UNKNOWN, FIELD_INVALID."""
    found: dict[str, Any] = perform(f"get_{kind.singular}", **kind.asked())
    return found


def _write(kind: Kind, entry: Entry) -> str:
    return write_entry(entry, kind.rule(entry.get("service")))


def _render_entry(kind: Kind, entry: dict[str, Any], refusal: Refusal | None = None, text: Typed | None = None) -> str:
    rule, typed = kind.rule(entry.get("service")), request.form
    written = write_entry(entry, rule)
    stale = refusal is not None and refusal.field == "?version"
    by_text = refusal is not None and typed.get("do") != _BY_FORM
    usual = {}
    if kind is PEOPLE:
        usual = people_form.fields_of(entry) if refusal is None or by_text else people_form.read_fields(typed)
    return render_template(
        "own/cast_entry.html",
        kind=kind,
        tabs=TABS,
        entry=make_rows(kind, [entry])[0],
        groups=list_facts(entry, rule),
        text=typed.get("text", "") if by_text else written,
        now=written if stale else None,
        open=by_text,
        usual=usual,
        usual_open=refusal is not None and not by_text,
        version=version_of(entry),
        done=request.args.get("done") if refusal is None else None,
        problem=_tell(refusal, text) if refusal and not stale else None,
    )


def _render_new(
    kind: Kind,
    written: str,
    refusal: Refusal | None = None,
    text: Typed | None = None,
    *,
    like: Mapping[str, Any] | None = None,
    service: str | None = None,
) -> str:
    typed = request.form
    return render_template(
        "own/cast_new.html",
        kind=kind,
        tabs=TABS,
        like=tell_entry(kind, like) if like else None,
        text=written,
        usual=people_form.read_fields(typed) if typed.get("do") == _BY_FORM else people_form.EMPTY,
        shows_form=kind is PEOPLE and like is None,
        by_text=typed.get("do") == _BY_TEXT,
        services=kind.services(),
        service=service,
        problem=_tell(refusal, text) if refusal else None,
    )


def _render_delete(kind: Kind, entry: dict[str, Any], refusal: Refusal | None = None) -> str:
    return render_template(
        "own/cast_delete.html",
        kind=kind,
        entry=tell_entry(kind, entry),
        version=version_of(entry),
        problem=_tell(refusal, None) if refusal else None,
    )


def _tell(refusal: Refusal, text: Typed | None) -> dict[str, Any]:
    """A refusal in the words of the page."""
    return told(refusal) if text is None else text.problem(refusal)
