"""Logins whose issuer is another sandbox, in a process of its own: the exchange of this one asks it over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import requests

from sandbox.core.refusals import Reason
from tests.conftest import HouseClient
from tests.support import jitsudo, prisme
from tests.support.components import free_port
from tests.support.person import query
from tests.support.process import Served, serving

CALLBACK = "http://127.0.0.1:9999/callback"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Served]:
    """The other sandbox, where alice signs in without being asked."""
    port = free_port()
    with serving(tmp_path, port, "idp-sandbox", "serve", "--port", str(port), "--approval", "always=alice") as served:
        yield served


def id_token(issuer: str) -> str:
    """What the client `oidc-client` gets of an issuer."""
    asked = {"client_id": "oidc-client", "response_type": "code", "redirect_uri": CALLBACK, "scope": "openid email"}
    back = requests.get(f"{issuer}/authorize?{urlencode(asked)}", allow_redirects=False, timeout=10)
    form = {
        "grant_type": "authorization_code",
        "redirect_uri": CALLBACK,
        "code": query(back.headers["Location"])["code"],
    }
    tokens: dict[str, Any] = requests.post(
        f"{issuer}/token", data=form, auth=("oidc-client", "sandbox-secret"), timeout=10
    ).json()
    return str(tokens["id_token"])


def test_its_id_token_becomes_a_session(sandbox: HouseClient, elsewhere: Served) -> None:
    issuer = f"{elsewhere.origin}/oidc/main"
    prisme.configure(sandbox, network=[elsewhere.origin])
    prisme.configure_provider(sandbox, "elsewhere", reference=issuer, issuer=issuer)
    token = id_token(issuer)

    session = prisme.exchange(sandbox, token, "elsewhere").json
    elsewhere.stop()
    by_kept_keys = prisme.exchange(sandbox, token, "elsewhere")

    assert session["email"] == "alice@contoso.test"
    assert prisme.me(sandbox, session["token"]).json["id"] == session["id"]
    assert by_kept_keys.status_code == 200


def test_an_issuer_that_is_gone_opens_nothing(sandbox: HouseClient, elsewhere: Served) -> None:
    issuer = f"{elsewhere.origin}/oidc/main"
    prisme.configure(sandbox, network=[elsewhere.origin])
    prisme.configure_provider(sandbox, "elsewhere", reference=issuer, issuer=issuer)
    token = id_token(issuer)
    elsewhere.stop()

    answer = prisme.exchange(sandbox, token, "elsewhere")

    prisme.check_refused(sandbox, answer, Reason.PROVIDER_FAILED, prisme.INVALID_JWT)


def test_its_code_becomes_a_system_jwt(sandbox: HouseClient, elsewhere: Served) -> None:
    jitsudo.configure(sandbox, network=[elsewhere.origin])
    assert jitsudo.put_config(sandbox, issuer_url=f"{elsewhere.origin}/oidc/main").status_code == 200

    started = jitsudo.begin(sandbox, slug="contoso")
    back = requests.get(started["authorize_url"], allow_redirects=False, timeout=10)
    code = query(back.headers["Location"])["code"]
    body = {"code": code, "redirect_uri": jitsudo.HERE, "state": started["state"]}
    told = jitsudo.claims(jitsudo.exchange(sandbox, body).json["token"])

    assert (told["email"], told["tenant_id"]) == ("alice@contoso.test", jitsudo.CONTOSO)
