"""Who is known where: tenants, members and guests, their names, groups and roles."""

from __future__ import annotations

import re

import pytest

from sandbox import Config
from sandbox.core import tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.providers.azure import directory
from tests.support.azure import ALICE, CONSUMERS, CONTOSO, FABRIKAM, PUBLIC, WEB

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture
def world(sandbox):
    with sandbox.world() as world:
        yield world


@pytest.fixture
def contoso(world):
    return directory.get_tenant(world, CONTOSO)


@pytest.fixture
def fabrikam(world):
    return directory.get_tenant(world, FABRIKAM)


# Tenants


@pytest.mark.parametrize("name", [CONTOSO, CONTOSO.upper(), "contoso.test", "Contoso.Test", "contoso.onmicrosoft.com"])
def test_a_tenant_is_found_by_its_id_and_its_domains_in_any_case(world, name):
    tenant = directory.get_tenant(world, name)

    assert (tenant.id, tenant.name) == (CONTOSO, "Contoso")


@pytest.mark.parametrize("name", [CONSUMERS, "consumers", "Consumers"])
def test_the_tenant_of_personal_accounts_is_always_there(world, name):
    tenant = directory.find_tenant(world, name)

    assert tenant is not None
    assert tenant.id == CONSUMERS
    assert tenant.is_personal
    assert tenant not in directory.list_tenants(world)


@pytest.mark.parametrize("name", ["", "common", "organizations", "example.test", CONTOSO[:-1]])
def test_another_name_is_no_tenant(world, name):
    assert directory.find_tenant(world, name) is None
    with pytest.raises(Refusal) as refused:
        directory.get_tenant(world, name)
    assert refused.value.reason is Reason.ISSUER_UNKNOWN


def test_a_fixture_without_tenants_has_one(make_sandbox, tmp_path):
    file = tmp_path / "cast.yaml"
    file.write_text("version: 1\nidentities:\n- login: mallory\n")

    with make_sandbox(Config(fixtures=file)).world() as world:
        (tenant,) = directory.list_tenants(world)
        (mallory,) = directory.list_users(world, tenant)

    assert (tenant.id, mallory.upn) == (CONTOSO, "mallory@contoso.test")


# Persons


def test_a_member_is_known_by_what_the_fixture_says(world, contoso):
    alice = directory.get_user(world, contoso, "alice")

    assert (alice.oid, alice.upn, alice.mail, alice.is_guest) == (
        ALICE,
        "alice@contoso.test",
        "alice@contoso.test",
        False,
    )
    assert (alice.display_name, alice.given_name, alice.surname) == ("Alice Liddell", "Alice", "Liddell")
    assert (alice.job_title, alice.office_location) == ("Software engineer", "Oxford/2")


def test_a_guest_is_somebody_else_in_each_tenant(world, contoso, fabrikam):
    at_home, abroad = (directory.get_user(world, tenant, "guest") for tenant in (fabrikam, contoso))

    assert (at_home.upn, at_home.is_guest) == ("guest@fabrikam.test", False)
    assert (abroad.upn, abroad.is_guest) == ("guest_fabrikam.test#EXT#@contoso.onmicrosoft.com", True)
    assert abroad.home == fabrikam
    assert abroad.home_upn == at_home.upn
    assert abroad.oid != at_home.oid
    assert all(GUID.fullmatch(user.oid) for user in (at_home, abroad))


@pytest.mark.parametrize("login", ["sso-member", "personal"])
def test_a_stranger_is_refused(world, contoso, login):
    assert directory.find_user(world, contoso, login) is None
    with pytest.raises(Refusal) as refused:
        directory.get_user(world, contoso, login)
    assert refused.value.reason is Reason.IDENTITY_OF_ANOTHER_TENANT


def test_nobody_is_refused(world, contoso):
    assert directory.find_user(world, contoso, "nobody") is None
    with pytest.raises(Refusal) as refused:
        directory.get_user(world, contoso, "nobody")
    assert refused.value.reason is Reason.IDENTITY_UNKNOWN


def test_a_personal_account_has_its_address_for_a_name_and_a_number_for_an_id(world):
    tenant = directory.get_tenant(world, CONSUMERS)
    (user,) = directory.list_users(world, tenant)

    assert (user.login, user.upn, user.is_guest) == ("personal", "personal@outlook.test", False)
    assert user.oid.startswith("00000000-0000-0000-")
    assert GUID.fullmatch(user.oid)


@pytest.mark.parametrize(
    "name",
    [
        "guest_fabrikam.test#EXT#@contoso.onmicrosoft.com",
        "GUEST_fabrikam.test#ext#@contoso.onmicrosoft.com",
        "guest@fabrikam.test",
        "Guest",
    ],
)
def test_a_person_is_found_by_every_name_in_any_case(world, contoso, name):
    user = directory.find_user_by_name(world, contoso, name)

    assert user is not None
    assert user.login == "guest"


