"""Logins without a browser: what comes back of each provider and exchange, and what is said where one refuses."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from sandbox import Config
from sandbox.core import tables
from sandbox.protocol.pkce import s256
from sandbox.services import SERVICES
from sandbox.web.control.shapes import named_schemas
from tests.docs.markdown import read
from tests.support.fanfare import PK
from tests.support.minting import AZURE, LOGIN, OIDC

PROVIDERS = [service.slug for service in SERVICES.values() if service.kind == "provider"]
WAYS = [(way.provider, service.slug, way.name) for service in SERVICES.values() for way in service.ways]
NATURAL = {"github": "gmi", "azure": "prisme", "oidc": "fanfare", "insforge-cloud": "insforge"}
FAULTS = "/_sandbox/api/faults"
PAGE, WORLD = {"X-Publishable-Key": PK}, "/w/t1"
each_provider = pytest.mark.parametrize("provider", PROVIDERS)
each_way = pytest.mark.parametrize(("provider", "exchange", "via"), WAYS)


def log_in(sandbox: Any, *, world: str = "", status: int = 200, **body: Any) -> Any:
    """The answer to a login; alice's, unless the body says otherwise."""
    answer = sandbox.post(world + LOGIN, json={"identity": "alice", **body})
    assert answer.status_code == status, answer.text
    return answer.json


def redeem(sandbox: Any, login: dict[str, Any], world: str = "") -> Any:
    """Swap the code as the application of the fixture would."""
    path, secret = {
        "github": ("/login/oauth/access_token", "sandbox-secret"),
        "azure": ("/contoso.test/oauth2/v2.0/token", "sandbox-secret"),
        "oidc": ("/oidc/main/token", "sandbox-secret"),
        "insforge-cloud": ("/api/oauth/v1/token", None),
    }[login["provider"]]
    form = {"grant_type": "authorization_code", "client_secret": secret, "code_verifier": login.get("code_verifier")}
    form |= {name: login[name] for name in ("code", "client_id", "redirect_uri")}
    given = {name: value for name, value in form.items() if value}
    return sandbox.post(world + path, data=given, headers={"Accept": "application/json"})


def who(sandbox: Any, exchange: str, session: dict[str, Any], world: str = "") -> Any:
    """What the exchange says of whose session it is."""

    def get(path: str, token: str, **headers: str) -> Any:
        return sandbox.get(world + path, headers={"Authorization": f"Bearer {token}", **headers}).json

    match exchange:
        case "gmi":
            return get("/api/v1/me/profile", session["accessToken"])["user"]["email"]
        case "insforge" if "user" in session:
            return get("/api/auth/sessions/current", session["accessToken"])["user"]["email"]
        case "insforge":
            return get("/api/auth/admin/sessions/current", session["accessToken"])["admin"]["sub"]
        case "fanfare":
            return get("/consumers/me", session["accessToken"], **PAGE)["email"]
        case "prisme":
            return get("/v2/me", session["token"])["email"] if "token" in session else session["email"]
        case "jitsudo":
            tenant = {"X-Tenant-ID": "7e4a47c0-0000-4000-8000-000000000001"}
            return get("/v1/domains", session["token"], **tenant)["data"][0]["domain"]
        case _:
            raise AssertionError(f"nobody knows how to ask {exchange}")


def test_every_provider_signs_in_and_every_exchange_has_a_way():
    assert {service.slug for service in SERVICES.values() if service.begin_login} == set(PROVIDERS) == set(NATURAL)
    assert {exchange for _, exchange, _ in WAYS} == set(SERVICES) - set(PROVIDERS)


