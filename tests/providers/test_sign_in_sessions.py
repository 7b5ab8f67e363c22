"""Who is signed in in a browser stands first on the next page, may leave it, and stays as long as was asked for."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from typing import Any

import pytest

from sandbox import Config
from sandbox.core import tables
from sandbox.protocol.sessions import end_session
from tests.conftest import HouseClient
from tests.support import azure_login
from tests.support.forms import find_form, submit
from tests.support.many import PLACES
from tests.support.statements import once_before

# The places that keep sessions: the cookie and its path, how long one lasts, and the box that asks for it.
KEPT = {
    "github": ("github_session", "/", 1_209_600, "Keep me signed in"),
    "azure": ("azure_session", "/", None, "Stay signed in"),
    "issuer": ("oidc_session", "/oidc/main", None, "Keep me signed in"),
    "cloud": ("insforge-cloud_session", "/insforge-cloud/", 86_400, "Remember me"),
}

every_kept = pytest.mark.parametrize("place", KEPT)


def choose(sandbox: HouseClient, place: str, login: str = "alice", **typed: Any) -> Any:
    """What choosing this account on the place's page leads to."""
    return submit(sandbox, again(sandbox, place), f"as-{login}", **typed)


def again(sandbox: HouseClient, place: str) -> Any:
    """The page on which somebody signs in, who may be signed in already."""
    page = PLACES[place](sandbox)
    return submit(sandbox, page, "switch") if 'id="switch"' in page.text else page


def cookie(sandbox: HouseClient, place: str) -> Any:
    name, path, *_ = KEPT[place]
    return sandbox.get_cookie(name, path=path)


def signed_in(page: Any) -> list[str]:
    """The logins that the page can sign out."""
    return re.findall(r'name="sign_out" value="([^"]+)"', page.text)


def sign_out(sandbox: HouseClient, page: Any, login: str) -> Any:
    """Press the button beside this account."""
    form, fields = find_form(page.text, f"as-{login}")
    return sandbox.post(form.action, data={"transaction": dict(fields)["transaction"], "sign_out": login})


def live(sandbox: HouseClient) -> list[str]:
    with sandbox.world() as world:
        rows = world.store.list(tables.SignInSession, order=("login",), ended_at=None)
        return [session.login for session in rows]


@every_kept
def test_a_session_ends_with_the_browser_unless_the_box_is_ticked(sandbox, place):
    page = PLACES[place](sandbox)
    assert KEPT[place][3] in page.text

    choose(sandbox, place)

    assert cookie(sandbox, place).max_age is None


@every_kept
@pytest.mark.parametrize("by", ["as-alice", "continue"])
def test_the_box_keeps_the_cookie_as_long_as_the_session(sandbox, place, by):
    before = int(sandbox.clock.now())
    submit(sandbox, PLACES[place](sandbox), by, login="alice", remember="yes")

    kept = cookie(sandbox, place)
    with sandbox.world() as world:
        (session,) = world.store.list(tables.SignInSession, order=("login",))
    assert kept.max_age == KEPT[place][2] or KEPT[place][2] is None
    assert abs(session.expires_at - before - kept.max_age) <= 5
    assert kept.http_only


def test_another_provider_remembers_nobody(sandbox):
    page = PLACES["shared keys"](sandbox)

    assert 'name="remember"' not in page.text
    assert "Set-Cookie" not in submit(sandbox, page, "as-alice").headers


@every_kept
def test_who_is_signed_in_stands_first_on_the_next_page(sandbox, place):
    assert signed_in(PLACES[place](sandbox)) == []
    choose(sandbox, place, "alice")
    choose(sandbox, place, "admin")

    page = again(sandbox, place)

    assert set(signed_in(page)) == {"alice", "admin"}
    assert page.text.index('id="as-alice"') < page.text.index('id="as-octocat"')
    assert page.text.count('id="as-alice"') == 1


@every_kept
def test_one_account_signs_out_and_the_other_stays(sandbox, place):
    choose(sandbox, place, "alice")
    choose(sandbox, place, "admin")

    page = sign_out(sandbox, again(sandbox, place), "alice")

    assert (page.status_code, signed_in(page)) == (200, ["admin"])
    assert live(sandbox) == ["admin"]
    assert 'id="as-alice"' in page.text


@every_kept
def test_nobody_signs_out_the_sessions_of_another_browser(sandbox, app, place):
    choose(sandbox, place, "alice")
    other: Any = app.test_client()
    page = PLACES[place](other)

    assert signed_in(page) == []
    assert sign_out(other, page, "alice").status_code == 200
    assert live(sandbox) == ["alice"]


