"""The pages of the fixture and of the keys: read, taken away as a file, replaced, reset; rotated, retired."""

from __future__ import annotations

from io import BytesIO

import pytest

from sandbox import Config
from tests.support.cast_pages import API, OWN, logins, press
from tests.support.hostile import HOSTILE, complaint
from tests.support.own_pages import fields, links, words

FIXTURE, KEYS = f"{OWN}/fixture", f"{OWN}/keys"
SMALL = "version: 1\nidentities: [{login: alone, name: All Alone}]\n"


@pytest.mark.parametrize("query", ["", "?defaults=true"])
def test_the_file_makes_the_same_world_in_another_sandbox(sandbox, make_sandbox, tmp_path, query):
    sandbox.post(f"{API}/identities", json={"login": "newbee", "name": "no", "purpose": '2020-01-01 "\u202e\t# x: y\n'})
    file = sandbox.get(f"{FIXTURE}/file{query}")
    path = tmp_path / "fixture.yaml"
    path.write_bytes(file.data)
    other = make_sandbox(Config(fixtures=path))

    assert file.headers["Content-Disposition"] == 'attachment; filename="default-fixture.yaml"'
    assert other.get(f"{API}/fixture").json == sandbox.get(f"{API}/fixture").json


def test_what_differs_from_the_start_is_listed(sandbox):
    assert "Nothing: this is the fixture that the world began with." in words(sandbox.get(FIXTURE))
    sandbox.patch(f"{API}/identities/alice", json={"name": "Other"})
    sandbox.post(f"{API}/identities", json={"login": "newbee"})
    sandbox.delete(f"{API}/identities/emoji")
    shown = words(sandbox.get(FIXTURE))

    assert "3 differences" in shown
    assert "changed identities[alice].name At the start Alice Liddell Now Other" in shown
    assert "added identities[newbee]" in shown
    assert "removed identities[emoji]" in shown
    changes = sandbox.get(f"{API}/fixture/changes").json
    assert (changes["total"], changes["changes"][0]["after"]) == (3, "Other")


def test_a_world_is_held_against_its_own_start(sandbox):
    sandbox.post(f"{API}/worlds", json={"name": "t1", "fixture": {"version": 1, "identities": [{"login": "alone"}]}})

    assert sandbox.get(f"/w/t1{API}/fixture/changes").json == {"changes": [], "total": 0}
    sandbox.patch(f"/w/t1{API}/identities/alone", json={"name": "Lone"})
    assert [one["place"] for one in sandbox.get(f"/w/t1{API}/fixture/changes").json["changes"]] == [
        "identities[alone].name"
    ]


@pytest.mark.parametrize("world", ["", "/w/t1"])
def test_a_pasted_document_takes_the_place_of_the_fixture(sandbox, world):
    done = press(sandbox, f"{world}{FIXTURE}", "replace", text="\ufeff" + SMALL.replace("\n", "\r\n"))

    assert done.headers["Location"] == f"{world}{FIXTURE}?done=replaced"
    assert logins(sandbox, world) == ["alone"]
    assert ("alice" in logins(sandbox)) == bool(world)


def test_an_uploaded_file_takes_its_place_too(sandbox):
    data = {"text": "", "file": (BytesIO(b"\xef\xbb\xbf" + SMALL.encode()), "cast.yaml")}
    done = sandbox.post(FIXTURE, data=data, content_type="multipart/form-data")

    assert (done.status_code, logins(sandbox)) == (303, ["alone"])


