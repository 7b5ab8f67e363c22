"""Resources, which are the APIs that tokens are for, and the scopes that a request names of them.

Grants nothing: what a person has allowed is in consent.py.
https://learn.microsoft.com/entra/identity-platform/scopes-oidc
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.core import tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.providers.azure.applications import is_known_in
from sandbox.providers.azure.authorities import V1, V2
from sandbox.providers.azure.directory import SLUG, Tenant

GRAPH_ID = "00000003-0000-0000-c000-000000000000"
GRAPH_URIS = ("https://graph.microsoft.com", GRAPH_ID)
DEFAULT = ".default"
OFFLINE = "offline_access"
OIDC_SCOPES = {
    "openid": "Sign you in",
    "profile": "View your basic profile",
    "email": "View your email address",
    OFFLINE: "Maintain access to data you have given it access to",
}
# https://learn.microsoft.com/graph/permissions-reference: the title, and whether an administrator must consent.
_GRAPH_SCOPES: Mapping[str, tuple[str, bool]] = {
    "User.Read": ("Sign you in and read your profile", False),
    "User.ReadWrite": ("Read and update your profile", False),
    "User.ReadBasic.All": ("Read all users' basic profiles", False),
    "User.Read.All": ("Read all users' full profiles", True),
    "Group.Read.All": ("Read all groups", True),
    "GroupMember.Read.All": ("Read all group memberships", True),
    "Directory.Read.All": ("Read directory data", True),
    "Directory.ReadWrite.All": ("Read and write directory data", True),
    "Mail.Read": ("Read your mail", False),
    "Calendars.Read": ("Read your calendars", False),
    "Files.Read": ("Read your files", False),
}
_GRAPH_NAMES = {name.lower(): name for name in _GRAPH_SCOPES}
_GRAPH_DEFAULT = ("User.Read",)
_GRAPH_FORM = re.compile(r"[A-Za-z][A-Za-z0-9-]*(\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True)
class Resource:
    """An API. `client` is the application that it belongs to, None for Microsoft Graph."""

    id: str
    name: str
    client: tables.Client | None
    # As the request wrote it, for version 1 of tokens, which keep that.
    asked: str

    @property
    def settings(self) -> Mapping[str, Any]:
        """What the owner of the application has chosen; empty for Microsoft Graph."""
        return self.client.settings if self.client else {}

    @property
    def version(self) -> str:
        """The version of the tokens that the API takes."""
        return V2 if self.client and self.settings["access_token_version"] == 2 else V1

    @property
    def uris(self) -> tuple[str, ...]:
        """The names under which tokens for it are asked for."""
        return (*self.settings["identifier_uris"], self.id) if self.client else GRAPH_URIS

    @property
    def default_scopes(self) -> tuple[str, ...]:
        """What `.default` stands for as long as nothing else was granted: what people may grant themselves."""
        return tuple(name for name in self.all_scopes if not self.describe(name)[1])

    @property
    def all_scopes(self) -> tuple[str, ...]:
        """Every scope of an own API, and the one that every application has of Graph."""
        return tuple(scope["value"] for scope in self.settings["scopes"]) if self.client else _GRAPH_DEFAULT

    def find_scope(self, name: str) -> str | None:
        """The scope of this name as the API spells it, or None if it has none."""
        if name == DEFAULT:
            return name
        if self.client is None:
            # Graph has several hundred; any that is written like one of them is taken.
            return _GRAPH_NAMES.get(name.lower()) or (name if _GRAPH_FORM.fullmatch(name) else None)
        return next((value for value in self.all_scopes if value.lower() == name.lower()), None)

    def knows(self, name: str) -> bool:
        """Whether there are words for a scope; of Graph's several hundred only some have any here."""
        return self.client is not None or name == DEFAULT or name in _GRAPH_SCOPES

    def describe(self, name: str) -> tuple[str, bool]:
        """What a scope allows, and whether only an administrator may consent."""
        if self.client is None:
            if name == DEFAULT:
                return "Use Microsoft Graph as far as this was granted before", False
            return _GRAPH_SCOPES.get(name, (f"Use {name} of Microsoft Graph", False))
        scope = next((scope for scope in self.settings["scopes"] if scope["value"] == name), None)
        if scope is None:
            return f"Access {self.name}", False
        return scope["description"] or f"Access {self.name} ({name})", bool(scope["admin_only"])