class TestUntilCode:
    @each_provider
    def test_a_login_ends_at_the_callback_with_a_code_that_works(self, sandbox, provider):
        login = log_in(sandbox, provider=provider)

        parts = urlsplit(login["callback_url"])
        assert login["parameters"] == dict(parse_qsl(parts.query))
        assert parts._replace(query="").geturl() == login["redirect_uri"]
        assert (login["code"], login["state"]) == (login["parameters"]["code"], login["parameters"]["state"])
        assert "access_token" in redeem(sandbox, login).json

    @each_provider
    def test_all_requests_of_a_login_are_journaled_as_one_flow(self, sandbox, provider):
        login = log_in(sandbox, provider=provider)
        redeem(sandbox, login)

        entries = sandbox.journal()
        assert len(entries) == 2
        assert {entry.flow for entry in entries} == {login["flow"]}
        assert {entry.login for entry in entries} == {"alice"}

    @each_provider
    def test_who_denies_gets_the_providers_own_callback(self, sandbox, provider):
        login = log_in(sandbox, provider=provider, decision="deny", state="s")

        assert login["parameters"]["error"] == "access_denied"
        assert (login["code"], login["state"]) == (None, "s")
        assert sandbox.journal()[-1].reason == "ACCESS_DENIED"

    @each_provider
    def test_a_login_in_another_world_stays_there(self, sandbox, provider):
        login = log_in(sandbox, provider=provider, world=WORLD)

        assert "access_token" in redeem(sandbox, login, WORLD).json
        assert redeem(sandbox, log_in(sandbox, provider=provider, world="/w/t2"), WORLD).json["error"]
        assert sandbox.journal() == []
        if "iss" in login["parameters"]:
            assert login["parameters"]["iss"].startswith("http://localhost/w/t1/")

    @pytest.mark.parametrize("provider", ["github", "azure", "oidc"])
    def test_the_prefix_of_a_world_is_no_part_of_what_is_registered_and_only_that_of_its_own(self, sandbox, provider):
        host = "localhost" if provider == "azure" else "127.0.0.1"
        uri = f"http://{host}:9999/w/t1/callback"

        assert log_in(sandbox, provider=provider, world=WORLD, redirect_uri=uri)["redirect_uri"] == uri
        for world in ("", "/w/t2"):
            refused = log_in(sandbox, provider=provider, world=world, redirect_uri=uri, status=409)
            assert refused["reason"] == "REDIRECT_URI_MISMATCH"

    @each_provider
    def test_a_verifier_is_made_and_needed_where_it_is_asked_for(self, sandbox, provider):
        made = log_in(sandbox, provider=provider, pkce=True)
        own = log_in(sandbox, provider=provider, pkce={"challenge": s256("v" * 43), "method": "S256"})

        assert "error" in redeem(sandbox, {**made, "code_verifier": "w" * 43}).json
        assert "access_token" in redeem(sandbox, made).json
        assert "code_verifier" not in own
        assert "access_token" in redeem(sandbox, {**own, "code_verifier": "v" * 43}).json

    @each_provider
    def test_what_a_provider_refuses_is_told_with_its_own_answer(self, sandbox, provider):
        gone = log_in(sandbox, provider=provider, identity="deactivated", status=409)
        strange = log_in(sandbox, provider=provider, redirect_uri="https://elsewhere.test/x", status=409)
        unknown = log_in(sandbox, provider=provider, client="nobody", redirect_uri="https://x.test/", status=409)

        assert gone["reason"] == "IDENTITY_DEACTIVATED"
        assert gone["answer"]["status"] >= 400
        assert strange["reason"] == "REDIRECT_URI_MISMATCH"
        assert "elsewhere.test" not in strange["answer"].get("location", "")
        assert unknown["reason"] == "CLIENT_UNKNOWN"
        assert "authorize" in strange["leg"]

    @each_provider
    def test_consent_and_second_factors_are_given_without_a_page(self, sandbox, provider):
        assert log_in(sandbox, provider=provider, parameters={"prompt": "consent"})["code"]
        assert log_in(sandbox, provider=provider, identity="two-factor")["code"]

    @pytest.mark.parametrize("provider", ["azure", "oidc"])
    @pytest.mark.parametrize("mode", ["form_post", "fragment"])
    def test_the_answer_is_read_wherever_it_is(self, sandbox, provider, mode):
        login = log_in(sandbox, provider=provider, parameters={"response_mode": mode}, state="s")

        assert (login["code"], login["state"]) == (login["parameters"]["code"], "s")
        assert ("#" in login["callback_url"]) == (mode == "fragment")
        assert "access_token" in redeem(sandbox, login).json

    def test_tokens_of_the_implicit_flow_are_among_the_parameters(self, sandbox):
        login = log_in(sandbox, provider="oidc", parameters={"response_type": "id_token token"})

        assert {"id_token", "access_token", "token_type"} <= login["parameters"].keys()
        assert (login["code"], len(login["nonce"])) == (None, 24)

    def test_an_issuer_without_automatic_sign_in_has_its_pages_pressed(self, make_sandbox):
        sandbox = make_sandbox(Config(public_url="https://sandbox.test", control_token="token-of-tests"))
        body = {"provider": "oidc", "issuer": "conformance", "identity": "alice"}

        login = sandbox.post(LOGIN, json=body, headers={"X-Sandbox-Token": "token-of-tests"}).json

        assert login["code"]
        assert [entry.operation for entry in sandbox.journal()] == ["authorize", "decide", "decide"]
        assert login["parameters"]["iss"] == "https://sandbox.test/oidc/conformance"

    def test_any_issuer_and_any_client_of_it_will_do(self, sandbox):
        login = log_in(sandbox, provider="oidc", issuer="mine", client="app", redirect_uri="http://127.0.0.1:3000/cb")

        assert login["callback_url"].startswith("http://127.0.0.1:3000/cb?")
        assert (login["client_id"], login["parameters"]["iss"]) == ("app", "http://localhost/oidc/mine")

    def test_somebody_of_another_tenant_is_signed_in_by_an_application_that_takes_them(self, sandbox):
        assert log_in(sandbox, provider="azure")["client_id"] == AZURE
        assert log_in(sandbox, provider="azure", identity="personal")["client_id"].startswith("3333")
        refused = log_in(sandbox, provider="azure", identity="personal", issuer="contoso.test", status=409)
        assert refused["reason"] == "IDENTITY_OF_ANOTHER_TENANT"

    def test_the_console_of_the_cloud_gives_a_projects_code(self, sandbox):
        login = log_in(sandbox, provider="insforge-cloud", parameters={"project": "sandbox-project"})
        session = sandbox.post("/api/auth/admin/sessions/exchange", json={"code": login["code"]})

        assert login["callback_url"] is None
        assert session.status_code == 200

    def test_a_shared_login_of_the_cloud_comes_back_with_a_payload(self, sandbox):
        shared = {"provider": "insforge-cloud", "parameters": {"provider": "google"}}
        login = log_in(sandbox, **shared)
        denied = log_in(sandbox, **shared, decision="deny")

        assert login["parameters"]["success"] == "true"
        assert login["parameters"]["payload"]
        assert denied["parameters"] == {"success": "false", "error": "access_denied"} or "error" in denied["parameters"]

    @pytest.mark.parametrize(
        ("provider", "begin", "client"),
        [
            ("github", "/login/device/code", "Iv1.sandboxclient"),
            ("azure", "/contoso.test/oauth2/v2.0/devicecode", "22222222-2222-4222-8222-222222222222"),
            ("oidc", "/oidc/main/device_authorization", "oidc-public"),
            ("insforge-cloud", "/api/oauth/v1/device_authorization", "clf_NK8cMUs41gm8ZcfdtSguVw"),
        ],
    )
    def test_a_device_is_let_in_by_its_user_code(self, sandbox, provider, begin, client):
        token = {
            "github": "/login/oauth/access_token",
            "azure": "/contoso.test/oauth2/v2.0/token",
            "oidc": "/oidc/main/token",
            "insforge-cloud": "/api/oauth/v1/token",
        }[provider]
        scope = "user:read" if provider == "insforge-cloud" else "openid"
        accept = {"Accept": "application/json"}
        begun = sandbox.post(begin, data={"client_id": client, "scope": scope}, headers=accept).json

        login = log_in(sandbox, provider=provider, client=client, parameters={"user_code": begun["user_code"]})
        poll = {"client_id": client, "device_code": begun["device_code"]}
        poll["grant_type"] = "urn:ietf:params:oauth:grant-type:device_code"
        answer = sandbox.post(token, data=poll, headers=accept)

        assert (login["callback_url"], login["parameters"]) == (None, {})
        assert "access_token" in answer.json

    def test_where_a_hundred_and_more_are_listed_one_types(self, sandbox):
        with sandbox.world() as world:
            rows = world.store.list(tables.Identity, order=("position",))
            blank = {name: getattr(rows[1], name) for name in ("purpose", "password", "deactivated", "attributes")}
            many = [
                {**blank, "login": f"p{n}", "name": None, "emails": [], "position": n, "found_by": f"p{n}"}
                for n in range(100, 240)
            ]
            world.store.add(tables.Identity, *many)
        denied = log_in(sandbox, provider="oidc", identity="p239", decision="deny")

        assert denied["parameters"]["error"] == "access_denied"
        assert log_in(sandbox, provider="oidc", identity="p239")["code"]


