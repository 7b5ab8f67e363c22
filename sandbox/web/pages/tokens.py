"""Tokens as a page: any token explained, and any kind that a service issues minted.

A token comes and goes in the body of a form alone, and is never put into an address.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from sandbox.core import tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.token_claims import tell_date, tell_distance
from sandbox.service import current_house, current_world
from sandbox.web.control.api import perform
from sandbox.web.pages.page import form, page
from sandbox.web.pages.typed import as_number, read_document, told

# How many people and applications are suggested, how many members of a token are shown, and how much of each.
_SUGGESTED = 50
_MOST_MEMBERS = 200
_LONGEST = 2_000
# An encrypted token has four; what comes after them is shown in one piece.
_MOST_DOTS = 4
_EXPLAIN, _MINT = "explain", "mint"
# What is asked for first, where nothing else is.
_USUAL = "id_token"
_TEXTS = ("identity", "client", "scope", "audience", "issuer", "tamper")


@page("/tokens")
def show_tokens() -> ResponseReturnValue:
    """GET /_sandbox/tokens; `kind` is what the form is to mint: a service and one of its kinds, parted by a space."""
    return _render()


@form("/tokens")
def take_token() -> ResponseReturnValue:
    """Explain the token that was pasted, or mint one and explain that."""
    typed = request.form
    try:
        if typed.get("do") == _MINT:
            minted = _mint(typed)
            return _render(typed, minted=minted, token=minted["token"])
        token = typed.get("token", "").strip()
        if not token:
            raise Refusal(Reason.FIELD_MISSING, "paste a token first", "token")
        return _render(typed, token=token)
    except Refusal as refusal:
        return _render(typed, problem=told(refusal)), 400


def _mint(typed: Mapping[str, str]) -> dict[str, Any]:
    """What `POST /tokens` answers. Raises Refusal."""
    service, _, kind = typed.get("kind", "").partition(" ")
    body: dict[str, Any] = {"service": service, "kind": kind}
    body |= {name: typed[name].strip() for name in _TEXTS if typed.get(name, "").strip()}
    if typed.get("ttl", "").strip():
        body["ttl"] = as_number(typed["ttl"])
    if typed.get("claims", "").strip():
        body["claims"] = read_document(typed["claims"], "claims")
    found = perform("mint_token", body)
    if isinstance(found, Response):
        problem = json.loads(found.get_data())
        raise Refusal(Reason[problem["reason"]], problem["detail"])
    minted: dict[str, Any] = found
    return minted


def _render(
    typed: Mapping[str, str] | None = None,
    *,
    token: str | None = None,
    minted: Mapping[str, Any] | None = None,
    problem: Mapping[str, Any] | None = None,
) -> str:
    typed, told_kinds = typed or {}, perform("list_token_kinds")
    titles = {slug: service.title for slug, service in current_house().services.items()}
    chosen = _choose(told_kinds["kinds"], typed.get("kind") or request.args.get("kind", ""))
    explained = perform("explain_token", {"token": token}) if token else None
    return render_template(
        "own/tokens.html",
        typed=typed,
        problem=problem,
        minted=minted,
        token=token,
        parts=_colour(token, explained) if token and explained else [],
        explained=explained,
        header=_show_members(explained["header_claims"]) if explained else [],
        claims=_show_members(explained["claims"]) if explained else [],
        life=_tell_life(explained["known"]) if explained and explained["known"] else [],
        left_out=max(0, len(explained["claims"]) - _MOST_MEMBERS) if explained else 0,
        kinds=told_kinds["kinds"],
        chosen=chosen,
        tampers=[one for one in told_kinds["tampers"] if {chosen["format"], chosen["kind"]} & set(one["kinds"])],
        titles=titles,
        **_suggestions(chosen["service"]),
    )


def _choose(kinds: list[dict[str, Any]], wanted: str) -> dict[str, Any]:
    """The kind called so; otherwise the first id_token that there is."""
    found = [one for one in kinds if f"{one['service']} {one['kind']}" == wanted]
    usual = [one for one in kinds if one["kind"] == _USUAL]
    # The last of the providers is the one that goes by the standard alone.
    return (found or usual[-1:] or kinds)[0]


def _colour(token: str, explained: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The text of a token with what each of its parts is."""
    shown = "".join(token.split())
    if explained["format"] != "jwt":
        return [("opaque", shown)]
    names = ("header", "claims", "signature")
    sections = shown.split(".", _MOST_DOTS)
    return [
        piece
        for place, section in enumerate(sections)
        for piece in ((("dot", "."),) if place else ()) + ((names[place] if place < len(names) else "opaque", section),)
    ]


def _show_members(members: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The members of a header or the claims, with their values as text."""
    shown = []
    for member in members[:_MOST_MEMBERS]:
        value = member["value"]
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        shown.append({**member, "text": text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"})
    return shown


def _tell_life(known: Mapping[str, Any]) -> list[tuple[str, str]]:
    """When something that is remembered came, and when it goes."""
    now, names = current_world().now(), {"issued_at": "Issued", "expires_at": "Expires", "revoked_at": "Revoked"}
    moments = {title: known[name] for name, title in names.items() if known[name] is not None}
    return [(title, f"{tell_date(moment)}, {tell_distance(moment - now)}") for title, moment in moments.items()]


def _suggestions(service: str) -> dict[str, list[str]]:
    """Some of the people, and of the applications of a service."""
    store = current_world().store
    clients = store.list(tables.Client, order=("position",), columns=("client_id", "service"), limit=4 * _SUGGESTED)
    people = store.list(tables.Identity, order=("position",), columns=("login",), limit=_SUGGESTED)
    own = [client.client_id for client in clients if client.service.partition("/")[0] == service]
    return {"clients": own[:_SUGGESTED], "people": [person.login for person in people]}