@pytest.mark.parametrize("name", ["", "nobody", "sso-member@fabrikam.test", "personal@outlook.test"])
def test_nobody_is_found_by_another_name(world, contoso, name):
    assert directory.find_user_by_name(world, contoso, name) is None


def test_of_those_who_share_an_address_the_first_is_found(world, contoso):
    user = directory.find_user_by_name(world, contoso, "twins@contoso.test")

    assert user is not None
    assert user.login == "twin-one"


def test_a_mail_of_ones_own_wins_over_the_address_and_may_be_none(make_sandbox, tmp_path):
    file = tmp_path / "cast.yaml"
    emails = "  emails: [{email: private@example.test, primary: true, verified: false}]\n"
    people = (("a", "a@work.test"), ("b", '""'), ("c", "null"))
    file.write_text(
        "version: 1\nidentities:\n"
        + "".join(f"- login: {login}\n{emails}  azure: {{mail: {mail}}}\n" for login, mail in people)
    )

    with make_sandbox(Config(fixtures=file)).world() as world:
        users = directory.list_users(world, directory.list_tenants(world)[0])

    assert [user.mail for user in users] == ["a@work.test", None, "private@example.test"]
    assert [user.mail_is_verified for user in users] == [False, False, False]


def test_whoever_has_no_display_name_is_shown_by_the_login(world, contoso):
    user = directory.get_user(world, contoso, "no-name")

    assert (user.display_name, user.given_name, user.surname) == ("no-name", None, None)


def test_a_name_changes_with_the_second_session_and_the_object_id_stays(sandbox):
    def look() -> tuple[str, str]:
        with sandbox.world() as world:
            user = directory.get_user(world, directory.get_tenant(world, CONTOSO), "renamed")
            return user.upn, user.oid

    def sign_in(sid: str) -> None:
        times = dict.fromkeys(("auth_time", "used_at", "expires_at"), 1)
        with sandbox.world() as world:
            world.store.add(
                tables.SignInSession,
                sid=sid, service="azure", browser=sid, login="renamed", acr="1", amr=[], ended_at=None, **times,
            )  # fmt: skip

    before = look()
    sign_in("first")
    during = look()
    sign_in("second")
    after = look()

    assert before == during
    assert [before[0], after[0]] == ["maiden.name@contoso.test", "married.name@contoso.test"]
    assert before[1] == after[1]


# Groups, roles and ids


def test_groups_are_those_of_the_tenant(world, contoso, fabrikam):
    at_home, abroad = (directory.get_user(world, tenant, "guest") for tenant in (fabrikam, contoso))

    assert len(directory.group_ids(world, at_home, kind="all")) == 1
    assert directory.group_ids(world, abroad, kind="all") == ["e9e9e9e9-0000-4000-8000-000000000001"]


def test_groups_for_mail_give_no_access(world, contoso):
    alice = directory.get_user(world, contoso, "alice")

    every = directory.group_ids(world, alice, kind="all")

    assert directory.group_ids(world, alice, kind="security") == every[:2]
    assert len(every) == 3


def test_the_joiner_is_in_201_groups_with_ids_of_their_own(world, contoso):
    ids = directory.group_ids(world, directory.get_user(world, contoso, "joiner"), kind="security")

    assert len(set(ids)) == 201
    assert all(GUID.fullmatch(group_id) for group_id in ids)


@pytest.mark.parametrize(
    ("login", "client", "roles"),
    [("admin", WEB, ["Admin", "Reader"]), ("admin", PUBLIC, []), ("alice", WEB, []), ("admin", "unknown", [])],
)
def test_app_roles_are_those_of_one_application(world, contoso, login, client, roles):
    assert directory.app_roles(world, directory.get_user(world, contoso, login), client) == roles


def test_a_subject_is_another_one_for_each_application_and_person_and_tenant(world, contoso, fabrikam):
    alice, guest = (directory.get_user(world, contoso, login) for login in ("alice", "guest"))
    at_home = directory.get_user(world, fabrikam, "guest")

    subjects = [
        directory.pairwise_subject(user, client) for user in (alice, guest, at_home) for client in (WEB, PUBLIC)
    ]

    assert len(set(subjects)) == 6
    assert all(re.fullmatch("[A-Za-z0-9_-]{43}", subject) for subject in subjects)
    assert subjects[0] == directory.pairwise_subject(alice, WEB)


def test_an_application_has_another_object_id_in_each_tenant(contoso, fabrikam):
    ids = {directory.service_principal_id(tenant, client) for tenant in (contoso, fabrikam) for client in (WEB, PUBLIC)}

    assert len(ids) == 4
    assert all(GUID.fullmatch(one) for one in ids)