@every_kept
def test_another_site_signs_nobody_out(sandbox, place):
    choose(sandbox, place, "alice")
    form, fields = find_form(again(sandbox, place).text, "as-alice")
    posted = {"transaction": dict(fields)["transaction"], "sign_out": "alice"}

    answer = sandbox.post(form.action, data=posted, headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code in (400, 403)
    assert live(sandbox) == ["alice"]


@every_kept
def test_a_planted_cookie_is_worth_nothing(sandbox, app, place):
    name, path, *_ = KEPT[place]
    sandbox.set_cookie(name, "planted", path=path)
    choose(sandbox, place, "alice")
    thief: Any = app.test_client()
    thief.set_cookie(name, "planted", path=path)

    assert signed_in(PLACES[place](thief)) == []
    assert cookie(sandbox, place).value != "planted"


@every_kept
def test_a_session_is_over_when_its_time_is(sandbox, place):
    choose(sandbox, place, "alice")
    sandbox.clock.advance(days=40)

    assert signed_in(PLACES[place](sandbox)) == []


@every_kept
def test_a_consent_page_that_was_left_open_asks_again_after_the_sign_out(sandbox, place):
    consent = choose(sandbox, place, "alice")
    sign_out(sandbox, again(sandbox, place), "alice")

    answer = submit(sandbox, consent, "allow")

    assert (answer.status_code, signed_in(answer)) == (200, [])
    assert 'id="as-octocat"' in answer.text


def test_github_asks_each_time_who_signs_in(sandbox):
    submit(sandbox, choose(sandbox, "github"), "allow")

    page = PLACES["github"](sandbox)

    assert (page.status_code, signed_in(page)) == (200, ["alice"])
    assert submit(sandbox, page, "as-alice").status_code == 302


def test_no_session_begins_without_a_page(make_sandbox):
    sandbox = make_sandbox(Config(approval="always=alice"))

    assert PLACES["github"](sandbox).status_code == 302
    assert live(sandbox) == []


def test_github_signs_out_all_accounts_or_one(sandbox):
    for login in ("alice", "admin", "octocat"):
        choose(sandbox, "github", login)
    page = sandbox.get("/logout")
    assert "Sign out of all accounts" in page.text
    assert sandbox.post("/logout", data={"login": "alice"}).text.count('name="login"') == 2

    done = submit(sandbox, sandbox.get("/logout"), "confirm-logout")

    assert "You are signed out" in done.text
    assert live(sandbox) == []
    assert "Nobody is signed in" in sandbox.get("/logout").text


def test_a_mere_link_or_another_site_signs_nobody_out_of_github(sandbox):
    choose(sandbox, "github")
    sandbox.get("/logout")
    refused = sandbox.post("/logout", headers={"Sec-Fetch-Site": "cross-site"})

    assert (refused.status_code, live(sandbox)) == (403, ["alice"])


def test_an_application_hears_of_one_accounts_sign_out(sandbox):
    azure_login.change_application(sandbox, logout_url="http://localhost:9999/signed-out")
    submit(sandbox, choose(sandbox, "azure", "alice"), "allow")

    page = sign_out(sandbox, again(sandbox, "azure"), "alice")

    assert re.search(r'<iframe[^>]* src="http://localhost:9999/signed-out\?', page.text)
    assert "frame-src http://localhost:9999" in page.headers["Content-Security-Policy"]


def test_a_client_of_an_issuer_hears_of_one_accounts_sign_out(sandbox):
    with sandbox.world() as world:
        client = world.store.find(tables.Client, service="oidc/main", client_id="oidc-client")
        changed = {**client.settings, "frontchannel_logout_uri": "http://127.0.0.1:9999/out"}
        world.store.change(tables.Client, {"settings": changed}, service="oidc/main", client_id="oidc-client")
    page = choose(sandbox, "issuer", "alice")
    if page.status_code == 200:
        submit(sandbox, page, "allow")

    page = sign_out(sandbox, again(sandbox, "issuer"), "alice")

    assert re.search(r'<iframe[^>]* src="http://127.0.0.1:9999/out', page.text)
    assert live(sandbox) == []


def sign_out_meanwhile(sandbox: HouseClient) -> AbstractContextManager[None]:
    """Has the only session end when a request has read it, and has changed nothing yet."""

    def leave() -> None:
        with sandbox.world() as world:
            (session,) = world.store.list(tables.SignInSession, order=("sid",))
            assert end_session(world, session.sid)

    return once_before(sandbox.application, "BEGIN", leave)


@pytest.mark.parametrize("place", ["github", "azure", "cloud"])
def test_whoever_is_signed_out_while_signing_in_anew_has_a_new_session(sandbox, place):
    choose(sandbox, place)
    page = again(sandbox, place)

    with sign_out_meanwhile(sandbox):
        submit(sandbox, page, "as-alice")

    assert live(sandbox) == ["alice"]


def test_whoever_is_signed_out_while_choosing_among_accounts_signs_in_again_before_anything_is_granted(sandbox):
    choose(sandbox, "issuer")
    page = again(sandbox, "issuer")

    with sign_out_meanwhile(sandbox):
        consent = submit(sandbox, page, "as-alice")

    assert 'id="as-alice"' in submit(sandbox, consent, "allow").text
    assert live(sandbox) == []
