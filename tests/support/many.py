"""A fixture of many people, and every page on which one of them may sign in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sandbox.core.fixtures import shipped
from tests.conftest import HouseClient
from tests.support import azure_login, insforge_cloud, oidc
from tests.support.forms import submit
from tests.support.github import CLIENT

_PERSON = """
  - login: person-{n:04}
    name: Person {n}
    purpose: One of many
    emails: [{{email: mail-{n:04}@contoso.test, primary: true, verified: true, visibility: private}}]
    github: {{id: {id}}}
"""
_OIDC = {"client_id": oidc.CLIENT, "redirect_uri": oidc.CALLBACK, "response_type": "code", "scope": "openid"}
_CLOUD = {"client_id": insforge_cloud.CLIENT, "redirect_uri": insforge_cloud.CALLBACK, "response_type": "code"}
_CLOUD |= {"scope": "user:read", "state": "s", "code_challenge": azure_login.CHALLENGE, "code_challenge_method": "S256"}


def write_many(path: Path, count: int) -> Path:
    """The shipped cast and `count` people more, as a fixture file."""
    people = "".join(_PERSON.format(n=n, id=3_000_000 + n) for n in range(count))
    text = shipped("default.yaml").read_text(encoding="utf-8")
    path.write_text(text.replace("\nclients:\n", f"{people}\nclients:\n", 1), encoding="utf-8")
    return path


def _shared(sandbox: HouseClient) -> Any:
    asked = {"redirect_uri": "http://localhost:7130/api/auth/oauth/shared/callback/s"}
    started = sandbox.get("/insforge-cloud/auth/v1/shared/google", query_string=asked)
    return sandbox.get(started.json["auth_url"])


# The page on which somebody signs in, at each place that has one of its own.
PLACES: dict[str, Callable[[HouseClient], Any]] = {
    "github": lambda sandbox: sandbox.get(f"/login/oauth/authorize?client_id={CLIENT}&scope=gist"),
    "azure": lambda sandbox: azure_login.authorize(sandbox, prompt="select_account"),
    "azure common": lambda sandbox: azure_login.authorize(
        sandbox, "common", azure_login.EVERYONE, prompt="select_account", redirect_uri=azure_login.CALLBACK
    ),
    "issuer": lambda sandbox: sandbox.get(f"/oidc/main/authorize?{urlencode({**_OIDC, 'prompt': 'select_account'})}"),
    "cloud": lambda sandbox: sandbox.get(f"/insforge-cloud/api/oauth/v1/authorize?{urlencode(_CLOUD)}"),
    "console": lambda sandbox: sandbox.get("/console"),
    "shared keys": _shared,
}


def search(sandbox: HouseClient, page: Any, text: str) -> Any:
    """What the page shows once this was searched for."""
    return submit(sandbox, page, "search-go", search=text)
