"""The pages of the cast: entries added, changed, duplicated and deleted, and what real logins make of that."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.core.clock import elapsed_us, tick
from tests.support.cast_pages import API, OWN, address, logins, press, text_in
from tests.support.forms import submit
from tests.support.hostile import HOSTILE, complaint
from tests.support.own_pages import fields, words

# Each list holds the one before nine times.
BOMB = "a: &a [1]\n" + "".join(f"{n}: &{n} [{f'*{m}, ' * 9}]\n" for m, n in zip("abcdef", "bcdefg", strict=True))
ALICE = address("people", login="alice")


def person(sandbox, login, world=""):
    return sandbox.get(f"{world}{API}/identities/{login}").json


def code_at(sandbox, issuer, as_, client, redirect_uri, world=""):
    """Sign in on the issuer's pages; the code that the application gets."""
    query = {"client_id": client, "redirect_uri": redirect_uri, "response_type": "code", "scope": "openid"}
    page = sandbox.get(f"{world}/oidc/{issuer}/authorize", query_string=query)
    for button in (f"as-{as_}", "allow"):
        if page.status_code == 200:
            page = submit(sandbox, page, button)
    assert page.status_code in (302, 303), page.text
    return parse_qs(urlsplit(page.headers["Location"]).query)["code"][0]


@pytest.mark.parametrize("world", ["", "/w/t1"])
def test_a_person_of_the_short_form_signs_in(sandbox, world):
    done = press(
        sandbox,
        address("people", "new", world=world),
        "add-usual",
        login="newbee",
        name="New Bee",
        email="bee@hive.test",
        password="honey",
    )

    assert done.headers["Location"] == f"{address('people', world=world, login='newbee')}&done=added"
    assert "It is added." in words(sandbox.get(done.headers["Location"]))
    added = person(sandbox, "newbee", world)
    assert (added["name"], added["password"]) == ("New Bee", "honey")
    assert added["emails"] == [{"email": "bee@hive.test", "primary": True, "verified": True, "visibility": None}]
    assert code_at(sandbox, "main", "newbee", "oidc-client", "http://127.0.0.1:9999/callback", world)


def test_only_a_login_is_needed(sandbox):
    press(sandbox, address("people", "new"), "add-usual", login="newbee")

    added = person(sandbox, "newbee")
    assert (added["name"], added["emails"], added["password"]) == (None, [], "sandbox-password")


def test_what_is_wrong_in_the_short_form_is_said_and_what_was_typed_stays(sandbox):
    at = address("people", "new")
    typed = {"login": "new bee", "name": "New", "email": "nowhere", "purpose": "Buzzes"}
    page = press(sandbox, at, "add-usual", **typed)

    assert page.status_code == 400
    assert "login must be 1 to 39 ASCII letters" in words(page)
    assert "must be an e-mail address such as" in words(page)
    assert {name: fields(page)[name] for name in typed} == typed
    assert "new bee" not in logins(sandbox)
    taken = press(sandbox, at, "add-usual", login="alice")
    assert (taken.status_code, "There is an identity 'alice' already." in words(taken)) == (400, True)


def test_the_usual_fields_of_a_person_are_changed_and_the_rest_stays(sandbox):
    before = person(sandbox, "noreply")
    at = address("people", login="noreply")
    done = press(sandbox, at, "save-usual", name="Nora", email="new@contoso.test", verified=[], deactivated="on")

    assert done.status_code == 303
    after = person(sandbox, "noreply")
    assert (after["name"], after["deactivated"], after["password"]) == ("Nora", True, before["password"])
    first, primary, last = before["emails"]
    assert after["emails"] == [{**primary, "email": "new@contoso.test", "verified": False}, first, last]
    assert after["github"] == before["github"]


def test_an_address_that_the_person_has_becomes_the_primary_one_and_none_leaves_the_next(sandbox):
    at = address("people", login="noreply")
    press(sandbox, at, "save-usual", email="nora@contoso.test")
    told = [(email["email"], email["primary"]) for email in person(sandbox, "noreply")["emails"]]
    assert told == [("nora@contoso.test", True), ("nora.old@contoso.test", False)]

    press(sandbox, at, "save-usual", email="")
    assert [email["email"] for email in person(sandbox, "noreply")["emails"]] == ["nora.old@contoso.test"]
    press(sandbox, at, "save-usual", email="")
    assert person(sandbox, "noreply")["emails"] == []


