"""Shared keys: a backend without applications of its own has people sign in at a provider through the cloud's."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import g

from sandbox import Config
from sandbox.core import tables
from sandbox.mounts import Mount
from sandbox.services import SERVICES
from tests.conftest import HouseClient
from tests.support.forms import submit
from tests.support.insforge_cloud import AT
from tests.support.person import query

SLUG = "insforge-cloud"
CALLBACK = "http://localhost:7130/api/auth/oauth/shared/callback/eyJ.e30.sig-_"
PROVIDERS = ("github", "google", "microsoft", "discord", "facebook", "linkedin", "apple", "x")


def start(sandbox: HouseClient, provider: str = "github", redirect_uri: str | None = CALLBACK, at: str = "") -> Any:
    asked = {"redirect_uri": redirect_uri} if redirect_uri is not None else {}
    headers = {"Content-Type": "application/json"}
    return sandbox.get(f"{at}/auth/v1/shared/{provider}", query_string=asked, headers=headers)


def log_in(sandbox: HouseClient, provider: str, login: str) -> str:
    """Where the browser comes back to."""
    answer = submit(sandbox, sandbox.get(start(sandbox, provider).json["auth_url"]), f"as-{login}")
    assert answer.status_code == 302, answer.text
    return str(answer.location)


def payload(location: str) -> dict[str, Any]:
    assert location.startswith(f"{CALLBACK}?success=true&payload=")
    decoded: dict[str, Any] = json.loads(base64.b64decode(query(location)["payload"], validate=True))
    return decoded


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_backend_is_told_where_to_send_the_browser(sandbox, provider):
    answer = start(sandbox, provider)

    assert (answer.status_code, list(answer.json)) == (200, ["auth_url"])
    assert urlsplit(answer.json["auth_url"]).path == f"/auth/v1/shared/{provider}/login"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert sandbox.get(answer.json["auth_url"]).status_code == 200


def test_below_the_prefix_the_browser_is_sent_below_the_prefix(sandbox):
    url = start(sandbox, at=AT).json["auth_url"]

    assert url.startswith(f"http://localhost{AT}/auth/v1/shared/github/login?transaction=")
    assert sandbox.get(url).status_code == 200


def test_x_goes_by_its_older_name_too(sandbox):
    answer = sandbox.get(f"{AT}/oauth/twitter", query_string={"redirect_uri": CALLBACK})

    assert f"{AT}/auth/v1/shared/x/login?" in answer.json["auth_url"]
    assert "Sign in to X" in sandbox.get(answer.json["auth_url"]).text


COMMON = {"providerId", "email", "name", "avatar"}
MEMBERS = {
    "github": COMMON | {"login"},
    "google": COMMON,
    "microsoft": COMMON,
    "linkedin": COMMON,
    "discord": COMMON | {"username"},
    "facebook": COMMON | {"first_name", "picture"},
    "x": COMMON | {"username", "profile_image_url"},
    "apple": COMMON - {"avatar"},
}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_payload_has_what_the_provider_tells(sandbox, provider):
    known = payload(log_in(sandbox, provider, "alice"))

    assert set(known) == MEMBERS[provider]
    assert (known["email"], known["name"]) == ("alice@contoso.test", "Alice Liddell")
    assert isinstance(known["providerId"], str)
    assert payload(log_in(sandbox, provider, "alice"))["providerId"] == known["providerId"]
    assert payload(log_in(sandbox, provider, "admin"))["providerId"] != known["providerId"]


def test_the_ids_and_the_picture_are_those_of_the_fixture(sandbox):
    at_github, at_microsoft = (payload(log_in(sandbox, provider, "alice")) for provider in ("github", "microsoft"))

    assert (at_github["providerId"], at_github["login"]) == ("1000001", "alice")
    assert at_microsoft["providerId"] == "a11ce000-0000-4000-8000-000000000001"
    assert payload(log_in(sandbox, "facebook", "alice"))["picture"] == {"data": {"url": at_github["avatar"]}}
    assert sandbox.get(at_github["avatar"]).status_code == 200


def test_whoever_has_no_address_brings_none(sandbox):
    assert set(payload(log_in(sandbox, "github", "no-email"))) == MEMBERS["github"] - {"email"}


@pytest.mark.parametrize("hint", ["alice", "Alice@Contoso.test"])
def test_a_login_hint_signs_in_without_a_page(sandbox, hint):
    url = start(sandbox).json["auth_url"]
    answer = sandbox.get(f"{url}&login_hint={hint}")

    assert answer.status_code == 302
    assert payload(answer.location)["login"] == "alice"


@pytest.mark.parametrize("hint", ["nobody", "deactivated"])
def test_a_hint_at_nobody_who_may_sign_in_shows_the_page(sandbox, hint):
    assert sandbox.get(f"{start(sandbox).json['auth_url']}&login_hint={hint}").status_code == 200


def test_the_sandbox_may_approve_by_itself(make_sandbox):
    sandbox = make_sandbox(Config(approval="always=octocat"))

    assert payload(sandbox.get(start(sandbox).json["auth_url"]).location)["login"] == "octocat"


def test_an_exchange_may_begin_one_in_process(app, sandbox):
    with app.test_request_context("/", environ_overrides={"sandbox.mount": None}), sandbox.world() as world:
        g.mount = Mount("http://localhost", "default", "", "insforge")
        url = SERVICES[SLUG].upstream.lend(world, "google", redirect_uri=CALLBACK)

    assert payload(sandbox.get(f"{url}&login_hint=alice").location)["email"] == "alice@contoso.test"


def test_a_person_refuses(sandbox):
    page = sandbox.get(start(sandbox).json["auth_url"])
    answer = submit(sandbox, page, "deny")

    assert answer.location == f"{CALLBACK}?success=false&error=access_denied"
    assert sandbox.journal()[-1].reason == "ACCESS_DENIED"


def test_a_callback_with_a_query_keeps_it(sandbox):
    url = start(sandbox, redirect_uri=f"{CALLBACK}?a=b").json["auth_url"]

    assert sandbox.get(f"{url}&login_hint=alice").location.startswith(f"{CALLBACK}?a=b&success=true&payload=")


@pytest.mark.parametrize("login", ["deactivated", "nobody"])
def test_who_may_not_sign_in_is_told_on_the_page(sandbox, login):
    page = sandbox.get(start(sandbox).json["auth_url"])
    answer = submit(sandbox, page, "continue", login=login)

    assert answer.status_code == 422
    assert sandbox.journal()[-1].reason in ("IDENTITY_DEACTIVATED", "IDENTITY_UNKNOWN")


ELSEWHERE = {
    "another host": "https://evil.test/api/auth/oauth/shared/callback/x",
    "another path": "http://localhost:7130/elsewhere",
    "the path in the query": "http://localhost:7130/?/api/auth/oauth/shared/callback/x",
    "the path in a user": "http://localhost/api/auth/oauth/shared/callback/@evil.test/",
    "a user": "http://localhost:7130@evil.test/api/auth/oauth/shared/callback/x",
    "dots": "http://localhost:7130/api/auth/oauth/shared/callback/../../../../elsewhere",
    "encoded dots": "http://localhost:7130/api/auth/oauth/shared/callback/%2e%2e/x",
    "a backslash": "http://localhost:7130\\.evil.test/api/auth/oauth/shared/callback/x",
    "a fragment": f"{CALLBACK}#x",
    "a script": "javascript://localhost/api/auth/oauth/shared/callback/x",
    "another scheme": "app://localhost/api/auth/oauth/shared/callback/x",
    "no scheme": "//localhost/api/auth/oauth/shared/callback/x",
    "a port that is none": "http://localhost:99999/api/auth/oauth/shared/callback/x",
    "a line break": f"{CALLBACK}\r\nX-Evil: 1",
}


@pytest.mark.parametrize("case", ELSEWHERE)
def test_nobody_is_sent_elsewhere(sandbox, case):
    if case == "the path in a user":
        # This is a path on localhost after all.
        assert start(sandbox, redirect_uri=ELSEWHERE[case]).status_code == 200
        return
    answer = start(sandbox, redirect_uri=ELSEWHERE[case])

    assert (answer.status_code, answer.json) == (400, {"success": False, "message": "Invalid redirect URI"})
    assert sandbox.journal()[-1].reason == "REDIRECT_URI_MISMATCH"


def test_a_backend_on_a_host_of_the_fixture_is_sent_back_to(sandbox):
    elsewhere = "https://app.us-east.insforge.test/api/auth/oauth/shared/callback/x"
    with sandbox.world() as world:
        settings = {**world.settings, SLUG: {**world.settings[SLUG], "callback_hosts": ["app.us-east.insforge.test"]}}
        world.store.change(tables.World, {"settings": settings})

    assert start(sandbox, redirect_uri=elsewhere).status_code == 200


WRONG = {
    "no redirect_uri": ("github", None, 400, "Invalid request parameters", "FIELD_MISSING"),
    "an empty one": ("github", "", 400, "Invalid request parameters", "FIELD_MISSING"),
    "an unknown provider": ("gitlab", CALLBACK, 404, "Unsupported provider", "PROVIDER_UNSUPPORTED"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_backend_is_refused(sandbox, case):
    provider, redirect_uri, status, message, reason = WRONG[case]
    answer = start(sandbox, provider, redirect_uri)

    assert (answer.status_code, answer.json) == (status, {"success": False, "message": message})
    assert sandbox.journal()[-1].reason == reason


BROWSER = {
    "never begun": ("github", "nobody-began-this", "TRANSACTION_UNKNOWN"),
    "begun at another provider": ("google", "", "TRANSACTION_UNKNOWN"),
    "begun too long ago": ("github", "", "TRANSACTION_EXPIRED"),
}


@pytest.mark.parametrize("case", BROWSER)
def test_a_browser_is_told_that_a_sign_in_is_over(sandbox, case):
    provider, transaction, reason = BROWSER[case]
    transaction = transaction or query(start(sandbox).json["auth_url"])["transaction"]
    if reason == "TRANSACTION_EXPIRED":
        sandbox.clock.advance(hours=1)

    answer = sandbox.get(f"/auth/v1/shared/{provider}/login?transaction={transaction}")

    assert (answer.status_code, sandbox.journal()[-1].reason) == (400, reason)
    assert "This sign-in is over. Start again where you began." in answer.text


def test_a_shared_sign_in_is_answered_once(sandbox):
    page = sandbox.get(start(sandbox).json["auth_url"])
    submit(sandbox, page, "as-alice")

    assert submit(sandbox, page, "as-alice").status_code == 400
    assert sandbox.journal()[-1].reason == "TRANSACTION_ALREADY_DECIDED"


def test_an_unknown_provider_has_no_page(sandbox):
    answer = sandbox.get("/auth/v1/shared/gitlab/login?transaction=x")

    assert (answer.status_code, sandbox.journal()[-1].reason) == (404, "PROVIDER_UNSUPPORTED")
    assert "Unsupported provider." in answer.text
