"""A relying party of a generic issuer, in-process: signs people in on the pages and calls the issuer's endpoints."""

from __future__ import annotations

from typing import Any

from tests.conftest import HouseClient
from tests.support.forms import submit
from tests.support.github import basic
from tests.support.person import query

CLIENT, SECRET, CALLBACK = "oidc-client", "sandbox-secret", "http://127.0.0.1:9999/callback"
PUBLIC, LOOPBACK = "oidc-public", "http://127.0.0.1:4711/callback"


class RelyingParty:
    """A client of one issuer; `post` authenticates it by Basic unless told otherwise."""

    def __init__(self, sandbox: HouseClient, issuer: str = "main", client_id: str = CLIENT, **registered: str) -> None:
        self.sandbox = sandbox
        self.issuer = f"/oidc/{issuer}"
        self.client_id = client_id
        self.secret: str | None = registered.get("secret", SECRET)
        self.redirect_uri = registered.get("redirect_uri", CALLBACK)

    def authorize(self, **asked: str) -> Any:
        """The answer to an authorization request with these parameters; one that is empty is left out."""
        usual = {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "scope": "openid",
            "state": "xyz",
        }
        given = {name: value for name, value in {**usual, **asked}.items() if value}
        return self.sandbox.get(f"{self.issuer}/authorize", query_string=given)

    def sign_in(self, login: str = "alice", **asked: str) -> str:
        """The URL that the browser is sent back to, once the person has pressed what there is to press."""
        page = self.authorize(**asked)
        for button in (f"as-{login}", "allow"):
            if page.status_code == 200 and f'id="{button}"' in page.text:
                page = submit(self.sandbox, page, button)
        assert page.status_code == 302, page.text
        return str(page.location)

    def code(self, login: str = "alice", **asked: str) -> str:
        """A code for this person."""
        return query(self.sign_in(login, **asked))["code"]

    def post(self, path: str, form: dict[str, str], headers: dict[str, str] | None = None) -> Any:
        """Call an endpoint as this client."""
        own = basic(self.client_id, self.secret) if self.secret else {}
        return self.sandbox.post(self.issuer + path, data=form, headers=own if headers is None else headers)

    def redeem(self, code: str, **form: str) -> Any:
        """Swap a code; `form` adds to the request, or takes away what is empty."""
        usual = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri}
        given = {name: value for name, value in {**usual, **form}.items() if value}
        if not self.secret:
            given |= {"client_id": self.client_id}
        return self.post("/token", given)

    def tokens(self, login: str = "alice", **asked: str) -> dict[str, Any]:
        """What a whole login yields."""
        answer = self.redeem(self.code(login, **asked))
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json
        return tokens

    def userinfo(self, access_token: str) -> Any:
        """The answer of userinfo to this token."""
        return self.sandbox.get(f"{self.issuer}/userinfo", headers={"Authorization": f"Bearer {access_token}"})
