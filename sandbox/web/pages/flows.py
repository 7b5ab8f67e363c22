"""The logins as pages: a list that goes on by itself while it is looked at, and each of them hop by hop.

What is shown is what the control API tells.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from flask import Response, jsonify, render_template, request

from sandbox.core import journal
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.replay import as_curl
from sandbox.core.replay_tests import as_pytest
from sandbox.service import current_house, current_mount, current_world
from sandbox.web.control.api import perform
from sandbox.web.control.flows import OUTCOMES
from sandbox.web.control.guard import may_reveal
from sandbox.web.pages.diagram import draw
from sandbox.web.pages.flow_views import LONGEST, TONES, as_shown, list_arrows, list_participants, spell_duration
from sandbox.web.pages.page import page

_SHOWN = 50
_FILTERS = ("client_id", "login", "outcome")
_MOST_DIGITS = 18
_FARTHEST = 2**31
_FEW = 12
# What a login is offered as: the format of the API, what it is called, and how its file ends.
_EXPORTS = {"har": ("HAR", "har"), "json": ("JSON", "json"), "pytest": ("pytest", "py")}


@page("/flows")
def flow_list() -> str:
    """GET /_sandbox/flows: the latest logins; `client_id`, `login` and `outcome` in the query choose among them."""
    chosen = {name: value for name in _FILTERS if (value := request.args.get(name, "").strip())}
    if chosen.get("outcome", OUTCOMES[0]) not in OUTCOMES:
        del chosen["outcome"]
    before = _number("before")
    # Read first: what comes between the two is told again, and not overlooked.
    last = journal.last_id(current_world().store)
    found = perform("list_flows", limit=_SHOWN, **chosen, **({"before": before} if before else {}))
    return render_template(
        "own/flows.html",
        flows=[{**flow, **_looks(flow)} for flow in found["flows"]],
        chosen=chosen,
        outcomes=OUTCOMES,
        before=before,
        last=last,
        newest=urlencode(chosen),
        older=urlencode({**chosen, "before": found["next"]}) if found["next"] else None,
    )


@page("/flows/<flow>")
def flow_page(flow: str) -> str:
    """GET /_sandbox/flows/{id}: one login, hop by hop; `offset` in the query leaves the first ones out.

    Raises Refusal: OBJECT_UNKNOWN.
    """
    offset = min(_number("offset") or 0, _FARTHEST) // _SHOWN * _SHOWN
    reveal = _wants_secrets()
    found = perform("get_flow", flow=flow, offset=offset, limit=_SHOWN, reveal=reveal)
    legs, titles = found["entries"], _titles()
    noted = {finding["entry"] for finding in found["findings"]}
    columns = list_participants(legs, titles, found["client_id"])
    return render_template(
        "own/flow.html",
        flow={**found, **_looks(found)},
        diagram=draw(columns, list_arrows(legs), "The login as a diagram", found["summary"]) if legs else None,
        legs=[
            {
                **as_shown(leg, titles, total=found["requests"], noted=leg["id"] in noted),
                "at": moment(leg["at"]),
                "copies": _copies(leg, legs[:place], few=found["requests"] <= _FEW),
            }
            for place, leg in enumerate(legs)
        ],
        exports=[(title, kind) for kind, (title, _) in _EXPORTS.items()],
        total_time=spell_duration(sum(leg["duration_us"] for leg in legs)),
        offset=offset,
        limit=_SHOWN,
        reveal=reveal,
        may_reveal=may_reveal(),
        page_of=lambda number: (number - 1) // _SHOWN * _SHOWN,
    )


@page("/flows/<flow>/<kind>")
def flow_export(flow: str, kind: str) -> Response:
    """GET /_sandbox/flows/{id}/{kind}: the login as a file, as the API gives it. Raises Refusal: OBJECT_UNKNOWN."""
    if kind not in _EXPORTS:
        raise Refusal(Reason.ROUTE_UNKNOWN, f"a login is no {kind!r}", "kind")
    found = perform("get_flow", flow=flow, format=kind, reveal=_wants_secrets())
    response = found if isinstance(found, Response) else jsonify(found)
    name = f"flow-{''.join(one for one in flow if one.isascii() and one.isalnum())}.{_EXPORTS[kind][1]}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _wants_secrets() -> bool:
    return request.args.get("reveal") == "true" and may_reveal()


def _copies(leg: dict[str, Any], earlier: list[dict[str, Any]], *, few: bool) -> dict[str, str]:
    """The texts that send a request again; a test looks at all requests before, so there is none of many."""
    texts = {"curl": as_curl(leg, current_mount().origin)}
    if few:
        texts["pytest"] = as_pytest([leg], before=earlier)
    return {name: text for name, text in texts.items() if len(text) <= LONGEST}


def _titles() -> dict[str, tuple[str, str]]:
    return {slug: (service.title, service.kind) for slug, service in current_house().services.items()}


def _looks(flow: dict[str, Any]) -> dict[str, Any]:
    return {
        "tone": TONES[flow["outcome"]],
        "titles": [title_of(slug) for slug in flow["services"]],
        "began": moment(flow["began_at"]),
        "ended": moment(flow["ended_at"]),
        "refused_by": title_of(flow["refusal"]["service"]) if flow["refusal"] else None,
    }


def title_of(slug: str) -> str:
    """What a service is called; the sandbox itself has no slug."""
    services = current_house().services
    return services[slug].title if slug in services else slug or "The sandbox"


def moment(epoch: int) -> datetime:
    """Epoch seconds as a date and time in UTC."""
    return datetime.fromtimestamp(epoch, UTC)


def _number(name: str) -> int | None:
    value = request.args.get(name, "")
    return int(value) or None if value.isascii() and value.isdecimal() and len(value) <= _MOST_DIGITS else None