def test_a_long_document_may_be_pasted(sandbox):
    people = "".join(f"- {{login: person-{n}, name: '{'x' * 900}'}}\n" for n in range(1_200))
    done = sandbox.post(FIXTURE, data={"text": f"version: 1\nidentities:\n{people}"})

    assert done.status_code == 303
    page = sandbox.get(FIXTURE)
    assert "1150 more identities are in the file." in words(page)
    assert "person-49" in words(page)
    assert "person-50" not in words(page)
    assert "person-1199" in words(sandbox.get(next(link for link in links(page) if "all=" in link)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "There is no text."),
        ("version: 2", "Line 1, version: must be 1; found 2."),
        ("version: 1\nidentities:\n- login: a\n- login: A", "Line 4, identities[1].login: is already taken by"),
        ("version: 1\nclients:\n- {client_id: a}\nx: 1", "things do not fit. Nothing was saved."),
        ("a: b: c", "Line 1: mapping values are not allowed"),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_nothing_changes(sandbox, text, said):
    before = sandbox.get(f"{API}/fixture").json
    page = press(sandbox, FIXTURE, "replace", text=text)

    assert page.status_code == 400
    assert said in words(page)
    assert fields(page)["text"] == f"\n{text}"
    assert sandbox.get(f"{API}/fixture").json == before


def test_a_file_that_is_no_text_is_refused(sandbox):
    data = {"file": (BytesIO(b"version: 1\n\xff\xfe"), "cast.yaml")}
    page = sandbox.post(FIXTURE, data=data, content_type="multipart/form-data")

    assert (page.status_code, "Line 2 of the file is not UTF-8." in words(page)) == (400, True)


def test_the_world_goes_back_to_its_start_after_a_question(sandbox):
    sandbox.post(f"{API}/identities", json={"login": "newbee"})
    assert "1 difference from the start goes" in words(sandbox.get(f"{FIXTURE}/reset"))
    done = press(sandbox, f"{FIXTURE}/reset", "confirm")

    assert done.headers["Location"] == f"{FIXTURE}?done=reset"
    assert "newbee" not in logins(sandbox)


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example.test"}, {"Sec-Fetch-Site": "cross-site"}])
def test_a_form_of_another_origin_does_nothing(sandbox, headers):
    sandbox.get("/oidc/main/jwks")
    before, keys = sandbox.get(f"{API}/fixture").json, sandbox.get(f"{API}/keys").json
    for at, data in (
        (FIXTURE, {"text": SMALL}),
        (f"{FIXTURE}/reset", {}),
        (KEYS, {"do": "rotate", "service": "oidc/main"}),
    ):
        assert sandbox.post(at, data=data, headers=headers).status_code == 403
    assert (sandbox.get(f"{API}/fixture").json, sandbox.get(f"{API}/keys").json) == (before, keys)


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_hostile_values_are_text(sandbox, value):
    value = value.encode(errors="replace").decode()
    for at, typed in (
        (FIXTURE, {"text": value}),
        (FIXTURE, {"text": f"version: 1\nidentities: [{{login: '{value}'}}]"}),
        (KEYS, {"do": "rotate", "service": value, "algorithm": value}),
        (KEYS, {"do": "drop", "service": value, "kid": value}),
        (KEYS, {"do": value}),
    ):
        answer = sandbox.post(at, data=typed)
        assert not complaint(answer, at), typed
        assert answer.status_code == 400


# Keys


def kids(sandbox, world=""):
    return [key["kid"] for key in sandbox.get(f"{world}/oidc/main/jwks").json["keys"] if key["alg"] == "RS256"]


@pytest.mark.parametrize("world", ["", "/w/t1"])
def test_a_key_is_rotated_and_then_published_no_longer(sandbox, world):
    sandbox.clock.freeze()
    [old] = kids(sandbox, world)
    mine = [key["kid"] for key in sandbox.get(f"{world}{API}/keys").json["keys"] if key["service"] == "oidc/main"]
    number = 1 + mine.index(old)
    done = press(sandbox, f"{world}{KEYS}", f"rotate-{number}-of-oidc-main")

    assert done.headers["Location"] == f"{world}{KEYS}?done=rotated"
    new, still = kids(sandbox, world)
    assert still == old
    shown = words(sandbox.get(f"{world}{KEYS}"))
    assert f"{old} RS256 retired since 20" in shown
    assert f"{new} RS256 signs since 20" in shown
    press(sandbox, f"{world}{KEYS}", "drop-5-of-oidc-main")
    assert kids(sandbox, world) == [new]


def test_each_key_is_published_where_its_link_leads(sandbox):
    for path in ("/oidc/main/jwks", "/contoso.test/discovery/v2.0/keys", "/fanfare/_sandbox/jwks.json", "/oidc/jwks"):
        assert sandbox.get(path).status_code == 200
    keys = [key for key in sandbox.get(f"{API}/keys").json["keys"] if key["jwks_uri"]]
    shown = links(sandbox.get(KEYS))

    assert len({key["service"] for key in keys}) >= 4
    for key in keys:
        assert key["jwks_uri"] in shown
        published = sandbox.get(key["jwks_uri"].removeprefix("http://localhost")).json["keys"]
        assert key["kid"] in [one["kid"] for one in published]


def test_a_key_that_signs_is_not_dropped(sandbox):
    [kid] = kids(sandbox)
    page = sandbox.post(KEYS, data={"do": "drop", "service": "oidc/main", "kid": kid})

    assert (page.status_code, "rotate it first" in words(page)) == (400, True)
    assert kids(sandbox) == [kid]
