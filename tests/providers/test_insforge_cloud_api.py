"""The API of the cloud: the profile, organizations and projects, and a password for a token."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from sandbox.core import tables
from sandbox.core.keys import secret_key
from sandbox.core.tokens import revoke_tokens
from tests.conftest import HouseClient
from tests.support.insforge_cloud import AT, PROJECT, UUID

LOGIN = {"email": "alice@contoso.test", "password": "sandbox-password"}
REFUSED = {"success": False, "message": "Invalid authentication credentials"}


def login(sandbox: HouseClient, **given: Any) -> Any:
    return sandbox.post(f"{AT}/auth/v1/login", json={**LOGIN, **given})


def get(sandbox: HouseClient, path: str, token: str | None = None) -> Any:
    token = token or login(sandbox).json["token"]
    return sandbox.get(f"{AT}{path}", headers={"Authorization": f"Bearer {token}"})


def test_a_password_buys_a_token_and_a_cookie(sandbox):
    answer = login(sandbox, email="ALICE@contoso.test")

    assert list(answer.json) == ["token", "user"]
    assert list(answer.json["user"]) == ["id", "email", "profile", "email_verified", "created_at"]
    cookie = sandbox.get_cookie("refreshToken", path=f"{AT}/auth/v1")
    assert (cookie.http_only, cookie.same_site) == (True, "Lax")
    assert sandbox.journal()[-1].login == "alice"


WRONG = {
    "unknown": ({"email": "nobody@contoso.test"}, 401, "IDENTITY_UNKNOWN"),
    "wrong password": ({"password": "x"}, 401, "PASSWORD_WRONG"),
    "deactivated": ({"email": "deactivated@contoso.test"}, 401, "IDENTITY_DEACTIVATED"),
    "no password": ({"password": None}, 400, "FIELD_MISSING"),
    "a number": ({"password": 1}, 400, "FIELD_INVALID"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_login_is_refused(sandbox, case):
    wrong, status, reason = WRONG[case]
    answer = login(sandbox, **wrong)

    message = "Invalid authentication credentials" if status == 401 else "Invalid request parameters"
    assert (answer.status_code, answer.json) == (status, {"success": False, "message": message})
    assert sandbox.journal()[-1].reason == reason


@pytest.mark.parametrize(("body", "reason"), [(b"", "BODY_MISSING"), (b"[]", "BODY_MALFORMED")])
def test_a_login_needs_an_object(sandbox, body, reason):
    assert sandbox.post(f"{AT}/auth/v1/login", data=body).status_code == 400
    assert sandbox.journal()[-1].reason == reason


def test_the_profile_has_both_shapes(sandbox):
    profile = get(sandbox, "/auth/v1/profile").json

    user = profile.pop("user")
    assert user == {
        "id": profile["id"],
        "email": "alice@contoso.test",
        "profile": {"name": "Alice Liddell", "avatar_url": profile["avatar_url"]},
        "email_verified": True,
        "created_at": profile["created_at"],
    }
    assert set(profile) == {"id", "email", "name", "avatar_url", "email_verified", "created_at"}
    assert sandbox.get(profile["avatar_url"]).status_code == 200


def test_a_person_reads_the_own_organizations_and_projects(sandbox):
    assert get(sandbox, "/organizations/v1").json == {
        "organizations": [{"id": "sandbox-org", "name": "Sandbox organization"}]
    }
    (project,) = get(sandbox, "/organizations/v1/sandbox-org/projects").json["projects"]
    assert project == get(sandbox, f"/projects/v1/{PROJECT}").json["project"]
    assert get(sandbox, f"/projects/v1/{UUID}").json["project"] == {**project, "id": UUID}
    assert project == {
        "id": PROJECT,
        "name": "Sandbox project",
        "organization_id": "sandbox-org",
        "region": "us-east",
        "instance_type": "nano",
        "status": "active",
    }


@pytest.mark.parametrize(
    "path", ["/organizations/v1/other-org/projects", "/projects/v1/other-project", "/projects/v1/nope"]
)
def test_what_is_not_ones_own_is_not_found(sandbox, path):
    answer = get(sandbox, path)

    assert (answer.status_code, answer.json["message"]) == (404, "Project not found")
    assert sandbox.journal()[-1].reason == "OBJECT_UNKNOWN"


@pytest.mark.parametrize("header", ["", "Basic x", "Bearer", "Bearer "])
def test_a_token_is_needed(sandbox, header):
    answer = sandbox.get(f"{AT}/auth/v1/profile", headers={"Authorization": header})

    assert (answer.status_code, answer.json) == (401, REFUSED)
    assert sandbox.journal()[-1].reason == "TOKEN_MISSING"


def forged(sandbox: HouseClient) -> str:
    claims = jwt.decode(login(sandbox).json["token"], options={"verify_signature": False})
    with sandbox.world() as world:
        key = secret_key(world.settings["insforge-cloud"]["secret"])
    return jwt.encode({**claims, "role": "admin"}, key.signing, "HS256")


TOKENS = {
    "garbage": (lambda sandbox: "x", "TOKEN_MALFORMED"),
    "another secret": (lambda sandbox: jwt.encode({"exp": 2**40}, "x" * 32, "HS256"), "TOKEN_SIGNATURE_BAD"),
    "no algorithm": (lambda sandbox: jwt.encode({"exp": 2**40}, None, "none"), "TOKEN_SIGNATURE_BAD"),
    "one that was never issued": (forged, "TOKEN_UNKNOWN"),
}


@pytest.mark.parametrize("case", TOKENS)
def test_a_bad_token_is_refused(sandbox, case):
    make, reason = TOKENS[case]
    answer = get(sandbox, "/auth/v1/profile", make(sandbox))

    assert (answer.status_code, answer.json) == (401, REFUSED)
    assert sandbox.journal()[-1].reason == reason


def test_a_token_lives_for_an_hour_unless_it_is_revoked(sandbox):
    token, revoked = login(sandbox).json["token"], login(sandbox).json["token"]
    with sandbox.world() as world:
        revoke_tokens(world, digest=tables.digest(revoked))
    assert get(sandbox, "/auth/v1/profile", revoked).json == REFUSED
    assert sandbox.journal()[-1].reason == "TOKEN_REVOKED"

    sandbox.clock.advance(hours=1)

    assert get(sandbox, "/auth/v1/profile", token).json == REFUSED
    assert sandbox.journal()[-1].reason == "TOKEN_EXPIRED"


@pytest.mark.parametrize("path", ["/auth/v1/profile", "/organizations/v1", "/projects/v1/sandbox-project"])
def test_a_token_without_the_scope_does_not_reach_that_far(sandbox, path):
    token = login(sandbox).json["token"]
    with sandbox.world() as world:
        world.store.change(tables.Token, {"scopes": "projects:write"}, digest=tables.digest(token))

    answer = get(sandbox, path, token)

    assert (answer.status_code, answer.json["message"]) == (403, "Insufficient permissions for requested operation")
    assert sandbox.journal()[-1].reason == "SCOPE_INSUFFICIENT"
