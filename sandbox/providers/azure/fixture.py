"""The fixture's `azure` section: what no schema can say of it, and the groups that one entry stands for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from sandbox.core.fixture_reader import Entry, Finding, Place
from sandbox.core.fixture_rules import entries, repeated, show, unknown

GRAPH = "https://graph.microsoft.com"
# The tenant of personal Microsoft accounts: its id and its domain.
_PERSONAL = ("9188040d-6c67-4c5b-b112-36a304b66dad", "live.com")
# Of the reserved first steps of a path, those that a domain could be.
_RESERVED = ("v1.0", "v2.0")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# https://learn.microsoft.com/entra/identity-platform/reply-url
_LONGEST_URI = 256
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def check_fixture(fixture: Entry) -> Iterator[Finding]:
    """The findings in tenants, groups, users and applications."""
    tenants = entries(fixture["azure"]["tenants"], "azure", "tenants")
    people = entries(fixture["identities"], "identities")
    clients = [(at, app) for at, app in entries(fixture["clients"], "clients") if app["service"] == "azure"]
    names = {name: tenant["id"] for _, tenant in tenants for name in tenant_names(tenant)}

    yield from _tenant_findings(tenants)
    for at, person in people:
        yield from _user_findings((*at, "azure"), person["azure"], names)
        yield from _role_findings((*at, "azure", "roles"), person["azure"]["roles"], clients)
    yield from _name_findings(people, tenants, names)
    for at, tenant in tenants:
        known = [person["login"] for _, person in people if _is_in(person["azure"], tenant, names)]
        yield from _group_findings((*at, "groups"), tenant, known)
    yield from _id_findings(tenants)
    yield from repeated(
        ((*at, "settings", "identifier_uris", n), uri)
        for at, client in clients
        for n, uri in enumerate(client["settings"]["identifier_uris"])
    )
    for at, client in clients:
        yield from _client_findings(at, client, names)
        yield from _permission_findings((*at, "settings", "application_permissions"), client, clients)


def tenant_names(tenant: Entry) -> tuple[str, ...]:
    """What a tenant is called: its id, its domain and its initial domain."""
    return tenant["id"], tenant["domain"], initial_domain(tenant)


def initial_domain(tenant: Entry) -> str:
    """The tenant's first domain, in which the names of its guests end."""
    given: str | None = tenant["initial_domain"]
    return given or f"{tenant['domain'].partition('.')[0]}.onmicrosoft.com"


def expand_groups(entry: Entry) -> list[Mapping[str, Any]]:
    """The groups that one entry stands for: itself, or `count` numbered ones."""
    group = dict(entry)
    del group["count"]
    if entry["count"] is None:
        return [group]
    return [group | {"id": None, "name": f"{group['name']} {n}"} for n in range(1, entry["count"] + 1)]


def _tenant_findings(tenants: list[tuple[Place, Entry]]) -> Iterator[Finding]:
    domains = [
        ((*at, key), value)
        for at, tenant in tenants
        for key, value in (("domain", tenant["domain"]), ("initial_domain", initial_domain(tenant)))
        if key == "domain" or value != tenant["domain"]
    ]
    ids = [((*at, "id"), tenant["id"]) for at, tenant in tenants]
    yield from repeated(ids)
    yield from repeated(domains)
    for at, name in ids + domains:
        if name in _PERSONAL:
            yield at, f"is that of personal accounts, which are always there; found {show(name)}"
        if name in _RESERVED:
            yield at, f"is the beginning of another path; found {show(name)}"


def _id_findings(tenants: list[tuple[Place, Entry]]) -> Iterator[Finding]:
    groups = [entry for at, tenant in tenants for entry in entries(tenant["groups"], *at, "groups")]
    yield from repeated(((*at, "id"), group["id"]) for at, group in groups)
    for at, group in groups:
        if group["id"] and group["count"] is not None:
            yield (*at, "id"), "must be null where count is given: the ids are derived"


def _user_findings(at: Place, user: Entry, names: Mapping[str, str]) -> Iterator[Finding]:
    what = "the domain or id of a tenant"
    yield from unknown((*at, "tenant"), user["tenant"], names, what)
    if user["personal"] and user["tenant"]:
        yield (*at, "tenant"), "must be null for a personal account, which belongs to no organization"
    for n, name in enumerate(user["guest_of"]):
        yield from unknown((*at, "guest_of", n), name, names, what)
        if not user["personal"] and names.get(name, "?") == _home(user, names):
            yield (*at, "guest_of", n), f"is the person's own tenant; found {show(name)}"
    # A tenant that is not known counts as itself here.
    yield from repeated(((*at, "guest_of", n), names.get(name, name)) for n, name in enumerate(user["guest_of"]))
    yield from repeated(((*at, "conditions", n), name) for n, name in enumerate(user["conditions"]))


