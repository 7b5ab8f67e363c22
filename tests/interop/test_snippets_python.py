"""The snippets for Python and curl, to the letter: each is run against a live sandbox, and signs somebody in."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import jwt
import pytest
from flask import Flask

from sandbox.certificates import Certificates
from sandbox.threads import ThreadServer
from tests.support.person import Person
from tests.support.snippets import load, program, run_python, snippet

pytestmark = pytest.mark.usefixtures("own_ca_only")

OIDC = "oidc-client"


def test_authlib(server, ca, alice):
    shop = load(snippet("authlib", server, ca))["app"]
    assert isinstance(shop, Flask)
    browser = shop.test_client()

    callback = alice.sign_in(browser.get("/login").location)
    person = browser.get(f"/callback?{urlsplit(callback).query}").json

    assert (person["name"], person["email"]) == ("Alice Liddell", "alice@contoso.test")
    assert person["iss"] == f"{server.origin}/oidc/main"


def test_requests_oauthlib(server, ca, alice, tmp_path):
    with run_python(snippet("requests-oauthlib", server, ca), tmp_path) as login:
        login.type(alice.sign_in(login.wait_for(r"^Open (\S+)")))

        assert "'email': 'alice@contoso.test'" in login.finish()


def test_pygithub(server, ca, tmp_path):
    with (
        Person.at_a_browser("octocat", ca_file=ca.ca_file) as octocat,
        run_python(snippet("pygithub", server, ca), tmp_path) as login,
    ):
        login.type(octocat.sign_in(login.wait_for(r"^Open (\S+)")))

        assert "octocat 583231" in login.finish()


DJANGO = """
from pathlib import Path
from django.urls import include, path
SECRET_KEY, ROOT_URLCONF, ALLOWED_HOSTS, USE_TZ = "secret", "settings", ["127.0.0.1"], True
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": Path(__file__).with_name("django.db")}}
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware"]
urlpatterns = [path("oidc/", include("mozilla_django_oidc.urls"))]
"""
VISIT = """
import os, sys
import django
from django.core.management import call_command
from django.test import Client
sys.path.insert(0, os.getcwd())
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
django.setup()
call_command("migrate", verbosity=0)
browser = Client(headers={"host": "127.0.0.1:9999"})
print("Open", browser.get("/oidc/authenticate/").url)
callback = input().removeprefix("http://127.0.0.1:9999")
print("Then", browser.get(callback).url)
from django.contrib.auth.models import User
print("User", User.objects.get().email)
"""


def test_django(server, ca, alice, tmp_path):
    (tmp_path / "settings.py").write_text(DJANGO + snippet("django", server, ca), encoding="utf-8")
    with run_python(VISIT, tmp_path) as visit:
        visit.type(alice.sign_in(visit.wait_for(r"^Open (\S+)")))

        assert visit.finish() == "Then /\nUser alice@contoso.test\n"


def bearer(server: ThreadServer, ca: Certificates, **parameters: str) -> str:
    """An access token of the application itself."""
    with Person.at_a_browser("nobody", ca_file=ca.ca_file) as application:
        form = {"client_id": OIDC, "client_secret": "sandbox-secret", "grant_type": "client_credentials", **parameters}
        answer = application.post(f"{server.origin}/oidc/main/token", {name: [value] for name, value in form.items()})
    return str(answer.json()["access_token"])


def test_resource_server(server, ca, tmp_path):
    with run_python(snippet("resource-server", server, ca), tmp_path) as api:
        api.type(bearer(server, ca))

        assert f"'iss': '{server.origin}/oidc/main', 'sub': '{OIDC}'" in api.finish()


def test_resource_server_refuses_a_token_for_another_api(server, ca):
    check = load(snippet("resource-server", server, ca))["check"]

    with pytest.raises(jwt.InvalidAudienceError):
        check(bearer(server, ca, resource="https://other.test"))


def test_curl(server, ca, tmp_path):
    (tmp_path / "try.sh").write_text(snippet("curl", server, ca), encoding="utf-8")

    with program(["sh", "-eu", "try.sh"], tmp_path) as shell:
        printed = shell.finish()

    document, token, device = (json.loads(part) for part in parts(printed))
    assert document["issuer"] == f"{server.origin}/oidc/main"
    assert token["token_type"] == "Bearer"
    assert device["verification_uri"].startswith(f"{server.origin}/")


def parts(text: str) -> list[str]:
    """The JSON objects that stand one behind the other."""
    decoder, found, rest = json.JSONDecoder(), [], text.strip()
    while rest:
        _, end = decoder.raw_decode(rest)
        found.append(rest[:end])
        rest = rest[end:].strip()
    return found
