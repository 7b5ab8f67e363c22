"""A small shop that people sign in to with OpenID Connect: the application under test in this folder.

It checks what such an application must check, tries a failing server once more, and renews its access.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from urllib.parse import urlencode

import jwt
import requests
from flask import Flask, Response, redirect, request, session

CALLBACK = "http://localhost/callback"


@dataclass
class Issuer:
    """The identity provider, as the shop is registered there. Who waits longer than `patience` seconds gives up."""

    url: str
    client_id: str
    client_secret: str
    patience: float = 5

    def __post_init__(self) -> None:
        self.metadata = requests.get(f"{self.url}/.well-known/openid-configuration", timeout=self.patience).json()
        self.keys = jwt.PyJWKClient(self.metadata["jwks_uri"])

    def token(self, **form: str) -> dict[str, str]:
        """Ask the token endpoint. Raises requests.RequestException."""
        own = {"client_id": self.client_id, "client_secret": self.client_secret}
        for last in (False, True):
            answer = requests.post(self.metadata["token_endpoint"], {**form, **own}, timeout=self.patience)
            if answer.status_code < 500 or last:
                break
        answer.raise_for_status()
        return answer.json()

    def verify(self, id_token: str, nonce: str) -> dict[str, str]:
        """The claims of an id_token that is meant for the shop and this login. Raises jwt.PyJWTError."""
        try:
            key = self.keys.get_signing_key_from_jwt(id_token)
        except jwt.PyJWKClientError:
            # The issuer has new keys; what is kept of the old ones is of no use.
            self.keys = jwt.PyJWKClient(self.metadata["jwks_uri"])
            key = self.keys.get_signing_key_from_jwt(id_token)
        claims = jwt.decode(id_token, key, algorithms=["RS256"], audience=self.client_id, issuer=self.url)
        if claims.get("nonce") != nonce:
            raise jwt.InvalidTokenError("the id_token is of another login")
        return claims

    def userinfo(self, access_token: str) -> requests.Response:
        """What the issuer tells of a person."""
        header = {"Authorization": f"Bearer {access_token}"}
        return requests.get(self.metadata["userinfo_endpoint"], headers=header, timeout=self.patience)


def create_shop(issuer: Issuer) -> Flask:
    """The shop, with its people at this issuer."""
    app = Flask("shop")
    app.secret_key = secrets.token_hex()

    @app.get("/login")
    def login() -> Response:
        session.update(state=secrets.token_urlsafe(), nonce=secrets.token_urlsafe(), verifier=secrets.token_urlsafe(48))
        challenge = urlsafe_b64encode(hashlib.sha256(session["verifier"].encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": issuer.client_id,
            "redirect_uri": CALLBACK,
            "scope": "openid email offline_access",
            "prompt": "consent",
            "state": session["state"],
            "nonce": session["nonce"],
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return redirect(f"{issuer.metadata['authorization_endpoint']}?{urlencode(asked)}")

    @app.get("/callback")
    def callback() -> tuple[str, int]:
        if request.args.get("state") != session.pop("state", None):
            return "this is not your login, or it is over", 400
        if "error" in request.args:
            return f"you were not signed in: {request.args['error']}", 403
        given = {"code": request.args["code"], "code_verifier": session["verifier"], "redirect_uri": CALLBACK}
        try:
            tokens = issuer.token(grant_type="authorization_code", **given)
            claims = issuer.verify(tokens["id_token"], session["nonce"])
        except requests.Timeout:
            return "signing in takes too long", 504
        except (requests.RequestException, jwt.PyJWTError) as error:
            return f"signing in failed: {error}", 502
        if "email" not in claims:
            return "the shop needs your e-mail", 403
        session.update(access=tokens["access_token"], refresh=tokens["refresh_token"])
        return f"Hello, {claims['email']}", 200

    @app.get("/me")
    def me() -> tuple[str, int]:
        if "access" not in session:
            return "please sign in", 401
        answer = issuer.userinfo(session["access"])
        if answer.status_code == 401:
            try:
                tokens = issuer.token(grant_type="refresh_token", refresh_token=session["refresh"])
            except requests.RequestException:
                session.clear()
                return "please sign in", 401
            session.update(access=tokens["access_token"], refresh=tokens["refresh_token"])
            answer = issuer.userinfo(tokens["access_token"])
        return answer.json()["email"], 200

    return app
