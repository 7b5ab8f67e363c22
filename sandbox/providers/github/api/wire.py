"""The shapes of GitHub's REST API; every URL lies where the request came in.

https://docs.github.com/rest/users/users, /rest/orgs and /rest/teams
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from flask import Response

from sandbox.core import tables
from sandbox.providers.github.api.pages import parse_page, render_link
from sandbox.providers.github.api.rates import RESOURCES, Budget
from sandbox.providers.github.api.rules import Place, Team, Visible
from sandbox.providers.github.people import github_id, profile, public_email
from sandbox.service import current_mount

T = TypeVar("T")
Json = dict[str, Any]

# The fixture gives organizations and teams no dates; this is what persons have there by default.
FOUNDED_AT = "2020-01-01T00:00:00Z"


def render_json(body: object, status: int = 200) -> Response:
    """An answer of the API."""
    text = json.dumps(body, separators=(",", ":"))
    return Response(text, status, content_type="application/json; charset=utf-8")


def render_list(items: Sequence[T], render: Callable[[T], Json]) -> Response:
    """The page of `items` that the request asks for."""
    page = parse_page()
    response = render_json([render(item) for item in page.cut(items)])
    if link := render_link(page, len(items)):
        response.headers["Link"] = link
    return response


def render_visible(visible: Visible[T], render: Callable[[T], Json]) -> Response:
    """A page of what SSO leaves visible, and which organizations it withholds."""
    response = render_list(visible.items, render)
    if visible.hidden:
        hidden = ",".join(map(str, visible.hidden))
        response.headers["X-GitHub-SSO"] = f"partial-results; organizations={hidden}"
    return response


def api_url(path: str) -> str:
    """The absolute URL of a path below the API's base."""
    return current_mount().url(f"/api/v3{path}")


def render_moment(epoch: int) -> str:
    """Epoch seconds as GitHub writes a moment."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def node_id(kind: str, number: int) -> str:
    """The global id of the legacy format: `04:User1`, in base64."""
    return base64.b64encode(f"0{len(kind)}:{kind}{number}".encode()).decode()


def avatar_url(number: int) -> str:
    """Where the picture of a person or an organization is."""
    return current_mount().url(f"/avatars/u/{number}") + "?v=4"


def render_index() -> Json:
    """The addresses of what the API has."""
    return {
        "current_user_url": api_url("/user"),
        "emails_url": api_url("/user/emails"),
        "organization_url": api_url("/orgs/{org}"),
        "organization_teams_url": api_url("/orgs/{org}/teams"),
        "rate_limit_url": api_url("/rate_limit"),
        "user_url": api_url("/users/{user}"),
        "user_organizations_url": api_url("/user/orgs"),
    }


def render_account(login: str, number: int, kind: str, site_admin: bool = False) -> Json:
    """What is said of a person or an organization wherever one is mentioned."""
    url = api_url(f"/users/{login}")
    return {
        "login": login,
        "id": number,
        "node_id": node_id(kind, number),
        "avatar_url": avatar_url(number),
        "gravatar_id": "",
        "url": url,
        "html_url": current_mount().url(f"/{login}"),
        "followers_url": f"{url}/followers",
        "following_url": f"{url}/following{{/other_user}}",
        "gists_url": f"{url}/gists{{/gist_id}}",
        "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{url}/subscriptions",
        "organizations_url": f"{url}/orgs",
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events{{/privacy}}",
        "received_events_url": f"{url}/received_events",
        "type": kind,
        "site_admin": site_admin,
    }


def render_simple_user(identity: tables.Identity) -> Json:
    """A person who is mentioned."""
    return render_account(identity.login, github_id(identity), "User", site_admin=profile(identity)["site_admin"])


def render_user(identity: tables.Identity, *, with_email: bool = True, private: bool = False) -> Json:
    """A person's profile, with the private members if `private`."""
    about = profile(identity)
    shown = ("hireable", "bio", "twitter_username", "public_repos", "public_gists", "followers", "following")
    body = {
        **render_simple_user(identity),
        "name": identity.name,
        "company": about["company"],
        "blog": about["blog"],
        "location": about["location"],
        "email": public_email(identity) if with_email else None,
        **{name: about[name] for name in shown},
        "created_at": about["created_at"],
        "updated_at": about["updated_at"],
    }
    return body | _render_private(about) if private else body


