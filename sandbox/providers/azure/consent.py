"""Consent: what a person, or an administrator for a whole tenant, has allowed an application.

Grants are kept as `{id of the API}/{scope}`; scopes of OpenID Connect stand alone.
https://learn.microsoft.com/entra/identity-platform/permissions-consent-overview
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sandbox.core import tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.protocol.consents import granted_scopes, remember_consent
from sandbox.providers.azure.directory import SLUG, Tenant, User
from sandbox.providers.azure.resources import DEFAULT, OIDC_SCOPES, Asked, Scope

# What an administrator grants without naming scopes.
EVERYTHING = "*"


def granted(world: World, client: tables.Client, user: User) -> frozenset[str]:
    """What the application may do for this user: by their own consent, and by an administrator's."""
    if client.settings["trusted"]:
        return frozenset({EVERYTHING})
    own = granted_scopes(world, SLUG, client.client_id, _consenter(user)) or ()
    for_all = granted_scopes(world, SLUG, client.client_id, _everyone(user.tenant)) or ()
    return frozenset((*own, *for_all))


def missing(asked: Asked, given: frozenset[str]) -> list[str]:
    """The keys of what is asked for and not granted."""
    return [] if EVERYTHING in given else [key for key in _keys(asked) if key not in given]


def needs_administrator(world: World, client: tables.Client, user: User, asked: Asked) -> list[str]:
    """The scopes asked for, as the request wrote them, that only an administrator may grant and none has."""
    guarded = [scope for scope in asked.scopes if scope.resource.describe(scope.name)[1]]
    if not guarded:
        return []
    wanted = set(missing(asked, granted(world, client, user)))
    return [scope.asked for scope in guarded if wanted.intersection(_scope_keys(scope))]


def token_scopes(asked: Asked, given: frozenset[str]) -> tuple[str, ...]:
    """The names of the scopes that a token for `asked.resource` carries; `.default` stands for all that is granted."""
    names: dict[str, None] = {}
    for scope in asked.of_first:
        if scope.name != DEFAULT:
            names[scope.name] = None
        else:
            resource = scope.resource
            names |= dict.fromkeys(resource.all_scopes if EVERYTHING in given else resource.default_scopes)
            prefix = f"{scope.resource.id}/"
            names |= {key.removeprefix(prefix): None for key in sorted(given) if key.startswith(prefix)}
    return tuple(name for name in names if name != DEFAULT)


def check_granted(world: World, client: tables.Client, user: User, asked: Asked) -> None:
    """Refuse what nobody has consented to, where nobody can be asked. Raises Refusal: CONSENT_REQUIRED."""
    if "consent_required" in user.conditions:
        raise Refusal(Reason.CONSENT_REQUIRED, f"the fixture has {user.login} take every consent back")
    # The scopes of OpenID Connect come with the first consent to anything.
    if lacking := [key for key in missing(asked, granted(world, client, user)) if key not in OIDC_SCOPES]:
        raise Refusal(Reason.CONSENT_REQUIRED, f"{user.login} has not granted {client.client_id} {' '.join(lacking)}")


def grant(world: World, client: tables.Client, user: User, asked: Asked) -> None:
    """Remember a person's consent."""
    _add(world, client, _consenter(user), _keys(asked))


def grant_for_everyone(world: World, client: tables.Client, tenant: Tenant, asked: Asked | None) -> None:
    """Remember an administrator's consent; without scopes, to everything."""
    keys = (EVERYTHING,) if asked is None else (*_keys(asked), *OIDC_SCOPES)
    _add(world, client, _everyone(tenant), keys)


def _add(world: World, client: tables.Client, who: str, keys: Iterable[str]) -> None:
    before = granted_scopes(world, SLUG, client.client_id, who) or ()
    after = tuple(dict.fromkeys((*before, *keys)))
    if after != before:
        remember_consent(world, SLUG, client.client_id, who, after)


def _keys(asked: Asked) -> Iterator[str]:
    for scope in asked.scopes:
        yield from _scope_keys(scope)
    yield from asked.oidc


def _scope_keys(scope: Scope) -> list[str]:
    names = scope.resource.default_scopes or (DEFAULT,) if scope.name == DEFAULT else (scope.name,)
    return [f"{scope.resource.id}/{name}" for name in names]


def _consenter(user: User) -> str:
    # A guest consents in each tenant anew.
    return f"{user.login}@{user.tenant.id}" if user.is_guest else user.login


def _everyone(tenant: Tenant) -> str:
    return f"*@{tenant.id}"
