"""The directory: tenants, and the fixture's persons as each tenant knows them - a member, a guest, or nobody.

Reads the tables that seed.py filled; judges no request and renders nothing.
https://learn.microsoft.com/entra/identity-platform/single-and-multi-tenant-apps
"""

from __future__ import annotations

import hashlib
import re
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from sandbox.core import tables
from sandbox.core.clients import find_client
from sandbox.core.identities import get_identity, list_identities, primary_email, search_identities
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World

SLUG = "azure"
# The tenant of personal Microsoft accounts, the same everywhere.
CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"

# How many people a search reads at a time.
_STEP = 50
_GUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_IDS = uuid.uuid5(uuid.NAMESPACE_DNS, "login.microsoftonline.com")
_NOBODY_KNOWN: Mapping[str, Any] = {
    "tenant": None,
    "oid": None,
    "user_principal_name": None,
    "renamed_to": None,
    "mail": None,
    "guest_of": [],
    "personal": False,
    "roles": {},
    "given_name": None,
    "surname": None,
    "job_title": None,
    "mobile_phone": None,
    "business_phones": [],
    "office_location": None,
    "preferred_language": None,
    "photo": True,
    "conditions": [],
}


@dataclass(frozen=True)
class Tenant:
    """A directory. `id` is a GUID in lower case; `initial_domain` is what the names of guests end in."""

    id: str
    domain: str
    initial_domain: str
    name: str
    region_scope: str

    @property
    def is_personal(self) -> bool:
        """Whether this is the tenant of personal accounts."""
        return self.id == CONSUMERS

    def is_called(self, name: str) -> bool:
        """Whether `name` is the tenant's GUID or one of its domains, in any case."""
        return name.lower() in (self.id, self.domain, self.initial_domain)


_PERSONAL = Tenant(CONSUMERS, "live.com", "live.com", "Microsoft accounts", "WW")


@dataclass(frozen=True)
class User:
    """One identity as one tenant knows it.

    `oid` is the object id in this tenant, `upn` the user principal name there; `home_upn` the name the person signs in
    with. `home` is another tenant for a guest.
    """

    identity: tables.Identity
    tenant: Tenant
    home: Tenant
    oid: str
    upn: str
    home_upn: str

    @property
    def login(self) -> str:
        """The fixture's login."""
        return self.identity.login

    @property
    def is_guest(self) -> bool:
        """Whether another tenant, or none, is the person's own."""
        return self.home.id != self.tenant.id

    @property
    def about(self) -> Mapping[str, Any]:
        """The person's `azure` section of the fixture; every key is there."""
        return _about(self.identity)

    @property
    def mail(self) -> str | None:
        """The address in the directory, or None."""
        return _mail(self.identity)

    @property
    def mail_is_verified(self) -> bool:
        """Whether the person has proved to own `mail`, as far as the fixture says so."""
        return any(email["email"] == self.mail and email["verified"] for email in self.identity.emails)

    @property
    def display_name(self) -> str:
        """The display name; Entra ID knows nobody without one, so it may be the login."""
        return self.identity.name or self.identity.login

    @property
    def given_name(self) -> str | None:
        """The given name: the fixture's, or the first word of a name that has several."""
        words = (self.identity.name or "").split()
        return self._text("given_name") or (words[0] if words else None)

    @property
    def surname(self) -> str | None:
        """The surname: the fixture's, or what follows the first word of the name."""
        words = (self.identity.name or "").split()
        return self._text("surname") or " ".join(words[1:]) or None

    @property
    def job_title(self) -> str | None:
        """The job title."""
        return self._text("job_title")

    @property
    def mobile_phone(self) -> str | None:
        """The number of the mobile phone."""
        return self._text("mobile_phone")

    @property
    def business_phones(self) -> tuple[str, ...]:
        """The numbers at work."""
        return tuple(self.about["business_phones"])

    @property
    def office_location(self) -> str | None:
        """Where to find the person at work."""
        return self._text("office_location")

    @property
    def preferred_language(self) -> str | None:
        """The preferred language, such as `en-GB`."""
        return self._text("preferred_language")

    @property
    def has_photo(self) -> bool:
        """Whether there is a picture."""
        return bool(self.about["photo"])

    @property
    def conditions(self) -> tuple[str, ...]:
        """What stands in the way of the person's sign-ins: `mfa_required`, `locked` ..."""
        return tuple(self.about["conditions"])

    def _text(self, key: str) -> str | None:
        value: str | None = self.about[key]
        return value


