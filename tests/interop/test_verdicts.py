"""No library of those that people log in with is blamed for anything by the verdict."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from flask import Flask
from github import Auth, Github
from msal import ConfidentialClientApplication

from sandbox.certificates import Certificates
from sandbox.threads import ThreadServer
from tests.support.azure import CONTOSO, WEB
from tests.support.conversation import converse
from tests.support.person import Person, query

pytestmark = pytest.mark.usefixtures("own_ca_only")

SECRET, CALLBACK = "sandbox-secret", "http://127.0.0.1:9999/callback"


def errors(app: Flask) -> list[str]:
    clients = app.test_client().get("/_sandbox/api/verdict").json["clients"]
    assert clients
    return [one["text"] for client in clients for one in client["findings"] if one["severity"] == "error"]


def test_msal_is_not(app, live_tls: ThreadServer, ca: Certificates, alice: Person):
    where: Any = {"authority": f"{live_tls.origin}/{CONTOSO}", "instance_discovery": False, "verify": str(ca.ca_file)}
    application = ConfidentialClientApplication(WEB, client_credential=SECRET, **where)
    for _ in range(2):
        flow = application.initiate_auth_code_flow(
            ["User.Read"], redirect_uri="http://localhost:9999/callback", response_mode="form_post"
        )
        tokens = application.acquire_token_by_auth_code_flow(flow, alice.sign_in_by_form(flow["auth_uri"]))
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert requests.get(f"{live_tls.origin}/v1.0/me", headers=bearer, verify=str(ca.ca_file)).ok

    assert errors(app) == []


def test_pygithub_is_not(app, live: ThreadServer, octocat: Person):
    with Github(base_url=f"{live.origin}/api/v3", seconds_between_requests=None) as anonymous:
        application = anonymous.get_oauth_application("Iv1.sandboxclient", SECRET)
        url = application.get_login_url(redirect_uri=CALLBACK, state="of-this-login", login="octocat")
        token = application.get_access_token(query(octocat.sign_in(url))["code"])
    with Github(base_url=f"{live.origin}/api/v3", auth=Auth.Token(token.token)) as github:
        assert github.get_user().login == "octocat"

    assert errors(app) == []


def test_openid_client_is_not(app, node: object, live_tls: ThreadServer, ca: Certificates, alice: Person):
    web = {"client_id": "oidc-client", "client_secret": SECRET}
    about: dict[str, Any] = {"issuer": f"{live_tls.origin}/oidc/main", "application": web}
    with converse("openid-client.mjs", ca.ca_file) as library:
        for _ in range(2):
            begun = library.ask("authorize", **about, redirect_uri=CALLBACK, scope="openid profile")
            callback = alice.sign_in(begun["url"])
            assert library.ask("redeem", **about, callback=callback, checks=begun["checks"])

    assert errors(app) == []
