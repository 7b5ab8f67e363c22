"""Microsoft Graph tells who somebody is: /me, /users, pictures, the organization, and userinfo."""

from __future__ import annotations

import struct

import pytest

from sandbox.providers.azure import directory
from tests.support.azure import ALICE, CONSUMERS, CONTOSO, FABRIKAM, PUBLIC, WEB, get, graph_token

ALICE_IN_GRAPH = {
    "businessPhones": ["+44 1865 276150"],
    "displayName": "Alice Liddell",
    "givenName": "Alice",
    "jobTitle": "Software engineer",
    "mail": "alice@contoso.test",
    "mobilePhone": "+44 7700 900123",
    "officeLocation": "Oxford/2",
    "preferredLanguage": "en-GB",
    "surname": "Liddell",
    "userPrincipalName": "alice@contoso.test",
    "id": ALICE,
}


@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_me_is_whoever_the_token_speaks_for(sandbox, version):
    answer = get(sandbox, f"/{version}/me")

    assert answer.status_code == 200
    assert answer.json == {
        "@odata.context": f"http://localhost/{version}/$metadata#users/$entity",
        **ALICE_IN_GRAPH,
    }
    assert answer.mimetype == "application/json"


def test_every_way_in_has_its_own_addresses(sandbox):
    token = graph_token(sandbox)

    prefixed = get(sandbox, "/azure/v1.0/me", token)
    hosted = get(sandbox, "/v1.0/me", token, base_url="https://graph.microsoft.com")

    assert prefixed.json["@odata.context"] == "http://localhost/azure/v1.0/$metadata#users/$entity"
    assert hosted.json["@odata.context"] == "https://graph.microsoft.com/v1.0/$metadata#users/$entity"


def test_select_limits_the_members(sandbox):
    answer = get(sandbox, "/v1.0/me?$select=displayName,MAILNICKNAME,userType")

    assert answer.json == {
        "@odata.context": "http://localhost/v1.0/$metadata#users(displayName,mailNickname,userType)/$entity",
        "displayName": "Alice Liddell",
        "mailNickname": "alice",
        "userType": "Member",
    }


def test_mail_is_null_for_someone_without(sandbox):
    answer = get(sandbox, "/v1.0/me", graph_token(sandbox, "no-email"))

    assert answer.json["mail"] is None
    assert answer.json["userPrincipalName"] == "no-email@contoso.test"


@pytest.mark.parametrize("login", ["long-name", "emoji", "right-to-left"])
def test_long_and_foreign_names_arrive_whole(sandbox, login):
    answer = get(sandbox, "/v1.0/me", graph_token(sandbox, login))

    with sandbox.world() as world:
        user = directory.get_user(world, directory.get_tenant(world, CONTOSO), login)
        assert answer.json["displayName"] == user.display_name


def test_a_guest_is_another_object_in_each_tenant(sandbox):
    at_home = get(sandbox, "/v1.0/me", graph_token(sandbox, "guest", tenant=FABRIKAM)).json
    abroad = get(sandbox, "/v1.0/me", graph_token(sandbox, "guest")).json

    assert at_home["id"] != abroad["id"]
    assert abroad["userPrincipalName"] == "guest_fabrikam.test#EXT#@contoso.onmicrosoft.com"
    assert abroad["mail"] == "guest@fabrikam.test"


def test_a_personal_account_has_a_profile_too(sandbox):
    answer = get(sandbox, "/v1.0/me", graph_token(sandbox, "personal", tenant=CONSUMERS))

    assert answer.json["userPrincipalName"] == "personal@outlook.test"


# Others


@pytest.mark.parametrize("name", [ALICE, ALICE.upper(), "alice@contoso.test", "Alice@Contoso.test"])
def test_whoever_may_read_oneself_may_do_so_by_name(sandbox, name):
    assert get(sandbox, f"/v1.0/users/{name}").json["id"] == ALICE


@pytest.mark.parametrize("scopes", ["User.ReadBasic.All", "User.Read.All", "Directory.Read.All"])
def test_others_are_read_with_a_permission_for_that(sandbox, scopes):
    token = graph_token(sandbox, "admin", scopes)

    assert get(sandbox, "/v1.0/users/alice@contoso.test", token).json["id"] == ALICE


def test_a_guest_is_found_by_the_name_in_the_tenant(sandbox):
    token = graph_token(sandbox, scopes="User.Read.All")

    answer = get(sandbox, "/v1.0/users/guest_fabrikam.test%23EXT%23@contoso.onmicrosoft.com?$select=userType", token)

    assert answer.json["userType"] == "Guest"


