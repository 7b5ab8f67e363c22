"""Azure under attack: planted cookies, sessions that end in the middle, assertions that are no JWT of any use."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from sandbox.core import tables
from sandbox.providers.azure import resources
from tests.support.azure_login import API, CALLBACK, GUARDED, PUBLIC, WEB, answer, authorize, claims, path, sign_in
from tests.support.databases import on_either_database
from tests.support.forms import submit

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def test_a_planted_cookie_is_worth_nothing_after_the_sign_in(app, sandbox):
    attacker: Any = app.test_client()
    for browser in (sandbox, attacker):
        browser.set_cookie("azure_session", "planted")

    sign_in(sandbox)

    assert answer(authorize(sandbox, prompt="none"))["code"]
    assert answer(authorize(attacker, prompt="none"))["error"] == "login_required"


def test_a_refusal_keeps_the_session_too(sandbox):
    """Alice is signed in, and only then told that an administrator must grant this."""
    refused = sign_in(sandbox, scope=f"openid {API}/administer")

    assert refused.headers["X-Sandbox-Reason"].startswith("ADMIN_CONSENT_REQUIRED")
    assert answer(authorize(sandbox, prompt="none"))["error"] != "login_required"


def test_whoever_signs_out_meanwhile_is_asked_to_sign_in_again(sandbox):
    sign_in(sandbox)
    page = authorize(sandbox, prompt="consent")
    with sandbox.world() as world:
        world.store.change(tables.SignInSession, {"ended_at": world.now()})

    assert 'id="as-alice"' in submit(sandbox, page, "allow").text


def test_a_device_that_is_let_in_may_refresh_for_a_guarded_api(sandbox):
    scope = f"api://{GUARDED}/Files.Read openid offline_access"
    device = sandbox.post(path("devicecode"), data={"client_id": PUBLIC, "scope": scope}).json
    page = sandbox.post("/common/oauth2/deviceauth", data={"user_code": device["user_code"]})
    submit(sandbox, submit(sandbox, page, "as-alice"), "allow")
    form = {"client_id": PUBLIC, "grant_type": "device_code", "device_code": device["device_code"]}
    issued = sandbox.post(path("token"), data=form).json

    again = {"client_id": PUBLIC, "grant_type": "refresh_token", "refresh_token": issued["refresh_token"]}
    refreshed = sandbox.post(path("token"), data={**again, "scope": scope})

    assert claims(issued["access_token"])["amr"] == ["pwd", "mfa"]
    assert refreshed.status_code == 200


@pytest.mark.parametrize("algorithm", [[], {}, None, 5, True, "none", "HS256"])
def test_an_assertion_of_an_odd_algorithm_is_refused(sandbox, algorithm):
    parts = ({"alg": algorithm}, {"iss": WEB, "sub": WEB})
    made = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    form = {"grant_type": "client_credentials", "scope": f"{API}/.default", "client_id": WEB}

    refused = sandbox.post(
        path("token"), data={**form, "client_assertion": f"{made}.AAAA", "client_assertion_type": ASSERTION_TYPE}
    )

    assert (refused.status_code, refused.json["error_codes"]) == (401, [700027])


@on_either_database
def test_claims_hold_what_can_be_kept(sandbox):
    for value in ("NaN", "1e999", "[" * 900 + "]" * 900):
        refused = authorize(sandbox, claims=f'{{"id_token": {{"name": {{"value": {value}}}}}}}')

        assert answer(refused)["error"] == "invalid_request"


def test_the_same_scope_many_times_is_looked_up_once(sandbox, monkeypatch):
    """Each lookup is a query, which the sender of a request must not multiply."""
    looked_up, look_up = [], resources.get_resource

    def counted(world, identifier, tenant):
        looked_up.append(identifier)
        return look_up(world, identifier, tenant)

    monkeypatch.setattr(resources, "get_resource", counted)
    scope = " ".join([f"{API}/access_as_user", f"{API}/ACCESS_AS_USER"] * 1_000)
    form = {"client_id": WEB, "response_type": "code", "redirect_uri": CALLBACK, "scope": scope}

    page = sandbox.post(path("authorize"), data=form)

    assert 'id="as-alice"' in page.text
    assert looked_up == [API]
