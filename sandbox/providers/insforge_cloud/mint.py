"""InsForge Cloud's codes and tokens without a login: issued as its endpoints do."""

from __future__ import annotations

from sandbox.core.clients import get_client
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tokens import ACCESS, REFRESH
from sandbox.core.world import World
from sandbox.headless import JWT, OPAQUE, Mintable, MintRequest
from sandbox.providers.insforge_cloud.codes.models import Mint
from sandbox.providers.insforge_cloud.codes.rules import mint_code
from sandbox.providers.insforge_cloud.headless import first_client
from sandbox.providers.insforge_cloud.oauth.rules import parse_scopes
from sandbox.providers.insforge_cloud.oauth.tokens import SCOPES, IssuedTokens, issue_tokens
from sandbox.providers.insforge_cloud.people import SLUG, get_user
from sandbox.providers.insforge_cloud.projects import Project, get_project, list_projects


def mint_project_code(world: World, asked: MintRequest) -> str:
    """A project-authorization code. Raises Refusal: FIELD_MISSING, IDENTITY_DEACTIVATED, OBJECT_UNKNOWN."""
    user = get_user(world, asked.person.login)
    project = get_project(world, asked.audience) if asked.audience else _first_project(world, user.login)
    world.entry.note(login=user.login)
    return mint_code(world, Mint(project.id, user.id, user.email)).code


def mint_access_token(world: World, asked: MintRequest) -> str:
    """An access token of the OAuth server. Raises Refusal: as `_issue`."""
    return _issue(world, asked).access_token


def mint_refresh_token(world: World, asked: MintRequest) -> str:
    """A refresh token of the OAuth server. Raises Refusal: as `_issue`."""
    return _issue(world, asked).refresh_token


def _issue(world: World, asked: MintRequest) -> IssuedTokens:
    """Raises Refusal: FIELD_MISSING, CLIENT_UNKNOWN, SCOPE_INVALID, IDENTITY_DEACTIVATED."""
    client = get_client(world, SLUG, asked.client) if asked.client else first_client(world)
    scopes = SCOPES if asked.scope is None else parse_scopes(asked.scope)
    return issue_tokens(world, client.client_id, asked.person.login, scopes, world.entry.flow or world.ids.text(16))


def _first_project(world: World, login: str) -> Project:
    """The first project that this person may see. Raises Refusal: OBJECT_UNKNOWN."""
    for project in list_projects(world, login):
        return project
    raise Refusal(Reason.OBJECT_UNKNOWN, f"{login} may see no project; name one as the audience", "audience")


_PARAMETERS = ("identity", "client", "scope")
MINTS = {
    "code": Mintable(
        JWT, "A project-authorization code; its audience is a project.", mint_project_code, ("identity", "audience")
    ),
    ACCESS: Mintable(JWT, "An access token of the OAuth server.", mint_access_token, _PARAMETERS),
    REFRESH: Mintable(OPAQUE, "A refresh token of the OAuth server.", mint_refresh_token, _PARAMETERS),
}
