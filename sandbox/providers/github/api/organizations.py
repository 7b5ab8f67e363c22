"""The routes of organizations, memberships and teams."""

from __future__ import annotations

from functools import partial
from urllib.parse import quote

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue

from sandbox.core.refusals import Reason, Refusal
from sandbox.providers.github.api import rules, wire
from sandbox.providers.github.api.access import find_caller, get_caller
from sandbox.providers.github.api.rules import MEMBER_SCOPES, ORGANIZATION_SCOPES
from sandbox.service import current_world

_STATES = ("active", "pending")


def list_user_orgs() -> Response:
    """The organizations the caller belongs to."""
    caller = get_caller(*ORGANIZATION_SCOPES)
    places = rules.list_places(current_world(), caller, "active")
    return wire.render_visible(places, lambda place: wire.render_organization(place.group))


def list_public_orgs(login: str) -> Response:
    """The organizations to which a person belongs in public."""
    find_caller()
    world = current_world()
    organizations = rules.list_public_organizations(world, rules.get_person(world, login))
    return wire.render_list(organizations, wire.render_organization)


def list_org_memberships() -> Response:
    """The caller's memberships, invitations included."""
    caller = get_caller("read:org")
    state = request.args.get("state")
    if state not in (None, *_STATES):
        raise Refusal(Reason.FIELD_INVALID, f"state must be one of {', '.join(_STATES)}", "state")
    places = rules.list_places(current_world(), caller, *([state] if state else _STATES))
    return wire.render_visible(places, partial(wire.render_membership, identity=caller.identity))


def get_org_membership(org: str) -> Response:
    """The caller's membership of one organization."""
    caller = get_caller("read:org")
    place = rules.get_place(current_world(), caller, org)
    return wire.render_json(wire.render_membership(place, caller.identity))


def list_user_teams() -> Response:
    """The teams the caller is in."""
    caller, world = get_caller(*MEMBER_SCOPES), current_world()
    members = rules.count_members(world)
    teams = rules.list_own_teams(world, caller)
    return wire.render_visible(teams, lambda team: wire.render_full_team(team, members[team.group.id]))


def get_org(org: str) -> Response:
    """An organization's public profile."""
    world, caller = current_world(), find_caller()
    organization = rules.get_organization(world, org)
    rules.check_sso(world, organization, caller)
    return wire.render_json(wire.render_full_organization(organization))


def list_org_teams(org: str) -> Response:
    """The teams of an organization, for its members."""
    world, caller = current_world(), get_caller(*MEMBER_SCOPES)
    teams = rules.list_teams(world, rules.get_organization(world, org), caller)
    return wire.render_list(teams, wire.render_team)


def check_org_member(org: str, login: str) -> ResponseReturnValue:
    """204 for a member; outsiders are sent to the public members."""
    world, caller = current_world(), find_caller(*MEMBER_SCOPES)
    organization = rules.get_organization(world, org)
    if not rules.is_insider(world, organization, caller):
        return redirect(wire.api_url(f"/orgs/{organization.id}/public_members/{quote(login, safe='')}"))
    rules.check_member(world, organization, login)
    return Response(status=204)


def check_public_org_member(org: str, login: str) -> ResponseReturnValue:
    """204 for a member who says so in public."""
    find_caller()
    world = current_world()
    rules.check_public_member(world, rules.get_organization(world, org), login)
    return Response(status=204)


def check_team_member(team_id: int, login: str) -> ResponseReturnValue:
    """204 for a member of the team."""
    rules.check_team_member(current_world(), team_id, login, get_caller(*MEMBER_SCOPES))
    return Response(status=204)
