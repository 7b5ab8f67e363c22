"""Azure: Microsoft Entra ID, and as much of Microsoft Graph as a login reads.

Emulated: several tenants, the endpoints of version 2.0 and 1.0, all grants that Microsoft's own libraries use, pages
for signing in, consent, devices and administrators, single sign-on and logout, groups, app roles, guests and personal
accounts, and the numbers with which Entra ID refuses.
Source: learn.microsoft.com (entra/identity-platform, graph), and how public client libraries behave against it.
Different from the real one: anyone of the fixture signs in without a password and shows every second factor; anyone of
a tenant may play its administrator; all tenants share their keys.
Never: writing to a directory, federation, policies beyond a few switches, Azure's resources.
"""

from __future__ import annotations

from sandbox.providers.azure.claim_words import CLAIMS
from sandbox.providers.azure.errors import WORDS, render_refusal
from sandbox.providers.azure.fixture import check_fixture
from sandbox.providers.azure.headers import after_request
from sandbox.providers.azure.headless import begin_login
from sandbox.providers.azure.mint import MINTS
from sandbox.providers.azure.routes import room
from sandbox.providers.azure.seed import seed
from sandbox.providers.azure.snippets import SNIPPETS
from sandbox.providers.azure.story import STORIES
from sandbox.providers.azure.upstream import EntraId
from sandbox.service import Service

service = Service(
    slug="azure",
    title="Azure",
    kind="provider",
    summary="Microsoft Entra ID and Graph: signs people of several tenants in, and answers who they are.",
    blueprint=room,
    roots=(
        "/common",
        "/v1.0",
        "/beta",
        "/oidc/userinfo",
        "/error",
        "/{tenant}/oauth2",
        "/{tenant}/v2.0",
        "/{tenant}/discovery",
        "/{tenant}/.well-known",
        "/{tenant}/adminconsent",
    ),
    hosts={
        "login.microsoftonline.com": "",
        "login.windows.net": "",
        "sts.windows.net": "",
        "graph.microsoft.com": "",
    },
    words=WORDS,
    render_refusal=render_refusal,
    check_fixture=check_fixture,
    seed=seed,
    lists={"tenants": "id"},
    after_request=after_request,
    upstream=EntraId(),
    snippets=SNIPPETS,
    begin_login=begin_login,
    mints=MINTS,
    claims=CLAIMS,
    stories=STORIES,
)