# Tenants


def list_tenants(world: World) -> list[Tenant]:
    """The fixture's tenants, in its order; that of personal accounts is no part of the list."""
    return [Tenant(**about) for about in world.settings[SLUG]["tenants"]]


def find_tenant(world: World, name: str) -> Tenant | None:
    """The tenant with this GUID or domain, in any case, or None. `consumers` is always there."""
    if name.lower() == "consumers" or _PERSONAL.is_called(name):
        return _PERSONAL
    return next((tenant for tenant in list_tenants(world) if tenant.is_called(name)), None)


def get_tenant(world: World, name: str) -> Tenant:
    """The tenant with this GUID or domain. Raises Refusal: ISSUER_UNKNOWN."""
    tenant = find_tenant(world, name)
    if tenant is None:
        raise Refusal(Reason.ISSUER_UNKNOWN, f"no tenant {name!r} in this world's fixture", name)
    return tenant


def first_tenant(world: World) -> Tenant:
    """The tenant of everyone and everything that names none."""
    return list_tenants(world)[0]


# Persons


def home_tenant(world: World, identity: tables.Identity) -> Tenant:
    """Where the person belongs: the tenant of personal accounts for a private one."""
    about = _about(identity)
    if about["personal"]:
        return _PERSONAL
    return get_tenant(world, about["tenant"]) if about["tenant"] else first_tenant(world)


def find_user(world: World, tenant: Tenant, login: str) -> User | None:
    """The person as this tenant knows them, member or guest; None for a stranger and for a login nobody has."""
    identity = world.store.find(tables.Identity, login=login)
    return _as_user(world, tenant, identity) if identity else None


def get_user(world: World, tenant: Tenant, login: str) -> User:
    """The person as this tenant knows them. Raises Refusal: IDENTITY_UNKNOWN, IDENTITY_OF_ANOTHER_TENANT."""
    identity = get_identity(world, login)
    user = _as_user(world, tenant, identity)
    if user is None:
        home = home_tenant(world, identity)
        raise Refusal(
            Reason.IDENTITY_OF_ANOTHER_TENANT, f"{login} belongs to {home.domain} and is no guest of {tenant.domain}"
        )
    return user


def list_users(world: World, tenant: Tenant) -> list[User]:
    """The members and guests of the tenant, in the fixture's order."""
    users = (_as_user(world, tenant, identity) for identity in list_identities(world))
    return [user for user in users if user]


def search_users(world: World, tenants: Sequence[Tenant], text: str, *, guests: bool) -> Iterator[User]:
    """The members of these tenants who have every word of `text`, in the fixture's order; the `guests` too.

    A person is found by the name to sign in with, and as `search_identities` finds them. Reads no more than it must.
    """
    words = text.casefold().split()
    # The name to sign in with may end in a domain that is the tenant's, and nowhere else.
    stored = " ".join(word.partition("@")[0] for word in words)
    for identity in _in_steps(world, stored, _known_by(world, tenants)):
        home = home_tenant(world, identity)
        for tenant in tenants:
            user = _as_user(world, tenant, identity) if guests or tenant.id == home.id else None
            known = f"{user.home_upn.casefold()}\n{identity.found_by}" if user else ""
            if user and all(word in known for word in words):
                yield user


def find_user_by_name(world: World, tenant: Tenant, name: str) -> User | None:
    """The member or guest with this object id, user principal name, login or address, in any case, or None.

    Several persons may share an address: the first of them is found.
    """
    wanted = name.lower()
    # Of what somebody is called here, only ids and the names of guests are nowhere in the fixture.
    derived = _GUID.fullmatch(wanted) or "#ext#" in wanted
    known_as = search_identities(world, "" if derived else wanted.partition("@")[0])
    users = [user for identity in known_as if (user := _as_user(world, tenant, identity))]
    by_name = {(user.mail or "").lower(): user for user in reversed(users)}
    by_name |= {user.login.lower(): user for user in users}
    by_name |= {known.lower(): user for user in users for known in (user.home_upn, user.upn, user.oid)}
    return by_name.get(wanted) if wanted else None


# Groups, roles and ids


def list_groups(world: World, tenant: Tenant) -> list[tables.Group]:
    """The groups of the tenant, in the fixture's order. `attributes`: name, description, security_enabled."""
    return world.store.list(tables.Group, order=("position",), service=SLUG, parent=tenant.id)


