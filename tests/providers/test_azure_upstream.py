"""Azure as an exchange sees it, in-process: a code for a token, and who a token speaks for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask, g

from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.providers.azure.upstream import EntraId
from sandbox.service import Redemption, UpstreamUser
from tests.support.azure_login import WEB, claims, post_token


@pytest.fixture
def world(app: Flask) -> Iterator[World]:
    """The default world, as a request to another room has it."""
    with app.test_request_context("/"), app.extensions["sandbox"].world() as world:
        g.world, g.mount = world, app.wsgi_app._mounts.resolve("http", "localhost", "/")[0]
        yield world


def test_a_code_becomes_a_token_that_speaks_for_a_person(sandbox, sign_in, world):
    code = sign_in("azure", as_="alice", client=WEB)

    token = EntraId().redeem(world, Redemption(code, client_id=WEB)).access_token

    assert claims(token)["iss"].startswith("http://localhost/")
    assert EntraId().look_up(world, token) == UpstreamUser(
        subject="a11ce000-0000-4000-8000-000000000001",
        login="alice",
        name="Alice Liddell",
        email="alice@contoso.test",
        client_id=WEB,
        address="alice@contoso.test",
        handle="alice@contoso.test",
    )
    with pytest.raises(Refusal) as again:
        EntraId().redeem(world, Redemption(code, client_id=WEB))
    assert again.value.reason is Reason.CODE_ALREADY_REDEEMED


@pytest.mark.parametrize(("code", "reason"), [("1.Ax", Reason.CODE_UNKNOWN), ("", Reason.CODE_UNKNOWN)])
def test_a_bad_code_is_refused_as_at_the_token_endpoint(sandbox, world, code, reason):
    with pytest.raises(Refusal) as refused:
        EntraId().redeem(world, Redemption(code, client_id=WEB))

    assert refused.value.reason is reason


def test_an_address_that_was_never_verified_is_none(sandbox, sign_in, world):
    code = sign_in("azure", as_="unverified", client=WEB)
    user = EntraId().look_up(world, EntraId().redeem(world, Redemption(code, client_id=WEB)).access_token)

    assert (user.login, user.email) == ("unverified", None)


def test_an_applications_own_token_speaks_for_nobody(sandbox, world):
    scope = "https://graph.microsoft.com/.default"
    token = post_token(sandbox, grant_type="client_credentials", scope=scope).json["access_token"]

    with pytest.raises(Refusal) as refused:
        EntraId().look_up(world, token)
    assert refused.value.reason is Reason.TOKEN_TYPE_WRONG
