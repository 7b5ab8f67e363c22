"""A relying party that trusts nobody: it drives a login over HTTP, and checks whatever it is given.

Signatures are checked by joserfc and claims by Authlib, which share no code with the sandbox. What must hold in every
module of a certification (state and iss intact, no-store, kid, nonce ...) is checked here, in every login.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import secrets
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self
from urllib.parse import parse_qsl, quote

from authlib.oidc.core import CodeIDToken, HybridIDToken, ImplicitIDToken

from sandbox.core import tables
from tests.conformance import signing
from tests.conftest import HouseClient
from tests.support.forms import find_form, submit

ORIGIN = "https://localhost"
CALLBACK = "https://localhost:8443/test/a/sandbox-basic/callback"
SIGNED_OUT = "https://localhost:8443/test/a/sandbox-basic/post_logout_redirect"
SECRET = "sandbox-secret"
YEAR = 365 * 24 * 3600


def configure(sandbox: HouseClient, issuer: str, **settings: Any) -> None:
    """Change the settings of an issuer, as its fixture would have them."""
    with sandbox.world() as world:
        oidc = world.settings["oidc"]
        changed = {**oidc["issuers"].get(issuer, oidc["settings"]), **settings}
        issuers = {**oidc["issuers"], issuer: changed}
        world.store.change(tables.World, {"settings": {**world.settings, "oidc": {**oidc, "issuers": issuers}}})


def change_client(sandbox: HouseClient, issuer: str, client_id: str, **settings: Any) -> None:
    """Change the settings of a client, as its fixture would have them."""
    with sandbox.world() as world:
        where = {"service": f"oidc/{issuer}", "client_id": client_id}
        client = world.store.find(tables.Client, **where)
        assert client is not None
        world.store.change(tables.Client, {"settings": {**client.settings, **settings}}, **where)


@dataclass(frozen=True)
class Tokens:
    """A token answer that has been checked. `claims` are those of the id_token, `header` is its header."""

    answer: dict[str, Any]
    claims: dict[str, Any]
    header: dict[str, Any]

    @property
    def access_token(self) -> str:
        return self.answer["access_token"]

    @property
    def id_token(self) -> str:
        return self.answer["id_token"]

    @property
    def refresh_token(self) -> str:
        return self.answer["refresh_token"]


class RelyingParty:
    """A client and the browser of the person who uses it.

    `auth` is how it authenticates, `key` what it signs assertions with, `dpop` the key its tokens are bound to.
    `usual` parameters are part of each of its authorization requests.
    """

    def __init__(
        self,
        browser: HouseClient,
        issuer: str = "conformance",
        client_id: str = "conformance-client",
        *,
        secret: str | None = SECRET,
        redirect_uri: str = CALLBACK,
        auth: str = "client_secret_basic",
        key: Any = None,
        dpop: Any = None,
        pkce: bool = False,
        par: bool = False,
        **usual: str,
    ) -> None:
        self.browser = browser
        self.issuer = f"{ORIGIN}/oidc/{issuer}"
        self.client_id, self.secret, self.redirect_uri = client_id, secret, redirect_uri
        self.auth, self.key, self.dpop, self.pkce, self.par = auth, key, dpop, pkce, par
        self.usual = usual
        self.registration: dict[str, Any] = {}
        # Of the login going on: what was asked for, the verifier, and which pages the person saw.
        self.sent: dict[str, str] = {}
        self.verifier: str | None = None
        self.pages: list[str] = []
        self.backend: Any = browser.application.test_client(use_cookies=False)

    @classmethod
    def register(cls, browser: HouseClient, issuer: str = "conformance", *, key: Any = None, **metadata: Any) -> Self:
        """Register a client dynamically. A key is published in its metadata unless that has a jwks_uri."""
        rp = cls(browser, issuer, "", secret=None, key=key)
        answer = rp.ask_to_register(**metadata)
        assert answer.status_code == 201, answer.text
        rp.registration = registered = answer.json
        rp.client_id, rp.secret = registered["client_id"], registered.get("client_secret")
        rp.auth, rp.redirect_uri = registered["token_endpoint_auth_method"], registered["redirect_uris"][0]
        assert answer.headers["Cache-Control"] == "no-store"
        assert registered["registration_client_uri"].startswith(f"{rp.issuer}/")
        assert registered["registration_access_token"]
        assert ("client_secret" in registered) == ("client_secret_expires_at" in registered)
        return rp

    def ask_to_register(self, **metadata: Any) -> Any:
        """POST the metadata; None leaves a default out."""
        keys = {"jwks": signing.jwks(self.key)} if self.key and "jwks_uri" not in metadata else {}
        document = {"redirect_uris": [CALLBACK], **keys, **metadata}
        sent = {name: value for name, value in document.items() if value is not None}
        return self.backend.post(self.metadata["registration_endpoint"], json=sent)

    def at(self, browser: HouseClient) -> RelyingParty:
        """The same client, for a person at another browser."""
        other = RelyingParty(browser, self.issuer.rpartition("/")[2], self.client_id, secret=self.secret)
        other.redirect_uri, other.auth, other.key, other.dpop = self.redirect_uri, self.auth, self.key, self.dpop
        other.pkce, other.par, other.usual = self.pkce, self.par, self.usual
        return other

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """The discovery document."""
        answer = self.backend.get(f"{self.issuer}/.well-known/openid-configuration")
        assert (answer.status_code, answer.mimetype) == (200, "application/json")
        assert answer.json["issuer"] == self.issuer
        return answer.json

    def jwks(self) -> dict[str, Any]:
        """The issuer's public keys, fetched anew."""
        answer = self.backend.get(self.metadata["jwks_uri"])
        assert answer.status_code == 200
        return answer.json

    def now(self) -> int:
        return self.browser.clock.now()

    # The browser

    def ask(self, **changes: Any) -> dict[str, str]:
        """The parameters of an authorization request; None leaves one out."""
        usual = {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "scope": "openid",
            "state": secrets.token_urlsafe(8),
            "nonce": secrets.token_urlsafe(8),
            **self.usual,
        }
        self.verifier = None
        if self.pkce:
            self.verifier = secrets.token_urlsafe(48)
            challenge = signing.b64(hashlib.sha256(self.verifier.encode()).digest())
            usual |= {"code_challenge": challenge, "code_challenge_method": "S256"}
        return {name: str(value) for name, value in {**usual, **changes}.items() if value is not None}

    def push(self, proof: bool = False, **changes: Any) -> Any:
        """Push an authorization request (RFC 9126)."""
        self.sent = self.ask(**changes)
        return self.call("pushed_authorization_request_endpoint", self.sent, proof=proof)

    def authorize(self, method: str = "GET", **changes: Any) -> Any:
        """Send the browser to the authorization endpoint; what it shows, or the redirect at once."""
        self.pages = []
        if self.par:
            pushed = self.push(**changes)
            assert pushed.status_code == 201, pushed.text
            shown = {"client_id": self.client_id, "request_uri": pushed.json["request_uri"]}
        else:
            shown = self.sent = self.ask(**changes)
        return self.visit(shown, method)

    def visit(self, shown: dict[str, str], method: str = "GET") -> Any:
        """The authorization endpoint with exactly these parameters."""
        url = self.metadata["authorization_endpoint"]
        if method == "POST":
            return self.browser.post(url, data=shown)
        return self.browser.get(url, query_string=shown)

    def go_on(self, page: Any, as_: str = "alice", decision: str = "allow") -> Any:
        """Press what the pages ask for, until the browser is sent back."""
        for _ in range(2):
            if page.status_code != 200 or 'id="form-post"' in page.text:
                return page
            is_login = 'id="as-' in page.text
            self.pages.append("login" if is_login else "consent")
            page = submit(self.browser, page, f"as-{as_}" if is_login else decision)
        return page

    def sign_in(self, as_: str = "alice", **changes: Any) -> dict[str, str]:
        """From the authorization request to the parameters that come back."""
        return self.answer(self.go_on(self.authorize(**changes), as_))

    def answer(self, response: Any) -> dict[str, str]:
        """What came back: at the very address that was named, in the mode asked for, with state and iss."""
        target = self.sent.get("redirect_uri", self.redirect_uri)
        usual = "query" if self.sent.get("response_type", "code") == "code" else "fragment"
        mode = self.sent.get("response_mode", usual)
        pairs = _form_post(response, target) if mode == "form_post" else _redirect(response, target, mode)
        found = dict(pairs)
        assert len(found) == len(pairs), pairs
        assert found.get("state") == self.sent.get("state")
        assert found["iss"] == self.issuer
        return found

    # The back channel

    def call(self, endpoint: str, form: dict[str, Any], *, proof: bool | str | None = None, auth: bool = True) -> Any:
        """POST a form to an endpoint as this client; `proof` is a DPoP proof, or says whether to make one."""
        url = self.metadata[endpoint]
        headers, proven = self.credentials(url) if auth else ({}, {})
        if isinstance(proof, str):
            headers["DPoP"] = proof
        elif proof and self.dpop:
            headers["DPoP"] = signing.proof(self.dpop, "POST", url, self.now())
        sent = {name: value for name, value in {**proven, **form}.items() if value is not None}
        return self.backend.post(url, data=sent, headers=headers)

    def credentials(self, url: str, **changes: Any) -> tuple[dict[str, str], dict[str, str]]:
        """The headers and the members of a form by which this client authenticates."""
        if self.auth == "none":
            return {}, {"client_id": self.client_id}
        if self.auth == "client_secret_post":
            return {}, {"client_id": self.client_id, "client_secret": self.secret or ""}
        if self.auth == "client_secret_basic":
            pair = f"{quote(self.client_id, safe='')}:{quote(self.secret or '', safe='')}"
            return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}, {}
        key = signing.shared_key(self.secret or "") if self.auth == "client_secret_jwt" else self.key
        made = signing.sign(signing.assertion_claims(self.client_id, self.issuer, self.now(), **changes), key)
        return {}, {"client_assertion": made, "client_assertion_type": signing.ASSERTION_TYPE}

    def redeem(self, code: str, *, proof: bool | str = True, auth: bool = True, **changes: Any) -> Any:
        """Swap a code for tokens."""
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": self.verifier}
        if "redirect_uri" in self.sent:
            form["redirect_uri"] = self.sent["redirect_uri"]
        return self.call("token_endpoint", {**form, **changes}, proof=proof, auth=auth)

    def refresh(self, refresh_token: str, *, proof: bool | str = True, **changes: Any) -> Any:
        """Swap a refresh token for new tokens."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token, **changes}
        return self.call("token_endpoint", form, proof=proof)

    def log_in(self, as_: str = "alice", **changes: Any) -> Tokens:
        """A whole login, every step checked."""
        back = self.sign_in(as_, **changes)
        assert "code" in back, back
        return self.check_tokens(self.redeem(back["code"]))

    def check_tokens(self, response: Any, **expected: Any) -> Tokens:
        """Check a token answer and the id_token in it."""
        assert response.status_code == 200, response.text
        assert response.mimetype == "application/json"
        assert (response.headers["Cache-Control"], response.headers["Pragma"]) == ("no-store", "no-cache")
        answer = response.json
        assert answer["token_type"] == ("DPoP" if self.dpop else "Bearer")
        assert 0 < answer["expires_in"] <= YEAR
        assert isinstance(answer["scope"], str)
        if "id_token" not in answer:
            return Tokens(answer, {}, {})
        token = self.check_id_token(answer["id_token"], access_token=answer["access_token"], **expected)
        return Tokens(answer, token.claims, token.header)

    def check_id_token(
        self, id_token: str, *, kind: Any = CodeIDToken, nonce: str | None = "sent", **bound: Any
    ) -> Any:
        """Check signature, kid, iss, aud, azp, times, nonce and the hashes of what it is `bound` to."""
        published = self.jwks()
        token = signing.verify(id_token, published)
        assert token.header["kid"] in [key["kid"] for key in published["keys"]]
        wanted = self.sent.get("nonce") if nonce == "sent" else nonce
        exactly = {
            "iss": {"essential": True, "value": self.issuer},
            "aud": {"essential": True, "value": self.client_id},
        }
        claims = kind(token.claims, token.header, exactly, {"nonce": wanted, "client_id": self.client_id, **bound})
        claims.validate(now=self.now())
        if token.header["alg"] == "EdDSA":
            # Ed25519 hashes by SHA-512, which Authlib does not look at.
            for name, of in (("at_hash", "access_token"), ("c_hash", "code")):
                assert of not in bound or claims.get(name) == left_half_of_sha512(bound[of])
        assert claims.get("nonce") == wanted
        assert isinstance(claims["aud"], str)
        assert self.now() - claims["iat"] < 300
        return token

    def check_front_channel(self, back: dict[str, str]) -> dict[str, Any]:
        """Check what came beside or instead of a code; the claims of the id_token."""
        if "access_token" in back:
            assert (back["token_type"], int(back["expires_in"]) > 0) == ("Bearer", True)
        if "id_token" not in back:
            return {}
        kind = HybridIDToken if "code" in back else ImplicitIDToken
        bound = {name: back[name] for name in ("access_token", "code") if name in back}
        return self.check_id_token(back["id_token"], kind=kind, **bound).claims

    def userinfo(self, access_token: str, *, method: str = "GET", in_body: bool = False, proof: bool = True) -> Any:
        """Ask for the claims, with the token in the header or in the body."""
        url = self.metadata["userinfo_endpoint"]
        if in_body:
            return self.backend.post(url, data={"access_token": access_token})
        headers = {"Authorization": f"{'DPoP' if self.dpop else 'Bearer'} {access_token}"}
        if self.dpop and proof:
            headers["DPoP"] = signing.proof(self.dpop, method, url, self.now(), token=access_token)
        return self.backend.open(url, method=method, headers=headers)

    def claims(self, tokens: Tokens) -> dict[str, Any]:
        """The claims of userinfo, which must be of the same person."""
        answer = self.userinfo(tokens.access_token)
        assert (answer.status_code, answer.mimetype) == (200, "application/json"), answer.text
        assert answer.json["sub"] == tokens.claims["sub"]
        return answer.json

    def log_out(self, method: str = "GET", **parameters: Any) -> Any:
        """Send the browser to the end_session_endpoint."""
        sent = {name: value for name, value in parameters.items() if value is not None}
        url = self.metadata["end_session_endpoint"]
        return self.browser.post(url, data=sent) if method == "POST" else self.browser.get(url, query_string=sent)

    def is_signed_in(self) -> bool:
        """Whether the person has a session, found out silently."""
        back = self.sign_in(prompt="none")
        assert ("code" in back) != ("error" in back)
        return "code" in back


def left_half_of_sha512(value: str) -> str:
    return signing.b64(hashlib.sha512(value.encode()).digest()[:32])


def error(response: Any) -> tuple[int, str]:
    """Status and error code of a refusal in JSON, after a look at its form."""
    assert response.mimetype == "application/json", response.text
    assert set(response.json) <= {"error", "error_description", "error_uri"}
    # On a 400 this header would hide the error from clients that look at it first.
    assert ("WWW-Authenticate" in response.headers) == (response.status_code in (401, 403)), response.headers
    return response.status_code, response.json["error"]


def page_error(response: Any) -> str:
    """The error code that a page of the issuer's own shows; the browser goes nowhere."""
    assert 400 <= response.status_code < 500, response.text
    assert response.mimetype == "text/html"
    assert "Location" not in response.headers
    return response.text.partition("<h1>")[2].partition("</h1>")[0]


