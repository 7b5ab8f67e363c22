"""What GitHub's API decides about people: who is known, who belongs where, and who may see it.

Who calls is in callers.py, what an application may do with its tokens in token_rules.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sandbox.core import tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.providers.github.api.callers import Caller
from sandbox.providers.github.people import find_by_login
from sandbox.providers.github.tokens import SLUG

T = TypeVar("T")

# Any of these lets an OAuth app see who belongs to an organization, and to which teams.
MEMBER_SCOPES = ("read:org", "repo", "user")
ORGANIZATION_SCOPES = ("read:org", "user")


@dataclass(frozen=True)
class Place:
    """A membership: the group, and what the person is there."""

    group: tables.Group
    membership: tables.Membership


@dataclass(frozen=True)
class Team:
    """A team, the organization it is in, and the team above it."""

    group: tables.Group
    organization: tables.Group
    parent: tables.Group | None


@dataclass(frozen=True)
class Visible(Generic[T]):
    """What a token may see of a list; `hidden` are the ids of the organizations whose part SSO withholds."""

    items: list[T]
    hidden: tuple[int, ...]


def get_person(world: World, login: str) -> tables.Identity:
    """The person whose profile is public under this login; suspended ones have none. Raises Refusal: OBJECT_UNKNOWN."""
    person = find_by_login(world, login)
    if person is None or person.deactivated:
        state = "unknown" if person is None else "deactivated"
        raise Refusal(Reason.OBJECT_UNKNOWN, f"the person {login!r} is {state} in this world")
    return person


def find_organization(world: World, login: str) -> tables.Group | None:
    """The organization with this login, in whatever case it is written, or None."""
    return world.store.find(tables.Group, service=SLUG, id=login, parent=None) or next(
        (group for group in _groups(world, parent=None) if group.id.lower() == login.lower()), None
    )


def get_organization(world: World, login: str) -> tables.Group:
    """The organization with this login. Raises Refusal: OBJECT_UNKNOWN."""
    organization = find_organization(world, login)
    if organization is None:
        raise Refusal(Reason.OBJECT_UNKNOWN, f"no organization {login!r} in this world")
    return organization


def find_organization_by_id(world: World, number: int) -> tables.Group | None:
    """The organization with this id, or None."""
    return world.store.find(tables.Group, service=SLUG, number=number, parent=None)


def find_membership(world: World, group: tables.Group, login: str) -> tables.Membership | None:
    """The person's place in the group, even as one who is invited only, or None."""
    return world.store.find(tables.Membership, service=SLUG, group=group.id, login=login)


def is_member(world: World, group: tables.Group, login: str) -> bool:
    """Whether the person belongs to the group and is not merely invited."""
    membership = find_membership(world, group, login)
    return membership is not None and membership.state == "active"


def check_member(world: World, organization: tables.Group, login: str) -> None:
    """Refuse who is no member. Raises Refusal: OBJECT_UNKNOWN."""
    person = get_person(world, login)
    if not is_member(world, organization, person.login):
        raise Refusal(Reason.OBJECT_UNKNOWN, f"{person.login} is no member of {organization.id}")


def check_public_member(world: World, organization: tables.Group, login: str) -> None:
    """Refuse who is no member, or does not say so in public. Raises Refusal: OBJECT_UNKNOWN."""
    membership = find_membership(world, organization, get_person(world, login).login)
    if membership is None or membership.state != "active" or not membership.public:
        raise Refusal(Reason.OBJECT_UNKNOWN, f"{login} is no public member of {organization.id}")


def check_sso(world: World, organization: tables.Group, caller: Caller | None) -> None:
    """Refuse a member's token where it needs an SSO session, which no token has. Raises Refusal: SSO_REQUIRED."""
    demanded = organization.attributes["sso_required"]
    if demanded and caller is not None and is_member(world, organization, caller.identity.login):
        raise Refusal(Reason.SSO_REQUIRED, f"{organization.id} demands single sign-on in the fixture", organization.id)


def is_insider(world: World, organization: tables.Group, caller: Caller | None) -> bool:
    """Whether the caller is a member who may read who the others are. Raises Refusal: SSO_REQUIRED."""
    check_sso(world, organization, caller)
    if caller is None or not caller.may(*MEMBER_SCOPES):
        return False
    return is_member(world, organization, caller.identity.login)


