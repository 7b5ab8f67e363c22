"""For each recipe the call that it is about, made ready before the fault is armed, and what the wire shows of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sandbox.core import jwts
from tests.conftest import HouseClient
from tests.support import azure_login, github, github_api, gmi, insforge, oidc
from tests.support import insforge_cloud as cloud

CONTROL = "/_sandbox/api"
Thunk = Callable[[], Any]
Ready = Callable[[HouseClient], Thunk]
# Headers that say what a client is to do next.
_TELLING = ("Retry-After", "X-RateLimit-Remaining", "X-GitHub-SSO", "WWW-Authenticate", "Content-Type")
_UNKNOWN = "…"


def approve(sandbox: HouseClient, path: str, login: str, **query: str) -> Any:
    """The answer to an authorization request of this person, who presses nothing."""
    return sandbox.get(path, query_string=query, environ_overrides={"sandbox.approval": f"always={login}"})


def _post(path: str, **body: Any) -> Ready:
    return lambda sandbox: lambda: sandbox.post(path, json=body)


def _patch(path: str, **body: Any) -> Ready:
    return lambda sandbox: lambda: sandbox.patch(path, json=body)


def _get(path: str) -> Ready:
    return lambda sandbox: lambda: sandbox.get(path)


def _code_of(answer: Any) -> str:
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))["code"]


def _github_callback(sandbox: HouseClient) -> Thunk:
    asked = {"client_id": github.CLIENT, "redirect_uri": github.CALLBACK, "state": "xyz"}
    return lambda: approve(sandbox, "/login/oauth/authorize", "octocat", **asked)


def _github_token(sandbox: HouseClient) -> Thunk:
    code = _code_of(_github_callback(sandbox)())
    return lambda: github.redeem(sandbox, code)


def _github_api(path: str) -> Ready:
    def ready(sandbox: HouseClient) -> Thunk:
        token = github_api.oauth_token(sandbox, scopes="user read:org")
        return lambda: github_api.api(sandbox, path, token)

    return ready


def _azure_callback(sandbox: HouseClient) -> Thunk:
    asked = {"client_id": azure_login.WEB, "redirect_uri": azure_login.CALLBACK, "state": "xyz", "nonce": "n1"}
    asked |= {"response_type": "code", "scope": azure_login.SCOPE}
    return lambda: approve(sandbox, azure_login.path("authorize"), "alice", **asked)


def _azure_token(sandbox: HouseClient) -> Thunk:
    code = _code_of(_azure_callback(sandbox)())
    return lambda: azure_login.redeem(sandbox, code)


def _azure_me(sandbox: HouseClient) -> Thunk:
    token = _azure_token(sandbox)().json["access_token"]
    return lambda: sandbox.get("/v1.0/me", headers={"Authorization": f"Bearer {token}"})


def _oidc_callback(sandbox: HouseClient) -> Thunk:
    asked = {"client_id": oidc.CLIENT, "redirect_uri": oidc.CALLBACK, "state": "xyz", "nonce": "n1"}
    asked |= {"response_type": "code", "scope": "openid"}
    return lambda: approve(sandbox, "/oidc/main/authorize", "alice", **asked)


def _oidc_token(sandbox: HouseClient) -> Thunk:
    code = _code_of(_oidc_callback(sandbox)())
    return lambda: oidc.RelyingParty(sandbox).redeem(code)


def _oidc_userinfo(sandbox: HouseClient) -> Thunk:
    token = _oidc_token(sandbox)().json["access_token"]
    return lambda: oidc.RelyingParty(sandbox).userinfo(token)


def _insforge_exchange(sandbox: HouseClient) -> Thunk:
    code = insforge.cloud_code(sandbox)
    return lambda: insforge.exchange(sandbox, code)


def _gmi_exchange(sandbox: HouseClient) -> Thunk:
    code = _code_of(approve(sandbox, "/login/oauth/authorize", "octocat", client_id="gmi-console"))
    return lambda: gmi.swap_code(sandbox, code)


def _gmi_session(sandbox: HouseClient) -> Thunk:
    token = gmi.auth_token(sandbox)
    return lambda: gmi.begin(sandbox, token)


def _fresh_app(sandbox: HouseClient) -> Thunk:
    return lambda: sandbox.get(f"{insforge.AUTH}/oauth/github/callback", query_string={"code": "x", "state": "x"})


# By service and operation. Where a fault refuses, it does so before it looks at the request; what it has is not read.
CALLS: Mapping[tuple[str, str | None], Ready] = {
    ("github", "access_token"): _github_token,
    ("github", None): _github_callback,
    ("github", "get_user"): _github_api("/user"),
    ("github", "get_org"): _github_api("/orgs/octo-org"),
    ("github", "list_user_emails"): _github_api("/user/emails"),
    ("azure", "token"): _azure_token,
    ("azure", None): _azure_callback,
    ("azure", "keys"): _get("/common/discovery/v2.0/keys"),
    ("azure", "get_me"): _azure_me,
    ("oidc", "token"): _oidc_token,
    ("oidc", None): _oidc_callback,
    ("oidc", "keys"): _get("/oidc/main/jwks"),
    ("oidc", "discovery"): _get("/oidc/main/.well-known/openid-configuration"),
    ("oidc", "userinfo"): _oidc_userinfo,
    ("insforge-cloud", "token"): _post("/api/oauth/v1/token", grant_type="authorization_code"),
    ("insforge-cloud", "authorize_project"): _post(cloud.authorization()),
    ("insforge-cloud", "keys"): _get("/insforge-cloud/.well-known/jwks.json"),
    ("insforge-cloud", "profile"): _get("/insforge-cloud/auth/v1/profile"),
    ("insforge", "exchange_admin_session"): _insforge_exchange,
    ("insforge", "exchange_oauth_code"): _post(f"{insforge.AUTH}/oauth/exchange", code="x"),
    ("insforge", "create_session"): _post(f"{insforge.AUTH}/sessions", email="new@example.test", password="x"),
    ("insforge", "create_user"): _post(f"{insforge.AUTH}/users", **insforge.NEW),
    ("insforge", "refresh_session"): _post(f"{insforge.AUTH}/refresh", refreshToken="x"),
    ("insforge", "get_session"): _get(f"{insforge.AUTH}/sessions/current"),
    ("insforge", "finish_oauth"): _fresh_app,
    ("gmi", "exchange_authorization_code"): _gmi_exchange,
    ("gmi", "create_auth_token_oauth"): _post(f"{gmi.API}/me/oauth/auth-tokens", provider="github", accessToken="x"),
    ("gmi", "create_session"): _gmi_session,
    ("gmi", "refresh_session"): _patch(f"{gmi.API}/me/sessions", refreshToken="x"),
    ("gmi", "get_profile"): _get(f"{gmi.API}/me/profile"),
    ("gmi", "create_api_key"): _post(f"{gmi.API}/organizations/o/api-keys", name="x"),
    ("fanfare", "authorize"): _post("/api/auth/external/authorize"),
    ("fanfare", "exchange"): _post("/api/auth/external/exchange", exchangeCode="x"),
    ("fanfare", "verify_otp"): _post("/api/auth/otp/verify", code="123456"),
    ("fanfare", "request_otp"): _post("/api/auth/otp/request", email="fan@example.test"),
    ("fanfare", "refresh"): _post("/auth/refresh", refreshToken="x"),
    ("fanfare", "get_me"): _get("/consumers/me"),
    ("jitsudo", "exchange_code"): _post("/v1/auth/callback", code="x", state="x"),
    ("jitsudo", "get_auth_providers"): _get("/v1/auth/providers?domain=contoso.test"),
    ("jitsudo", "list_tenants"): _get("/v1/tenants"),
    ("prisme", "token_exchange"): _post("/v2/login/token-exchange", subject_token="x"),
    ("prisme", "get_me"): _get("/v2/me"),
    ("prisme", "anonymous_login"): _post("/v2/login/anonymous"),
    ("prisme", "finish_login"): _get("/v2/login/callback?code=x&state=x"),
}


def ready(sandbox: HouseClient, rule: Mapping[str, Any]) -> Thunk:
    """The call that a rule is about; all that it needs has been done when this returns."""
    return CALLS[rule["service"], rule.get("operation")](sandbox)


def shown(call: Thunk) -> dict[str, Any]:
    """What the wire shows of a call, as the `answer` of a recipe says it."""
    try:
        response = call()
        raw = response.get_data()
    except ConnectionAbortedError:
        return {"connection": "closed"}
    found: dict[str, Any] = {"status": response.status_code}
    announced = response.headers.get("Content-Length", type=int)
    if announced is not None and announced > len(raw):
        return {**found, "connection": f"closed after {len(raw)} bytes"}
    found["headers"] = {name: response.headers[name] for name in _TELLING if name in response.headers}
    if "Location" in response.headers:
        found["headers"]["Location"] = response.headers["Location"]
    found["text"] = response.get_data(as_text=True).strip()
    found["body"] = response.get_json(silent=True) if response.is_json else found["text"]
    if isinstance(found["body"], dict) and "id_token" in found["body"]:
        token = found["body"]["id_token"]
        found["header"], found["claims"] = jwts.read_header(token), azure_login.claims(token)
    return found


def check(answer: Any, found: Any) -> None:
    """Everything that the answer of a recipe says is to be found; `…` stands for what differs every time."""
    if isinstance(answer, Mapping):
        assert isinstance(found, Mapping), found
        for name, value in answer.items():
            assert name in found, (name, found)
            check(value, found[name])
    elif isinstance(answer, str) and _UNKNOWN in answer:
        pattern = ".*".join(map(re.escape, answer.split(_UNKNOWN)))
        assert re.fullmatch(pattern, str(found), re.DOTALL), (answer, found)
    else:
        assert found == answer


def told(answer: Mapping[str, Any]) -> str:
    """The answer of a recipe as the documentation shows it."""
    rest = {name: value for name, value in answer.items() if name != "status"}
    parts = [f"`{answer['status']}`"] if "status" in answer else []
    return " ".join((*parts, *([f"`{json.dumps(rest, ensure_ascii=False)}`"] if rest else ())))