@dataclass(frozen=True)
class Scope:
    """A scope of an API: `asked` as the request wrote it, `name` as the API spells it."""

    asked: str
    resource: Resource
    name: str


@dataclass(frozen=True)
class Asked:
    """What a request asks for: scopes of OpenID Connect, and those of one or more APIs.

    The token is for `resource`, the first one; `scopes` are those of all.
    """

    oidc: tuple[str, ...]
    resource: Resource
    scopes: tuple[Scope, ...]

    @property
    def of_first(self) -> tuple[Scope, ...]:
        """The scopes of the API that the token is for."""
        return tuple(scope for scope in self.scopes if scope.resource.id == self.resource.id)

    @property
    def text(self) -> tuple[str, ...]:
        """All scopes as the request wrote them."""
        return (*(scope.asked for scope in self.scopes), *self.oidc)


def graph() -> Resource:
    """Microsoft Graph."""
    return Resource(GRAPH_ID, "Microsoft Graph", None, GRAPH_ID)


def get_resource(world: World, identifier: str, tenant: Tenant | None) -> Resource:
    """The API of this id or URI, as far as the tenant knows it (None: any). Raises Refusal: TARGET_INVALID."""
    wanted = identifier.rstrip("/").lower()
    if wanted in GRAPH_URIS:
        return Resource(GRAPH_ID, "Microsoft Graph", None, identifier)
    for client in world.store.list(tables.Client, order=("position",), service=SLUG):
        names = (client.client_id, *(uri.rstrip("/").lower() for uri in client.settings["identifier_uris"]))
        if wanted in names and (tenant is None or is_known_in(world, client, tenant)):
            return Resource(client.client_id, client.name, client, identifier)
    where = tenant.domain if tenant else "any tenant"
    raise Refusal(Reason.TARGET_INVALID, f"no API is called {identifier!r} in {where}", identifier)


def parse_scopes(world: World, text: str, tenant: Tenant | None) -> Asked:
    """The scopes of a request, each once. Raises Refusal: SCOPE_INVALID, TARGET_INVALID."""
    oidc: dict[str, None] = {}
    scopes: dict[tuple[str, str], Scope] = {}
    known: dict[str, Resource] = {}
    for word in dict.fromkeys(text.split()):
        if word.lower() in OIDC_SCOPES:
            oidc[word.lower()] = None
        else:
            scope = _parse_scope(world, word, tenant, known)
            scopes.setdefault((scope.resource.id, scope.name), scope)
    found = tuple(scopes.values())
    for scope in found:
        alone = all(other.resource.id != scope.resource.id for other in found if other is not scope)
        if scope.name == DEFAULT and not alone:
            raise Refusal(Reason.SCOPE_INVALID, f"{scope.asked} goes with no other scope of its resource", text)
    return Asked(tuple(oidc), found[0].resource if found else graph(), found)


def ask_for_resource(world: World, identifier: str, text: str, tenant: Tenant | None) -> Asked:
    """What a request of version 1 asks for: a resource, and at most scopes of OpenID Connect.

    Raises Refusal: TARGET_INVALID.
    """
    oidc = tuple(word for word in OIDC_SCOPES if word in text.lower().split())
    if not identifier:
        return Asked(oidc, graph(), ())
    resource = get_resource(world, identifier, tenant)
    return Asked(oidc, resource, (Scope(f"{identifier}/{DEFAULT}", resource, DEFAULT),))


def _parse_scope(world: World, word: str, tenant: Tenant | None, known: dict[str, Resource]) -> Scope:
    """The scope that a word names; `known` are the APIs that earlier words have named."""
    prefix, slash, name = word.rpartition("/")
    # https://learn.microsoft.com/entra/identity-platform/scopes-oidc#trailing-slash-and-default
    if prefix + slash not in known:
        known[prefix + slash] = get_resource(world, prefix.removesuffix("/"), tenant) if slash else graph()
    resource = known[prefix + slash]
    spelled = resource.find_scope(name)
    if spelled is None:
        raise Refusal(Reason.SCOPE_INVALID, f"{resource.name} has no scope {name!r}", word)
    return Scope(word, resource, spelled)