def list_places(world: World, caller: Caller, *states: str) -> Visible[Place]:
    """The caller's organizations in the fixture's order, where the membership is in one of these states."""
    mine = _memberships(world, caller.identity)
    places = [
        Place(group, mine[group.id])
        for group in _groups(world, parent=None)
        if group.id in mine and mine[group.id].state in states
    ]
    hidden = tuple(place.group.number for place in places if place.group.attributes["sso_required"])
    return Visible([place for place in places if place.group.number not in hidden], hidden)


def list_public_organizations(world: World, person: tables.Identity) -> list[tables.Group]:
    """The organizations to which the person belongs in public."""
    mine = _memberships(world, person)
    public = {place.group for place in mine.values() if place.state == "active" and place.public}
    return [group for group in _groups(world, parent=None) if group.id in public]


def get_place(world: World, caller: Caller, login: str) -> Place:
    """The caller's place in one organization, be it an invitation. Raises Refusal: OBJECT_UNKNOWN, SSO_REQUIRED."""
    organization = get_organization(world, login)
    membership = find_membership(world, organization, caller.identity.login)
    if membership is None:
        raise Refusal(Reason.OBJECT_UNKNOWN, f"{caller.identity.login} is no member of {organization.id}")
    check_sso(world, organization, caller)
    return Place(organization, membership)


def list_own_teams(world: World, caller: Caller) -> Visible[Team]:
    """The teams the caller is in, across organizations."""
    mine = _memberships(world, caller.identity)
    groups = {group.id: group for group in _groups(world)}
    hidden = [
        groups[place.group]
        for place in mine.values()
        if place.state == "active" and groups[place.group].attributes.get("sso_required")
    ]
    withheld = {group.id for group in hidden}
    teams = [
        _team(groups[team.parent], team, groups)
        for team in groups.values()
        if team.parent and team.id in mine and team.parent not in withheld
    ]
    return Visible(teams, tuple(group.number for group in hidden))


def list_teams(world: World, organization: tables.Group, caller: Caller) -> list[Team]:
    """All teams of an organization, for its members. Raises Refusal: OBJECT_UNKNOWN, SSO_REQUIRED."""
    if not is_insider(world, organization, caller):
        raise Refusal(Reason.OBJECT_UNKNOWN, f"{caller.identity.login} may not see the teams of {organization.id}")
    teams = {team.id: team for team in _groups(world, parent=organization.id)}
    return [_team(organization, team, teams) for team in teams.values()]


def check_team_member(world: World, number: int, login: str, caller: Caller) -> None:
    """Whether the person is in the team or in one below it.

    Raises Refusal: OBJECT_UNKNOWN if not, or if the caller may not know; SSO_REQUIRED.
    """
    candidates = world.store.list(tables.Group, order=("position",), service=SLUG, number=number)
    team = next((group for group in candidates if group.parent is not None), None)
    if team is None or team.parent is None:
        raise Refusal(Reason.OBJECT_UNKNOWN, f"no team has the id {number}")
    organization = get_organization(world, team.parent)
    if not is_insider(world, organization, caller):
        raise Refusal(Reason.OBJECT_UNKNOWN, f"{caller.identity.login} may not see the teams of {organization.id}")
    person = get_person(world, login)
    teams = [team, *_descendants(team, _groups(world, parent=organization.id))]
    if not any(is_member(world, group, person.login) for group in teams):
        raise Refusal(Reason.OBJECT_UNKNOWN, f"{person.login} is not in the team {team.id}")


def count_members(world: World) -> dict[str, int]:
    """How many active members each group has, by the group's path."""
    counts: dict[str, int] = {}
    for membership in world.store.list(tables.Membership, order=("login",), service=SLUG, state="active"):
        counts[membership.group] = counts.get(membership.group, 0) + 1
    return counts


def _descendants(team: tables.Group, teams: list[tables.Group]) -> list[tables.Group]:
    children = [other for other in teams if other.attributes["parent_slug"] == team.attributes["slug"]]
    return children + [below for child in children for below in _descendants(child, teams)]


def _memberships(world: World, person: tables.Identity) -> dict[str, tables.Membership]:
    rows = world.store.list(tables.Membership, order=("group",), service=SLUG, login=person.login)
    return {row.group: row for row in rows}


def _groups(world: World, **where: Any) -> list[tables.Group]:
    return world.store.list(tables.Group, order=("position",), service=SLUG, **where)


def _team(organization: tables.Group, team: tables.Group, teams: dict[str, tables.Group]) -> Team:
    parent = team.attributes["parent_slug"]
    return Team(team, organization, teams.get(f"{organization.id}/{parent}") if parent else None)
