"""InsForge's client for Python, unmodified: it exchanges codes, manages users, signs in and refreshes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import Any

import pytest
from insforge import InsforgeClient
from insforge.exceptions import InsforgeAuthError, InsforgeHTTPError

from sandbox.server import ThreadServer
from tests.support.insforge import NEW, cloud_code, configure, setting

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
        # Playwright may keep an event loop running in this thread.
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(lambda: asyncio.run(use(do, prefix))).result()

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
