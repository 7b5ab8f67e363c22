"""While Prisme.ai waits for an issuer elsewhere, nobody else has to wait for Prisme.ai."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance import signing
from tests.conformance.listener import Call, Listener
from tests.support.prisme import configure, configure_provider, exchange, nobody

KEY = signing.client_key("RS256")


class Patient(Listener):
    """An issuer that answers when somebody else has written to the sandbox: if nobody can, the test fails."""

    def __init__(self, sandbox: Any) -> None:
        super().__init__()
        self.sandbox = sandbox
        self.written: dict[str, int] = {}
        self.calls = _Calls(self)


class _Calls(list[Call]):
    """Each call writes something before it is answered."""

    def __init__(self, issuer: Patient) -> None:
        super().__init__()
        self.issuer = issuer

    def append(self, call: Call) -> None:
        super().append(call)
        self.issuer.written[call.path] = 0
        self.issuer.written[call.path] = nobody(self.issuer.sandbox).post("/v2/login/anonymous", json={}).status_code


@pytest.fixture
def patient(sandbox: Any) -> Iterator[Patient]:
    """Two providers of Prisme.ai: `named` by its identifier, `described` by its addresses."""
    with Patient(sandbox) as issuer:
        at = issuer.origin
        configure(sandbox, network=[at])
        configure_provider(sandbox, "named", reference=at, issuer=at)
        configure_provider(
            sandbox,
            "described",
            client_secret="s",
            authorization_endpoint=f"{at}/authorize",
            token_endpoint=f"{at}/token",
            jwks=f"{at}/jwks",
        )
        document = {"issuer": at, "authorization_endpoint": f"{at}/authorize"}
        document |= {"token_endpoint": f"{at}/token", "jwks_uri": f"{at}/jwks"}
        issuer.put("/.well-known/openid-configuration", document)
        issuer.put("/jwks", signing.jwks(KEY))
        issuer.put("/token", {"access_token": "at", "token_type": "Bearer", "id_token": token(sandbox, at)})
        yield issuer


def token(sandbox: Any, issuer: str) -> str:
    now = sandbox.clock.now()
    claims = {"iss": issuer, "aud": "oidc-client", "sub": "s", "given_name": "Ada", "iat": now, "exp": now + 600}
    return signing.sign(claims, KEY)


DISCOVERY = {"named": {"/.well-known/openid-configuration"}, "described": set()}


@pytest.mark.parametrize("provider", DISCOVERY)
def test_an_exchange_holds_nobody_up(sandbox, patient, provider):
    answer = exchange(sandbox, token(sandbox, patient.origin), provider)

    assert patient.written == dict.fromkeys({*DISCOVERY[provider], "/jwks"}, 200)
    assert answer.status_code == 200


@pytest.mark.parametrize("provider", DISCOVERY)
def test_a_login_in_the_browser_holds_nobody_up(sandbox, patient, provider):
    away = sandbox.get(f"/v2/login?provider={provider}")
    assert patient.written == dict.fromkeys(DISCOVERY[provider], 200)
    state = away.location.partition("state=")[2].partition("&")[0]

    home = sandbox.get(f"/v2/login/callback?code=c&state={state}")

    assert patient.written == dict.fromkeys({*DISCOVERY[provider], "/token", "/jwks"}, 200)
    assert (home.status_code, home.location) == (302, "http://localhost/")


def test_a_login_that_failed_there_is_not_finished_later(sandbox, patient):
    away = sandbox.get("/v2/login?provider=described")
    back = f"/v2/login/callback?code=c&state={away.location.partition('state=')[2].partition('&')[0]}"
    patient.put("/token", status=500)

    reasons = [sandbox.get(back).headers["X-Sandbox-Reason"].partition(";")[0] for _ in range(2)]

    assert reasons == ["PROVIDER_FAILED", "CODE_ALREADY_REDEEMED"]
    assert [call.path for call in patient.calls] == ["/token"]
