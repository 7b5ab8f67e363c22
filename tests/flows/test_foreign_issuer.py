"""Logins at an issuer that shares no code with the sandbox, in a process of its own: PyPI's oidc-provider-mock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import requests

from sandbox.core.refusals import Reason
from tests.conftest import HouseClient
from tests.support import jitsudo, prisme
from tests.support.relying import foreign_code, foreign_issuer

CALLBACK = "http://127.0.0.1:9999/callback"
CLIENT = {"client_id": "some-client", "client_secret": "some-secret"}


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its identifier."""
    with foreign_issuer(tmp_path_factory.mktemp("foreign")) as url:
        yield url


def id_token(foreign: str) -> str:
    """What a client of the issuer gets for a code."""
    asked = {"response_type": "code", "redirect_uri": CALLBACK, "scope": "openid email"}
    code = foreign_code(f"{foreign}/oauth2/authorize?{urlencode({**asked, 'client_id': CLIENT['client_id']})}")
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    answer: dict[str, Any] = requests.post(
        f"{foreign}/oauth2/token", data=form, auth=(CLIENT["client_id"], CLIENT["client_secret"]), timeout=10
    ).json()
    return str(answer["id_token"])


def test_a_code_becomes_a_system_jwt(sandbox: HouseClient, foreign: str) -> None:
    jitsudo.configure(sandbox, network=[foreign])
    headers = jitsudo.key(jitsudo.FABRIKAM_KEY, jitsudo.FABRIKAM)
    assert jitsudo.put_config(sandbox, headers, issuer_url=foreign, **CLIENT).status_code == 200

    started = jitsudo.begin(sandbox, slug="fabrikam")
    body = {"code": foreign_code(started["authorize_url"]), "redirect_uri": jitsudo.HERE, "state": started["state"]}
    answer, again = jitsudo.exchange(sandbox, body), jitsudo.exchange(sandbox, body)

    assert jitsudo.claims(answer.json["token"])["tenant_id"] == jitsudo.FABRIKAM
    assert (again.status_code, again.json) == (401, jitsudo.INVALID_STATE)


def test_an_id_token_without_a_key_id_opens_nothing(sandbox: HouseClient, foreign: str) -> None:
    prisme.configure(sandbox, network=[foreign])
    prisme.configure_provider(sandbox, "foreign", reference=foreign, issuer=foreign, **CLIENT)

    # Prisme.ai looks keys up by their ids alone, and this issuer names none.
    prisme.check_refused(
        sandbox, prisme.exchange(sandbox, id_token(foreign), "foreign"), Reason.TOKEN_KEY_UNKNOWN, prisme.INVALID_JWT
    )


def test_an_issuer_that_is_not_allowed_is_not_taken(sandbox: HouseClient, foreign: str) -> None:
    answer = jitsudo.put_config(sandbox, issuer_url=foreign, **CLIENT)

    jitsudo.check_refused(sandbox, answer, Reason.OUTSIDE_ADDRESS_REFUSED, 400, jitsudo.invalid("issuer_url"))