class TestUntilSession:
    @each_way
    @pytest.mark.parametrize("world", ["", WORLD])
    def test_every_way_leads_to_a_session_that_works(self, sandbox, provider, exchange, via, world):
        login = log_in(sandbox, world=world, provider=provider, exchange=exchange, via=via, until="session")

        assert (login["provider"], login["exchange"], login["via"]) == (provider, exchange, via)
        assert login["code"] == login["parameters"]["code"]
        expected = {"insforge": "alice@contoso.test", "jitsudo": "contoso.test"}.get(exchange, "alice@contoso.test")
        if via == "admin":
            expected = "cloud:8365fef1-0af4-59e8-99b3-48d0014f4494"
        assert who(sandbox, exchange, login["session"], world) == expected

    @each_way
    def test_its_requests_are_one_flow_too(self, sandbox, provider, exchange, via):
        login = log_in(sandbox, provider=provider, exchange=exchange, via=via, until="session")

        entries = sandbox.journal()
        assert len(entries) > 1
        assert {entry.flow for entry in entries} == {login["flow"]}
        assert {entry.service for entry in entries} == {provider, exchange}

    @each_provider
    def test_the_usual_exchange_of_a_provider_is_taken_and_the_usual_provider_of_an_exchange(self, sandbox, provider):
        login = log_in(sandbox, provider=provider, until="session")

        assert login["exchange"] == NATURAL[provider]
        assert log_in(sandbox, exchange=NATURAL[provider])["provider"] == provider

    @pytest.mark.parametrize("exchange", [one.slug for one in SERVICES.values() if one.kind == "exchange"])
    def test_every_exchange_has_a_way_from_some_provider(self, sandbox, exchange):
        assert log_in(sandbox, exchange=exchange)["exchange"] == exchange

    def test_pairs_that_do_not_go_are_refused_with_those_that_do(self, sandbox):
        refused = log_in(sandbox, provider="oidc", exchange="gmi", until="session", status=400)
        via = log_in(sandbox, provider="azure", exchange="prisme", via="nothing", until="session", status=400)

        assert all(f"{provider} to {exchange} via {name}" in refused["detail"] for provider, exchange, name in WAYS)
        assert via["detail"].startswith(
            "nobody comes from azure to prisme via nothing; there is github to gmi via code"
        )

    def test_what_an_exchange_refuses_is_told_with_its_own_answer_and_where(self, sandbox):
        refused = log_in(sandbox, exchange="gmi", identity="unverified", status=409)

        assert refused["leg"] == "POST http://localhost/api/v1/oauth/token"
        assert refused["answer"]["status"] == 400
        assert refused["answer"]["body"] == {"group": "oauth", "code": 2, "message": "Invalid authorization code."}
        assert refused["reason"] == "EMAIL_UNVERIFIED"

    def test_a_login_ends_where_an_answer_lacks_what_comes_next(self, sandbox):
        without_openid = log_in(sandbox, exchange="fanfare", scope="profile", status=409)
        lost = {"service": "oidc", "operation": "authorize", "callback": {"remove": ["code"]}}
        sandbox.post(FAULTS, json=lost)
        without_code = log_in(sandbox, exchange="jitsudo", identity="guest", status=409)

        assert without_openid["detail"] == "POST http://localhost/oidc/main/token: the answer has no id_token"
        assert without_code["detail"].endswith("the answer has no code")

    def test_a_custom_provider_is_chosen_by_its_issuer(self, sandbox):
        login = log_in(sandbox, provider="oidc", issuer="main", exchange="insforge", until="session")

        assert login["client_id"] == OIDC[0]
        assert login["session"]["user"]["providers"] == ["sandbox"]
        refused = log_in(sandbox, provider="oidc", issuer="x", exchange="insforge", until="session", status=409)
        assert refused["reason"] == "NOT_CONFIGURED"

    def test_people_without_a_tenant_of_their_own_go_by_the_global_provider(self, sandbox):
        assert log_in(sandbox, exchange="jitsudo", identity="guest")["client_id"] == "jitsudo"
        assert log_in(sandbox, exchange="jitsudo", identity="octocat", status=409)["answer"]["status"] == 403


