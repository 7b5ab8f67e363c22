"""A sandbox inside a Python program."""

from __future__ import annotations

import json
import threading

import pytest
import requests

from sandbox import Config, Sandbox, SandboxError
from sandbox.config import ConfigError
from sandbox.core.fixtures import FixtureError

CAST = {"version": 1, "identities": [{"login": "somebody"}]}


def test_it_serves_while_in_its_block():
    with Sandbox() as idp:
        assert requests.get(f"{idp.url}/_sandbox/health", timeout=10).json()["status"] == "ok"
        assert idp.login("github", "octocat").code
        url = idp.url

    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=10)


def test_it_is_started_and_stopped_without_a_block():
    idp = Sandbox(approval="always=octocat")
    idp.start()
    try:
        asked = f"{idp.url}/login/oauth/authorize?client_id=Iv1.sandboxclient"
        assert requests.get(asked, allow_redirects=False, timeout=10).status_code == 302
        with pytest.raises(RuntimeError, match="running already"):
            idp.start()
    finally:
        idp.stop()
    idp.stop()

    with idp:
        assert idp.clock.now()


def test_two_at_once_never_meet():
    with Sandbox() as one, Sandbox() as other:
        one.identities.remove("emoji")
        one.clock.freeze("2030-01-01T00:00:00Z")

        assert one.url != other.url
        assert other.identities.get("emoji")
        assert other.clock.now() != one.clock.now()


@pytest.mark.parametrize("form", ["document", "path", "text"])
def test_it_takes_a_cast_of_ones_own(form, tmp_path):
    file = tmp_path / "cast.json"
    file.write_text(json.dumps(CAST), encoding="utf-8")
    fixtures = {"document": CAST, "path": file, "text": str(file)}[form]

    with Sandbox(fixtures) as idp:
        assert [one["login"] for one in idp.identities.list()] == ["somebody"]


def test_it_speaks_https_with_a_certificate_that_can_be_trusted():
    with Sandbox(tls=True) as idp:
        assert idp.url.startswith("https://")
        assert idp.login("oidc", "alice").code
        discovery = f"{idp.url}/oidc/main/.well-known/openid-configuration"
        assert requests.get(discovery, verify=idp.ca_file, timeout=10).json()["issuer"] == f"{idp.url}/oidc/main"
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(discovery, timeout=10)


def test_its_options_are_those_of_the_configuration_and_not_of_the_environment(monkeypatch):
    monkeypatch.setenv("IDP_SANDBOX_APPROVAL", "nonsense")

    with Sandbox(random_seed=7) as one:
        first = one.login("github", "octocat").code
    with Sandbox(random_seed=7) as again:
        assert again.login("github", "octocat").code == first
    assert Config().approval == "ask"


def test_its_token_is_sent_along():
    with Sandbox(control_token="a-very-long-token") as idp:
        assert idp.clock.now()
        assert idp.world("other").clock.now()
        refused = requests.get(f"{idp.url}/_sandbox/api/clock", timeout=10)

    assert refused.status_code == 401


def test_it_can_be_called_without_a_port():
    with Sandbox() as idp:
        assert idp.app.test_client().get("/_sandbox/health").json["status"] == "ok"

    with pytest.raises(RuntimeError, match="not running"):
        idp.app.test_client()


def test_what_is_wrong_with_it_is_said_before_it_serves():
    threads = threading.active_count()

    with pytest.raises(ConfigError, match="approval"):
        Sandbox(approval="nonsense").start()
    with pytest.raises(FixtureError, match="must be"):
        Sandbox({"version": 2}).start()
    with pytest.raises(SandboxError, match="not running"):
        Sandbox().clock.now()
    assert threading.active_count() == threads
