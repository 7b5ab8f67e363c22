"""The signing keys as a page: listed by who signs with them, rotated, retired keys taken out of what is published.

A key is there from its issuer's first use.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from sandbox.core.refusals import Reason, Refusal
from sandbox.web.control.api import perform
from sandbox.web.pages.cast_kinds import TABS
from sandbox.web.pages.cast_rows import tell_service
from sandbox.web.pages.page import form, go_to, page
from sandbox.web.pages.typed import told


@page("/keys")
def show_keys() -> ResponseReturnValue:
    """GET /_sandbox/keys."""
    return _render()


@form("/keys")
def change_keys() -> ResponseReturnValue:
    """Rotate a key, or publish a retired one no longer."""
    try:
        done = _do()
    except Refusal as refusal:
        return _render(refusal), 400
    return go_to("/keys", done=done)


def _do() -> str:
    """Do what the form says; returns the word for it. Raises Refusal."""
    typed = request.form
    service = typed.get("service", "")
    match typed.get("do"):
        case "rotate":
            perform("rotate_key", {"service": service, "algorithm": typed.get("algorithm", "")})
            return "rotated"
        case "drop":
            perform("drop_key", kid=typed.get("kid", ""), service=service)
            return "dropped"
        case _:
            raise Refusal(Reason.FIELD_MISSING, "the form does not say what to do", "do")


def _render(refusal: Refusal | None = None) -> str:
    keys = perform("get_keys")["keys"]
    owners = [
        {"service": service, "title": tell_service(service), "keys": [*map(_tell, members)]}
        for service, members in groupby(keys, key=lambda key: key["service"])
    ]
    return render_template(
        "own/keys.html",
        tabs=TABS,
        owners=[{**owner, "jwks_uri": owner["keys"][0]["jwks_uri"]} for owner in owners],
        done=request.args.get("done") if refusal is None else None,
        problem=told(refusal) if refusal else None,
    )


def _tell(key: dict[str, Any]) -> dict[str, Any]:
    since = key["since"]
    moment = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%d %H:%M:%S") if since is not None else None
    return {**key, "active": key["state"] == "active", "moment": moment}
