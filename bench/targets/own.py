"""This sandbox: three providers alone, and two logins that go on to an exchange.

Everything is at its default but `--approval`, which spares the sign-in page: the other mocks have none, or can do
without theirs. It checks client, secret, redirect URI and verifier, redeems each code once in a database, writes the
journal, and refuses what is wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from bench.flows import CODE, Step
from bench.targets.base import CALLBACK_ENCODED, FORM, JSON, PKCE, Target
from sandbox import __version__
from sandbox.core.fixtures import shipped

AZURE_CLIENT = "11111111-1111-4111-8111-111111111111"
AZURE_CALLBACK = "http%3A%2F%2Flocalhost%3A9999%2Fcallback"
SECRET = "sandbox-secret"
ASK = {"code": CODE}
ID_TOKEN = '"id_token"'


class Own(Target):
    """What all rooms have in common."""

    package = "idp-sandbox"
    ready = "/_sandbox/health"

    def version(self) -> str:
        return __version__

    def command(self, port: int, folder: Path) -> list[str]:  # noqa: ARG002 - it writes where it always does
        program = Path(sys.executable).with_name("idp-sandbox")
        return [str(program), "serve", "--port", str(port), "--approval", "always=alice"]


class Oidc(Own):
    name, tells = "oidc", "id_token and access token RS256; checks everything"
    discovery, jwks = "/oidc/main/.well-known/openid-configuration", "/oidc/main/jwks"

    def steps(self, port: int, prepared: Mapping[str, str]) -> list[Step]:  # noqa: ARG002
        query = f"client_id=oidc-client&response_type=code&redirect_uri={CALLBACK_ENCODED}&scope=openid+profile+email"
        form = f"client_id=oidc-client&client_secret={SECRET}&redirect_uri={CALLBACK_ENCODED}&code_verifier=$verifier"
        return [
            Step("GET", f"/oidc/main/authorize?{query}&state=$state&nonce=$nonce&{PKCE}", keeps=ASK),
            Step("POST", "/oidc/main/token", FORM, f"grant_type=authorization_code&code=$code&{form}", needs=ID_TOKEN),
        ]

    def token(self, port: int, prepared: Mapping[str, str]) -> Step:  # noqa: ARG002
        form = f"grant_type=client_credentials&client_id=oidc-client&client_secret={SECRET}"
        return Step("POST", "/oidc/main/token", FORM, form, needs='"access_token"')


class OidcOpaque(Oidc):
    """The same with access tokens that are no JWTs, as mocks have them that sign the id_token alone."""

    name, pair, tells = "oidc-opaque", "oidc-opaque", "id_token RS256, access token opaque; checks everything"

    def command(self, port: int, folder: Path) -> list[str]:
        usual, changed = "    - name: main\n", "    - name: main\n      settings: {access_token_format: opaque}\n"
        cast = folder / "opaque.yaml"
        cast.write_text(shipped("default.yaml").read_text("utf-8").replace(usual, changed, 1), "utf-8")
        return [*super().command(port, folder), "--fixtures", str(cast)]


class Azure(Own):
    name, pair, tells = "azure", "azure", "id_token and access token RS256; checks everything"
    discovery, jwks = "/contoso.test/v2.0/.well-known/openid-configuration", "/contoso.test/discovery/v2.0/keys"

    def steps(self, port: int, prepared: Mapping[str, str]) -> list[Step]:  # noqa: ARG002
        base, uri = "/contoso.test/oauth2/v2.0", f"redirect_uri={AZURE_CALLBACK}"
        query = f"client_id={AZURE_CLIENT}&response_type=code&{uri}&scope=openid+profile+email"
        form = f"client_id={AZURE_CLIENT}&client_secret={SECRET}&{uri}&code_verifier=$verifier"
        return [
            Step("GET", f"{base}/authorize?{query}&state=$state&nonce=$nonce&{PKCE}", keeps=ASK),
            Step("POST", f"{base}/token", FORM, f"grant_type=authorization_code&code=$code&{form}", needs=ID_TOKEN),
        ]

    def token(self, port: int, prepared: Mapping[str, str]) -> Step:  # noqa: ARG002
        scope = "https%3A%2F%2Fgraph.microsoft.com%2F.default"
        form = f"grant_type=client_credentials&client_id={AZURE_CLIENT}&client_secret={SECRET}&scope={scope}"
        return Step("POST", "/contoso.test/oauth2/v2.0/token", FORM, form, needs='"access_token"')


class AzurePrisme(Azure):
    name, tells = "azure-prisme", "as azure, then a session at Prisme.ai; three requests"

    def steps(self, port: int, prepared: Mapping[str, str]) -> list[Step]:
        ask, redeem = super().steps(port, prepared)
        body = '{"provider": "azure", "subject_token": "$token"}'
        kept = {"token": r'"id_token": ?"([^"]+)"'}
        return [
            ask,
            Step(redeem.method, redeem.path, redeem.headers, redeem.body, kept, redeem.needs),
            Step("POST", "/v2/login/token-exchange", JSON, body, needs='"sessionId"'),
        ]


class GitHub(Own):
    name, pair, tells = "github", "github", "opaque token; checks everything"
    discovery = jwks = None

    def steps(self, port: int, prepared: Mapping[str, str]) -> list[Step]:  # noqa: ARG002
        uri = f"redirect_uri={CALLBACK_ENCODED}"
        query = f"client_id=Iv1.sandboxclient&{uri}&scope=read%3Auser+user%3Aemail&state=$state&{PKCE}"
        form = f"client_id=Iv1.sandboxclient&client_secret={SECRET}&{uri}&code=$code&code_verifier=$verifier"
        return [
            Step("GET", f"/login/oauth/authorize?{query}", keeps=ASK),
            Step("POST", "/login/oauth/access_token", FORM, form, needs='"access_token"'),
        ]

    def check(self, port: int) -> str:  # noqa: ARG002
        return "/api/v3/user"


class GitHubGmi(GitHub):
    name, tells = "github-gmi", "opaque token of GitHub by way of GMI Cloud"

    def steps(self, port: int, prepared: Mapping[str, str]) -> list[Step]:  # noqa: ARG002
        body = '{"provider": "github", "code": "$code"}'
        return [
            Step("GET", "/login/oauth/authorize?client_id=gmi-console&scope=user%3Aemail&state=$state", keeps=ASK),
            Step("POST", "/api/v1/oauth/token", JSON, body, needs='"accessToken"'),
        ]
