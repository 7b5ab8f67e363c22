"""The console: who is signed in sees which projects, and who gets a code for them."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable

import pytest

from sandbox import Config
from sandbox.core import tables
from sandbox.services import SERVICES
from tests.conftest import HouseClient
from tests.support.forms import submit
from tests.support.insforge_cloud import AT, PROJECT, UUID, sign_in

SLUG = "insforge-cloud"
COOKIE = "insforge-cloud_session"


def data(page: str) -> dict[str, str]:
    """What the page of a project tells its script."""
    return {name: html.unescape(value) for name, value in re.findall(r'data-([a-z-]+)="([^"]*)"', page)}


def test_a_person_signs_in_and_sees_the_projects_of_the_organization(sandbox):
    answer = sign_in(sandbox)

    assert (answer.status_code, answer.location) == (302, "http://localhost/console")
    cookie = sandbox.get_cookie(COOKIE)
    assert (cookie.http_only, cookie.same_site) == (True, "Lax")
    page = sandbox.get("/console").text
    assert f'href="http://localhost/console/{PROJECT}"' in page
    assert "other-project" not in page
    assert "<script" not in page


def test_a_person_without_projects_is_told_so(sandbox):
    sign_in(sandbox, "no-email")

    assert "No projects yet." in sandbox.get("/console").text


def test_a_sign_in_leads_back_to_the_project(sandbox):
    answer = sign_in(sandbox, path=f"/console/{PROJECT}")

    assert answer.location == f"http://localhost/console/{PROJECT}"


@pytest.mark.parametrize("by", ["", AT])
@pytest.mark.parametrize("project", [PROJECT, UUID])
def test_the_page_of_a_project_has_all_that_its_script_needs(sandbox, project, by):
    sign_in(sandbox, path=f"{by}/console")
    answer = sandbox.get(f"{by}/console/{project}")

    told = data(answer.text)
    assert told["dashboard-url"] == "http://localhost/insforge/dashboard"
    assert told["dashboard-origin"] == "http://localhost"
    assert told["code-url"] == f"http://localhost{by}/console/{project}/code"
    assert json.loads(told["project-info"]) == {
        "type": "PROJECT_INFO",
        "id": project,
        "name": "Sandbox project",
        "region": "us-east",
        "instanceType": "nano",
        "status": "active",
        "isBranch": False,
    }
    user = json.loads(told["user-info"])
    assert (user["type"], user["email"], user["name"]) == ("USER_INFO", "alice@contoso.test", "Alice Liddell")
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "frame-src http://localhost" in policy.split("; ")
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"


def test_a_project_may_have_a_dashboard_elsewhere(sandbox):
    with sandbox.world() as world:
        settings = dict(world.settings)
        project = {**settings[SLUG]["projects"][0], "dashboard_url": "https://app.us-east.insforge.app/dashboard"}
        settings[SLUG] = {**settings[SLUG], "projects": [project]}
        world.store.change(tables.World, {"settings": settings})
    sign_in(sandbox)

    answer = sandbox.get(f"/console/{PROJECT}")

    assert data(answer.text)["dashboard-origin"] == "https://app.us-east.insforge.app"
    assert "frame-src https://app.us-east.insforge.app" in answer.headers["Content-Security-Policy"].split("; ")


def test_the_page_gets_a_code_for_whoever_is_signed_in(sandbox):
    sign_in(sandbox, "admin")
    answer = sandbox.post(f"/console/{PROJECT}/code")

    assert (answer.json["expires_in"], answer.json["type"]) == (600, "Bearer")
    with sandbox.world() as world:
        claims = SERVICES[SLUG].upstream.verify(world, answer.json["code"], project_id=PROJECT)
    assert claims["email"] == "admin@octo-org.test"


def test_the_user_id_of_a_code_is_the_fixtures_or_follows_from_the_login(sandbox, make_sandbox):
    def user(sandbox: HouseClient) -> str:
        sign_in(sandbox)
        code = sandbox.post(f"/console/{PROJECT}/code").json["code"]
        with sandbox.world() as world:
            return str(SERVICES[SLUG].upstream.verify(world, code)["userId"])

    named = make_sandbox(Config())
    with named.world() as world:
        alice = world.store.find(tables.Identity, login="alice")
        attributes = {**alice.attributes, SLUG: {"user_id": "user_alice"}}
        world.store.change(tables.Identity, {"attributes": attributes}, login="alice")

    assert user(sandbox) == user(make_sandbox(Config()))
    assert user(named) == "user_alice"


NOT_FOUND = (404, "Project not found.", "OBJECT_UNKNOWN")


def as_nobody(sandbox: HouseClient) -> None:
    """Nobody signs in."""


def as_alice(sandbox: HouseClient) -> None:
    sign_in(sandbox)


Prepare = Callable[[HouseClient], None]
PAGES: dict[str, tuple[Prepare, str, tuple[int, str, str]]] = {
    "an unknown project": (as_alice, "/console/nope", NOT_FOUND),
    "an unknown project, signed out": (as_nobody, "/console/nope", NOT_FOUND),
    "somebody else's project": (as_alice, "/console/other-project", NOT_FOUND),
    "no such page": (as_alice, "/console/a/b/c", (404, "Not found.", "ROUTE_UNKNOWN")),
}


@pytest.mark.parametrize("case", PAGES)
def test_the_console_refuses_on_a_page(sandbox, case):
    prepare, path, (status, message, reason) = PAGES[case]
    prepare(sandbox)
    answer = sandbox.get(path)

    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert message in answer.text
    assert sandbox.journal()[-1].reason == reason


CODES: dict[str, tuple[Prepare, str, dict[str, str], int, str, str]] = {
    "nobody is signed in": (as_nobody, PROJECT, {}, 401, "Invalid authentication credentials", "LOGIN_REQUIRED"),
    "somebody else's project": (as_alice, "other-project", {}, 404, "Project not found", "OBJECT_UNKNOWN"),
    "a page of another site": (
        as_alice,
        PROJECT,
        {"Origin": "https://evil.test"},
        403,
        "Insufficient permissions for requested operation",
        "PERMISSION_DENIED",
    ),
}


@pytest.mark.parametrize("case", CODES)
def test_a_page_is_refused_a_code(sandbox, case):
    prepare, project, headers, status, message, reason = CODES[case]
    prepare(sandbox)
    answer = sandbox.post(f"/console/{project}/code", headers=headers)

    assert (answer.status_code, answer.json) == (status, {"success": False, "message": message})
    assert sandbox.journal()[-1].reason == reason


def test_a_session_ends_by_itself_and_by_hand(sandbox):
    sign_in(sandbox)
    sandbox.clock.advance(days=1)
    assert sandbox.post(f"/console/{PROJECT}/code").status_code == 401

    sign_in(sandbox)
    assert submit(sandbox, sandbox.get("/console"), "sign-out").location == "http://localhost/console"
    assert sandbox.post(f"/console/{PROJECT}/code").status_code == 401
    assert "Sign in to InsForge Cloud" in sandbox.get("/console").text


def test_a_deactivated_person_is_told_so_and_an_unknown_one_too(sandbox):
    answer = sign_in(sandbox, "deactivated")
    assert (answer.status_code, sandbox.journal()[-1].reason) == (422, "IDENTITY_DEACTIVATED")
    assert "This account is deactivated and cannot sign in." in answer.text

    answer = submit(sandbox, sandbox.get("/console"), "continue", login="nobody")
    assert (answer.status_code, sandbox.journal()[-1].reason) == (422, "IDENTITY_UNKNOWN")
    assert "There is no account with this login" in answer.text
    assert sandbox.get_cookie(COOKIE) is None


def test_whoever_is_deactivated_later_is_signed_out(sandbox):
    sign_in(sandbox)
    with sandbox.world() as world:
        world.store.change(tables.Identity, {"deactivated": True}, login="alice")

    assert sandbox.post(f"/console/{PROJECT}/code").status_code == 401


def test_a_sign_in_is_answered_once(sandbox):
    page = sandbox.get("/console")
    submit(sandbox, page, "as-alice")
    again = submit(sandbox, page, "as-alice")

    assert (again.status_code, sandbox.journal()[-1].reason) == (400, "TRANSACTION_ALREADY_DECIDED")
    assert "This sign-in is over. Start again where you began." in again.text


def test_a_person_refuses_to_sign_in(sandbox):
    answer = submit(sandbox, sandbox.get("/console"), "deny")

    assert (answer.status_code, sandbox.journal()[-1].reason) == (403, "ACCESS_DENIED")
    assert "You have refused to sign in." in answer.text


def test_what_a_client_began_is_not_the_consoles(sandbox):
    begun = sandbox.get("/auth/v1/shared/github?redirect_uri=http://localhost/api/auth/oauth/shared/callback/x").json
    transaction = begun["auth_url"].partition("=")[2]
    answer = sandbox.post("/console", data={"transaction": transaction, "identity": "alice"})

    assert (answer.status_code, sandbox.journal()[-1].reason) == (400, "TRANSACTION_UNKNOWN")


@pytest.mark.parametrize(
    ("approval", "query"),
    [("always=alice", ""), ("hint", "login_hint=alice"), ("hint", "login_hint=ALICE@contoso.test")],
)
def test_the_sandbox_may_approve_by_itself(make_sandbox, approval, query):
    sandbox = make_sandbox(Config(approval=approval))

    assert data(sandbox.get(f"/console/{PROJECT}?{query}").text)["dashboard-origin"] == "http://localhost"
    assert sandbox.post(f"/console/{PROJECT}/code").status_code == 200
