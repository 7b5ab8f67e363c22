"""The pages of the cast: people, clients, issuers and tenants, to look at and to look for."""

from __future__ import annotations

import pytest

from tests.support.cast_pages import API, OWN, address
from tests.support.hostile import HOSTILE, complaint
from tests.support.own_pages import links, words

KINDS = {
    "people": {"login": "alice"},
    "clients": {"client_id": "oidc-client", "service": "oidc/main"},
    "issuers": {"name": "fapi", "service": "oidc"},
    "tenants": {"id": "7e4a47c0-0000-4000-8000-000000000001", "service": "jitsudo"},
}


def add_people(sandbox, number):
    document = sandbox.get(f"{API}/fixture").json
    people = [{"login": f"person-{n}", "name": f"Person {n}"} for n in range(number)]
    put = sandbox.put(f"{API}/fixture", json={**document, "identities": [*document["identities"], *people]})
    assert put.status_code == 200


def test_people_are_listed_with_their_address_their_purpose_and_where_they_belong(sandbox):
    shown = words(sandbox.get(f"{OWN}/people"))

    assert "AA Ada Admin admin admin@octo-org.test Administers the instance" in shown
    assert "GitHub Octo Org admin" in shown
    assert "Gwen Guest guest guest@fabrikam.test" in shown
    assert "Azure Fabrikam Azure Contoso guest" in shown
    assert "Della Activated deactivated Deactivated" in shown
    assert "unverified@contoso.test Not verified" in shown
    assert "Has a personal Microsoft account, which belongs to no organization no organization" in shown


def test_a_person_is_found_by_any_text(sandbox):
    shown = words(sandbox.get(f"{OWN}/people", query_string={"q": "LIDDELL"}))

    assert "1 person" in shown
    assert "Alice Liddell" in shown
    assert "Ada Admin" not in shown
    assert "Nothing has this text." in words(sandbox.get(f"{OWN}/people?q=nobody-has-this"))


def test_people_come_fifty_at_a_time(sandbox):
    add_people(sandbox, 80)
    first, second = (sandbox.get(f"{OWN}/people?q=person-&offset={start}") for start in (0, 50))

    assert "1 to 50 of 80" in words(first)
    assert f"{OWN}/people?offset=50&q=person-" in links(first)
    assert "51 to 80 of 80" in words(second)
    assert "Person 50" in words(second)
    assert "Person 49 " not in words(second)


def test_clients_stand_with_their_service_and_say_how_they_may_ask(sandbox):
    shown = words(sandbox.get(f"{OWN}/clients"))

    assert "OpenID Connect main oidc/main" in shown
    assert "Sandbox single-page and native application oidc-public public http://localhost:9998/spa" in shown
    assert "authorization_code refresh_token client_credentials device_code" in shown
    assert "GMI Cloud console gmi-console confidential oauth-app" in shown


def test_the_pages_of_the_cast_lead_to_each_other(sandbox):
    for path in (*KINDS, "fixture", "keys"):
        found = links(sandbox.get(f"{OWN}/{path}"))
        assert {f"{OWN}/{name}" for name in (*KINDS, "fixture", "keys")} <= set(found)


@pytest.mark.parametrize(("path", "key"), KINDS.items(), ids=KINDS)
def test_each_entry_has_a_page_to_which_its_list_leads(sandbox, path, key):
    at = address(path, **key)

    assert at in links(sandbox.get(f"{OWN}/{path}"))
    page = sandbox.get(at)
    assert page.status_code == 200
    assert {address(path, "new", **key), address(path, "delete", **key)} <= set(links(page))


def test_a_person_can_be_signed_in_and_a_client_tried_from_their_pages(sandbox):
    for path, wanted in (("people", "identity=alice"), ("clients", "provider=oidc&client=oidc-client")):
        trying = next(link for link in links(sandbox.get(address(path, **KINDS[path]))) if "/try?" in link)
        assert trying == f"{OWN}/try?{wanted}"
        assert sandbox.get(trying).status_code == 200


@pytest.mark.parametrize(
    ("path", "key", "secret"),
    [
        ("people", {"login": "alice"}, "sandbox-password"),
        ("people", {"login": "two-factor"}, "246810"),
        ("clients", KINDS["clients"], "sandbox-secret"),
        ("tenants", KINDS["tenants"], "jsk_0123456789abcdef0123456789abcdef01234567"),
    ],
)
def test_secrets_are_seen_only_by_who_asks(sandbox, path, key, secret):
    text = sandbox.get(address(path, **key)).text.partition('id="edit-title"')[0]
    hidden = f'<details class="secret"><summary>Show</summary><code>{secret}</code></details>'

    assert hidden in text
    assert f">{secret}<" not in text.replace(hidden, "")


@pytest.mark.parametrize("path", KINDS)
def test_who_is_nowhere_has_no_page(sandbox, path):
    key = next(iter(KINDS[path]))
    for at in (address(path, **{key: "nobody"}), address(path), address(path, "delete", **{key: "nobody"})):
        answer = sandbox.get(at, headers={"Accept": "text/html"})
        assert (answer.status_code, answer.mimetype) == (404, "text/html")


def test_each_world_has_its_own_cast_and_its_links_stay_in_it(sandbox):
    sandbox.post(f"/w/t1{API}/identities", json={"login": "newbee", "name": "New Bee"})
    page = sandbox.get(f"/w/t1{OWN}/people")

    assert "New Bee" in words(page)
    assert "New Bee" not in words(sandbox.get(f"{OWN}/people"))
    assert address("people", world="/w/t1", login="newbee") in links(page)
    inner = [link for link in links(page) if link.startswith("/") and "static" not in link]
    assert all(link.startswith("/w/t1/") for link in inner), inner


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_what_is_searched_for_is_text(sandbox, value):
    value = value.encode(errors="replace").decode()[:2_000]
    for path in KINDS:
        at = f"{OWN}/{path}"
        answer = sandbox.get(at, query_string={"q": value, "offset": value, "done": value})
        assert not complaint(answer, at)
        assert answer.status_code == 200


def test_hostile_names_are_text_on_every_page(sandbox):
    name = "<script>alert(1)</script>\"'\u202e\t\n&amp;" + "x" * 900
    sandbox.patch(f"{API}/identities/alice", json={"name": name, "emails": None, "gmi": {"first_name": name[:100]}})
    sandbox.patch(f"{API}/clients/oidc-client", json={"name": name[:200]})
    pages = [f"{OWN}/people", f"{OWN}/clients", f"{OWN}/fixture"]
    pages += [address(path, page, **KINDS[path]) for path in ("people", "clients") for page in ("one", "new", "delete")]
    for at in pages:
        page = sandbox.get(at)
        assert (page.status_code, complaint(page, at)) == (200, ""), at
        assert "&lt;script&gt;alert(1)" in page.text
