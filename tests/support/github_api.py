"""What every test of GitHub's API needs: tokens without a sign-in, and the words of its refusals."""

from __future__ import annotations

from typing import Any

from sandbox.core.tokens import ACCESS, issue_token
from sandbox.providers.github.formats import GITHUB_APP_USER, OAUTH_APP, make_token
from tests.conftest import HouseClient
from tests.support.github import APP, CLIENT

REST_DOCS = "https://docs.github.com/rest"
GRAPHQL = "/api/graphql"


def oauth_token(sandbox: HouseClient, login: str = "octocat", scopes: str = "", **changes: Any) -> str:
    """A token of the OAuth app for this person."""
    return _issue(sandbox, OAUTH_APP, login, scopes, {"client_id": CLIENT, "data": {"type": "oauth-app"}, **changes})


def app_token(sandbox: HouseClient, login: str = "octocat", **changes: Any) -> str:
    """A token of the GitHub App for this person."""
    about = {"client_id": APP, "data": {"type": "github-app"}, "ttl": 28_800, **changes}
    return _issue(sandbox, GITHUB_APP_USER, login, "", about)


def _issue(sandbox: HouseClient, prefix: str, login: str, scopes: str, about: dict[str, Any]) -> str:
    with sandbox.world() as world:
        value = make_token(world.ids, prefix)
        about = {"ttl": None, "family": "a-login", "flow": "a-login", **about}
        issue_token(world, value, service="github", kind=ACCESS, login=login, scopes=scopes, **about)
    return value


def auth(token: str, scheme: str = "token") -> dict[str, str]:
    """The header that presents the token."""
    return {"Authorization": f"{scheme} {token}"}


def api(sandbox: HouseClient, path: str, token: str | None = None, **query: Any) -> Any:
    """GET a path of the API."""
    return sandbox.get(f"/api/v3{path}", headers=auth(token) if token else {}, query_string=query)


def refusal(status: int, message: str, docs: str = REST_DOCS, **more: Any) -> tuple[int, dict[str, Any]]:
    """The status and the body of a refusal."""
    return status, {"message": message, **more, "documentation_url": docs, "status": str(status)}


BAD_CREDENTIALS = refusal(401, "Bad credentials")
NO_CREDENTIALS = refusal(401, "Requires authentication")
NOT_FOUND = refusal(404, "Not Found")
SUSPENDED = refusal(403, "Sorry. Your account was suspended.")
SAML = refusal(
    403,
    "Resource protected by organization SAML enforcement. You must grant your OAuth token access to this organization.",
    "https://docs.github.com/articles/authenticating-to-a-github-organization-with-saml-single-sign-on/",
)
