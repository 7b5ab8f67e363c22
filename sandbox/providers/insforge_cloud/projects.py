"""Partners, organizations and projects of the fixture, and who may see which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.providers.insforge_cloud.people import SLUG


@dataclass(frozen=True)
class Project:
    """A hosted project. `id` is as it was asked for: the name that the fixture gives it, or its UUID."""

    id: str
    name: str
    organization: str
    owner: str
    partner: str | None
    region: str
    instance_type: str
    status: str
    dashboard_url: str | None


def find_project(world: World, project_id: str) -> Project | None:
    """The project with this id or UUID, or None."""
    for entry in world.settings[SLUG]["projects"]:
        if project_id in (entry["id"], entry["uuid"]):
            return _project(entry, project_id)
    return None


def get_project(world: World, project_id: str) -> Project:
    """The project with this id or UUID. Raises Refusal: OBJECT_UNKNOWN."""
    project = find_project(world, project_id)
    if project is None:
        raise Refusal(Reason.OBJECT_UNKNOWN, f"no project {project_id!r} in the fixture")
    return project


def get_visible_project(world: World, project_id: str, login: str) -> Project:
    """The project if this person may see it. Raises Refusal: OBJECT_UNKNOWN, also if it is somebody else's."""
    project = get_project(world, project_id)
    if not may_see(world, project, login):
        raise Refusal(Reason.OBJECT_UNKNOWN, f"{login} is neither owner of {project_id} nor in {project.organization}")
    return project


def list_projects(world: World, login: str, organization: str | None = None) -> list[Project]:
    """The projects that this person may see, in the fixture's order; those of one organization if it is named."""
    every = (_project(entry, entry["id"]) for entry in world.settings[SLUG]["projects"])
    return [
        project for project in every if organization in (None, project.organization) and may_see(world, project, login)
    ]


def may_see(world: World, project: Project, login: str) -> bool:
    """Whether this person owns the project or belongs to its organization."""
    return login == project.owner or any(
        organization["id"] == project.organization for organization in list_organizations(world, login)
    )


def list_organizations(world: World, login: str) -> list[Mapping[str, Any]]:
    """The organizations that this person belongs to: `{id, name, members}`."""
    return [entry for entry in world.settings[SLUG]["organizations"] if login in entry["members"]]


def get_organization(world: World, organization_id: str, login: str) -> Mapping[str, Any]:
    """The organization if this person belongs to it. Raises Refusal: OBJECT_UNKNOWN."""
    for entry in list_organizations(world, login):
        if entry["id"] == organization_id:
            return entry
    raise Refusal(Reason.OBJECT_UNKNOWN, f"{login} is in no organization {organization_id!r}")


def find_partner(world: World, partner_id: str) -> Mapping[str, Any] | None:
    """The partner with this id (`{id, secret}`), or None."""
    return next((entry for entry in world.settings[SLUG]["partners"] if entry["id"] == partner_id), None)


def _project(entry: Mapping[str, Any], as_asked: str) -> Project:
    names = Project.__dataclass_fields__.keys() - {"id", "name"}
    return Project(id=as_asked, name=entry["name"] or entry["id"], **{name: entry[name] for name in names})
