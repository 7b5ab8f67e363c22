"""Every verb of the client, against a sandbox that is served: what goes in, and what comes back."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
import requests

from sandbox import SandboxClient, SandboxError
from tests.support.fanfare import PK

WEB = {
    "client_id": "shop",
    "service": "oidc/main",
    "name": "Shop",
    "secret": "shop-secret",
    "redirect_uris": ["http://localhost/callback"],
}


def redeem(idp: SandboxClient, code: str | None) -> requests.Response:
    return requests.post(
        f"{idp.url}/oidc/main/token",
        {"grant_type": "authorization_code", "code": code, "redirect_uri": "http://127.0.0.1:9999/callback"},
        auth=("oidc-client", "sandbox-secret"),
        timeout=10,
    )


class TestLogin:
    def test_it_ends_with_a_code_that_is_good(self, idp):
        login = idp.login("oidc", "alice", client="oidc-client", state="xyz")

        assert (login.state, login.client_id, login.redirect_uri) == (
            "xyz",
            "oidc-client",
            "http://127.0.0.1:9999/callback",
        )
        assert login.parameters["code"] == login.code
        assert str(login.callback_url).startswith(f"{login.redirect_uri}?")
        assert redeem(idp, login.code).status_code == 200

    def test_it_goes_on_to_the_session_of_an_exchange(self, idp):
        login = idp.login("github", "octocat", exchange="gmi")

        assert (login.exchange, login.client_id) == ("gmi", "gmi-console")
        assert login.session["accessToken"]

    def test_it_takes_over_the_request_of_an_application(self, idp):
        asked = (
            f"{idp.url}/oidc/main/authorize?client_id=oidc-client&scope=openid&state=s&nonce=n&response_type=code"
            "&redirect_uri=http://localhost:9998/spa&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
            "&code_challenge_method=S256"
        )

        login = idp.login("oidc", "alice", url=asked)

        assert (login.state, login.redirect_uri) == ("s", "http://localhost:9998/spa")
        answer = requests.post(
            f"{idp.url}/oidc/main/token",
            {
                "grant_type": "authorization_code",
                "code": login.code,
                "redirect_uri": login.redirect_uri,
                "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            },
            auth=("oidc-client", "sandbox-secret"),
            timeout=10,
        )
        assert answer.status_code == 200

    def test_who_denies_gives_no_code(self, idp):
        login = idp.login("oidc", "alice", decision="deny")

        assert login.code is None
        assert login.parameters["error"] == "access_denied"

    def test_a_verifier_is_made_where_pkce_is_wanted(self, idp):
        assert len(str(idp.login("oidc", "alice", pkce=True).code_verifier)) >= 43

    def test_what_a_service_refuses_is_told_in_its_own_words(self, idp):
        with pytest.raises(SandboxError) as refused:
            idp.login("github", "unverified", exchange="gmi")

        assert (refused.value.status, refused.value.reason) == (409, "EMAIL_UNVERIFIED")
        assert refused.value.answer["body"]["message"] == "Invalid authorization code."


class TestMint:
    def test_a_token_is_text_that_knows_its_claims(self, idp):
        token = idp.mint("oidc", "id_token", "alice", client="oidc-client", claims={"shoe_size": 38})

        assert token.count(".") == 2
        assert (token.service, token.kind) == ("oidc", "id_token")
        assert (token.claims["aud"], token.claims["shoe_size"]) == ("oidc-client", 38)
        assert token.header["alg"] == "RS256"

    def test_an_access_token_opens_what_a_real_one_does(self, idp):
        token = idp.mint("github", "access_token", "octocat", scope="read:user")

        user = requests.get(f"{idp.url}/api/v3/user", headers={"Authorization": f"Bearer {token}"}, timeout=10)
        assert user.json()["login"] == "octocat"

    def test_a_forged_one_opens_nothing(self, idp):
        kinds = idp.token_kinds()

        assert {"service": "oidc", "kind": "id_token"}.items() <= next(
            kind for kind in kinds["kinds"] if (kind["service"], kind["kind"]) == ("oidc", "id_token")
        ).items()
        assert "bad-signature" in [tamper["name"] for tamper in kinds["tampers"]]
        forged = idp.mint("oidc", "id_token", "alice", tamper="wrong-aud")
        assert forged.claims["aud"] != "oidc-client"


class TestClock:
    def test_time_passes_at_once(self, idp):
        began = idp.clock.freeze("2027-01-01T00:00:00Z")
        later = idp.clock.advance(days=1, hours=1, minutes=1, seconds=1)

        assert began.frozen
        assert later.now - began.now == 86_400 + 3_600 + 60 + 1
        assert idp.clock.now() == later.now

    def test_it_is_set_by_number_text_and_datetime(self, idp):
        new_year = 1_798_761_600

        for moment in (new_year, "2027-01-01T00:00:00Z", datetime(2027, 1, 1, tzinfo=UTC)):
            assert idp.clock.set(moment, frozen=True).now == new_year
        assert not idp.clock.thaw().frozen

    def test_nothing_given_is_no_time(self, idp):
        before = idp.clock.freeze().now

        assert idp.clock.advance().now == before

    def test_a_time_that_is_none_is_refused(self, idp):
        with pytest.raises(SandboxError, match="400 FIELD_INVALID"):
            idp.clock.set("yesterday")


class TestCast:
    def test_somebody_is_added_changed_and_removed(self, idp):
        everybody = len(idp.identities.list())

        idp.identities.add({"login": "zoe", "name": "Zoe"})
        idp.identities.change("zoe", {"name": "Zoë", "emails": [{"email": "zoe@contoso.test", "primary": True}]})

        assert idp.identities.get("zoe")["name"] == "Zoë"
        assert [person["login"] for person in idp.identities.list(search="zoe@contoso")] == ["zoe"]
        assert len(idp.identities.list()) == everybody + 1
        assert idp.identities.replace("zoe", {"login": "zoe"})["name"] is None
        idp.identities.remove("zoe")
        with pytest.raises(SandboxError, match="404 "):
            idp.identities.get("zoe")

    def test_a_client_is_registered_and_used(self, idp):
        added = idp.clients.add(WEB)

        assert added["settings"]
        assert idp.clients.get("shop")["secret"] == "shop-secret"
        assert idp.login("oidc", "alice", client="shop").redirect_uri == "http://localhost/callback"
        assert "shop" in [client["client_id"] for client in idp.clients.list(service="oidc/main")]
        with pytest.raises(SandboxError, match="409 OBJECT_ALREADY_EXISTS"):
            idp.clients.add(WEB)
        idp.clients.remove("shop", service="oidc/main")

    def test_there_are_issuers_and_tenants(self, idp):
        assert "main" in [issuer["name"] for issuer in idp.issuers.list()]
        assert idp.tenants.list(service="azure")


class TestKeys:
    def test_a_new_key_signs_and_the_old_one_is_retired(self, idp):
        first = idp.mint("oidc", "id_token", "alice").header["kid"]

        new = idp.keys.rotate("oidc/main", "RS256")
        idp.keys.retire(first, "oidc/main")

        assert idp.mint("oidc", "id_token", "alice").header["kid"] == new.kid
        published = requests.get(f"{idp.url}/oidc/main/jwks", timeout=10).json()["keys"]
        assert new.kid in [key["kid"] for key in published]
        assert first not in [key["kid"] for key in published]
        assert (new.state, new.jwk["kty"]) == ("active", "RSA")


class TestMailbox:
    def test_it_has_what_was_sent_until_it_is_cleared(self, idp):
        asked = {"json": {"email": "zoe@contoso.test"}, "headers": {"X-Publishable-Key": PK}}
        requests.post(f"{idp.url}/api/auth/otp/request", **asked, timeout=10).raise_for_status()

        mails = idp.mailbox.list(service="fanfare")
        idp.mailbox.clear()

        assert [mail.to for mail in mails] == ["zoe@contoso.test"]
        assert idp.mailbox.list(to="nobody@contoso.test") == idp.mailbox.list() == []


class TestWholeWorld:
    def test_it_is_reset(self, idp):
        idp.identities.remove("no-name")
        idp.clock.freeze()

        idp.reset()

        assert idp.identities.get("no-name")["name"] is None
        assert not idp.clock.read().frozen

    def test_it_is_put_back_as_it_was(self, idp):
        code = idp.login("oidc", "alice", client="oidc-client").code
        before = idp.snapshot(journal=False)
        assert redeem(idp, code).status_code == 200

        idp.restore(before, clock="then")

        assert redeem(idp, code).status_code == 200

    def test_its_fixture_is_read_and_changed(self, idp):
        document = idp.fixture()
        document["identities"] = [one for one in document["identities"] if one["login"] != "emoji"]

        idp.change_fixture(document)

        assert "emoji" not in [one["login"] for one in idp.identities.list()]

    def test_its_services_are_told(self, idp):
        (github,) = [service for service in idp.services() if service["slug"] == "github"]

        assert github["kind"] == "provider"
        assert github["base_url"].startswith(idp.url)


class TestVerdict:
    def test_it_is_told_by_client_and_as_a_test_report(self, idp):
        idp.login("oidc", "alice", client="oidc-client", state="")

        (verdict,) = idp.verdict()

        assert (verdict.client_id, verdict.service, verdict.flows) == ("oidc-client", "oidc", 1)
        assert "state-missing" in [finding.code for finding in verdict.findings]
        assert ElementTree.fromstring(idp.verdict_junit()).tag == "testsuites"
        assert idp.verdict("nobody") == []
