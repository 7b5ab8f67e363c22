"""The shapes of logins: the exchange, the directory of providers, and the beginning of a sign-in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, render_template, request

from sandbox.exchanges.jitsudo import contract
from sandbox.exchanges.jitsudo.models import Person, SystemToken, Tenant
from sandbox.exchanges.jitsudo.wire import moment, parse_body, parse_query, render


def parse_exchange() -> tuple[str, str, str | None]:
    """Code, redirect URI and state; one that is empty is there all the same."""
    fields = parse_body(contract.EXCHANGE_CODE)
    return fields["code"], fields["redirect_uri"], fields.get("state")


def parse_whose() -> tuple[str | None, str | None]:
    """The domain or e-mail address, and the slug, of the query."""
    return parse_query("domain"), parse_query("slug")


def parse_login() -> tuple[str | None, str | None, str]:
    """Domain, slug and redirect URI of a sign-in that is to begin."""
    fields = parse_body(contract.CREATE_LOGIN_URL)
    return fields.get("domain"), fields.get("slug"), fields["redirect_uri"]


def read_person(claims: Mapping[str, Any], groups_claim: str) -> Person:
    """Who an id_token is about; a group alone is a list of one, and what is no text is no group."""
    groups = claims.get(groups_claim)
    listed = groups if isinstance(groups, list) else [groups]
    return Person(
        str(claims["sub"]),
        _text(claims, "email"),
        _text(claims, "name"),
        tuple(group for group in listed if isinstance(group, str) and group),
    )


def render_token(token: SystemToken) -> Response:
    """The end of a login."""
    return render({"token": token.token, "expires_at": moment(token.expires_at)})


def render_methods(tenant: Tenant, methods: list[str]) -> Response:
    """Whose the people of a domain are, and how they log in."""
    return render({"tenant_id": tenant.id, "methods": methods})


def render_login(url: str, state: str | None) -> Response:
    """Where a sign-in begins."""
    return render({"authorize_url": url, "state": state})


def render_landing(redirect_uri: str) -> str:
    """The page at which a browser lands; it posts what the query holds."""
    given = {name: request.args.get(name, "") for name in ("code", "state", "error", "error_description")}
    return render_template("jitsudo_callback.html", redirect_uri=redirect_uri, **given)


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""
