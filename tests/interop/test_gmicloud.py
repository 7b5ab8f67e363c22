"""GMI Cloud's official Python client, unmodified: it logs in, logs in again by refresh, and makes API keys."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest
from gmicloud import Client
from gmicloud._internal._exceptions import APIError

from sandbox.threads import ThreadServer
from tests.conftest import HouseClient

EMAIL, PASSWORD = "octocat@octo-org.test", "sandbox-password"
TWO_FACTOR = "two-factor@contoso.test"

NewClient = Callable[..., Client]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the client keeps its refresh token."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def new_client(live: ThreadServer, home: Path, monkeypatch: pytest.MonkeyPatch) -> NewClient:
    """Starts the client anew; its base URL is a constant of one of its modules."""
    base_url = f"{live.origin}/api/v1"
    monkeypatch.setattr("gmicloud._internal._client._iam_client.IAM_SERVICE_BASE_URL", base_url)
    return lambda email=EMAIL, password=PASSWORD: Client(email=email, password=password)


def type_codes(monkeypatch: pytest.MonkeyPatch, *codes: str) -> None:
    """Answer the client's questions for a one-time code."""
    typed = iter(codes)
    monkeypatch.setattr("builtins.input", lambda _: next(typed))


def calls(sandbox: HouseClient) -> list[tuple[str, int]]:
    return [(entry.operation, entry.status) for entry in sandbox.journal()]


def test_the_client_is_the_one_that_was_studied():
    assert version("gmicloud") == "0.1.10"


def test_a_password_logs_in(new_client, sandbox):
    client = new_client().iam_client

    shown = sandbox.get("/api/v1/me/profile", headers={"Authorization": f"Bearer {client.get_access_token()}"}).json
    assert client.get_user_id() == shown["user"]["id"]
    assert client.get_organization_id() == shown["organization"]["id"]
    assert calls(sandbox)[:3] == [("create_auth_token", 201), ("create_session", 201), ("get_profile", 200)]


def test_credentials_may_come_from_the_environment(new_client, monkeypatch):
    monkeypatch.setenv("GMI_CLOUD_EMAIL", EMAIL)
    monkeypatch.setenv("GMI_CLOUD_PASSWORD", PASSWORD)

    assert new_client("", "").iam_client.get_user_id()


def test_the_next_start_logs_in_by_refresh(new_client, sandbox, home):
    first = new_client().iam_client
    second = new_client(password="not needed any more").iam_client

    assert calls(sandbox)[3:] == [("refresh_session", 200), ("get_profile", 200)]
    assert second.get_user_id() == first.get_user_id()
    assert second.get_refresh_token() != first.get_refresh_token()
    kept = json.loads((home / ".gmicloud.config.json").read_text())
    assert kept == {EMAIL: {"refresh_token": second.get_refresh_token()}}


def test_a_bad_password_is_told_in_the_vendor_s_words(new_client, sandbox):
    with pytest.raises(APIError, match=r"400 - Invalid email or password\."):
        new_client(password="wrong")

    assert sandbox.journal()[-1].reason == "PASSWORD_WRONG"


def test_a_second_factor_lets_in(new_client, monkeypatch):
    type_codes(monkeypatch, "246810")

    assert new_client(TWO_FACTOR).iam_client.get_user_id()


def test_a_wrong_second_factor_is_told_in_the_vendor_s_words(new_client, monkeypatch):
    type_codes(monkeypatch, "000000")

    with pytest.raises(APIError, match=r"400 - Invalid OTP code\."):
        new_client(TWO_FACTOR)


def test_an_api_key_is_made_and_listed(new_client):
    manager = new_client().iam_manager
    value = manager.create_org_api_key("ci")

    [key] = manager.get_org_api_keys()
    assert (key.name, key.scope, key.owner.firstName) == ("ci", "ie_model", "The")
    assert key.partialKey.endswith(value[-4:])