@pytest.mark.parametrize(
    ("path", "plural", "key"),
    [
        ("people", "identities", {"login": "alice"}),
        ("clients", "clients", {"client_id": "oidc-client", "service": "oidc/main"}),
        ("clients", "clients", {"client_id": "11111111-1111-4111-8111-111111111111", "service": "azure"}),
        ("issuers", "issuers", {"name": "conformance", "service": "oidc"}),
        ("tenants", "tenants", {"id": "7e4a47c0-0000-4000-8000-000000000001", "service": "jitsudo"}),
    ],
)
def test_the_text_of_an_entry_is_all_of_it(sandbox, path, plural, key):
    at = address(path, **key)
    before = sandbox.get(f"{API}/{plural}").json
    done = press(sandbox, at, "save", text=text_in(sandbox.get(at)))

    assert done.headers["Location"] == f"{at}&done=saved"
    assert sandbox.get(f"{API}/{plural}").json == before


def test_a_person_is_changed_as_yaml(sandbox):
    text = text_in(sandbox.get(ALICE)).replace("name: Alice Liddell", "name: no\npassword: 'null'")
    done = press(sandbox, ALICE, "save", text=f"\ufeff# a remark\n{text}".replace("\n", "\r\n"))

    assert done.status_code == 303, words(done)
    assert (person(sandbox, "alice")["name"], person(sandbox, "alice")["password"]) == ("no", "null")
    assert person(sandbox, "alice")["oidc"]["claims"]["nickname"] == "Al"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "There is no text."),
        ("login: alice\nname: [", "Line 3: did not find expected node content"),
        ("login: alice\n\tname: x", "Line 2"),
        ("login: alice\nname: a\nname: b", "Line 3, name: is already given in line 2"),
        ("login: &a [*a]", "Line 1, login[0]: *a stands before its anchor, or inside it"),
        ("login: !!python/object:os.system x", "Line 1, login: must have no YAML tag"),
        ("login: alice\n\nname: 7", "Line 3, name: must be text or null; found 7"),
        ("login: alice\nemials: []", 'Line 2, emials: is not a known key (did you mean "emails"?)'),
        ("login: alice\nemails:\n- {email: a@b.test}", "Line 2, emails: one address must be primary"),
        ("login: alice\nname: 7\nemials: []", "2 things do not fit. Nothing was saved."),
        ("login: bob", "Line 1, login: the login of an entry does not change."),
        ("- 1", "must be a mapping"),
        ("just text", "must be a mapping"),
        ('login: alice\nname: "a\\0b"', "Line 2, name: holds the character NUL"),
        ("login: alice\nname: a\0b", "Line 2: "),
        ("login: alice\n---\nlogin: alice", "The text: must hold one document; found 2"),
        (BOMB, "more than 200000 values"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_text_is_said_with_its_line_and_the_text_stays(sandbox, text, said):
    before = person(sandbox, "alice")
    page = press(sandbox, ALICE, "save", text=text)

    assert page.status_code == 400
    assert said in words(page)
    assert fields(page)["text"] in (f"\n{text}", f"\n{text}".replace("\0", "\ufffd"))
    assert person(sandbox, "alice") == before


def test_whoever_was_slower_sees_both_texts_and_may_save_again(sandbox):
    page = sandbox.get(ALICE)
    mine = text_in(page).replace("Alice Liddell", "My Alice")
    sandbox.patch(f"{API}/identities/alice", json={"name": "Their Alice"})
    stale = submit(sandbox, page, "save", text=mine)

    assert stale.status_code == 400
    assert "Somebody changed this person while you were typing. Nothing of yours was saved" in words(stale)
    assert "name: Their Alice" in words(stale)
    assert text_in(stale) == mine
    assert person(sandbox, "alice")["name"] == "Their Alice"
    submit(sandbox, stale, "save", text=mine)
    assert person(sandbox, "alice")["name"] == "My Alice"


@pytest.mark.parametrize("button", ["save-usual", "confirm"])
def test_whoever_was_slower_changes_and_deletes_nothing(sandbox, button):
    page = sandbox.get(ALICE if button == "save-usual" else address("people", "delete", login="alice"))
    sandbox.patch(f"{API}/identities/alice", json={"name": "Their Alice"})
    typed = {"name": "My Alice"} if button == "save-usual" else {}
    stale = submit(sandbox, page, button, **typed)

    assert stale.status_code == 400
    assert "changed" in words(stale)
    assert person(sandbox, "alice")["name"] == "Their Alice"
    assert not typed or fields(stale)["name"] == "My Alice"


SERVICES = ["github", "azure", "insforge-cloud", "oidc/main"]


@pytest.mark.parametrize(
    ("path", "service"),
    [("people", None), *(("clients", name) for name in SERVICES), ("issuers", "oidc"), ("tenants", "azure"),
     ("tenants", "jitsudo")],
)  # fmt: skip
def test_what_stands_in_an_empty_form_is_valid(sandbox, path, service):
    at = address(path, "new", **({"service": service} if service else {}))
    done = press(sandbox, at, "add", text=text_in(sandbox.get(at)))

    assert done.status_code == 303, words(done)
    assert "It is added." in words(sandbox.get(done.headers["Location"]))


def test_a_new_issuer_and_a_new_client_are_signed_in_with(sandbox):
    press(sandbox, address("issuers", "new"), "add", text="service: oidc\nname: fresh\nsettings: {lean_id_token: true}")
    text = "client_id: fresh-app\nservice: oidc/fresh\nname: Fresh\nsecret: fresh-secret\nredirect_uris: [http://a.test/cb]"
    assert press(sandbox, address("clients", "new"), "add", text=text).status_code == 303
    code = code_at(sandbox, "fresh", "alice", "fresh-app", "http://a.test/cb")
    body = {"grant_type": "authorization_code", "code": code, "redirect_uri": "http://a.test/cb"}
    swapped = sandbox.post("/oidc/fresh/token", data=body, auth=("fresh-app", "fresh-secret"))

    assert swapped.status_code == 200
    assert swapped.json["id_token"]


def test_a_duplicate_is_the_same_under_another_name(sandbox):
    at = address("people", "new", login="alice")
    done = press(sandbox, at, "add", text=text_in(sandbox.get(at)))

    assert done.status_code == 303, words(done)
    twin, alice = person(sandbox, "alice-copy"), person(sandbox, "alice")
    assert (twin["name"], twin["oidc"]["claims"]) == (alice["name"], alice["oidc"]["claims"])
    assert twin["github"]["id"] != alice["github"]["id"]


def test_the_deleted_are_gone_after_a_question(sandbox):
    at = address("people", "delete", login="emoji")
    asked = sandbox.get(at)
    assert "goes at once. Only a reset of the world brings it back." in words(asked)
    assert "emoji" in logins(sandbox)
    done = submit(sandbox, asked, "confirm")

    assert done.headers["Location"] == f"{OWN}/people?done=deleted"
    assert "emoji" not in logins(sandbox)


def test_who_is_still_named_elsewhere_stays_and_the_page_says_where(sandbox):
    answer = press(sandbox, address("people", "delete", login="alice"), "confirm")

    assert answer.status_code == 400
    assert "insforge-cloud.organizations[0].members[0]" in words(answer)
    assert "alice" in logins(sandbox)


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example.test"}, {"Sec-Fetch-Site": "cross-site"}])
def test_a_form_of_another_origin_does_nothing(sandbox, headers):
    before = sandbox.get(f"{API}/fixture").json
    for at in (ALICE, address("people", "new"), address("people", "delete", login="emoji")):
        assert sandbox.post(at, data={"text": "login: eve", "do": "text"}, headers=headers).status_code == 403
    assert sandbox.get(f"{API}/fixture").json == before


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_hostile_values_are_text(sandbox, value):
    value = value.encode(errors="replace").decode()
    for path, page in (("people", "new"), ("people", "one"), ("clients", "new"), ("people", "delete")):
        at = address(path, page, **({} if page == "new" else {"login": "alice"}))
        for typed in (
            {"do": "text", "text": value},
            {"do": "usual", "login": value, "name": value, "email": value, "password": value, "purpose": value},
            {"do": value, "version": value, "text": f"login: alice\nname: '{value}'"},
        ):
            answer = sandbox.post(at, data=typed)
            assert not complaint(answer, at), (at, typed)
            assert answer.status_code in (303, 400)


def test_a_text_with_very_many_mistakes_is_soon_refused_and_tells_the_first(sandbox):
    text = "login: zoe\n" + "\n".join(f"odd{number}: 1" for number in range(8_000))
    began = tick()

    refused = sandbox.post("/_sandbox/people/new", data={"do": "text", "text": text})

    # To look through the whole text for each of them would take more than ten.
    assert elapsed_us(began) < 3_000_000
    assert refused.status_code == 400
    assert "8000 things do not fit" in refused.text
    assert "odd0" in words(refused)