def _render_private(about: Mapping[str, Any]) -> Json:
    return {
        "private_gists": 0,
        "total_private_repos": 0,
        "owned_private_repos": 0,
        "disk_usage": 0,
        "collaborators": 0,
        "two_factor_authentication": about["two_factor_authentication"],
        "plan": {"name": "free", "space": 976_562_499, "collaborators": 0, "private_repos": 10_000},
    }


def render_organization(organization: tables.Group) -> Json:
    """An organization that is mentioned."""
    url = api_url(f"/orgs/{organization.id}")
    return {
        "login": organization.id,
        "id": organization.number,
        "node_id": node_id("Organization", organization.number),
        "url": url,
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events",
        "hooks_url": f"{url}/hooks",
        "issues_url": f"{url}/issues",
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": avatar_url(organization.number),
        "description": organization.attributes["description"],
    }


def render_full_organization(organization: tables.Group) -> Json:
    """An organization's profile."""
    return {
        **render_organization(organization),
        "name": organization.attributes["name"],
        "company": None,
        "blog": None,
        "location": None,
        "email": None,
        "twitter_username": None,
        "is_verified": False,
        "has_organization_projects": True,
        "has_repository_projects": True,
        "public_repos": 0,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "html_url": current_mount().url(f"/{organization.id}"),
        "created_at": FOUNDED_AT,
        "updated_at": FOUNDED_AT,
        "type": "Organization",
    }


def render_membership(place: Place, identity: tables.Identity) -> Json:
    """A person's place in an organization."""
    return {
        "url": api_url(f"/user/memberships/orgs/{place.group.id}"),
        "state": place.membership.state,
        "role": place.membership.role,
        "organization_url": api_url(f"/orgs/{place.group.id}"),
        "organization": render_organization(place.group),
        "user": render_simple_user(identity),
    }


def render_team(team: Team) -> Json:
    """A team of an organization, with the one above it."""
    parent = team.parent and _render_simple_team(team.organization, team.parent)
    return {**_render_simple_team(team.organization, team.group), "parent": parent}


def render_full_team(team: Team, members: int) -> Json:
    """A team with its organization."""
    return {
        **render_team(team),
        "members_count": members,
        "repos_count": 0,
        "created_at": FOUNDED_AT,
        "updated_at": FOUNDED_AT,
        "organization": render_full_organization(team.organization),
    }


def _render_simple_team(organization: tables.Group, team: tables.Group) -> Json:
    url, slug = api_url(f"/teams/{team.number}"), team.attributes["slug"]
    return {
        "id": team.number,
        "node_id": node_id("Team", team.number),
        "url": url,
        "html_url": current_mount().url(f"/orgs/{organization.id}/teams/{slug}"),
        "name": team.attributes["name"],
        "slug": slug,
        "description": team.attributes["description"],
        "privacy": "closed",
        "notification_setting": "notifications_enabled",
        "permission": "pull",
        "members_url": f"{url}/members{{/member}}",
        "repositories_url": f"{url}/repos",
    }


def render_rate_limit(budgets: Mapping[str, Budget]) -> Json:
    """What is left of each limit; `rate` is the older name of the first."""
    resources = {
        name: {
            "limit": budgets[name].limit,
            "used": budgets[name].used,
            "remaining": budgets[name].remaining,
            "reset": budgets[name].reset,
        }
        for name in RESOURCES
    }
    return {"resources": resources, "rate": resources["core"]}
