"""How a tour is laid out on its page: raw messages, tokens, and the choices, from what the control API tells.

Does nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from sandbox.core.explaining import find_tokens
from sandbox.core.refusals import Reason, Refusal
from sandbox.mounts import OWN_PREFIX
from sandbox.service import current_house, current_mount
from sandbox.web.control.api import perform
from sandbox.web.steps import read_location

Tour = Mapping[str, Any]
_SEPARATOR = "/"
_PARTS = ("provider", "exchange", "via")
# By these names alone some exchanges have registered their callbacks.
_LOCALHOST = "localhost"
_TITLES = {
    "request": "Send something else",
    "answer": "Let something else come back",
    "service": "Let {} go wrong by itself",
}


def list_trips() -> list[dict[str, Any]]:
    """By provider, where a login can go: `{title, slug, trips: [{value, title, text, via}]}`."""
    services = current_house().services.values()
    groups = []
    for provider in (one for one in services if one.begin_login):
        alone = {
            "value": provider.slug,
            "title": None,
            "text": "A code, swapped for the provider's tokens.",
            "via": None,
        }
        trips = [alone]
        for exchange in services:
            ways = [way for way in exchange.ways if way.provider == provider.slug]
            trips += [
                {
                    "value": _SEPARATOR.join((provider.slug, exchange.slug, way.name)),
                    "title": exchange.title,
                    "text": exchange.summary,
                    "via": way.name.replace("-", " ") if len(ways) > 1 else None,
                }
                for way in ways
            ]
        groups.append({"title": provider.title, "slug": provider.slug, "trips": trips})
    return groups


def find_chosen(given: Mapping[str, str]) -> str:
    """The trip that fits what is asked for best; the usual one if nothing is."""
    values: list[str] = [trip["value"] for group in list_trips() for trip in group["trips"]]
    if given.get("trip") in values:
        return given["trip"]
    wanted = [given.get(part, "") for part in _PARTS]
    if not any(wanted):
        return next((value for value in values if _SEPARATOR in value), values[0])
    fits = (value for value in values if all(not part or part in value.split(_SEPARATOR) for part in wanted))
    return next(fits, values[0])


def read_choice(typed: Mapping[str, str]) -> dict[str, str]:
    """What a form asks for, as POST /tours takes it. Raises Refusal: FIELD_INVALID."""
    chosen = dict(zip(_PARTS, typed.get("trip", "").split(_SEPARATOR), strict=False))
    if not chosen.get("provider"):
        raise Refusal(Reason.FIELD_MISSING, "Choose where the login goes.", "trip")
    service, _, place = typed.get("issuer", "").partition(_SEPARATOR)
    if place and service != chosen["provider"]:
        services = current_house().services
        title = services[chosen["provider"]].title if chosen["provider"] in services else chosen["provider"]
        raise Refusal(
            Reason.FIELD_INVALID, f"{place} is none of {title}'s. Choose the usual one, or one of its own.", "issuer"
        )
    more = {"issuer": place, "identity": typed.get("identity", "")}
    return chosen | {name: value for name, value in more.items() if value}


def list_places(entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Issuers and tenants by their provider: `{title, places: [{value, title}]}`."""
    found: dict[str, list[dict[str, str]]] = {}
    for entry in entries:
        name = str(entry.get("name") if "id" not in entry else entry.get("domain") or entry["id"])
        value = f"{entry['service']}{_SEPARATOR}{name}"
        found.setdefault(entry["service"], []).append({"value": value, "title": name})
    services = current_house().services
    return [
        {"title": services[slug].title, "places": places}
        for slug, places in found.items()
        if slug in services and services[slug].begin_login
    ]


def find_localhost() -> str | None:
    """Where this page is by the name `localhost`, if it was opened by another name of this machine."""
    mount = current_mount()
    parts = urlsplit(mount.origin)
    if parts.hostname not in ("127.0.0.1", "::1"):
        return None
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{_LOCALHOST}{port}{mount.world_prefix}{OWN_PREFIX}/try"


def show(tour: Tour) -> dict[str, Any]:
    """The tour with its messages as text."""
    hops = [
        {
            **hop,
            "asked": raw_request(hop["request"]),
            "answered": raw_answer(hop["response"]),
            "said": _words(hop["response"]) or _brought(hop),
            "service_title": title_of(hop["service"]),
            "latest": hop["number"] == len(tour["hops"]),
        }
        for hop in tour["hops"]
    ]
    return {**tour, "hops": hops, "result_text": _pretty(tour["result"])}


def show_next(step: Mapping[str, Any]) -> dict[str, Any]:
    """The next step with its request as text, and what can be broken by group."""
    title = title_of(step["service"])
    groups = [
        {"title": words.format(title), "breaks": [one for one in step["breaks"] if one["group"] == group]}
        for group, words in _TITLES.items()
    ]
    shown = {"asked": raw_request(step["request"]), "service_title": title}
    return {**step, **shown, "groups": [group for group in groups if group["breaks"]]}


def explain_tokens(result: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The JWTs in a result, each with where it is and what it says."""
    found = find_tokens({"response": {"body": result}}) if result else []
    return [
        {"where": where.removeprefix("response body "), **perform("explain_token", {"token": token})}
        for where, token in found
    ]


def title_of(slug: str) -> str:
    """What a service is called."""
    service = current_house().services.get(slug)
    return service.title if service else "The sandbox"


def raw_request(request: Mapping[str, Any]) -> str:
    """The request as it goes over the wire, its body in a form that can be read."""
    parts = urlsplit(request["url"])
    query = "".join(
        f"\n{'?' if place == 0 else '&'}{name}={value}"
        for place, (name, value) in enumerate(parse_qsl(parts.query, keep_blank_values=True))
    )
    lines = [f"{request['method']} {parts.path}{query}", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in request["headers"].items()]
    body = request["body"]
    if body is None:
        return "\n".join(lines)
    is_form = "form" in request["headers"].get("Content-Type", "")
    text = "\n&".join(urlencode([pair], safe=":/") for pair in body.items()) if is_form else _pretty(body)
    return "\n".join([*lines, "", text])


def raw_answer(response: Mapping[str, Any]) -> str:
    """The answer as it came over the wire, of a page its words."""
    if response["status"] is None:
        return "No answer came: the connection was closed."
    headers = (f"{name}: {value}" for name, value in response["headers"].items() if name != "X-Sandbox-Reason")
    lines = [f"HTTP/1.1 {response['status']}", *headers]
    if response["body"] in (None, ""):
        return "\n".join(lines)
    return "\n".join([*lines, "", _words(response)])


def _words(response: Mapping[str, Any]) -> str:
    """What the vendor said."""
    body = response["body"]
    return "" if body in (None, "") else _pretty(body)


def _brought(hop: Mapping[str, Any]) -> str:
    """What was said in the address to which the browser is sent."""
    location = hop["response"]["headers"].get("Location", "")
    parameters = hop["callback"]["parameters"] if hop["callback"] else read_location(location).parameters
    return "\n".join(f"{name}: {value}" for name, value in parameters.items() if name.startswith("error"))


def _pretty(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
