"""What every test of Azure needs: the shipped tenants and applications, and tokens for Microsoft Graph."""

from __future__ import annotations

import base64
import json
from typing import Any

from sandbox.core.tokens import ACCESS, issue_token
from sandbox.providers.azure.directory import get_tenant
from tests.conftest import HouseClient

CONTOSO = "aaaabbbb-0000-4ccc-8ddd-eeeeffff0001"
FABRIKAM = "ffffaaaa-0000-4bbb-8ccc-dddd00000002"
CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"
WEB = "11111111-1111-4111-8111-111111111111"
PUBLIC = "22222222-2222-4222-8222-222222222222"
GRAPH = "00000003-0000-0000-c000-000000000000"
ALICE = "a11ce000-0000-4000-8000-000000000001"


def jwt_like(**claims: Any) -> str:
    """A text that is a JWT by its form, and signed by nobody."""
    parts = [{"alg": "RS256", "typ": "JWT"}, claims]
    return (
        ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + ".c2ln"
    )


def graph_token(
    sandbox: HouseClient,
    login: str = "alice",
    scopes: str = "User.Read openid profile email",
    *,
    tenant: str = CONTOSO,
    client: str = WEB,
    audience: str = GRAPH,
    roles: tuple[str, ...] = (),
    ttl: int = 3600,
) -> str:
    """A new access token, as the token endpoint remembers one; an application's own if `login` is empty."""
    with sandbox.world() as world:
        value = jwt_like(aud=audience, jti=world.ids.uuid())
        issue_token(
            world,
            value,
            service="azure",
            kind=ACCESS,
            client_id=client,
            login=login,
            scopes=scopes if login else "",
            family="f",
            flow="f",
            ttl=ttl,
            data={
                "tenant": get_tenant(world, tenant).id,
                "client_id": client,
                "aud": audience,
                "version": "1.0",
                "oid": "",
                "app_only": not login,
                "roles": list(roles),
            },
        )
    return value


def get(sandbox: HouseClient, path: str, token: str | None = None, **options: Any) -> Any:
    """Call Microsoft Graph; `token` is alice's usual one unless it is given."""
    bearer = graph_token(sandbox) if token is None else token
    headers = {"Authorization": f"Bearer {bearer}", **options.pop("headers", {})}
    return sandbox.get(path, headers=headers, **options)


def post(sandbox: HouseClient, path: str, body: Any, token: str | None = None) -> Any:
    """The same with a body of JSON."""
    bearer = graph_token(sandbox) if token is None else token
    return sandbox.post(path, json=body, headers={"Authorization": f"Bearer {bearer}"})
