"""Microsoft Graph tells who is in which group, and pages, filters, sorts and counts its lists."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.azure import ALICE, CONSUMERS, get, graph_token, post

ENGINEERS = "e9e9e9e9-0000-4000-8000-000000000001"
EVENTUAL = {"ConsistencyLevel": "eventual"}


def names(answer) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["displayName"] for item in answer.json["value"]]


@pytest.fixture
def admin_token(sandbox) -> str:
    return graph_token(sandbox, "admin", "User.Read.All Group.Read.All")


# Memberships


@pytest.mark.parametrize("path", ["/v1.0/me/memberOf", "/v1.0/me/transitiveMemberOf", "/beta/me/memberOf"])
def test_the_groups_of_the_caller_come_with_their_type(sandbox, path):
    answer = get(sandbox, path)

    assert names(answer) == ["Engineers", "Everyone", "Newsletter"]
    first = answer.json["value"][0]
    assert (first["@odata.type"], first["id"]) == ("#microsoft.graph.group", ENGINEERS)
    assert answer.json["@odata.context"].endswith("/$metadata#directoryObjects")


def test_a_cast_gives_groups_alone(sandbox):
    answer = get(sandbox, "/v1.0/me/memberOf/microsoft.graph.group?$select=id,displayName")

    assert answer.json["@odata.context"] == "http://localhost/v1.0/$metadata#groups(id,displayName)"
    assert answer.json["value"][0] == {"id": ENGINEERS, "displayName": "Engineers"}


def test_the_type_stays_whatever_is_selected(sandbox):
    answer = get(sandbox, "/v1.0/me/memberOf?$select=id")

    assert answer.json["value"][0] == {"@odata.type": "#microsoft.graph.group", "id": ENGINEERS}


@pytest.mark.parametrize("name", [ALICE, "alice@contoso.test"])
@pytest.mark.parametrize("relation", ["memberOf", "transitiveMemberOf"])
def test_somebody_elses_groups_need_a_permission(sandbox, admin_token, name, relation):
    path = f"/v1.0/users/{name}/{relation}"

    assert names(get(sandbox, path, admin_token)) == ["Engineers", "Everyone", "Newsletter"]
    assert get(sandbox, path, graph_token(sandbox, "admin")).status_code == 403


@pytest.mark.parametrize("path", ["/v1.0/me", f"/v1.0/users/{ALICE}"])
@pytest.mark.parametrize("action", ["getMemberGroups", "getMemberObjects"])
@pytest.mark.parametrize(("security_only", "count"), [(True, 2), (False, 3)])
def test_the_ids_of_groups_are_asked_for_with_or_without_those_for_mail(sandbox, path, action, security_only, count):
    answer = post(sandbox, f"{path}/{action}", {"securityEnabledOnly": security_only})

    assert answer.json["@odata.context"] == "http://localhost/v1.0/$metadata#Collection(Edm.String)"
    assert answer.json["value"][0] == ENGINEERS
    assert len(answer.json["value"]) == count


def test_all_201_ids_come_at_once(sandbox):
    answer = post(sandbox, "/v1.0/me/getMemberObjects", {"securityEnabledOnly": False}, graph_token(sandbox, "joiner"))

    assert len(set(answer.json["value"])) == 201


# Lists


def test_the_members_of_a_group_come_with_their_type(sandbox, admin_token):
    answer = get(sandbox, f"/v1.0/groups/{ENGINEERS}/members", admin_token)

    assert names(answer) == ["Alice Liddell", "Ada Admin", "Gwen Guest"]
    assert answer.json["value"][0]["@odata.type"] == "#microsoft.graph.user"
    assert answer.json["value"][0]["id"] == ALICE


def test_a_group_is_found_by_its_id(sandbox, admin_token):
    group = get(sandbox, f"/v1.0/groups/{ENGINEERS}", admin_token).json

    assert (group["displayName"], group["securityEnabled"], group["mailEnabled"]) == ("Engineers", True, False)
    assert group["@odata.context"] == "http://localhost/v1.0/$metadata#groups/$entity"


def test_the_tenants_people_are_members_and_guests(sandbox, admin_token):
    people = names(get(sandbox, "/v1.0/users", admin_token))

    assert {"Alice Liddell", "Gwen Guest", "Della Activated"} <= set(people)
    assert not {"Percy Private", "Sam Lane"} & set(people)


def test_a_list_is_read_page_by_page(sandbox):
    token, path, pages = graph_token(sandbox, "joiner"), "/v1.0/me/memberOf?$select=id", []
    while path:
        answer = get(sandbox, path, token)
        pages.append(answer.json["value"])
        path = answer.json.get("@odata.nextLink")

    assert [len(page) for page in pages] == [100, 100, 1]
    assert len({item["id"] for page in pages for item in page}) == 201
    assert all(set(item) == {"@odata.type", "id"} for page in pages for item in page)


def test_the_next_page_lies_where_the_request_came_in(sandbox):
    token = graph_token(sandbox, "joiner")

    for path in ("/v1.0/me/memberOf", "/azure/v1.0/me/memberOf", "/beta/me/transitiveMemberOf"):
        link = urlsplit(get(sandbox, f"{path}?$top=5", token).json["@odata.nextLink"])
        assert (link.scheme, link.netloc, link.path) == ("http", "localhost", path)
        assert parse_qs(link.query)["$top"] == ["5"]


@pytest.mark.parametrize(("top", "size"), [("1", 1), ("999", 201)])
def test_top_is_the_size_of_a_page(sandbox, top, size):
    answer = get(sandbox, f"/v1.0/me/memberOf?$top={top}", graph_token(sandbox, "joiner"))

    assert len(answer.json["value"]) == size
    assert ("@odata.nextLink" in answer.json) is (size < 201)


def test_a_count_is_that_of_all_pages(sandbox):
    token = graph_token(sandbox, "joiner")

    answer = get(sandbox, "/v1.0/me/transitiveMemberOf?$count=true&$top=3", token, headers=EVENTUAL)

    assert answer.json["@odata.count"] == 201
    assert len(answer.json["value"]) == 3


def test_an_ordered_list_is_in_that_order(sandbox, admin_token):
    up = names(get(sandbox, "/v1.0/groups?$orderby=displayName&$top=999", admin_token))
    down = names(get(sandbox, "/v1.0/groups?$orderby=displayName desc&$top=999", admin_token))

    assert up == sorted(up, key=str.casefold) == down[::-1]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("displayName eq 'alice liddell'", {"Alice Liddell"}),
        ("startswith(displayName,'A')", {"Alice Liddell", "Ada Admin"}),
        ("startsWith(userPrincipalName, 'alice@') or mail eq 'admin@octo-org.test'", {"Alice Liddell", "Ada Admin"}),
        ("endswith(mail,'@fabrikam.test')", {"Gwen Guest"}),
        (f"id eq '{ALICE}'", {"Alice Liddell"}),
        (f"id in ('{ALICE}', 'x')", {"Alice Liddell"}),
        ("userType eq 'Guest' and accountEnabled eq true", {"Gwen Guest"}),
        ("accountEnabled eq false", {"Della Activated"}),
        ("accountEnabled ne true", {"Della Activated"}),
        ("not(accountEnabled eq true)", {"Della Activated"}),
        ("displayName eq 'O''Brien'", set()),
        ("jobTitle eq null and (startswith(displayName,'Ada') or startswith(displayName,'Alice'))", {"Ada Admin"}),
        ("contains(displayName,'theresia')", {"Maria"}),
    ],
)
def test_a_filter_leaves_what_fits(sandbox, admin_token, text, found):
    answer = get(sandbox, "/v1.0/users", admin_token, query_string={"$filter": text, "$top": "999"})

    assert {name if len(name) < 50 else name.split()[0] for name in names(answer)} == found


def test_a_filter_by_type_leaves_objects_of_that_type(sandbox):
    query = {"$filter": "isof('microsoft.graph.group')", "$count": "true"}

    answer = get(sandbox, "/v1.0/me/transitiveMemberOf", query_string=query, headers=EVENTUAL)

    assert answer.json["@odata.count"] == 3


# Objects by their ids


def test_objects_are_found_by_their_ids_and_others_left_out(sandbox, admin_token):
    body = {"ids": [ENGINEERS, ALICE.upper(), "00000000-0000-4000-8000-000000000000"]}

    answer = post(sandbox, "/v1.0/directoryObjects/getByIds", body, admin_token)

    found = [(item["@odata.type"], item["id"], item["displayName"]) for item in answer.json["value"]]
    assert found == [
        ("#microsoft.graph.group", ENGINEERS, "Engineers"),
        ("#microsoft.graph.user", ALICE, "Alice Liddell"),
    ]
    assert answer.json["@odata.context"] == "http://localhost/v1.0/$metadata#directoryObjects"


@pytest.mark.parametrize(
    ("types", "count"), [(["group"], 1), (["user"], 1), (["user", "group"], 2), (["directoryObject"], 2), ([], 2)]
)
def test_objects_are_of_the_types_that_are_asked_for(sandbox, admin_token, types, count):
    body = {"ids": [ENGINEERS, ALICE], "types": types}

    answer = post(sandbox, "/v1.0/directoryObjects/getByIds", body, admin_token)

    assert len(answer.json["value"]) == count


# What is refused


@pytest.mark.parametrize("path", ["/v1.0/users", "/v1.0/groups"])
def test_personal_accounts_have_no_directory(sandbox, path):
    token = graph_token(sandbox, "personal", "User.Read.All Group.Read.All", tenant=CONSUMERS)

    answer = get(sandbox, path, token)

    assert (answer.status_code, answer.json["error"]["code"]) == (403, "Authorization_RequestDenied")


@pytest.mark.parametrize(
    ("path", "status", "code", "message"),
    [
        ("/v1.0/users?$top=0", 400, "Request_UnsupportedQuery",
            "Invalid page size specified: '0'. Must be between 1 and 999 inclusive."),
        ("/v1.0/users?$top=1000", 400, "Request_UnsupportedQuery",
            "Invalid page size specified: '1000'. Must be between 1 and 999 inclusive."),
        ("/v1.0/users?$top=x", 400, "Request_UnsupportedQuery",
            "Invalid page size specified: 'x'. Must be between 1 and 999 inclusive."),
        ("/v1.0/users?$skiptoken=x", 400, "Directory_ExpiredPageToken",
            "The specified page token value has expired and can no longer be included in your request."),
        ("/v1.0/users?$select=nickname", 400, "BadRequest",
            "Parsing OData Select and Expand failed: Could not find a property named 'nickname' on type "
            "'microsoft.graph.user'."),
        ("/v1.0/me?$select=nickname", 400, "BadRequest",
            "Parsing OData Select and Expand failed: Could not find a property named 'nickname' on type "
            "'microsoft.graph.user'."),
        ("/v1.0/users?$orderby=nickname", 400, "BadRequest",
            "Could not find a property named 'nickname' on type 'microsoft.graph.user'."),
        ("/v1.0/users?$count=true", 400, "Request_BadRequest", "$count is not currently supported."),
        ("/v1.0/users?$expand=manager", 400, "BadRequest", "The query parameter '$expand' is not supported."),
        ("/v1.0/me?$top=1", 400, "BadRequest", "The query parameter '$top' is not supported."),
        ("/v1.0/me/memberOf?$filter=displayName eq 'x'", 400, "Request_UnsupportedQuery",
            "The specified filter to the reference property query is currently not supported."),
        *(
            (f"/v1.0/users?$filter={text}", 400, "Request_UnsupportedQuery",
                f"Unsupported or invalid query filter clause specified: {text}")
            for text in ("nickname eq 'x'", "displayName", "displayName eq", "displayName eq x", "displayName gt 'x'",
                "(displayName eq 'x'", "displayName eq 'x')", "sounds(displayName,'x')", "displayName eq 'x", "*",
                "not " * 30 + "displayName eq 'x'", "id in ('x' 'y')", "")
        ),
    ],
)  # fmt: skip
def test_an_option_that_makes_no_sense_is_refused(sandbox, admin_token, path, status, code, message):
    path, _, query = path.partition("?")
    name, _, value = query.partition("=")

    answer = get(sandbox, path, admin_token, query_string={name: value})

    error = answer.json["error"]
    assert (answer.status_code, error["code"], error["message"]) == (status, code, message)
    assert sandbox.journal()[-1].reason == "FIELD_INVALID"


@pytest.mark.parametrize("path", ["me/getMemberGroups", "me/getMemberObjects", "directoryObjects/getByIds"])
@pytest.mark.parametrize(
    ("body", "code", "reason"),
    [
        (b"", "BadRequest", "BODY_MISSING"),
        (b"{", "BadRequest", "BODY_MALFORMED"),
        (b"[]", "BadRequest", "BODY_MALFORMED"),
        (b"{}", "Request_BadRequest", "FIELD_MISSING"),
        (b'{"securityEnabledOnly": "yes", "ids": 7}', "Request_BadRequest", "FIELD_INVALID"),
    ],
)
def test_a_body_that_makes_no_sense_is_refused(sandbox, admin_token, path, body, code, reason):
    answer = sandbox.post(f"/v1.0/{path}", data=body, headers={"Authorization": f"Bearer {admin_token}"})

    assert (answer.status_code, answer.json["error"]["code"]) == (400, code)
    assert sandbox.journal()[-1].reason == reason
