"""Azure's endpoints of version 1.0: `resource` instead of scopes, numbers as text, and tokens in the older shape."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.azure_login import (
    API,
    CALLBACK,
    CONTOSO,
    GRAPH,
    PUBLIC,
    SECRET,
    WEB,
    answer,
    change_application,
    claims,
    header,
)
from tests.support.forms import submit

AUTHORIZE, TOKEN = f"/{CONTOSO}/oauth2/authorize", f"/{CONTOSO}/oauth2/token"
GRAPH_URI = "https://graph.microsoft.com"


def code(sandbox, **query: str) -> str:
    given = {"client_id": WEB, "response_type": "code", "redirect_uri": CALLBACK, "resource": GRAPH_URI, **query}
    page = sandbox.get(AUTHORIZE, query_string={name: value for name, value in given.items() if value})
    for button in ("as-alice", "allow"):
        if f'id="{button}"' in page.text:
            page = submit(sandbox, page, button)
    return answer(page)["code"]


def post(sandbox, **form: str) -> Any:
    given = {"client_id": WEB, "client_secret": SECRET, **form}
    return sandbox.post(TOKEN, data={name: value for name, value in given.items() if value})


def redeem(sandbox, value: str, **form: str) -> Any:
    return post(sandbox, grant_type="authorization_code", code=value, redirect_uri=CALLBACK, **form)


def test_a_code_becomes_tokens_with_numbers_as_text(sandbox):
    sandbox.clock.freeze()
    now = sandbox.clock.now()
    issued = redeem(sandbox, code(sandbox)).json

    assert issued["expires_in"] == issued["ext_expires_in"] == "3599"
    assert (issued["not_before"], issued["expires_on"]) == (str(now), str(now + 3600))
    assert issued["resource"] == GRAPH_URI
    assert {"access_token", "refresh_token", "id_token"} <= set(issued)


def test_an_id_token_has_the_older_shape(sandbox):
    token = redeem(sandbox, code(sandbox, nonce="n")).json["id_token"]
    content = claims(token)

    assert (content["ver"], content["iss"]) == ("1.0", f"http://localhost/{CONTOSO}/")
    assert content["unique_name"] == content["upn"] == "alice@contoso.test"
    assert (content["given_name"], content["family_name"]) == ("Alice", "Liddell")
    assert content["amr"] == ["pwd"]
    assert content["ipaddr"]
    assert content["nonce"] == "n"
    assert "preferred_username" not in content


@pytest.mark.parametrize(
    ("resource", "version", "audience"),
    [(API, 2, WEB), (API, 1, API), (WEB, 1, WEB), (GRAPH_URI, 1, GRAPH), (GRAPH, 1, GRAPH), ("", 1, GRAPH)],
)
def test_the_access_token_is_of_the_resources_version(sandbox, resource, version, audience):
    change_application(sandbox, access_token_version=version)
    token = redeem(sandbox, code(sandbox, resource=resource)).json["access_token"]

    assert claims(token)["aud"] == audience
    assert claims(token)["ver"] == f"{version}.0"
    assert ("x5t" in header(token)) == (version == 1)


def test_the_resource_may_be_named_at_the_end(sandbox):
    without_consent = redeem(sandbox, code(sandbox, resource=""), resource=API).json
    code(sandbox, resource=API)
    issued = redeem(sandbox, code(sandbox, resource=""), resource=API).json

    assert without_consent["suberror"] == "consent_required"
    assert claims(issued["access_token"])["aud"] == WEB
    assert claims(issued["access_token"])["scp"] == "access_as_user"


def test_a_refresh_token_is_good_for_another_resource(sandbox):
    code(sandbox, resource=API)
    first = redeem(sandbox, code(sandbox)).json["refresh_token"]

    same = post(sandbox, grant_type="refresh_token", refresh_token=first).json
    other = post(sandbox, grant_type="refresh_token", refresh_token=first, resource=API).json

    assert claims(same["access_token"])["aud"] == GRAPH
    assert claims(other["access_token"])["aud"] == WEB


def test_an_application_gets_a_token_of_its_own(sandbox):
    issued = post(sandbox, grant_type="client_credentials", resource=GRAPH_URI).json

    assert set(issued) == {
        *("token_type", "expires_in", "ext_expires_in", "expires_on", "not_before", "resource", "access_token")
    }
    assert isinstance(issued["expires_on"], str)


def test_a_device_gets_an_url_and_text(sandbox):
    begun = sandbox.post(f"/{CONTOSO}/oauth2/devicecode", data={"client_id": PUBLIC, "resource": GRAPH_URI}).json

    assert (begun["expires_in"], begun["interval"]) == ("900", "5")
    assert begun["verification_url"] == "http://localhost/common/oauth2/deviceauth"
    pending = post(
        sandbox, grant_type="device_code", client_id=PUBLIC, client_secret="", device_code=begun["device_code"]
    )
    assert pending.json["error"] == "authorization_pending"


def test_an_unknown_resource_is_refused(sandbox):
    given = {"client_id": WEB, "response_type": "code", "redirect_uri": CALLBACK, "resource": "https://nowhere.test"}
    back = answer(sandbox.get(AUTHORIZE, query_string=given))
    told = post(sandbox, grant_type="client_credentials", resource="https://nowhere.test").json

    assert (back["error"], told["error"]) == ("invalid_resource", "invalid_resource")
    assert told["error_description"].startswith(
        "AADSTS500011: The resource principal named https://nowhere.test was not found in the tenant named"
    )


def test_an_application_of_version_1_is_not_for_everyone(sandbox):
    change_application(sandbox, v1_only=True, audience="AzureADMultipleOrgs")
    at_common = sandbox.get("/common/oauth2/authorize", query_string={"client_id": WEB})
    at_home = sandbox.get("/organizations/oauth2/authorize", query_string={"client_id": WEB})

    assert "AADSTS90130: " in at_common.text
    assert "AADSTS90130: " not in at_home.text


def test_logout_is_there_too(sandbox):
    code(sandbox)

    assert "You signed out of your account" in sandbox.get(f"/{CONTOSO}/oauth2/logout").text