def _role_findings(at: Place, roles: Entry, clients: list[tuple[Place, Entry]]) -> Iterator[Finding]:
    defined = {client["client_id"]: client["settings"]["app_roles"] for _, client in clients}
    for client_id, values in roles.items():
        yield from unknown((*at, client_id), client_id, defined, "the client_id of an application of Azure")
        for n, value in enumerate(values if client_id in defined else ()):
            yield from unknown((*at, client_id, n), value, defined[client_id], "an app role of the application")


def _name_findings(
    people: list[tuple[Place, Entry]], tenants: list[tuple[Place, Entry]], names: Mapping[str, str]
) -> Iterator[Finding]:
    """Findings in object ids and user principal names: unique, and in a domain of the tenant."""
    domains = {tenant["id"]: tenant_names(tenant)[1:] for _, tenant in tenants}
    users = [(at, person, domains.get(_home(person["azure"], names) or "", ())) for at, person in people]
    yield from repeated(((*at, "azure", "oid"), person["azure"]["oid"]) for at, person, _ in users)
    given = [
        ((*at, "azure", key), person["azure"][key].lower(), known)
        for at, person, known in users
        for key in ("user_principal_name", "renamed_to")
        if person["azure"][key]
    ]
    derived = [
        ((*at, "login"), f"{person['login']}@{known[0]}".lower())
        for at, person, known in users
        if known and not person["azure"]["user_principal_name"]
    ]
    # That logins differ is checked for every service.
    found = repeated(derived + [(place, name) for place, name, _ in given])
    yield from (finding for finding in found if finding[0][-1] != "login")
    for place, name, known in given:
        if known and name.partition("@")[2] not in known:
            yield place, f"must end in a domain of the tenant, {known[0]}; found {show(name)}"


def _group_findings(at: Place, tenant: Entry, known: list[str]) -> Iterator[Finding]:
    groups = entries(tenant["groups"], *at)
    yield from repeated(((*at, "name"), group["name"]) for at, entry in groups for group in expand_groups(entry))
    for group_at, group in groups:
        places = [((*group_at, "members", n), login) for n, login in enumerate(group["members"])]
        yield from repeated(places)
        for place, login in places:
            yield from unknown(place, login, known, f"a member or guest of {tenant['domain']}")


def _client_findings(at: Place, client: Entry, names: Mapping[str, str]) -> Iterator[Finding]:
    settings = client["settings"]
    if not _GUID.fullmatch(client["client_id"]):
        yield (*at, "client_id"), f"must be a GUID in lower case at Azure; found {show(client['client_id'])}"
    yield from unknown((*at, "settings", "tenant"), settings["tenant"], names, "the domain or id of a tenant")
    scopes = entries(settings["scopes"], *at, "settings", "scopes")
    yield from repeated(((*at, "value"), scope["value"]) for at, scope in scopes)
    yield from repeated(((*at, "settings", "app_roles", n), role) for n, role in enumerate(settings["app_roles"]))
    keys = settings["certificates"]
    if keys is not None and not isinstance(keys.get("keys"), list):
        yield (*at, "settings", "certificates"), 'must be a JWK Set: a mapping with a list of "keys"'
    uris = [((*at, "redirect_uris", n), uri) for n, uri in enumerate(client["redirect_uris"])]
    for key in ("spa_redirect_uris", "public_redirect_uris"):
        uris += [((*at, "settings", key, n), uri) for n, uri in enumerate(settings[key])]
    yield from repeated(uris)
    for place, uri in uris:
        yield from _uri_findings(place, uri)


def _uri_findings(at: Place, uri: str) -> Iterator[Finding]:
    try:
        scheme, host = urlsplit(uri).scheme, urlsplit(uri).hostname
    except ValueError:  # found for every service
        return
    if scheme == "http" and host not in _LOOPBACK:
        yield at, f"must use https, unless it is on localhost; found {show(uri)}"
    if len(uri) > _LONGEST_URI:
        yield at, f"must be at most {_LONGEST_URI} characters long at Azure; found {len(uri)}"


def _permission_findings(at: Place, client: Entry, clients: list[tuple[Place, Entry]]) -> Iterator[Finding]:
    roles = {
        name: other["settings"]["app_roles"]
        for _, other in clients
        for name in (other["client_id"], *other["settings"]["identifier_uris"])
    }
    for resource, values in client["settings"]["application_permissions"].items():
        what = f"the client_id or an application ID URI of an application, or {GRAPH}"
        yield from unknown((*at, resource), resource, [*roles, GRAPH], what)
        for n, value in enumerate(values if resource in roles else ()):
            yield from unknown((*at, resource, n), value, roles[resource], "an app role of the application")


def _home(user: Entry, names: Mapping[str, str]) -> str | None:
    """The id of the person's tenant, or None if there is none of that name."""
    if user["personal"]:
        return _PERSONAL[0]
    return names.get(user["tenant"]) if user["tenant"] else next(iter(names.values()), None)


def _is_in(user: Entry, tenant: Entry, names: Mapping[str, str]) -> bool:
    return tenant["id"] in (_home(user, names), *(names.get(name) for name in user["guest_of"]))
