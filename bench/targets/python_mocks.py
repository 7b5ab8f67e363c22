"""The mocks that come from PyPI."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.request import Request, urlopen

from bench.flows import CODE, Step
from bench.targets.base import (
    CALLBACK,
    CALLBACK_ENCODED,
    FORM,
    HOST,
    JSON,
    PKCE,
    Target,
    python,
    python_version,
)

_PATIENCE = 10


class OidcProviderMock(Target):
    """oidc-provider-mock: Flask and Authlib under uvicorn, one RS256 signature.

    A client is registered, so that its secret and redirect URI are checked; it has no PKCE. The sign-in page is
    skipped: its form is posted at once.
    """

    pair = "oidc-opaque"
    name = package = "oidc-provider-mock"
    tells = "id_token RS256; checks client and secret, no PKCE"

    def version(self) -> str:
        return python_version(self.package)

    def command(self, port: int, folder: Path) -> list[str]:  # noqa: ARG002
        return [python(), "-m", "oidc_provider_mock", "--host", HOST, "--port", str(port), "--require-registration"]

    def prepare(self, port: int) -> Mapping[str, str]:
        asked = {"redirect_uris": [CALLBACK], "token_endpoint_auth_method": "client_secret_post"}
        request = Request(f"http://{HOST}:{port}/oauth2/clients", json.dumps(asked).encode(), JSON)
        with urlopen(request, timeout=_PATIENCE) as answer:
            client = json.load(answer)
        return {"id": client["client_id"], "secret": client["client_secret"]}

    def steps(self, port: int, prepared: Mapping[str, str]) -> list[Step]:  # noqa: ARG002
        uri, client = f"redirect_uri={CALLBACK_ENCODED}", f"client_id={prepared['id']}"
        query = f"{client}&response_type=code&{uri}&scope=openid+profile+email&state=$state&nonce=$nonce"
        form = f"grant_type=authorization_code&code=$code&{client}&client_secret={prepared['secret']}&{uri}"
        return [
            Step("POST", f"/oauth2/authorize?{query}", FORM, "sub=alice", keeps={"code": CODE}),
            Step("POST", "/oauth2/token", FORM, form, needs='"id_token"'),
        ]


class Nanoidp(Target):
    """nanoidp: Flask under Werkzeug's development server, two RS256 signatures; checks client, secret and PKCE.

    Its persona mode signs somebody in by `login_hint` without a page. Every login goes into its audit log.
    """

    name = package = "nanoidp"
    tells = "id_token and access token RS256; checks client, secret, PKCE"
    jwks = "/.well-known/jwks.json"
    headers = MappingProxyType({**FORM, "Authorization": f"Basic {b64encode(b'bench:bench-secret').decode()}"})

    def version(self) -> str:
        return python_version(self.package)

    def command(self, port: int, folder: Path) -> list[str]:
        client = f"{{client_id: bench, client_secret: bench-secret, redirect_uris: ['{CALLBACK}']}}"
        settings = (
            "config_version: 1\n"
            f"oauth: {{issuer: 'http://{HOST}:{port}', audience: bench, clients: [{client}]}}\n"
            "login: {mode: persona, auto_login: true}\n"
        )
        users = "config_version: 1\nusers: {alice: {password: alice, email: alice@contoso.test}}\n"
        (folder / "settings.yaml").write_text(settings, "utf-8")
        (folder / "users.yaml").write_text(users, "utf-8")
        return [python(), "-m", "nanoidp", "--host", HOST, "--port", str(port), "--config", str(folder)]

    def steps(self, port: int, prepared: Mapping[str, str]) -> list[Step]:  # noqa: ARG002
        uri = f"redirect_uri={CALLBACK_ENCODED}"
        query = f"client_id=bench&response_type=code&{uri}&scope=openid+profile+email&state=$state&nonce=$nonce&{PKCE}"
        form = f"grant_type=authorization_code&code=$code&{uri}"
        return [
            Step("GET", f"/authorize?{query}&login_hint=persona-auto-login%3Aalice", keeps={"code": CODE}),
            Step("POST", "/token", self.headers, f"{form}&code_verifier=$verifier", needs='"id_token"'),
        ]

    def token(self, port: int, prepared: Mapping[str, str]) -> Step:  # noqa: ARG002
        return Step("POST", "/token", self.headers, "grant_type=client_credentials", needs='"access_token"')