class TestWithFaults:
    def test_a_fault_meets_a_headless_login_as_it_meets_any(self, sandbox):
        sandbox.post(FAULTS, json={"service": "github", "operation": "authorize", "refuse": {"reason": "RATE_LIMITED"}})

        assert log_in(sandbox, provider="github", status=409)["reason"] == "RATE_LIMITED"
        assert log_in(sandbox, provider="github")["code"]

    def test_a_connection_that_breaks_ends_the_login(self, sandbox):
        sandbox.post(FAULTS, json={"service": "gmi", "operation": "create_session", "drop": {}})

        broken = log_in(sandbox, exchange="gmi", status=409)
        assert (broken["answer"]["status"], broken["reason"]) == (None, "PROVIDER_FAILED")
        assert broken["leg"] == "POST http://localhost/api/v1/me/sessions"
        assert log_in(sandbox, exchange="gmi")["session"]

    def test_a_redirect_loop_ends_the_login(self, sandbox):
        sandbox.post(FAULTS, json={"service": "oidc", "operation": "authorize", "redirect_loop": {}, "times": None})

        assert log_in(sandbox, provider="oidc", status=409)["answer"]["status"] == 302

    def test_tokens_that_come_out_wrong_are_the_exchanges_to_refuse(self, sandbox):
        forged = {"tamper": "wrong-aud", "kinds": ["id_token"]}
        sandbox.post(FAULTS, json={"service": "azure", "operation": "token", "forge": forged})

        assert log_in(sandbox, exchange="prisme", status=409)["reason"] == "TOKEN_AUDIENCE_WRONG"


