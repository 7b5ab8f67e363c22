"""What every test of Azure's login needs: the shipped applications, a person at the pages, and the token endpoint."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sandbox.core import tables
from tests.conftest import HouseClient
from tests.support.forms import submit

CONTOSO = "aaaabbbb-0000-4ccc-8ddd-eeeeffff0001"
CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"
WEB = "11111111-1111-4111-8111-111111111111"
PUBLIC = "22222222-2222-4222-8222-222222222222"
EVERYONE = "33333333-3333-4333-8333-333333333333"
GUARDED = "44444444-4444-4444-8444-444444444444"
FABRIKAM_APP = "55555555-5555-4555-8555-555555555555"
GRAPH = "00000003-0000-0000-c000-000000000000"
SECRET = "sandbox-secret"
CALLBACK = "http://localhost:9999/callback"
SPA = "http://localhost:9998/spa"
NATIVE = "http://localhost"
API = f"api://{WEB}"
SCOPE = "User.Read openid profile email offline_access"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
ORIGIN = {"Origin": "http://localhost:9998"}


def path(endpoint: str, tenant: str = CONTOSO) -> str:
    """The path of an endpoint of version 2.0."""
    return f"/{tenant}/oauth2/v2.0/{endpoint}"


def authorize(sandbox: HouseClient, tenant: str = CONTOSO, client: str = WEB, **query: str) -> Any:
    """Begin a sign-in; a parameter that is empty is left out."""
    given = {"client_id": client, "response_type": "code", "redirect_uri": CALLBACK, "scope": SCOPE, "state": "s|1"}
    given |= query
    return sandbox.get(path("authorize", tenant), query_string={name: value for name, value in given.items() if value})


def sign_in(sandbox: HouseClient, as_: str = "alice", tenant: str = CONTOSO, client: str = WEB, **query: str) -> Any:
    """Sign a person in as far as the pages ask, and return the answer that goes back to the application."""
    page = authorize(sandbox, tenant, client, **query)
    if page.status_code == 200 and f'id="as-{as_}"' in page.text:
        page = submit(sandbox, page, f"as-{as_}")
    if page.status_code == 200 and 'id="allow"' in page.text:
        page = submit(sandbox, page, "allow")
    return page


def answer(response: Any) -> dict[str, str]:
    """The parameters of an answer, in the query or in the fragment of its Location."""
    parts = urlsplit(response.headers["Location"])
    return dict(parse_qsl(parts.query or parts.fragment, keep_blank_values=True))


def new_code(sandbox: HouseClient, as_: str = "alice", tenant: str = CONTOSO, client: str = WEB, **query: str) -> str:
    """A fresh code."""
    back = sign_in(sandbox, as_, tenant, client, **query)
    assert back.status_code == 302, back.text
    return answer(back)["code"]


def post_token(sandbox: HouseClient, tenant: str = CONTOSO, headers: dict[str, str] | None = None, **form: str) -> Any:
    """Call the token endpoint as the web application; a parameter that is empty is left out."""
    given = {"client_id": WEB, "client_secret": SECRET, **form}
    data = {name: value for name, value in given.items() if value}
    return sandbox.post(path("token", tenant), data=data, headers=headers)


def redeem(
    sandbox: HouseClient,
    code: str,
    tenant: str = CONTOSO,
    headers: dict[str, str] | None = None,
    **form: str,
) -> Any:
    """Swap a code of the web application."""
    given = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, **form}
    return post_token(sandbox, tenant, headers, **given)


def tokens(sandbox: HouseClient, as_: str = "alice", tenant: str = CONTOSO, **query: str) -> Any:
    """What a whole login of the web application yields."""
    answered = redeem(sandbox, new_code(sandbox, as_, tenant, **query), tenant, client_id=query.get("client", WEB))
    assert answered.status_code == 200, answered.text
    return answered.json


def claims(token: str) -> dict[str, Any]:
    """The claims of a JWT, unverified."""
    return _part(token, 1)


def header(token: str) -> dict[str, Any]:
    """The header of a JWT."""
    return _part(token, 0)


def change_application(sandbox: HouseClient, client_id: str = WEB, **settings: Any) -> None:
    """Change an application behind the scenes: `secret`, or any of its settings."""
    with sandbox.world() as world:
        row = world.store.find(tables.Client, service="azure", client_id=client_id)
        values: dict[str, Any] = {"settings": {**row.settings, **settings}}
        for column in ("secret", "redirect_uris"):
            if column in settings:
                values[column] = settings[column]
        world.store.change(tables.Client, values, service="azure", client_id=client_id)


def change_person(sandbox: HouseClient, login: str, deactivated: bool = False, **azure: Any) -> None:
    """Change a person behind the scenes: any key of their `azure` section."""
    with sandbox.world() as world:
        row = world.store.find(tables.Identity, login=login)
        attributes = {**row.attributes, "azure": {**row.attributes["azure"], **azure}}
        values = {"attributes": attributes, "deactivated": deactivated}
        world.store.change(tables.Identity, values, login=login)


def change_settings(sandbox: HouseClient, **settings: Any) -> None:
    """Change the switches of the room behind the scenes."""
    with sandbox.world() as world:
        changed = {**world.settings, "azure": {**world.settings["azure"], **settings}}
        world.store.change(tables.World, {"settings": changed})


def _part(token: str, number: int) -> dict[str, Any]:
    text = token.split(".")[number]
    part: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return part
