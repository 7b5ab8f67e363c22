"""An API that checks access tokens with PyJWT, told nothing but the issuer and its own name: the snippet, loaded."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from sandbox.certificates import Certificates
from sandbox.core.keysets import drop_key, rotate_key
from sandbox.threads import ThreadServer
from tests.support.azure import ALICE, CONTOSO, WEB
from tests.support.person import Person, query
from tests.support.snippets import load, snippet

SECRET = "sandbox-secret"
OIDC_CALLBACK, AZURE_CALLBACK = "http://127.0.0.1:9999/callback", "http://localhost:9999/callback"

Check = Callable[[str], dict[str, Any]]


@pytest.fixture
def check_oidc(live_tls: ThreadServer, ca: Certificates) -> Check:
    """What the snippet's API makes of an access token."""
    check: Any = load(snippet("resource-server", live_tls, ca))["check"]
    return check


@pytest.fixture
def check_azure(live_tls: ThreadServer, ca: Certificates) -> Check:
    """The same, as an API of a tenant of Azure."""
    text = snippet("resource-server", live_tls, ca)
    text = re.sub(r"^ISSUER = .*", f'ISSUER = "{live_tls.origin}/{CONTOSO}/v2.0"', text, flags=re.MULTILINE)
    text = re.sub(r"^AUDIENCE = .*", f'AUDIENCE = "{WEB}"', text, flags=re.MULTILINE)
    check: Any = load(text)["check"]
    return check


def log_in(person: Person, authorize: str, token: str, client: str, callback: str, scope: str) -> str:
    """The access token of a person who signs in to a client."""
    request = f"client_id={client}&response_type=code&redirect_uri={callback}&scope={scope}"
    code = query(person.sign_in(f"{authorize}?{request}"))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": callback}
    answer = person.post(
        token, {name: [value] for name, value in {**form, "client_id": client, "client_secret": SECRET}.items()}
    )
    return str(answer.json()["access_token"])


@pytest.fixture
def oidc_token(live_tls: ThreadServer, alice: Person) -> Callable[[], str]:
    issuer = f"{live_tls.origin}/oidc/main"
    return lambda: log_in(
        alice, f"{issuer}/authorize", f"{issuer}/token", "oidc-client", OIDC_CALLBACK, "openid groups"
    )


@pytest.fixture
def azure_token(live_tls: ThreadServer, alice: Person) -> Callable[[str], str]:
    base = f"{live_tls.origin}/{CONTOSO}/oauth2/v2.0"
    return lambda scope: log_in(alice, f"{base}/authorize", f"{base}/token", WEB, AZURE_CALLBACK, scope)


def test_it_knows_who_calls(live_tls, check_oidc, oidc_token):
    caller = check_oidc(oidc_token())

    assert (caller["sub"], caller["client_id"]) == ("alice", "oidc-client")
    assert caller["iss"] == f"{live_tls.origin}/oidc/main"
    assert caller["groups"] == ["engineers", "everyone"]


def test_an_api_of_azure_knows_who_calls(live_tls, check_azure, azure_token):
    caller = check_azure(azure_token(f"api://{WEB}/access_as_user"))

    assert (caller["oid"], caller["tid"], caller["scp"]) == (ALICE, CONTOSO, "access_as_user")
    assert (caller["azp"], caller["azpacr"]) == (WEB, "1")


def test_a_token_for_graph_is_not_for_an_api_of_one_s_own(check_azure, azure_token):
    with pytest.raises(jwt.PyJWTError):
        check_azure(azure_token("User.Read"))


def test_a_token_of_another_issuer_is_refused(check_oidc, check_azure, oidc_token, azure_token):
    with pytest.raises(jwt.PyJWKClientError):
        check_azure(oidc_token())
    with pytest.raises(jwt.PyJWKClientError):
        check_oidc(azure_token(f"api://{WEB}/access_as_user"))


def test_a_changed_token_is_refused(check_oidc, oidc_token):
    header, payload, signature = oidc_token().split(".")
    changed = ("B" if signature[0] == "A" else "A") + signature[1:]

    with pytest.raises(jwt.InvalidSignatureError):
        check_oidc(f"{header}.{payload}.{changed}")


@pytest.mark.parametrize("service", ["oidc/main", "azure"])
def test_it_goes_on_when_the_keys_change(service, request, sandbox):
    room = service.partition("/")[0]
    check, token = request.getfixturevalue(f"check_{room}"), request.getfixturevalue(f"{room}_token")
    arguments = () if room == "oidc" else (f"api://{WEB}/access_as_user",)
    before = token(*arguments)
    assert check(before)

    with sandbox.world() as world:
        rotate_key(world, service, "RS256")
    after = token(*arguments)

    assert kid(after) != kid(before)
    assert check(after)
    assert check(before)


def test_it_refuses_what_a_forgotten_key_has_signed(oidc_token, sandbox, live_tls, ca):
    before = oidc_token()
    with sandbox.world() as world:
        rotate_key(world, "oidc/main", "RS256")
        assert drop_key(world, "oidc/main", kid(before))

    check: Any = load(snippet("resource-server", live_tls, ca))["check"]

    with pytest.raises(jwt.PyJWKClientError):
        check(before)
    assert check(oidc_token())


def kid(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])