class TestOnPostgreSQL:
    @pytest.fixture
    def config(self, postgres_database: str) -> Config:
        return Config(database=postgres_database)

    @pytest.mark.postgres
    def test_every_way_leads_to_a_session(self, sandbox):
        for provider, exchange, via in WAYS:
            assert log_in(sandbox, provider=provider, exchange=exchange, via=via, until="session")["session"]

    @pytest.mark.postgres
    def test_a_login_in_another_world_leads_to_a_session(self, sandbox):
        assert log_in(sandbox, world=WORLD, provider="github", until="session")["session"]["accessToken"]


class TestBadInput:
    @pytest.mark.parametrize(
        ("body", "status", "where"),
        [
            ({"identity": "nobody", "provider": "github"}, 404, None),
            ({"provider": "nowhere"}, 400, "#/provider"),
            ({"provider": "gmi"}, 400, "#/provider"),
            ({"provider": "github", "exchange": "nowhere", "until": "session"}, 400, "#/exchange"),
            ({"provider": "github", "exchange": "gmi", "until": "code"}, 400, "#/until"),
            ({"exchange": "gmi", "until": "code"}, 400, "#/provider"),
            ({"exchange": "gmi", "decision": "deny"}, 400, "#/decision"),
            ({"provider": "github", "via": "code"}, 400, "#/until"),
            ({"provider": "oidc", "issuer": "../x"}, 404, None),
            ({"provider": "oidc", "issuer": "conformance"}, 409, None),
            ({"provider": "azure", "issuer": "nowhere.test"}, 404, None),
            ({"provider": "github", "decision": "perhaps"}, 400, "#/decision"),
            ({"provider": "github", "pkce": "yes"}, 400, "#/pkce"),
            ({"provider": "github", "parameters": {"a": 1}}, 400, "#/parameters/a"),
            ({"provider": "github", "state": "\0"}, 400, "#/state"),
            ({"provider": "github", "scope": 5}, 400, "#/scope"),
            ({"provider": "github", "what": "?"}, 400, "#/what"),
            ({}, 400, "#"),
        ],
        ids=str,
    )
    def test_it_is_told_what_is_wrong(self, sandbox, body, status, where):
        refused = log_in(sandbox, status=status, **body)

        if where:
            assert where in [error["pointer"] for error in refused["errors"]]

    def test_a_redirect_uri_that_no_browser_knows_is_the_providers_to_refuse(self, sandbox):
        for uri in ("javascript:alert(1)", "//", "http://[", "x", "http://127.0.0.1:9999/callback#f"):
            assert log_in(sandbox, provider="oidc", redirect_uri=uri, status=409)["reason"] == "REDIRECT_URI_MISMATCH"


class TestTheDocumentation:
    def test_the_page_lists_every_way_and_no_other(self):
        page = read("docs/login.md")
        rows = re.findall(r"^\| `([a-z-]+)` \| `([a-z-]+)` \| `([a-z-]+)` \|$", page, re.MULTILINE)

        assert {(provider, exchange, via) for exchange, provider, via in rows} == set(WAYS)

    def test_the_page_names_every_member_of_a_request(self):
        page = read("docs/login.md")

        for request in ("LoginRequest", "MintRequest"):
            for name in named_schemas()[request]["properties"]:
                assert re.search(rf"^\|[^|]*`{name}`", page, re.MULTILINE), name

    @pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
    def test_the_page_of_a_service_lists_its_kinds_of_tokens(self, service):
        section = read(f"docs/services/{service.slug}.md").partition("### Mint\n")[2].partition("\n## ")[0]
        rows = re.findall(r"^\| `([a-z_0-9]+)` \| (\w+) \| (.+?) \| (.*?) ?\|$", section, re.MULTILINE)

        assert rows == [
            (kind, one.format, one.summary, " ".join(f"`{name}`" for name in one.parameters))
            for kind, one in service.mints.items()
        ]
