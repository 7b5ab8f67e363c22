"""What the pages say: permissions in words, whose page it is, and names of people as text and nothing else."""

from __future__ import annotations

import re

import pytest

from sandbox.core import tables
from sandbox.core.identities import found_by
from sandbox.providers.github.scopes import WORDS
from tests.conftest import HouseClient
from tests.support import azure_login
from tests.support.forms import submit
from tests.support.github import APP
from tests.support.many import PLACES, search

everywhere = pytest.mark.parametrize("place", PLACES)


def rename(sandbox: HouseClient, login: str, name: str) -> None:
    person = {"login": login, "name": name, "purpose": "", "emails": []}
    with sandbox.world() as world:
        world.store.change(tables.Identity, {"name": name, "found_by": found_by(person)}, login=login)


def test_every_scope_of_github_is_in_words(sandbox):
    for scope, (title, description) in WORDS.items():
        page = submit(
            sandbox, sandbox.get(f"/login/oauth/authorize?client_id=Iv1.sandboxclient&scope={scope}"), "as-alice"
        )
        assert f">{title}<" in page.text
        assert description in page.text


def test_a_github_app_is_said_to_act_and_not_to_have_scopes(sandbox):
    page = submit(sandbox, sandbox.get(f"/login/oauth/authorize?client_id={APP}"), "as-alice")

    assert "Act on your behalf" in page.text
    assert "Public data only" not in page.text


def test_a_permission_of_azure_without_words_is_said_to_be_one(sandbox):
    page = azure_login.authorize(sandbox, scope="openid User.Read Chat.Create")
    consent = submit(sandbox, page, "as-alice")

    assert consent.text.count("The sandbox has no words for this permission") == 1
    assert "Sign you in and read your profile" in consent.text


@everywhere
def test_every_page_can_be_cancelled_and_is_marked(sandbox, place):
    page = PLACES[place](sandbox)

    assert 'id="deny"' in page.text
    assert re.search(r'<header class="bar">.*<strong>Sandbox</strong>', page.text, re.DOTALL)
    assert "Never type a real password here" in page.text
    assert 'type="password"' not in page.text


@everywhere
def test_a_refused_login_is_announced_and_the_field_has_the_focus(sandbox, place):
    page = submit(sandbox, PLACES[place](sandbox), "continue", login="nobody")

    assert page.status_code == 422
    assert re.search(r'id="message" role="alert"', page.text)
    assert re.search(r'id="login"[^>]* aria-invalid="true" aria-describedby="message" autofocus', page.text)


@everywhere
@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "x" * 10_000, "\u202egpj.exe", "javascript:alert(1)", "' onclick=x"]
)
def test_a_name_is_text_whatever_it_is(sandbox, place, name):
    rename(sandbox, "alice", name)

    page = search(sandbox, PLACES[place](sandbox), name[:50])

    assert 'id="as-alice"' in page.text
    assert "<script>alert" not in page.text
    assert 'href="javascript' not in page.text
    if "\u202e" in name:
        assert f"<bdi>{name}</bdi>" in page.text


def test_an_issuers_error_page_names_the_issuer_and_what_is_over(sandbox):
    answer = sandbox.post("/oidc/main/login", data={"transaction": "gone"})

    assert "the issuer oidc/main is for tests" in answer.text
    assert "This sign-in is over. Start again where you began." in answer.text


def test_an_error_page_of_no_issuer_names_none(sandbox):
    answer = sandbox.get("/oidc/~nowhere/authorize")

    assert answer.status_code == 404
    assert "is for tests and demos</p>" not in answer.text
    assert "There is no such issuer." in answer.text


def test_a_device_is_told_to_azure_in_its_words(sandbox):
    page = sandbox.get("/common/oauth2/deviceauth")

    assert "<h1>Enter code</h1>" in page.text
    refused = submit(sandbox, page, "continue", user_code="WRONG")
    assert (refused.status_code, 'role="alert"' in refused.text) == (422, True)
