"""The mocks that come from npm."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

from bench.flows import CODE, Step
from bench.targets.base import CALLBACK, CALLBACK_ENCODED, FORM, HOST, INSTALLED, PKCE, Target, node, npm_version
from bench.targets.browser import Browser

URI = f"redirect_uri={CALLBACK_ENCODED}"
CLIENT = "client_id=bench&client_secret=bench-secret"
ASK = f"client_id=bench&response_type=code&{URI}&scope=openid+profile+email&state=$state&nonce=$nonce&{PKCE}"
REDEEM = f"grant_type=authorization_code&code=$code&{CLIENT}&{URI}&code_verifier=$verifier"
CREDENTIALS = f"grant_type=client_credentials&{CLIENT}"
ID_TOKEN, ACCESS_TOKEN = '"id_token"', '"access_token"'


class NodeMock(Target):
    """What they have in common."""

    # Below node_modules.
    program = ""

    def version(self) -> str:
        return npm_version(self.package)

    def command(self, port: int, folder: Path) -> list[str]:  # noqa: ARG002
        return [node(), str(INSTALLED / "node_modules" / self.program), *self.arguments(port)]

    def arguments(self, port: int) -> list[str]:
        """What its command line is given."""
        raise NotImplementedError


class PlainMock(NodeMock):
    """What answers an authorization request at once, at the paths that most have."""

    def steps(self, port: int, prepared: Mapping[str, str]) -> list[Step]:  # noqa: ARG002
        return [
            Step("GET", f"/authorize?{ASK}", keeps={"code": CODE}),
            Step("POST", "/token", FORM, REDEEM, needs=ID_TOKEN),
        ]


class OAuth2MockServer(PlainMock):
    """oauth2-mock-server: two RS256 signatures. Checks PKCE; knows no client, and takes any code at any time."""

    name = package = "oauth2-mock-server"
    program = "oauth2-mock-server/dist/oauth2-mock-server.mjs"
    tells = "id_token and access token RS256; checks PKCE, no client, no code"

    def arguments(self, port: int) -> list[str]:
        return ["-a", HOST, "-p", str(port)]

    def token(self, port: int, prepared: Mapping[str, str]) -> Step:  # noqa: ARG002
        return Step("POST", "/token", FORM, CREDENTIALS, needs=ACCESS_TOKEN)


class MongodbMock(PlainMock):
    """@mongodb-js/oidc-mock-provider: two RS256 signatures. Redeems a code once and checks PKCE; knows no client.

    It listens before it has its key, so it is there when its keys are.
    """

    name = "oidc-mock-provider"
    package = "@mongodb-js/oidc-mock-provider"
    program = "@mongodb-js/oidc-mock-provider/bin/oidc-mock-provider.js"
    tells = "id_token and access token RS256; checks PKCE, no client"
    ready = "/jwks"

    def arguments(self, port: int) -> list[str]:
        return ["--host", HOST, "--port", str(port)]


class OidcProvider(NodeMock):
    """oidc-provider: a certified server, here with its memory adapter; one RS256 signature, an opaque access token.

    It checks everything. In each client somebody signs in once on its development pages; each login then finds that
    session by its cookies, and gets a grant without a consent page, as its manual shows for applications of one's own.
    """

    name = package = "oidc-provider"
    pair = "oidc-opaque"
    tells = "id_token RS256; checks everything; signed in once"

    def command(self, port: int, folder: Path) -> list[str]:  # noqa: ARG002
        # Beside node_modules, so that its import is found there.
        program = INSTALLED / "oidc-provider.mjs"
        program.write_bytes((Path(__file__).parent / "oidc-provider.mjs").read_bytes())
        return [node(), str(program), HOST, str(port), CALLBACK]

    def cookies(self, port: int, clients: int) -> list[str]:
        return [self.sign_in(port) for _ in range(clients)]

    def sign_in(self, port: int) -> str:
        """The cookies of a browser in which somebody has just signed in."""
        browser = Browser(HOST, port)
        gaps = {"$state": "s", "$nonce": "n", "$challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}
        path = f"/auth?{ASK}"
        for gap, value in gaps.items():
            path = path.replace(gap, value)
        page = browser.open("GET", path)
        browser.open("POST", page, "prompt=login&login=alice&password=alice")
        return browser.cookies("_session")

    def steps(self, port: int, prepared: Mapping[str, str]) -> list[Step]:  # noqa: ARG002
        return [
            Step("GET", f"/auth?{ASK}", {"Cookie": "$cookie"}, keeps={"code": CODE}),
            Step("POST", "/token", FORM, REDEEM, needs=ID_TOKEN),
        ]

    def token(self, port: int, prepared: Mapping[str, str]) -> Step:  # noqa: ARG002
        return Step("POST", "/token", FORM, CREDENTIALS, needs=ACCESS_TOKEN)


class Emulate(NodeMock):
    """emulate, one service at a time. Its page of people is skipped: the form of its button is posted at once.

    It lets each bearer of a token, and all others together, ask 5,000 times an hour; so there comes a new one in time.
    """

    package = "emulate"
    service = ""
    seed: ClassVar[Mapping[str, object]]
    extra = MappingProxyType({"Authorization": "Bearer $lot"})
    headers = MappingProxyType({**FORM, **extra})

    def command(self, port: int, folder: Path) -> list[str]:
        seed = folder / "seed.json"
        seed.write_text(json.dumps({self.service: self.seed}), "utf-8")
        program = str(INSTALLED / "node_modules/emulate/dist/index.js")
        return [node(), program, "--service", self.service, "--port", str(port), "--seed", str(seed)]


class EmulateMicrosoft(Emulate):
    """Its Microsoft: one RS256 signature, an opaque access token. Checks client, secret, redirect URI and PKCE."""

    name, pair, service = "emulate-microsoft", "azure", "microsoft"
    tells = "id_token RS256, access token opaque; checks client, PKCE"
    jwks = "/discovery/v2.0/keys"
    seed: ClassVar = {
        "users": [{"email": "alice@contoso.test", "name": "Alice"}],
        "oauth_clients": [
            {"client_id": "bench", "client_secret": "bench-secret", "name": "Bench", "redirect_uris": [CALLBACK]}
        ],
    }

    def steps(self, port: int, prepared: Mapping[str, str]) -> list[Step]:  # noqa: ARG002
        form = ASK.replace("response_type=code&", "email=alice%40contoso.test&")
        return [
            Step("POST", "/oauth2/v2.0/authorize/callback", self.headers, form, keeps={"code": CODE}),
            Step("POST", "/oauth2/v2.0/token", self.headers, REDEEM, needs=ID_TOKEN),
        ]

    def token(self, port: int, prepared: Mapping[str, str]) -> Step:  # noqa: ARG002
        return Step("POST", "/oauth2/v2.0/token", self.headers, CREDENTIALS, needs=ACCESS_TOKEN)


class EmulateGitHub(Emulate):
    """Its GitHub: nothing is signed. Checks client and secret, but no redirect URI when redeeming and no PKCE."""

    name, pair, service = "emulate-github", "github", "github"
    tells = "opaque token; checks client and secret, no PKCE"
    ready, discovery, jwks = "/user", None, None
    seed: ClassVar = {
        "users": [{"login": "alice", "name": "Alice", "email": "alice@contoso.test"}],
        "oauth_apps": [
            {"client_id": "bench", "client_secret": "bench-secret", "name": "Bench", "redirect_uris": [CALLBACK]}
        ],
    }

    def steps(self, port: int, prepared: Mapping[str, str]) -> list[Step]:  # noqa: ARG002
        form = f"login=alice&{URI}&scope=read%3Auser+user%3Aemail&state=$state&client_id=bench"
        return [
            Step("POST", "/login/oauth/callback", self.headers, form, keeps={"code": CODE}),
            Step("POST", "/login/oauth/access_token", self.headers, f"{CLIENT}&{URI}&code=$code", needs=ACCESS_TOKEN),
        ]

    def check(self, port: int) -> str:  # noqa: ARG002
        return "/user"
