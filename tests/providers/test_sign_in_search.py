"""Where a thousand people may sign in, each page lists a few, finds the others, and takes whom it does not list."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox import Config
from sandbox.core.identities import search_identities
from tests.conftest import HouseClient
from tests.support import azure_login
from tests.support.databases import on_either_database
from tests.support.forms import find_form, submit
from tests.support.hostile import HOSTILE
from tests.support.many import PLACES, search, write_many
from tests.support.statements import asked

MOST_LISTED = 25

everywhere = pytest.mark.parametrize("place", PLACES)


@pytest.fixture(scope="module")
def thousand(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A fixture file with a thousand people more."""
    return write_many(tmp_path_factory.mktemp("many") / "many.yaml", 1_000)


@pytest.fixture
def many(make_sandbox: Callable[[Config], HouseClient], thousand: Any) -> HouseClient:
    return make_sandbox(Config(fixtures=thousand))


@pytest.fixture
def people_asked_for(many: HouseClient) -> Iterator[list[str]]:
    """The statements about people, from here on."""
    with asked(many.application) as heard:
        yield heard


def rows_read(heard: list[str]) -> list[int]:
    """How many rows each of these statements about people has read at most; -1 if that was all."""
    about_people = [statement for statement in heard if "FROM identities" in statement and "count(" not in statement]
    limits = [re.search(r"LIMIT (\d+)", statement) for statement in about_people]
    by_login = ["identities.login = " in statement for statement in about_people]
    return [int(limit[1]) if limit else 1 if one else -1 for limit, one in zip(limits, by_login, strict=True)]


def listed(page: Any) -> list[str]:
    """The logins on the page."""
    return [part.partition('"')[0] for part in page.text.split(' id="as-')[1:]]


@everywhere
def test_a_page_lists_a_few_of_a_thousand(many, place):
    page = PLACES[place](many)

    assert page.status_code == 200
    assert len(listed(page)) == MOST_LISTED
    assert len(page.data) < 40_000


@everywhere
def test_a_search_finds_whoever_is_not_listed(many, place):
    page = PLACES[place](many)
    assert "person-0777" not in listed(page)

    found = search(many, page, "person-0777")

    assert (found.status_code, listed(found)) == (200, ["person-0777"])
    assert 'value="person-0777"' in found.text
    assert submit(many, found, "as-person-0777").status_code in (200, 302)


@pytest.mark.parametrize(
    "text",
    [
        "person-0777",
        "PERSON-0777",
        "Person 777",
        "777 person",
        "mail-0777@contoso.test",
        "mail-0777 one of MANY",
        " person-0777 ",
    ],
)
def test_a_search_goes_by_login_name_address_and_purpose(many, text):
    assert listed(search(many, PLACES["github"](many), text)) == ["person-0777"]


@pytest.mark.parametrize("text", ["person-0777@contoso", "mail-0777@contoso.test", "777"])
def test_azure_is_searched_by_the_name_one_signs_in_with_too(many, text):
    assert "person-0777" in listed(search(many, PLACES["azure"](many), text))


def test_azure_finds_nobody_of_another_tenant(many):
    page = PLACES["azure"](many)

    assert listed(search(many, page, "sso-member@fabrikam")) == []
    assert "personal" not in listed(search(many, page, "personal"))
    assert listed(search(many, PLACES["azure common"](many), "personal@")) == ["personal"]


@on_either_database
def test_azure_finds_the_guests_of_a_tenant(sandbox):
    page = azure_login.authorize(sandbox, "fabrikam.test", azure_login.EVERYONE)

    assert set(listed(page)) == {"guest", "sso-member"}
    assert listed(search(sandbox, PLACES["azure"](sandbox), "guest@")) == ["guest"]


@everywhere
def test_what_nobody_has_is_said_to_be_found_nowhere(many, place):
    page = search(many, PLACES[place](many), "nobody-at-all")

    assert (page.status_code, listed(page)) == (200, [])
    assert "No account has <bdi>nobody-at-all</bdi>" in page.text


@everywhere
def test_the_pages_of_a_list_have_everyone_once(make_sandbox, tmp_path, place):
    sandbox = make_sandbox(Config(fixtures=write_many(tmp_path / "some.yaml", 60)))
    page = PLACES[place](sandbox)
    seen = listed(page)

    while 'id="page-next"' in page.text:
        page = submit(sandbox, page, "page-next")
        seen += listed(page)

    assert {f"person-{number:04}" for number in range(60)} <= set(seen)
    assert len(seen) == len(set(seen))
    assert listed(submit(sandbox, page, "page-back")) != listed(page)


@everywhere
def test_whoever_is_not_listed_may_be_typed(many, place):
    answer = submit(many, PLACES[place](many), "continue", login="person-0999")

    assert answer.status_code in (200, 302)
    assert "There is no account" not in answer.text


@everywhere
@pytest.mark.parametrize("name", [name for name in HOSTILE if name != "a lone surrogate"])
def test_a_hostile_search_is_text(sandbox, place, name):
    page = search(sandbox, PLACES[place](sandbox), HOSTILE[name])

    assert page.status_code == 200
    assert "<script>alert" not in page.text


@pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 30, "٣", "", "999"])
def test_a_page_that_is_none_is_no_error(sandbox, number):
    form, fields = find_form(PLACES["github"](sandbox).text, "search-go")

    assert sandbox.post(form.action, data={**dict(fields), "page": number}).status_code == 200


@everywhere
def test_a_search_keeps_the_sign_in(many, place):
    begun = PLACES[place](many)
    found = search(many, begun, "person-07")
    transaction = dict(find_form(begun.text, "continue")[1])["transaction"]

    assert dict(find_form(found.text, "continue")[1])["transaction"] == transaction
    assert dict(find_form(found.text, "search-go")[1])["search"] == "person-07"


def test_another_site_cannot_search(sandbox):
    form, fields = find_form(PLACES["github"](sandbox).text, "search-go")
    answer = sandbox.post(form.action, data=dict(fields), headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 403


@pytest.mark.parametrize("place", ["github", "issuer", "cloud", "console", "azure"])
def test_a_page_reads_no_more_people_than_it_lists(many, people_asked_for, place):
    page = PLACES[place](many)
    search(many, page, "person-07")

    read = rows_read(people_asked_for)
    assert read
    assert -1 not in read
    assert max(read) <= 2 * MOST_LISTED


@pytest.mark.parametrize("tenant", ["fabrikam.test", "consumers"])
def test_a_small_tenant_among_many_people_is_listed_in_one_step(many, people_asked_for, tenant):
    page = azure_login.authorize(many, tenant, azure_login.EVERYONE)

    assert set(listed(page)) & {"guest", "personal"}
    assert "person-0001" not in listed(page)
    assert len(rows_read(people_asked_for)) <= 4


@on_either_database
@pytest.mark.parametrize(
    ("text", "found"),
    [("%", []), ("_", []), ("100%", []), ("\\", []), ("'OR'1", []), ("ÜNÏCORN", ["emoji"]), ("🦄", ["emoji"])],
)
def test_nothing_in_a_search_is_a_pattern(sandbox, text, found):
    with sandbox.world() as world:
        assert [person.login for person in search_identities(world, text)] == found
