"""The fixture's `azure` section: what names must exist, what must be unique, and where each problem lies."""

from __future__ import annotations

import pytest

from sandbox.core.fixture_reader import FixtureError
from sandbox.core.fixtures import Fixture, parse_fixture, shipped
from sandbox.providers.azure.fixture import check_fixture

ID = "00000000-0000-4000-8000-00000000000"
TENANTS = f"""
azure:
  tenants:
    - id: {ID}1
      domain: one.test
    - id: {ID}2
      domain: two.test
"""


def parse(text: str) -> Fixture:
    return parse_fixture(f"version: 1\n{text.lstrip()}", "f.yaml", (check_fixture,))


def complaint(text: str) -> str:
    with pytest.raises(FixtureError) as refused:
        parse(text)
    return "\n".join(line.split(": ", 1)[1] for line in str(refused.value).splitlines())


def person(login: str = "a", **azure: str) -> str:
    inside = ", ".join(f"{key}: {value}" for key, value in azure.items())
    return f"  - {{login: {login}, azure: {{{inside}}}}}\n"


def client(number: int = 1, uris: str = "[]", **settings: str) -> str:
    inside = ", ".join(f"{key}: {value}" for key, value in settings.items())
    head = f"client_id: {ID}{number}, service: azure, name: App, secret: s, redirect_uris: {uris}"
    return f"  - {{{head}, settings: {{{inside}}}}}\n"


def people(*entries: str) -> str:
    return "identities:\n" + "".join(entries)


def clients(*entries: str) -> str:
    return "clients:\n" + "".join(entries)


def tenants(*bodies: str) -> str:
    return "azure:\n  tenants:\n" + "".join(
        f"    - {{id: {ID}{n}, domain: {name}.test, {body}}}\n"
        for n, (name, body) in enumerate(zip(("one", "two"), bodies, strict=False), 1)
    )