def test_an_application_reads_users_by_its_role(sandbox):
    token = graph_token(sandbox, "", roles=("User.Read.All",))

    assert get(sandbox, f"/v1.0/users/{ALICE}", token).json["displayName"] == "Alice Liddell"


def test_the_scope_may_be_written_with_its_resource(sandbox):
    token = graph_token(sandbox, scopes="https://graph.microsoft.com/User.Read openid")

    assert get(sandbox, "/v1.0/me", token).status_code == 200


def test_tenants_do_not_see_each_other(sandbox):
    token = graph_token(sandbox, "sso-member", "User.Read.All Group.Read.All", tenant=FABRIKAM)

    people = get(sandbox, "/v1.0/users", token).json["value"]
    groups = get(sandbox, "/v1.0/groups", token).json["value"]

    assert [person["userPrincipalName"] for person in people] == ["sso-member@fabrikam.test", "guest@fabrikam.test"]
    assert [group["displayName"] for group in groups] == ["Staff"]
    assert get(sandbox, f"/v1.0/users/{ALICE}", token).status_code == 404


# Pictures and the organization


@pytest.mark.parametrize(
    ("path", "side"),
    [
        ("/v1.0/me/photo/$value", 240),
        ("/v1.0/me/photos/48x48/$value", 48),
        (f"/v1.0/users/{ALICE}/photo/$value", 240),
    ],
)
def test_a_picture_is_an_image(sandbox, path, side):
    answer = get(sandbox, path)

    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert answer.data.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", answer.data[16:24]) == (side, side)


@pytest.mark.parametrize("path", ["/v1.0/me/photo/$value", "/v1.0/me/photos/48x48/$value"])
def test_not_everyone_has_a_picture(sandbox, path):
    answer = get(sandbox, path, graph_token(sandbox, "no-email"))

    assert answer.status_code == 404
    assert answer.json["error"]["code"] == "ImageNotFound"


def test_the_organization_is_the_tenant(sandbox):
    answer = get(sandbox, "/v1.0/organization")

    (tenant,) = answer.json["value"]
    assert (tenant["id"], tenant["displayName"]) == (CONTOSO, "Contoso")
    assert [domain["name"] for domain in tenant["verifiedDomains"]] == ["contoso.test", "contoso.onmicrosoft.com"]
    assert answer.json["@odata.context"] == "http://localhost/v1.0/$metadata#organization"


def test_nobody_has_a_manager(sandbox):
    answer = get(sandbox, "/v1.0/me/manager")

    assert answer.status_code == 404
    assert answer.json["error"]["code"] == "Request_ResourceNotFound"


# Userinfo


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_userinfo_has_the_claims_of_the_scopes(sandbox, method):
    headers = {"Authorization": f"Bearer {graph_token(sandbox)}"}

    answer = sandbox.open("/oidc/userinfo", method=method, headers=headers)

    with sandbox.world() as world:
        alice = directory.get_user(world, directory.get_tenant(world, CONTOSO), "alice")
    assert answer.json == {
        "sub": directory.pairwise_subject(alice, WEB),
        "name": "Alice Liddell",
        "family_name": "Liddell",
        "given_name": "Alice",
        "picture": "http://localhost/v1.0/me/photo/$value",
        "email": "alice@contoso.test",
    }


@pytest.mark.parametrize(
    ("scopes", "claims"),
    [
        ("openid", {"sub"}),
        ("openid profile", {"sub", "name", "family_name", "given_name", "picture"}),
        ("openid email", {"sub", "email"}),
    ],
)
def test_userinfo_tells_no_more_than_the_scopes_allow(sandbox, scopes, claims):
    assert set(get(sandbox, "/oidc/userinfo", graph_token(sandbox, scopes=scopes)).json) == claims


def test_userinfo_leaves_out_what_there_is_not(sandbox):
    answer = get(sandbox, "/oidc/userinfo", graph_token(sandbox, "no-email"))

    assert "email" not in answer.json


def test_the_subject_of_userinfo_is_another_one_for_each_application(sandbox):
    subjects = {
        get(sandbox, "/oidc/userinfo", graph_token(sandbox, client=client)).json["sub"] for client in (WEB, PUBLIC)
    }

    assert len(subjects) == 2


def test_userinfo_needs_openid(sandbox):
    answer = get(sandbox, "/oidc/userinfo", graph_token(sandbox, scopes="User.Read"))

    assert (answer.status_code, answer.json["error"]["code"]) == (403, "Authorization_RequestDenied")
