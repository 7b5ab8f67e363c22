"""Who may sign in where: the accounts that an authority and an application take, and what stands in a person's way.

https://learn.microsoft.com/entra/identity-platform/reference-error-codes
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from sandbox.core import tables
from sandbox.core.identities import check_active, find_identity, get_identity
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.protocol.authorization import AuthorizationRequest
from sandbox.providers.azure import directory
from sandbox.providers.azure.applications import MULTIPLE_ORGS, MY_ORG, PERSONAL_ONLY
from sandbox.providers.azure.authorities import ORGANIZATIONS, PERSONAL, Authority
from sandbox.providers.azure.claims import read_login_hint
from sandbox.providers.azure.directory import Tenant, User

_INTERACTIVE = {
    "locked": (Reason.ACCOUNT_LOCKED, "the fixture has the account locked"),
    "password_expired": (Reason.PASSWORD_EXPIRED, "the fixture has the password expired"),
}
_SECOND_FACTOR = {
    "mfa_required": (Reason.MFA_REQUIRED, "the fixture demands a second factor"),
    "mfa_enrolment_required": (Reason.MFA_ENROLMENT_REQUIRED, "the fixture demands to enrol a second factor"),
}


def get_account(world: World, authority: Authority, client: tables.Client, login: str) -> User:
    """The person of this login as the authority's tenant knows them: at `common` and the like their own.

    Raises Refusal: IDENTITY_UNKNOWN, IDENTITY_OF_ANOTHER_TENANT.
    """
    if authority.tenant:
        return directory.get_user(world, authority.tenant, login)
    home = directory.home_tenant(world, get_identity(world, login))
    if not _takes(authority, client, home):
        what = "personal" if home.is_personal else "work"
        raise Refusal(
            Reason.IDENTITY_OF_ANOTHER_TENANT,
            f"{login} has a {what} account, which {client.client_id} does not take at {authority.name}",
        )
    return directory.get_user(world, home, login)


def find_account(world: World, authority: Authority, client: tables.Client, name: str) -> User | None:
    """The account that a person or a hint names by login, address or id, or None."""
    wanted = read_login_hint(name.strip())
    for tenant in _tenants(world, authority, client):
        user = directory.find_user_by_name(world, tenant, wanted)
        if user and (authority.tenant or not user.is_guest):
            return user
    return None


def find_named(world: World, authority: Authority, client: tables.Client, name: str) -> str:
    """The login of the person who is typed or clicked, even of one whom the authority will not take.

    Raises Refusal: IDENTITY_UNKNOWN.
    """
    if user := find_account(world, authority, client, name):
        return user.login
    if identity := find_identity(world, name):
        return identity.login
    for tenant in (*directory.list_tenants(world), directory.get_tenant(world, PERSONAL)):
        if user := directory.find_user_by_name(world, tenant, name):
            return user.login
    raise Refusal(Reason.IDENTITY_UNKNOWN, f"no account is called {name!r}", "login")


def search_accounts(
    world: World,
    authority: Authority,
    client: tables.Client,
    domain_hint: str | None,
    text: str,
    *,
    limit: int,
    offset: int = 0,
) -> list[User]:
    """The accounts that can be chosen and have every word of `text`, in the fixture's order.

    They are members and guests of the tenant, or everybody's own.
    """
    tenants = _tenants(world, authority, client)
    if authority.tenant is None and domain_hint:
        tenants = [tenant for tenant in tenants if _is_hinted(tenant, domain_hint)] or tenants
    users = directory.search_users(world, tenants, text, guests=authority.tenant is not None)
    return list(islice(users, offset, offset + limit))


def signed_in(
    world: World,
    authority: Authority,
    client: tables.Client,
    sessions: Iterable[tables.SignInSession],
    request: AuthorizationRequest,
) -> list[tables.SignInSession]:
    """The sessions that can answer the request; a hint leaves at most one of them."""
    usable = []
    hint = request.login_hint and find_account(world, authority, client, request.login_hint)
    for session in sessions:
        try:
            user = get_account(world, authority, client, session.login)
        except Refusal:
            continue
        by_sid = request.extra["sid"] in (None, session.sid)
        if by_sid and (not request.login_hint or (hint and hint.login == user.login)):
            usable.append(session)
    return usable


def check_account(world: World, client: tables.Client, user: User, *, interactive: bool) -> None:
    """Refuse whom the directory or a policy keeps out; `interactive` with what only matters when signing in.

    Raises Refusal: IDENTITY_DEACTIVATED, ACCOUNT_LOCKED, PASSWORD_EXPIRED, ACCESS_BLOCKED, ASSIGNMENT_REQUIRED.
    """
    check_active(user.identity)
    if interactive:
        _check_conditions(user, _INTERACTIVE)
    if "conditional_access_blocked" in user.conditions:
        raise Refusal(Reason.ACCESS_BLOCKED, f"the fixture has Conditional Access block {user.login}")
    # https://learn.microsoft.com/entra/identity/enterprise-apps/what-is-access-management
    required = client.settings["assignment_required"]
    if "not_assigned" in user.conditions or (required and not directory.app_roles(world, user, client.client_id)):
        raise Refusal(Reason.ASSIGNMENT_REQUIRED, f"{user.login} is not assigned to {client.client_id}")


def check_second_factor(user: User) -> None:
    """Refuse who must show a second factor, where there is no page. Raises Refusal: MFA_REQUIRED,
    MFA_ENROLMENT_REQUIRED.
    """
    _check_conditions(user, _SECOND_FACTOR)


def shows_second_factor(user: User) -> bool:
    """Whether this person must show a second factor when signing in; on a page, everybody can."""
    return bool(set(_SECOND_FACTOR) & set(user.conditions))


def _check_conditions(user: User, table: dict[str, tuple[Reason, str]]) -> None:
    for condition, (reason, detail) in table.items():
        if condition in user.conditions:
            raise Refusal(reason, f"{detail} ({user.login})")


def _takes(authority: Authority, client: tables.Client, home: Tenant) -> bool:
    audience = client.settings["audience"]
    if home.is_personal:
        return authority.key != ORGANIZATIONS and audience not in (MY_ORG, MULTIPLE_ORGS)
    return bool(audience != PERSONAL_ONLY)


def _tenants(world: World, authority: Authority, client: tables.Client) -> list[Tenant]:
    if authority.tenant:
        return [authority.tenant]
    tenants = [*directory.list_tenants(world), directory.get_tenant(world, PERSONAL)]
    return [tenant for tenant in tenants if _takes(authority, client, tenant)]


def _is_hinted(tenant: Tenant, hint: str) -> bool:
    if hint.lower() in (ORGANIZATIONS, PERSONAL):
        return tenant.is_personal == (hint.lower() == PERSONAL)
    return tenant.is_called(hint)
