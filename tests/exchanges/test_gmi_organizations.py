"""Organizations and their API keys: POST /organizations, /organizations/{orgId}/*, GET /me/api-keys/current."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from sandbox.core.refusals import Reason
from sandbox.core.tables import Identity, World
from tests.conftest import HouseClient, SignIn
from tests.support.gmi import (
    API,
    BAD_BEARER,
    EMAIL,
    EXPIRED_BEARER,
    FORBIDDEN,
    NO_BODY,
    bearer,
    check_refused,
    claims,
    error,
    invalid,
    missing,
    profile,
    row,
    session,
)

FULL = error("api-key", 0, "The organization has reached the maximum number of API keys.")
ELSEWHERE = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
NEVER = object()


class Member:
    """A signed-in user, in the organization that the user was in at the time."""

    def __init__(self, sandbox: HouseClient, email: str = EMAIL) -> None:
        self.sandbox = sandbox
        self.token = session(sandbox, email)["accessToken"]
        shown = profile(sandbox, self.token).json
        self.id, self.organization = shown["user"]["id"], shown["organization"]["id"]

    def get(self, what: str, organization: str | None = None) -> Any:
        path = f"{API}/organizations/{organization or self.organization}/{what}"
        return self.sandbox.get(path, headers=bearer(self.token))

    def make_key(self, organization: str | None = None, **body: Any) -> Any:
        path = f"{API}/organizations/{organization or self.organization}/api-keys"
        return self.sandbox.post(path, json=body or {"name": "ci"}, headers=bearer(self.token))

    def register(self, **body: Any) -> Any:
        return self.sandbox.post(f"{API}/organizations", json=body, headers=bearer(self.token))


@pytest.fixture
def member(sandbox: HouseClient) -> Member:
    sandbox.clock.freeze()
    return Member(sandbox)


def current_key(sandbox: HouseClient, value: str) -> Any:
    return sandbox.get(f"{API}/me/api-keys/current", headers=bearer(value))


def test_an_organization_lists_its_users(sandbox, member):
    answer = member.get("users")

    assert answer.status_code == 200
    user = profile(sandbox, member.token).json["user"]
    assert answer.json == {"users": [{**user, "orgRole": "org_owner"}]}


def test_everyone_begins_in_an_organization_of_their_own(sandbox, member):
    assert Member(sandbox, "alice@contoso.test").organization != member.organization


def test_who_registers_an_organization_moves_into_it(sandbox, member):
    answer = member.register(name="My Organization", plan=3)

    assert answer.status_code == 201
    assert list(answer.json) == ["id"]
    new = answer.json["id"]
    assert str(UUID(new)) == new
    assert profile(sandbox, member.token).json["organization"] == {"id": new, "role": "org_owner"}
    assert [user["id"] for user in member.get("users", new).json["users"]] == [member.id]
    assert member.get("users", member.organization).json == FORBIDDEN


def test_an_api_key_is_shown_once_and_listed_by_its_edges(sandbox, member):
    sandbox.clock.freeze()
    expires_at = sandbox.clock.now() + 60
    made = member.make_key(name="ci", type="", scope="ie_model", expiresAt=expires_at)

    assert made.status_code == 201
    assert list(made.json) == ["key"]
    value = made.json["key"]
    assert value.startswith("eyJh")
    listed = member.get("api-keys")
    assert listed.status_code == 200
    assert value not in listed.text
    assert listed.json == {
        "keys": [
            {
                "id": claims(value)["id"],
                "name": "ci",
                "type": "ie_model",
                "scope": "ie_model",
                "partialKey": f"eyJh...{value[-4:]}",
                "createdAt": sandbox.clock.now(),
                "expiresAt": expires_at,
                "owner": {"id": member.id, "firstName": "The", "lastName": "Octocat"},
            }
        ]
    }


def test_an_organization_begins_without_api_keys(member):
    assert member.get("api-keys").json == {"keys": []}


@pytest.mark.parametrize("expires_at", [None, 0, NEVER], ids=["null", "0", "absent"])
def test_an_api_key_without_an_end_lives_on(sandbox, member, expires_at):
    more = {} if expires_at is NEVER else {"expiresAt": expires_at}
    value = member.make_key(name="ci", **more).json["key"]
    sandbox.clock.advance(days=3650)

    assert "exp" not in claims(value)
    assert current_key(sandbox, value).status_code == 200


def test_an_api_key_tells_what_it_is(sandbox, member):
    value = member.make_key(name="🔑\0", type="service", scope=None).json["key"]
    answer = current_key(sandbox, value)

    assert answer.status_code == 200
    assert answer.json == {
        "key": {"id": claims(value)["id"], "scope": "ie_model", "owner": {"id": member.id}, "type": "service"},
        "organization": {"id": member.organization},
    }


def test_an_api_key_stays_with_its_organization(sandbox, member):
    value = member.make_key().json["key"]
    member.register(name="Elsewhere")

    assert current_key(sandbox, value).json["organization"] == {"id": member.organization}


def test_the_twenty_first_api_key_is_refused(sandbox, member):
    assert {member.make_key().status_code for _ in range(20)} == {201}

    check_refused(sandbox, member.make_key(), Reason.LIMIT_REACHED, 400, FULL)


def test_the_fixture_sets_how_many_api_keys_there_may_be(sandbox, member):
    with sandbox.world() as world:
        settings = {**world.settings, "gmi": {**world.settings["gmi"], "max_api_keys": 0}}
        world.store.change(World, {"settings": settings})

    check_refused(sandbox, member.make_key(), Reason.LIMIT_REACHED, 400, FULL)


def test_the_keys_of_a_deactivated_user_are_listed_but_dead(sandbox, member):
    value = member.make_key().json["key"]
    with sandbox.world() as world:
        world.store.change(Identity, {"deactivated": True}, login="octocat")

    check_refused(sandbox, current_key(sandbox, value), Reason.IDENTITY_DEACTIVATED, 401, BAD_BEARER)


def make(**body: Any) -> Any:
    return lambda sandbox, sign_in: Member(sandbox).make_key(**body)


NO_UUID = error("request", 0, validationDetail=[invalid("orgId", "uuid", None, "octo-org", "Invalid UUID format.")])


def make_elsewhere(organization: str) -> Any:
    return lambda sandbox, sign_in: Member(sandbox).make_key(organization)


def make_without(what: str) -> Any:
    def cause(sandbox: HouseClient, sign_in: SignIn) -> Any:
        member = Member(sandbox)
        headers = {} if what == "token" else bearer(member.token)
        return sandbox.post(f"{API}/organizations/{member.organization}/api-keys", headers=headers)

    return cause


def detail(field: str, expression: str, argument: str, value: Any, reason: str = "Invalid value.") -> dict[str, Any]:
    return error("request", 0, validationDetail=[invalid(field, expression, argument, value, reason)])


BAD_SCOPE = detail("scope", "oneof", "ie_model", "all")
NO_NUMBER = detail("expiresAt", "type", "integer", "soon", "Invalid type.")
PAST = detail("expiresAt", "min", "0", -1)
FAR = detail("expiresAt", "max", "253402300799", 10**30)

KEYS = [
    row("no token", Reason.TOKEN_MISSING, 401, BAD_BEARER, make_without("token")),
    row("no body", Reason.BODY_MISSING, 400, NO_BODY, make_without("body")),
    row("no name", Reason.FIELD_MISSING, 400, missing("name"), make(scope="ie_model")),
    row("unknown scope", Reason.FIELD_INVALID, 400, BAD_SCOPE, make(name="ci", scope="all")),
    row("no number", Reason.FIELD_INVALID, 400, NO_NUMBER, make(name="ci", expiresAt="soon")),
    row("before time", Reason.FIELD_INVALID, 400, PAST, make(name="ci", expiresAt=-1)),
    row("after time", Reason.FIELD_INVALID, 400, FAR, make(name="ci", expiresAt=10**30)),
    row("another organization", Reason.PERMISSION_DENIED, 403, FORBIDDEN, make_elsewhere(ELSEWHERE)),
    row("no UUID", Reason.FIELD_INVALID, 400, NO_UUID, make_elsewhere("octo-org")),
]


@pytest.mark.parametrize(("reason", "status", "body", "cause"), KEYS)
def test_refusals_of_api_keys(sandbox, sign_in, reason, status, body, cause):
    check_refused(sandbox, cause(sandbox, sign_in), reason, status, body)


def register(**body: Any) -> Any:
    return lambda sandbox, sign_in: Member(sandbox).register(**body)


WRONG_NAME = detail("name", "type", "string", 7, "Invalid type.")
REGISTER = [
    row("no token", Reason.TOKEN_MISSING, 401, BAD_BEARER, lambda box, sign_in: box.post(f"{API}/organizations")),
    row("nothing given", Reason.FIELD_MISSING, 400, missing("name"), register()),
    row("empty name", Reason.FIELD_MISSING, 400, missing("name"), register(name="")),
    row("wrong type", Reason.FIELD_INVALID, 400, WRONG_NAME, register(name=7)),
]


@pytest.mark.parametrize(("reason", "status", "body", "cause"), REGISTER)
def test_refusals_of_organizations(sandbox, sign_in, reason, status, body, cause):
    check_refused(sandbox, cause(sandbox, sign_in), reason, status, body)


def look(what: str) -> Any:
    return lambda sandbox, sign_in: Member(sandbox).get(what, ELSEWHERE)


def key_of_another_kind(sandbox: HouseClient, sign_in: SignIn) -> Any:
    return current_key(sandbox, session(sandbox)["accessToken"])


def late_key(sandbox: HouseClient, sign_in: SignIn) -> Any:
    value = Member(sandbox).make_key(name="ci", expiresAt=sandbox.clock.now() + 60).json["key"]
    sandbox.clock.advance(seconds=60)
    return current_key(sandbox, value)


def key_as_access_token(sandbox: HouseClient, sign_in: SignIn) -> Any:
    value = Member(sandbox).make_key(name="ci", expiresAt=sandbox.clock.now() + 60).json["key"]
    return profile(sandbox, value)


LOOK = [
    row("users elsewhere", Reason.PERMISSION_DENIED, 403, FORBIDDEN, look("users")),
    row("keys elsewhere", Reason.PERMISSION_DENIED, 403, FORBIDDEN, look("api-keys")),
    row("an access token as key", Reason.TOKEN_UNKNOWN, 401, BAD_BEARER, key_of_another_kind),
    row("an expired key", Reason.TOKEN_EXPIRED, 401, EXPIRED_BEARER, late_key),
    row("a key as access token", Reason.TOKEN_TYPE_WRONG, 401, BAD_BEARER, key_as_access_token),
]


@pytest.mark.parametrize(("reason", "status", "body", "cause"), LOOK)
def test_refusals_to_show(sandbox, sign_in, reason, status, body, cause):
    check_refused(sandbox, cause(sandbox, sign_in), reason, status, body)
