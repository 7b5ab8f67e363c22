"""The objects of GitHub's GraphQL API, as values and functions by field name; the types are in contract.py.

https://docs.github.com/graphql/reference/objects
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from sandbox.core import tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.providers.github.api import rates, rules
from sandbox.providers.github.api.callers import Caller
from sandbox.providers.github.api.rules import ORGANIZATION_SCOPES
from sandbox.providers.github.api.wire import FOUNDED_AT, avatar_url, node_id, render_moment
from sandbox.providers.github.people import github_id, profile, public_email
from sandbox.service import current_mount

Json = dict[str, Any]

EMAIL_SCOPES = ("user:email", "read:user")
LARGEST_PAGE = 100


class FieldError(Exception):
    """One field cannot be answered: `kind` is GitHub's type of error, `reason` the true cause."""

    def __init__(self, kind: str, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.reason = reason


@dataclass(frozen=True)
class Bounds:
    """The part of a connection that is asked for.

    https://docs.github.com/graphql/guides/using-pagination-in-the-graphql-api
    """

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    def cut(self, total: int) -> range:
        """The places of the items asked for. Raises FieldError: GitHub wants every connection bounded."""
        if self.first is None and self.last is None:
            raise FieldError(
                "MISSING_PAGINATION_BOUNDARIES",
                Reason.FIELD_MISSING,
                "You must provide a `first` or `last` value to properly paginate the `organizations` connection.",
            )
        places = range(total)[_position(self.after, 0) : max(_position(self.before, total + 1) - 1, 0)]
        if self.first is not None:
            places = places[: _limit("first", self.first)]
        if self.last is not None:
            places = places[max(len(places) - _limit("last", self.last), 0) :]
        return places


def render_root(world: World, caller: Caller) -> Json:
    """The fields of Query."""
    return {
        "viewer": lambda _: _render_user(world, caller, caller.identity),
        "user": lambda _, login: _find_user(world, caller, login),
        "organization": lambda _, login: _find_organization(world, caller, login),
        "rateLimit": lambda _: _render_rate_limit(world, caller),
    }


def _find_user(world: World, caller: Caller, login: str) -> Json:
    try:
        return _render_user(world, caller, rules.get_person(world, login))
    except Refusal as refusal:
        message = f"Could not resolve to a User with the login of '{login}'."
        raise FieldError("NOT_FOUND", refusal.reason, message) from refusal


def _find_organization(world: World, caller: Caller, login: str) -> Json:
    try:
        organization = rules.get_organization(world, login)
        rules.check_sso(world, organization, caller)
    except Refusal as refusal:
        if refusal.reason is Reason.SSO_REQUIRED:
            message = "Resource protected by organization SAML enforcement."
            raise FieldError("FORBIDDEN", refusal.reason, message) from refusal
        message = f"Could not resolve to an Organization with the login of '{login}'."
        raise FieldError("NOT_FOUND", refusal.reason, message) from refusal
    return _render_organization(world, caller, organization)


def _render_user(world: World, caller: Caller, identity: tables.Identity) -> Json:
    about, number = profile(identity), github_id(identity)
    own = identity.login == caller.identity.login

    @cache
    def organizations() -> list[tables.Group]:
        if not own:
            return rules.list_public_organizations(world, identity)
        _check_scopes(caller, "organizations", ORGANIZATION_SCOPES)
        return [place.group for place in rules.list_places(world, caller, "active").items]

    return {
        "id": node_id("User", number),
        "databaseId": number,
        "login": identity.login,
        "name": identity.name,
        "email": lambda _: _render_email(caller, identity),
        "avatarUrl": partial(_render_avatar, number),
        "url": current_mount().url(f"/{identity.login}"),
        "bio": about["bio"],
        "company": about["company"],
        "location": about["location"],
        "websiteUrl": about["blog"] or None,
        "twitterUsername": about["twitter_username"],
        "isHireable": bool(about["hireable"]),
        "isSiteAdmin": about["site_admin"],
        "isViewer": own,
        "createdAt": about["created_at"],
        "updatedAt": about["updated_at"],
        "organizations": lambda _, **bounds: _render_connection(world, caller, organizations(), Bounds(**bounds)),
    }


def _render_email(caller: Caller, identity: tables.Identity) -> str:
    _check_scopes(caller, "email", EMAIL_SCOPES)
    return public_email(identity) or ""


def _render_organization(world: World, caller: Caller, organization: tables.Group) -> Json:
    membership = rules.find_membership(world, organization, caller.identity.login)
    role = membership.role if membership and membership.state == "active" else None
    return {
        "id": node_id("Organization", organization.number),
        "databaseId": organization.number,
        "login": organization.id,
        "name": organization.attributes["name"],
        "description": organization.attributes["description"],
        "avatarUrl": partial(_render_avatar, organization.number),
        "url": current_mount().url(f"/{organization.id}"),
        "createdAt": FOUNDED_AT,
        "updatedAt": FOUNDED_AT,
        "viewerIsAMember": role is not None,
        "viewerCanAdminister": role == "admin",
    }


def _render_avatar(number: int, _: object, size: int | None = None) -> str:
    return avatar_url(number) + (f"&s={size}" if size else "")


def _render_connection(world: World, caller: Caller, organizations: list[tables.Group], bounds: Bounds) -> Json:
    total, places = len(organizations), bounds.cut(len(organizations))
    edges = [
        {"cursor": _cursor(place), "node": _render_organization(world, caller, organizations[place])}
        for place in places
    ]
    return {
        "edges": edges,
        "nodes": [edge["node"] for edge in edges],
        "totalCount": total,
        "pageInfo": {
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
            "hasNextPage": bool(edges) and places[-1] + 1 < total,
            "hasPreviousPage": bool(edges) and places[0] > 0,
        },
    }


def _limit(name: str, count: int) -> int:
    if count < 0:
        message = f"`{name}` on the `organizations` connection cannot be less than zero."
        raise FieldError("ARGUMENT_ERROR", Reason.FIELD_INVALID, message)
    if count > LARGEST_PAGE:
        raise FieldError(
            "EXCESSIVE_PAGINATION",
            Reason.FIELD_INVALID,
            f"Requesting {count} records on the `organizations` connection exceeds the `{name}` limit of "
            f"{LARGEST_PAGE} records.",
        )
    return count


def _cursor(place: int) -> str:
    return base64.b64encode(f"cursor:v1:{place + 1}".encode()).decode()


def _position(cursor: str | None, default: int) -> int:
    if cursor is None:
        return default
    try:
        mark, _, place = base64.b64decode(cursor, validate=True).decode().rpartition(":")
    except (binascii.Error, ValueError):
        mark, place = "", ""
    if mark != "cursor:v1" or not place.isdecimal() or len(place) > len(str(2**31)):
        message = f"`{cursor}` does not appear to be a valid cursor."
        raise FieldError("INVALID_CURSOR_ARGUMENTS", Reason.FIELD_INVALID, message)
    return int(place)


def _check_scopes(caller: Caller, field: str, accepted: tuple[str, ...]) -> None:
    if caller.may(*accepted):
        return
    raise FieldError(
        "INSUFFICIENT_SCOPES",
        Reason.SCOPE_INSUFFICIENT,
        "Your token has not been granted the required scopes to execute this query. "
        f"The '{field}' field requires one of the following scopes: {list(accepted)}, "
        f"but your token has only been granted the: {list(caller.scopes)} scopes. "
        f"Please modify your token's scopes at: {current_mount().url('/settings/tokens')}.",
    )


def _render_rate_limit(world: World, caller: Caller) -> Json:
    # This very query is counted once it is answered.
    budget = rates.read_budget(world, rates.GRAPHQL, caller.identity.login, "")
    used = min(budget.used + 1, budget.limit)
    return {
        "cost": 1,
        "limit": budget.limit,
        "nodeCount": 0,
        "remaining": budget.limit - used,
        "resetAt": render_moment(budget.reset),
        "used": used,
    }