def list_groups_of(world: World, user: User) -> list[tables.Group]:
    """The groups of the user's tenant that have them as a member, in the fixture's order."""
    memberships = world.store.list(tables.Membership, order=("group",), service=SLUG, login=user.login)
    mine = {membership.group for membership in memberships}
    return [group for group in list_groups(world, user.tenant) if group.id in mine] if mine else []


def list_members(world: World, tenant: Tenant, group: tables.Group) -> list[User]:
    """The members and guests of the tenant that are in the group, in the fixture's order."""
    memberships = world.store.list(tables.Membership, order=("login",), service=SLUG, group=group.id)
    logins = {membership.login for membership in memberships}
    return [user for user in list_users(world, tenant) if user.login in logins]


def group_ids(world: World, user: User, *, kind: Literal["security", "all"]) -> list[str]:
    """The ids of the user's groups: those that give access, or all, those for mail included."""
    groups = list_groups_of(world, user)
    return [group.id for group in groups if kind == "all" or group.attributes["security_enabled"]]


def app_roles(world: World, user: User, client_id: str) -> list[str]:
    """The values of the app roles that this person has at an application, in the order in which it defines them."""
    client = find_client(world, SLUG, client_id)
    assigned = user.about["roles"].get(client_id, ())
    return [role for role in client.settings["app_roles"] if role in assigned] if client and assigned else []


def pairwise_subject(user: User, client_id: str) -> str:
    """The `sub` of this user for one application, 43 characters: another application gets another one."""
    secret = hashlib.sha256(f"sub/{user.tenant.id}/{user.oid}/{client_id}".encode()).digest()
    return urlsafe_b64encode(secret).rstrip(b"=").decode()


def service_principal_id(tenant: Tenant, client_id: str) -> str:
    """The object id (GUID) that an application has in a tenant."""
    return derived_id("service principal", tenant.id, client_id)


@lru_cache(maxsize=4096)
def derived_id(*names: str) -> str:
    """A GUID that follows from names, the same in every run."""
    return str(uuid.uuid5(_IDS, "/".join(names)))


def _in_steps(world: World, text: str, known_by: tuple[str, ...]) -> Iterator[tables.Identity]:
    offset = 0
    while found := search_identities(world, text, limit=_STEP, offset=offset, known_by=known_by):
        yield from found
        offset += _STEP


def _known_by(world: World, tenants: Sequence[Tenant]) -> tuple[str, ...]:
    """What the fixture says of everyone who is known in one of these tenants; empty if it need not say anything."""
    if any(tenant.id == first_tenant(world).id for tenant in tenants):
        return ()
    names = {name for tenant in tenants for name in (tenant.id, tenant.domain, tenant.initial_domain)}
    personal = ('"personal": true',) if any(tenant.is_personal for tenant in tenants) else ()
    return (*sorted(names), *personal)


def _as_user(world: World, tenant: Tenant, identity: tables.Identity) -> User | None:
    about, home = _about(identity), home_tenant(world, identity)
    name = _home_upn(world, identity, home)
    if home.id == tenant.id:
        return User(identity, tenant, home, about["oid"] or _home_oid(home, identity), name, name)
    if not any(tenant.is_called(invited_by) for invited_by in about["guest_of"]):
        return None
    # https://learn.microsoft.com/entra/external-id/user-properties
    guest_name = f"{name.replace('@', '_')}#EXT#@{tenant.initial_domain}"
    return User(identity, tenant, home, derived_id("user", tenant.id, identity.login), guest_name, name)


def _about(identity: tables.Identity) -> Mapping[str, Any]:
    return {**_NOBODY_KNOWN, **identity.attributes.get(SLUG, {})}


def _mail(identity: tables.Identity) -> str | None:
    given: str | None = _about(identity)["mail"]
    primary = primary_email(identity)
    return (primary["email"] if primary else None) if given is None else given or None


def _home_oid(home: Tenant, identity: tables.Identity) -> str:
    oid = derived_id("user", home.id, identity.login)
    # The object id of a personal account is its 64-bit number, filled up with zeros.
    return f"00000000-0000-0000-{oid[19:]}" if home.is_personal else oid


def _home_upn(world: World, identity: tables.Identity, home: Tenant) -> str:
    about = _about(identity)
    if about["renamed_to"] and world.store.count(tables.SignInSession, service=SLUG, login=identity.login) > 1:
        return str(about["renamed_to"])
    if about["user_principal_name"]:
        return str(about["user_principal_name"])
    address = _mail(identity) if home.is_personal else None
    return address or f"{identity.login}@{home.domain}"