T, P, C = "azure.tenants", "identities", "clients"
WRONG = {
    "tenant id twice": (f"azure: {{tenants: [{{id: {ID}1, domain: a.test}}, {{id: {ID}1, domain: b.test}}]}}\n",
        f"{T}[1].id: is already taken by {T}[0].id"),
    "domain twice": (f"azure: {{tenants: [{{id: {ID}1, domain: a.test}}, {{id: {ID}2, domain: a.test, "
        "initial_domain: b.test}]}\n", f"{T}[1].domain: is already taken by {T}[0].domain"),
    "initial domain of another": (tenants("initial_domain: first.test", "initial_domain: first.test"),
        f"{T}[1].initial_domain: is already taken by {T}[0].initial_domain"),
    "derived initial domain twice": (
        f"azure: {{tenants: [{{id: {ID}1, domain: a.test}}, {{id: {ID}2, domain: a.example}}]}}\n",
        f"{T}[1].initial_domain: is already taken by {T}[0].initial_domain"),
    "tenant of personal accounts": ("azure: {tenants: [{id: 9188040d-6c67-4c5b-b112-36a304b66dad, domain: a.test}]}\n",
        f"{T}[0].id: is that of personal accounts, which are always there; found "
        '"9188040d-6c67-4c5b-b112-36a304b66dad"'),
    "reserved domain": (f"azure: {{tenants: [{{id: {ID}1, domain: v1.0}}]}}\n",
        f'{T}[0].domain: is the beginning of another path; found "v1.0"'),
    "group id twice": (tenants(f"groups: [{{name: A, id: {ID}7}}]", f"groups: [{{name: A, id: {ID}7}}]"),
        f"{T}[1].groups[0].id: is already taken by {T}[0].groups[0].id"),
    "group name within a count": (tenants("groups: [{name: A, count: 3}, {name: A 2}]"),
        f"{T}[0].groups[1].name: is already taken by {T}[0].groups[0].name"),
    "group id with a count": (tenants(f"groups: [{{name: A, count: 3, id: {ID}7}}]"),
        f"{T}[0].groups[0].id: must be null where count is given: the ids are derived"),
    "member is nobody": (tenants("groups: [{name: A, members: [a]}]"),
        f'{T}[0].groups[0].members[0]: must be a member or guest of one.test; found "a"'),
    "member of another tenant": (people(person(tenant="two.test")) + tenants("groups: [{name: A, members: [a]}]", ""),
        f'{T}[0].groups[0].members[0]: must be a member or guest of one.test; found "a"'),
    "member twice": (people(person()) + tenants("groups: [{name: A, members: [a, a]}]"),
        f"{T}[0].groups[0].members[1]: is already taken by {T}[0].groups[0].members[0]"),
    "home is no tenant": (people(person(tenant="ona.test")) + TENANTS,
        f'{P}[0].azure.tenant: must be the domain or id of a tenant; found "ona.test" (did you mean "one.test"?)'),
    "personal account of a tenant": (people(person(personal="true", tenant="two.test")) + TENANTS,
        f"{P}[0].azure.tenant: must be null for a personal account, which belongs to no organization"),
    "guest of no tenant": (people(person(guest_of="[three.example]")) + TENANTS,
        f'{P}[0].azure.guest_of[0]: must be the domain or id of a tenant; found "three.example"'),
    "guest at home": (people(person(guest_of="[one.test]")) + TENANTS,
        f'{P}[0].azure.guest_of[0]: is the person\'s own tenant; found "one.test"'),
    "guest twice": (people(person(guest_of=f"[two.test, {ID}2]")) + TENANTS,
        f"{P}[0].azure.guest_of[1]: is already taken by {P}[0].azure.guest_of[0]"),
    "condition twice": (people(person(conditions="[locked, locked]")) + TENANTS,
        f"{P}[0].azure.conditions[1]: is already taken by {P}[0].azure.conditions[0]"),
    "condition unknown": (people(person(conditions="[loked]")) + TENANTS,
        f'{P}[0].azure.conditions[0]: must be "mfa_required" or "mfa_enrolment_required" or '
        '"conditional_access_blocked" or "consent_required" or "password_expired" or "locked" or "not_assigned"; '
        'found "loked" (did you mean "locked"?)'),
    "object id twice": (people(person(oid=f"{ID}9"), person("b", oid=f"{ID}9")) + TENANTS,
        f"{P}[1].azure.oid: is already taken by {P}[0].azure.oid"),
    "name twice": (people(person(), person("b", user_principal_name="A@one.test")) + TENANTS,
        f"{P}[1].azure.user_principal_name: is already taken by {P}[0].login"),
    "renamed to another's name": (people(person(), person("b", renamed_to="a@one.test")) + TENANTS,
        f"{P}[1].azure.renamed_to: is already taken by {P}[0].login"),
    "name of another domain": (people(person(user_principal_name="a@two.test")) + TENANTS,
        f'{P}[0].azure.user_principal_name: must end in a domain of the tenant, one.test; found "a@two.test"'),
    "role at nothing": (people(person(roles="{x: [R]}")) + TENANTS,
        f'{P}[0].azure.roles.x: must be the client_id of an application of Azure; found "x"'),
    "role unknown": (people(person(roles=f"{{{ID}1: [Reder]}}")) + clients(client(app_roles="[Reader]")) + TENANTS,
        f'{P}[0].azure.roles.{ID}1[0]: must be an app role of the application; found "Reder" (did you mean "Reader"?)'),
    "client id is no GUID": (
        "clients: [{client_id: app, service: azure, name: App, secret: s, redirect_uris: []}]\n" + TENANTS,
        f'{C}[0].client_id: must be a GUID in lower case at Azure; found "app"'),
    "client of no tenant": (clients(client(tenant="three.example")) + TENANTS,
        f'{C}[0].settings.tenant: must be the domain or id of a tenant; found "three.example"'),
    "application ID URI twice": (
        clients(client(identifier_uris='["api://x"]'), client(2, identifier_uris='["api://x"]')) + TENANTS,
        f"{C}[1].settings.identifier_uris[0]: is already taken by {C}[0].settings.identifier_uris[0]"),
    "scope twice": (clients(client(scopes="[{value: a}, {value: a}]")) + TENANTS,
        f"{C}[0].settings.scopes[1].value: is already taken by {C}[0].settings.scopes[0].value"),
    "app role twice": (clients(client(app_roles="[a, a]")) + TENANTS,
        f"{C}[0].settings.app_roles[1]: is already taken by {C}[0].settings.app_roles[0]"),
    "certificates are no set": (clients(client(certificates="{kty: RSA}")) + TENANTS,
        f'{C}[0].settings.certificates: must be a JWK Set: a mapping with a list of "keys"'),
    "redirect URI of two platforms": (
        clients(client(uris='["https://a.test/"]', spa_redirect_uris='["https://a.test/"]')) + TENANTS,
        f"{C}[0].settings.spa_redirect_uris[0]: is already taken by {C}[0].redirect_uris[0]"),
    "http elsewhere": (clients(client(spa_redirect_uris='["http://a.test/"]')) + TENANTS,
        f'{C}[0].settings.spa_redirect_uris[0]: must use https, unless it is on localhost; found "http://a.test/"'),
    "long redirect URI": (clients(client(uris=f'["https://a.test/{"x" * 250}"]')) + TENANTS,
        f"{C}[0].redirect_uris[0]: must be at most 256 characters long at Azure; found 265"),
    "permission of nothing": (clients(client(application_permissions="{api://x: [R]}")) + TENANTS,
        f"{C}[0].settings.application_permissions.api://x: must be the client_id or an application ID URI of an "
        'application, or https://graph.microsoft.com; found "api://x"'),
    "permission unknown": (
        clients(client(identifier_uris='["api://x"]', app_roles="[R]", application_permissions="{api://x: [S]}"))
        + TENANTS,
        f'{C}[0].settings.application_permissions.api://x[0]: must be an app role of the application; found "S"'),
}  # fmt: skip


@pytest.mark.parametrize(("text", "told"), WRONG.values(), ids=WRONG.keys())
def test_a_section_that_contradicts_itself_is_refused(text: str, told: str):
    assert complaint(text) == told


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(people(person(personal="true", guest_of="[one.test]")) + TENANTS, id="personal guest"),
        pytest.param(people(person(tenant=f"{ID}2", guest_of=f"[{ID}1]")) + TENANTS, id="tenants by id"),
        pytest.param(people(person(user_principal_name="x@one.onmicrosoft.com")) + TENANTS, id="initial domain"),
        pytest.param(
            people(person(tenant="two.test", guest_of="[one.test]")) + tenants("groups: [{name: A, members: [a]}]", ""),
            id="guest in a group",
        ),
        pytest.param(clients(client(uris='["http://[::1]:7/", "http://localhost"]')) + TENANTS, id="loopback"),
        pytest.param(
            clients(client(application_permissions="{https://graph.microsoft.com: [Any.Thing]}")) + TENANTS, id="graph"
        ),
    ],
)
def test_a_section_may_say_this(text: str):
    assert parse(text)


def test_the_shipped_cast_is_right():
    assert parse_fixture(shipped("default.yaml").read_text("utf-8"), "default.yaml", (check_fixture,))
