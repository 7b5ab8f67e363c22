"""InsForge's client for Python, unmodified: it exchanges codes, manages users, signs in and refreshes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any

import pytest
import requests
from insforge import InsforgeClient
from insforge.exceptions import InsforgeAuthError, InsforgeHTTPError

from sandbox.threads import ThreadServer
from tests.support.insforge import APP, AUTH, CHALLENGE, NEW, VERIFIER, cloud_code, configure, query, setting
from tests.support.loops import apart
from tests.support.person import Person

LOGIN = "Check the token is valid or login to get a new token."
Use = Callable[[InsforgeClient], Awaitable[Any]]
Run = Callable[..., Any]


@pytest.fixture
def run(live: ThreadServer, sandbox: Any) -> Run:
    """Do something with a client: `run(lambda client: client.auth.list_users())`."""
    key = setting(sandbox, "api_key")

    async def use(do: Use, prefix: str) -> Any:
        async with InsforgeClient(base_url=live.origin + prefix, api_key=key) as client:
            return await do(client)

    def run(do: Use, prefix: str = "") -> Any:
        return apart(lambda: asyncio.run(use(do, prefix)))

    return run


def test_the_client_is_the_one_that_was_studied():
    assert version("insforge") == "0.1.0"


@pytest.mark.parametrize("prefix", ["", "/insforge"])
def test_a_code_becomes_an_admins_session(run, sandbox, prefix):
    code = cloud_code(sandbox)

    session = run(lambda client: client.auth.exchange_admin_session(code=code), prefix)

    assert len(session.csrf_token) == 64
    assert session.access_token.count(".") == 2


def test_users_are_managed(run):
    new = run(lambda client: client.auth.create_user(**NEW))
    listed = run(lambda client: client.auth.list_users(search="new@"))
    one = run(lambda client: client.auth.get_user(new.user.id))
    gone = run(lambda client: client.auth.delete_users([new.user.id]))

    assert [user.email for user in listed.data] == [NEW["email"]]
    assert one.id == new.user.id
    assert gone.deleted_count == 1


def test_a_user_signs_in_and_goes_on(run):
    run(lambda client: client.auth.create_user(**NEW))

    session = run(lambda client: client.auth.sign_in_with_password(email=NEW["email"], password=NEW["password"]))
    fresh = run(lambda client: client.auth.refresh(refresh_token=session.refresh_token))
    current = run(lambda client: client.auth.get_current_session(access_token=fresh.access_token))

    assert current.user.email == NEW["email"]


@pytest.mark.parametrize("provider", ["github", "microsoft", "google", "custom/sandbox"])
def test_a_session_that_began_elsewhere_is_gone_on_with(run, live, octocat: Person, provider):
    """The client has no methods for the sign-in itself."""
    begun = {"redirect_uri": APP, "code_challenge": CHALLENGE}
    page = requests.get(f"{live.origin}{AUTH}/oauth/{provider}", params=begun, timeout=20).json()["authUrl"]
    back = octocat.follow(octocat.sign_in(page))
    asked = {"code": query(back)["insforge_code"], "code_verifier": VERIFIER}
    session = requests.post(f"{live.origin}{AUTH}/oauth/exchange?client_type=server", json=asked, timeout=20).json()

    fresh = run(lambda client: client.auth.refresh(refresh_token=session["refreshToken"]))
    current = run(lambda client: client.auth.get_current_session(access_token=fresh.access_token))
    listed = run(lambda client: client.auth.list_users(search="octocat"))
    profile = run(lambda client: client.auth.get_profile(session["user"]["id"]))
    done = run(lambda client: client.auth.logout())

    assert fresh.user.email == current.user.email == "octocat@octo-org.test"
    assert listed.data[0].providers == [provider.removeprefix("custom/")]
    assert profile.id == session["user"]["id"]
    assert done.success is True


def test_an_address_is_verified(run):
    run(lambda client: client.auth.update_config({"requireEmailVerification": True}))
    run(lambda client: client.auth.create_user(**NEW))
    run(lambda client: client.auth.send_email_verification(email=NEW["email"]))

    session = run(lambda client: client.auth.verify_email(email=NEW["email"], otp="246810"))

    assert session.user.email_verified is True


def test_the_configuration_is_read_and_changed(run):
    public = run(lambda client: client.auth.get_public_config())
    changed = run(lambda client: client.auth.update_config({"passwordMinLength": 9}))

    assert public.password_min_length == 6
    assert changed.password_min_length == 9


def test_a_forgotten_password_is_replaced(run):
    run(lambda client: client.auth.create_user(**NEW))
    run(lambda client: client.auth.send_reset_password_email(email=NEW["email"]))

    exchanged = run(lambda client: client.auth.exchange_reset_password_token(email=NEW["email"], code="246810"))

    assert exchanged.token
    assert exchanged.expires_at.tzinfo is not None

    run(lambda client: client.auth.reset_password(new_password="another-1", token=exchanged.token))
    session = run(lambda client: client.auth.sign_in_with_password(email=NEW["email"], password="another-1"))
    assert session.access_token.count(".") == 2


def test_the_anon_key_is_told(run, sandbox):
    assert run(lambda client: client.auth.create_anon_token()).access_token == setting(sandbox, "anon_key")


def test_a_token_that_is_worth_nothing_is_an_error_of_its_own(run):
    with pytest.raises(InsforgeHTTPError) as caught:
        run(lambda client: client.auth.get_current_session(access_token="x"))

    assert (caught.value.status_code, caught.value.error, caught.value.message) == (
        *(401, "AUTH_UNAUTHORIZED", "Invalid token"),
    )


@pytest.mark.parametrize(("profile", "status"), [("documented", 400), ("shipped", 401)])
def test_a_bad_code_is_an_error_of_its_own(run, sandbox, profile, status):
    configure(sandbox, profile=profile)

    with pytest.raises(InsforgeAuthError) as caught:
        run(lambda client: client.auth.exchange_admin_session(code="x"))

    error = caught.value
    assert (error.status_code, error.error, error.next_action) == (status, "AUTH_INVALID_CREDENTIALS", LOGIN)
    assert error.message == "Invalid cloud authorization code: Invalid Compact JWS"


def test_it_signs_admins_in_as_older_backends_want(run):
    with pytest.raises(InsforgeHTTPError, match="username: Required"):
        run(lambda client: client.auth.admin_sign_in(email="admin", password="sandbox-password"))
