"""Logins from end to end over HTTP, as a downstream application sees them: from a provider's page to a session."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
import requests

from sandbox.threads import ThreadServer
from tests.support.azure_login import CALLBACK, CHALLENGE, CONTOSO, SECRET, VERIFIER, WEB
from tests.support.fanfare import PK, SK
from tests.support.jitsudo import CONTOSO as TENANT
from tests.support.jitsudo import JWT_SECRET
from tests.support.person import Person, query

DEVICE = {"CE-ClientId": "laptop1"}
SHOP = "http://127.0.0.1:9999/callback"


class Downstream:
    """An application of somebody else: it knows base URLs, client ids and secrets, and speaks HTTP."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.http = requests.Session()

    def post(self, path: str, *, headers: dict[str, str] | None = None, **body: Any) -> Any:
        return self._good(self.http.post(self.origin + path, headers=headers, **body))

    def get(self, path: str, token: str, **headers: str) -> Any:
        return self._good(self.http.get(self.origin + path, headers={"Authorization": f"Bearer {token}", **headers}))

    def sign_in_at_azure(self, person: Person) -> dict[str, str]:
        asked = {"client_id": WEB, "response_type": "code", "redirect_uri": CALLBACK, "scope": "openid profile email"}
        pkce = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
        url = f"{self.origin}/{CONTOSO}/oauth2/v2.0/authorize?{urlencode({**asked, **pkce, 'state': 's'})}"
        form = {
            "grant_type": "authorization_code",
            "code": query(person.sign_in(url))["code"],
            "redirect_uri": CALLBACK,
        }
        form |= {"client_id": WEB, "client_secret": SECRET, "code_verifier": VERIFIER}
        tokens: dict[str, str] = self.post(f"/{CONTOSO}/oauth2/v2.0/token", data=form)
        return tokens

    def sign_in_at_the_shop(self, person: Person) -> dict[str, Any]:
        """The claims of an id_token that the shop has verified by the issuer's published keys."""
        asked = {"client_id": "oidc-client", "response_type": "code", "redirect_uri": SHOP, "nonce": "n"}
        url = f"{self.origin}/oidc/main/authorize?{urlencode({**asked, 'scope': 'openid profile email'})}"
        form = {"grant_type": "authorization_code", "code": query(person.sign_in(url))["code"], "redirect_uri": SHOP}
        id_token = self.post("/oidc/main/token", data=form, auth=("oidc-client", "sandbox-secret"))["id_token"]
        key = jwt.PyJWKClient(f"{self.origin}/oidc/main/jwks").get_signing_key_from_jwt(id_token)
        issuer = f"{self.origin}/oidc/main"
        claims: dict[str, Any] = jwt.decode(id_token, key, ["RS256"], audience="oidc-client", issuer=issuer)
        return claims

    def exchange_at_prisme(self, id_token: str) -> Any:
        return self.post("/v2/login/token-exchange", json={"provider": "azure", "subject_token": id_token})

    def exchange_at_fanfare(self, claims: dict[str, Any]) -> Any:
        vouched = {"provider": "shop", "issuer": claims["iss"], "subject": claims["sub"]}
        known = {"email": claims["email"], "fullName": claims["name"]}
        secret = {"Authorization": f"Bearer {SK}"}
        code = self.post("/api/auth/external/authorize", headers=secret, json={**vouched, "claims": known})
        body = {"exchangeCode": code["exchangeCode"]}
        return self.post("/api/auth/external/exchange", headers={"X-Publishable-Key": PK}, json=body)

    def exchange_at_jitsudo(self, person: Person, domain: str) -> Any:
        landing = f"{self.origin}/v1/auth/callback"
        begun = self.post("/_sandbox/jitsudo/login-url", json={"domain": domain, "redirect_uri": landing})
        back = query(person.sign_in(begun["authorize_url"]))
        body = {"code": back["code"], "redirect_uri": landing, "state": back["state"]}
        return self.post("/v1/auth/callback", json=body)

    def exchange_at_gmi(self, person: Person) -> Any:
        url = f"{self.origin}/login/oauth/authorize?client_id=gmi-console&scope=user:email&state=s"
        body = {"provider": "github", "code": query(person.sign_in(url))["code"]}
        token = self.post("/api/v1/oauth/token", json=body)
        auth = self.post("/api/v1/me/oauth/auth-tokens", json={"provider": "github", **token})
        return self.post("/api/v1/me/sessions", json=auth, headers=DEVICE)

    def exchange_at_insforge(self) -> tuple[dict[str, Any], Any]:
        """What the code of a partner's project says of its owner, and the session for it."""
        partner = {"X-Partnership-Secret": "sandbox-partner-secret"}
        code = self.post("/partnership/v1/sandbox-partner/sandbox-project/authorization", headers=partner)["code"]
        key = jwt.PyJWKClient(f"{self.origin}/insforge-cloud/.well-known/jwks.json").get_signing_key_from_jwt(code)
        claims: dict[str, Any] = jwt.decode(code, key, ["RS256"])
        return claims, self.post("/api/auth/admin/sessions/exchange", json={"code": code})

    def _good(self, answer: requests.Response) -> Any:
        assert answer.ok, answer.text
        return answer.json() if answer.content else None