def _redirect(response: Any, target: str, mode: str) -> list[tuple[str, str]]:
    assert response.status_code == 302, response.text
    location = response.headers["Location"]
    start = f"{target}#" if mode == "fragment" else f"{target}{'&' if '?' in target else '?'}"
    assert location.startswith(start), location
    return parse_qsl(location.removeprefix(start), keep_blank_values=True, strict_parsing=True)


def _form_post(response: Any, target: str) -> list[tuple[str, str]]:
    """One form that posts itself, and has a button for browsers without JavaScript; nothing in any URL."""
    assert response.status_code == 200, response.text
    assert response.mimetype == "text/html"
    assert response.headers["Cache-Control"] == "no-store"
    assert "Location" not in response.headers
    form, fields = find_form(response.text, "continue")
    assert form.action == target
    assert response.text.count("<form") == 1
    assert 'method="post"' in response.text
    assert "form-post.js" in response.text
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    return fields


def essential(*names: str) -> str:
    """A claims parameter that wants these claims from userinfo."""
    return json.dumps({"userinfo": {name: {"essential": True} for name in names}})


def entropy(value: str) -> float:
    """Shannon's, in bits, as the certification estimates it."""
    counts = Counter(value)
    return -sum(n * math.log2(n / len(value)) for n in counts.values())
