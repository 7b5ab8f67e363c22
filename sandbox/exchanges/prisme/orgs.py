"""Prisme.ai's organizations, as the fixture has them: who is in which, by which role, and what that allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.exchanges.prisme.models import SLUG, Session, User

# The system roles, and what each may do (`product:resource:action`); the vendor does not list the latter.
ROLES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "org:owner": ("Owner", ("*",)),
    "org:admin": ("Admin", ("organizations:*", "agents:*", "workspaces:*")),
    "org:member": ("Member", ("agents:*",)),
    "agent-maker": ("Agent maker", ("agents:*",)),
    "builder": ("Builder", ("agents:*", "workspaces:*")),
    "agent-standard": ("Agent standard", ("agents:agents:read",)),
}


@dataclass(frozen=True)
class Org:
    """An organization. `allowed_domains` are the hosts whose pages may begin anonymous sessions; none: all.

    `members` is `{e-mail: role}` of those whom the fixture puts there.
    """

    slug: str
    name: str
    status: str
    default_role: str
    anonymous: bool
    anonymous_role: str
    allowed_domains: tuple[str, ...]
    members: Mapping[str, str]


@dataclass(frozen=True)
class Place:
    """A user's place in an organization."""

    org: Org
    role: str

    @property
    def role_name(self) -> str:
        """The role as people see it."""
        return ROLES[self.role][0]

    @property
    def permissions(self) -> tuple[str, ...]:
        """What the role allows."""
        return ROLES[self.role][1]


def find_org(world: World, slug: str) -> Org | None:
    """The organization with this slug, or None."""
    about = world.settings[SLUG]["organizations"].get(slug)
    return Org(slug=slug, **{**about, "allowed_domains": tuple(about["allowed_domains"])}) if about else None


def get_org(world: World, slug: str) -> Org:
    """The organization with this slug. Raises Refusal: OBJECT_UNKNOWN."""
    org = find_org(world, slug)
    if org is None:
        raise Refusal(Reason.OBJECT_UNKNOWN, "the fixture has no such organization", slug)
    return org


def list_places(world: World, user: User) -> list[Place]:
    """The organizations that a user is in, in the order of joining."""
    found = ((find_org(world, slug), about["role"]) for slug, about in user.orgs.items())
    return [Place(org, role) for org, role in found if org]


def active_place(world: World, user: User, session: Session) -> Place | None:
    """Where a session acts: in the organization that was chosen, or else in the first."""
    places = list_places(world, user)
    chosen = next((place for place in places if place.org.slug == session.active_org), None)
    return chosen or next(iter(places), None)


def get_place(world: World, user: User, slug: str) -> Place:
    """A user's place in an organization. Raises Refusal: PERMISSION_DENIED."""
    place = next((place for place in list_places(world, user) if place.org.slug == slug), None)
    if place is None:
        raise Refusal(Reason.PERMISSION_DENIED, f"the user is in no organization {slug!r}", "orgSlug")
    return place


def joined(user: User, org: Org, role: str, now: int) -> User:
    """The user as a member of an organization; who is one already keeps the role."""
    if org.slug in user.orgs:
        return user
    return replace(user, orgs={**user.orgs, org.slug: {"role": role, "joined_at": now}})


def with_memberships(world: World, user: User, org_of_provider: str | None) -> User:
    """The user in all organizations that the fixture names for the e-mail, and in that of a provider."""
    for slug in world.settings[SLUG]["organizations"]:
        org = get_org(world, slug)
        if user.email is not None and user.email in org.members:
            user = joined(user, org, org.members[user.email], world.now())
    entered = find_org(world, org_of_provider or "")
    return joined(user, entered, entered.default_role, world.now()) if entered is not None else user