@pytest.fixture
def downstream(live: ThreadServer) -> Downstream:
    return Downstream(live.origin)


@pytest.fixture
def alice() -> Any:
    with Person.at_a_browser("alice") as person:
        yield person


def test_an_azure_sign_in_becomes_a_prisme_session(downstream, alice):
    session = downstream.exchange_at_prisme(downstream.sign_in_at_azure(alice)["id_token"])

    me = downstream.get("/v2/me", session["token"])

    assert (me["email"], me["id"]) == ("alice@contoso.test", session["id"])
    key = jwt.PyJWKClient(f"{downstream.origin}/oidc/jwks").get_signing_key_from_jwt(session["token"])
    audience = f"{downstream.origin}/v2"
    claims = jwt.decode(session["token"], key, ["RS256"], audience=audience, issuer=downstream.origin)
    assert (claims["sub"], claims["prismeaiSessionId"]) == (me["id"], session["sessionId"])


def test_a_login_at_a_shop_becomes_a_fanfare_consumer(downstream, alice):
    session = downstream.exchange_at_fanfare(downstream.sign_in_at_the_shop(alice))
    page = {"X-Publishable-Key": PK}

    renewed = downstream.post("/auth/refresh", headers=page, json={"refreshToken": session["refreshToken"]})
    key = jwt.PyJWK(requests.get(f"{downstream.origin}/_sandbox/fanfare/jwks.json").json()["keys"][0])
    claims = jwt.decode(renewed["accessToken"], key, ["EdDSA"], issuer="consumer-app")
    me = downstream.get("/consumers/me", renewed["accessToken"], **page)
    bearer = {"Authorization": f"Bearer {renewed['accessToken']}"}
    gone = requests.post(f"{downstream.origin}/auth/logout", headers=bearer)
    late = requests.post(
        f"{downstream.origin}/auth/refresh", headers=page, json={"refreshToken": renewed["refreshToken"]}
    )

    assert session["session"]["type"] == "authenticated"
    assert claims["consumerId"] == session["session"]["consumerId"] == me["id"]
    assert me["email"] == "alice@contoso.test"
    assert (gone.status_code, gone.content) == (204, b"")
    assert (late.status_code, late.json()) == (401, {"error": "invalid refresh token"})


def test_a_tenants_login_becomes_a_system_jwt(downstream, alice):
    answer = downstream.exchange_at_jitsudo(alice, "contoso.test")

    claims = jwt.decode(answer["token"], JWT_SECRET, ["HS256"], issuer="jitsudo")
    assert claims["tenant_id"] == TENANT
    assert claims["email"] == "alice@contoso.test"
    assert claims["exp"] - claims["iat"] == 3600
    assert isinstance(claims["groups"], list)


def test_one_person_has_a_session_at_every_exchange(downstream, alice):
    prisme = downstream.exchange_at_prisme(downstream.sign_in_at_azure(alice)["id_token"])
    fanfare = downstream.exchange_at_fanfare(downstream.sign_in_at_the_shop(alice))
    jitsudo = jwt.decode(
        downstream.exchange_at_jitsudo(alice, "contoso.test")["token"], JWT_SECRET, ["HS256"], issuer="jitsudo"
    )
    gmi = downstream.exchange_at_gmi(alice)
    owner, insforge = downstream.exchange_at_insforge()

    addresses = {
        downstream.get("/v2/me", prisme["token"])["email"],
        downstream.get("/consumers/me", fanfare["accessToken"], **{"X-Publishable-Key": PK})["email"],
        downstream.get("/api/v1/me/profile", gmi["accessToken"])["user"]["email"],
        jitsudo["email"],
        owner["email"],
    }
    admin = downstream.get("/api/auth/admin/sessions/current", insforge["accessToken"])

    assert addresses == {"alice@contoso.test"}
    assert admin["admin"]["sub"] == f"cloud:{owner['userId']}"
