"""Logins without a browser: a person signs in at a provider, and comes to an exchange's session if that is wanted.

Each step is a real request, journaled as any other; what rooms need to be asked is in their headless.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Response, g

from sandbox.core.identities import get_identity
from sandbox.core.refusals import Reason, Refusal
from sandbox.headless import LoginRequest, Way
from sandbox.service import Service, current_house, current_mount, current_world
from sandbox.web.control.api import operation
from sandbox.web.control.problems import refused
from sandbox.web.control.shapes import NULLABLE, OBJECT, TEXT, schema
from sandbox.web.errors import render_problem
from sandbox.web.walking import StoppedError, Walker

_TEXT = {"type": "string", "maxLength": 2000}
_VALUES = {"type": "object", "additionalProperties": {"type": "string", "maxLength": 20_000}}
LOGIN = schema(
    "LoginRequest",
    {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "provider": {**_TEXT, "description": "Left out: where people of the exchange come from."},
            "identity": {**_TEXT, "description": "The login of who signs in."},
            "client": _TEXT,
            "redirect_uri": _TEXT,
            "scope": _TEXT,
            "state": {**_TEXT, "description": "Left out: a random one. Empty: none."},
            "nonce": _TEXT,
            "issuer": {**_TEXT, "description": "An issuer or a tenant."},
            "pkce": {
                "description": "True: a verifier is made and answered. Or a challenge of one's own.",
                "oneOf": [
                    {"type": "boolean"},
                    {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {"challenge": _TEXT, "method": _TEXT},
                        "required": ["challenge"],
                    },
                ],
            },
            "parameters": {**_VALUES, "description": "More of the authorization request. Empty: left out."},
            "decision": {"enum": ["allow", "deny"], "default": "allow"},
            "until": {"enum": ["code", "session"], "description": "Left out: session if an exchange is named."},
            "exchange": {**_TEXT, "description": "Whose session it is to be."},
            "via": {**_TEXT, "description": "One of several ways from the provider to the exchange."},
        },
        "required": ["identity"],
        "anyOf": [{"required": ["provider"]}, {"required": ["exchange"]}],
    },
)
LOGGED_IN = schema(
    "Login",
    {
        "type": "object",
        "properties": {
            "provider": TEXT,
            "callback_url": NULLABLE,
            "parameters": {**_VALUES, "description": "All of the callback."},
            "code": NULLABLE,
            "state": NULLABLE,
            "flow": TEXT,
            "redirect_uri": NULLABLE,
            "client_id": TEXT,
            "code_verifier": {**TEXT, "description": "There if it was made here."},
            "nonce": {**TEXT, "description": "There if one was sent."},
            "exchange": TEXT,
            "via": TEXT,
            "session": {**OBJECT, "description": "The exchange's own answer."},
        },
    },
)


@operation(
    "POST",
    "/login",
    "Sign a person in without a browser",
    body=LOGIN,
    answers={200: LOGGED_IN},
    refuses=(Reason.FIELD_INVALID, Reason.IDENTITY_UNKNOWN, Reason.PROVIDER_UNSUPPORTED, Reason.PROVIDER_FAILED),
    also=(404, 409),
)
def log_in(body: dict[str, Any]) -> Any:
    """A provider's or an exchange's own refusal is answered with 409, its words in `answer`."""
    world = current_world()
    try:
        get_identity(world, body["identity"])
        way, exchange = _choose_way(body)
        provider = get_provider(way.provider if way else body["provider"])
        walk = Walker(world, current_mount(), provider, exchange, _parse(body), decision=body.get("decision", "allow"))
        # Whoever has written holds SQLite's only lock, and the requests to come write.
        world.store.session.commit()
        if way is None:
            walk.sign_in()
            return _render(walk)
        session = way.open(walk)
    except Refusal as refusal:
        return refused(refusal)
    except StoppedError as stopped:
        return _render_stopped(stopped)
    return {**_render(walk), "exchange": exchange.slug if exchange else "", "via": way.name, "session": session}


def _parse(body: Mapping[str, Any]) -> LoginRequest:
    pkce = body.get("pkce", False)
    given = ("client", "redirect_uri", "scope", "state", "nonce", "issuer")
    return LoginRequest(
        login=body["identity"],
        pkce=pkce is True,
        challenge=(pkce["challenge"], pkce.get("method", "S256")) if isinstance(pkce, dict) else None,
        parameters=body.get("parameters", {}),
        **{name: body.get(name) for name in given},
    )


def get_provider(slug: str) -> Service:
    """Raises Refusal: FIELD_INVALID."""
    providers = {name: one for name, one in current_house().services.items() if one.begin_login}
    if slug not in providers:
        raise Refusal(
            Reason.FIELD_INVALID, f"no provider is called {slug!r}; there are {', '.join(providers)}", "provider"
        )
    return providers[slug]


def _choose_way(body: Mapping[str, Any]) -> tuple[Way | None, Service | None]:
    """How to come to a session, and at which exchange; nothing if only a code is wanted. Raises Refusal:
    FIELD_INVALID.
    """
    slug, provider = body.get("exchange"), body.get("provider")
    if body.get("until", "session" if slug is not None else "code") == "code":
        if provider is None:
            raise Refusal(Reason.FIELD_MISSING, "until: code needs a provider", "provider")
        if slug is not None or "via" in body:
            raise Refusal(Reason.FIELD_INVALID, "an exchange is asked until: session", "until")
        return None, None
    if body.get("decision") == "deny":
        raise Refusal(Reason.FIELD_INVALID, "who denies gets no session; deny until: code", "decision")
    if provider is not None:
        get_provider(provider)
    exchange = get_exchange(_usual_exchange(_list_exchanges(), str(provider)) if slug is None else slug)
    wanted = provider or exchange.ways[0].provider
    return find_way(exchange, wanted, body.get("via")), exchange


def get_exchange(slug: str) -> Service:
    """Raises Refusal: FIELD_INVALID."""
    exchanges = _list_exchanges()
    if slug not in exchanges:
        known = ", ".join(exchanges)
        raise Refusal(Reason.FIELD_INVALID, f"no exchange is called {slug!r}; there are {known}", "exchange")
    return exchanges[slug]


def _list_exchanges() -> dict[str, Service]:
    return {name: one for name, one in current_house().services.items() if one.ways}


def _usual_exchange(exchanges: Mapping[str, Service], provider: str) -> str:
    """The exchange whose people come from this provider first of all, or else one that takes them at all."""
    first = (name for name, one in exchanges.items() if one.ways[0].provider == provider)
    return next(first, None) or next(
        name for name, one in exchanges.items() if any(way.provider == provider for way in one.ways)
    )


def find_way(exchange: Service, provider: str, name: str | None) -> Way:
    """The way with this name, or the usual one. Raises Refusal: FIELD_INVALID."""
    for way in exchange.ways:
        if way.provider == provider and name in (None, way.name):
            return way
    possible = "; ".join(
        f"{way.provider} to {one.slug} via {way.name}" for one in current_house().services.values() for way in one.ways
    )
    via = f" via {name}" if name else ""
    raise Refusal(
        Reason.FIELD_INVALID, f"nobody comes from {provider} to {exchange.slug}{via}; there is {possible}", "exchange"
    )


def _render(walk: Walker) -> dict[str, Any]:
    start, back = walk.start, walk.back
    made = {"code_verifier": start.code_verifier, "nonce": start.nonce} if start else {}
    return {
        "provider": walk.provider,
        "callback_url": back.url,
        "parameters": dict(back.parameters),
        "code": back.parameters.get("code"),
        "state": back.parameters.get("state"),
        "flow": walk.flow,
        "redirect_uri": start.redirect_uri if start else None,
        "client_id": start.client_id if start else "",
        **{name: value for name, value in made.items() if value},
    }


def _render_stopped(stopped: StoppedError) -> Response:
    g.entry.refusal = Refusal(stopped.reason, f"{stopped.leg}: {stopped.detail}")
    return render_problem(g.entry.refusal, HTTPStatus.CONFLICT, leg=stopped.leg, answer=stopped.answer)
