"""What tests of InsForge Cloud share: where it is, who asks, and codes as a partner or a test gets them."""

from __future__ import annotations

from typing import Any

from tests.conftest import HouseClient
from tests.support.forms import submit

AT = "/insforge-cloud"
PARTNER, SECRET = "sandbox-partner", {"X-Partnership-Secret": "sandbox-partner-secret"}
PROJECT, UUID = "sandbox-project", "5a4db0c5-0000-4000-8000-000000000001"
CLI, CLIENT, CLIENT_SECRET = "clf_NK8cMUs41gm8ZcfdtSguVw", "clf_sandboxclient", "sandbox-secret"
CLI_CALLBACK, CALLBACK = "http://127.0.0.1:53682/callback", "http://127.0.0.1:9999/callback"
KID = "insforge-key-2025-08-13"
USER = "user_123"


def authorization(partner: str = PARTNER, project: str = PROJECT) -> str:
    """The path at which a partner asks for a code."""
    return f"/partnership/v1/{partner}/{project}/authorization"


def partner_code(sandbox: HouseClient, project: str = PROJECT) -> str:
    """A code as the partner of the shipped project gets it."""
    return str(sandbox.post(authorization(project=project), headers=SECRET).json["code"])


def mint(sandbox: HouseClient, **wanted: Any) -> str:
    """A code as a test likes it."""
    answer = sandbox.post(f"{AT}/_sandbox/codes", json={"projectId": PROJECT, "userId": USER, **wanted})
    assert answer.status_code == 200, answer.text
    return str(answer.json["code"])


def sign_in(sandbox: HouseClient, login: str = "alice", path: str = "/console") -> Any:
    """Sign in to the console in this browser; the answer that leads on."""
    return submit(sandbox, sandbox.get(path), f"as-{login}")
