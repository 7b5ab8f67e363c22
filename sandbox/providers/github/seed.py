"""Puts the fixture's `github` section into a world: organizations, teams and who is in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.core import tables
from sandbox.core.world import World
from sandbox.providers.github.fixture import expand_teams
from sandbox.providers.github.tokens import SLUG

_TEAM_MEMBER = {"role": "member", "state": "active", "public": False}


def seed(world: World, section: Mapping[str, Any]) -> Mapping[str, Any]:
    """Add the organizations and teams of the fixture; returns the room's switches."""
    groups: list[dict[str, Any]] = []
    memberships: list[dict[str, Any]] = []
    for organization in section["organizations"]:
        login = organization["login"]
        groups.append(_group(login, None, organization, sso_required=organization["sso_required"]))
        memberships += [_membership(login, member) for member in organization["members"]]
        for team in (team for entry in organization["teams"] for team in expand_teams(entry)):
            path = f"{login}/{team['slug']}"
            groups.append(_group(path, login, team, slug=team["slug"], parent_slug=team["parent"]))
            memberships += [_membership(path, {"login": member, **_TEAM_MEMBER}) for member in team["members"]]
    for position, group in enumerate(groups):
        group["position"] = position
    if groups:
        world.store.add(tables.Group, *groups)
    if memberships:
        world.store.add(tables.Membership, *memberships)
    settings: Mapping[str, Any] = section["settings"]
    return settings


def _group(path: str, parent: str | None, about: Mapping[str, Any], **attributes: Any) -> dict[str, Any]:
    return {
        "service": SLUG,
        "id": path,
        "parent": parent,
        "number": about["id"],
        "attributes": {
            "name": about["name"],
            "description": about["description"],
            **attributes,
        },
    }


def _membership(group: str, member: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "service": SLUG,
        "group": group,
        "login": member["login"],
        "role": member["role"],
        "state": member["state"],
        "public": member["public"],
    }
