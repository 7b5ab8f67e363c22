"""How an application proves itself at the token endpoint: by secret, by certificate, or not at all.

https://learn.microsoft.com/entra/identity-platform/certificate-credentials
"""

from __future__ import annotations

from calendar import timegm
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from time import strptime

from sandbox.core import jwts, tables
from sandbox.core.keys import KEY_TYPES, Key
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.protocol.client_assertions import check_assertion, usable_keys
from sandbox.protocol.client_auth import (
    Credentials,
    authenticate,
    check_one_method,
    identify,
    parse_basic,
    parse_credentials,
)
from sandbox.providers.azure.applications import check_tenancy, has_credentials
from sandbox.providers.azure.authorities import COMMON, ORGANIZATIONS, PERSONAL, V1, V2, Authority, issuer
from sandbox.providers.azure.directory import SLUG, list_tenants

PUBLIC, BY_SECRET, BY_CERTIFICATE = "0", "1", "2"


@dataclass(frozen=True)
class Caller:
    """The application that calls: `acr` tells how it proved itself (0 not at all, 1 by secret, 2 by certificate)."""

    client: tables.Client
    acr: str

    @property
    def is_proven(self) -> bool:
        """Whether it presented a credential, which is then good."""
        return self.acr != PUBLIC


def get_caller(world: World, authority: Authority, header: str | None, form: Mapping[str, str]) -> Caller:
    """The application that the request names, proven by all that it presents; what it presents must be good.

    Raises Refusal: FIELD_MISSING, CLIENT_UNKNOWN, the reasons of `check_tenancy`, CLIENT_CREDENTIALS_AMBIGUOUS,
    CLIENT_CREDENTIALS_UNEXPECTED, CLIENT_SECRET_WRONG, CLIENT_SECRET_EXPIRED, and those of client assertions.
    """
    if not (form.get("client_id") or form.get("client_assertion") or parse_basic(header)):
        raise Refusal(Reason.FIELD_MISSING, "the request has no client_id", "client_id")
    check_one_method(header, form)
    credentials = parse_credentials(header, form)
    client = identify(world, SLUG, _without_secret(credentials))
    check_tenancy(world, client, authority)
    presented = any(secret for _, secret in credentials.readings)
    if (presented or credentials.assertion) and not has_credentials(client):
        raise Refusal(Reason.CLIENT_CREDENTIALS_UNEXPECTED, f"{client.client_id} has no credential, and presented one")
    if credentials.assertion:
        _check_assertion(world, authority, client, credentials.assertion)
        return Caller(client, BY_CERTIFICATE)
    if presented:
        authenticate(world, SLUG, credentials)
        _check_not_expired(world, client)
        return Caller(client, BY_SECRET)
    return Caller(client, PUBLIC)


def check_confidential(caller: Caller) -> None:
    """Refuse an application that has not proved itself. Raises Refusal: CLIENT_SECRET_MISSING."""
    if not caller.is_proven:
        detail = f"{caller.client.client_id} presented no credential"
        raise Refusal(Reason.CLIENT_SECRET_MISSING, detail, "client_secret")


def check_may_be_public(caller: Caller) -> None:
    """The same for grants that public clients use. Raises Refusal: CLIENT_SECRET_MISSING."""
    # https://learn.microsoft.com/entra/identity-platform/reference-app-manifest#allowpublicclient-attribute
    client = caller.client
    if has_credentials(client) and not client.settings["public_client"]:
        check_confidential(caller)


def check_public(caller: Caller, detail: str) -> None:
    """Refuse a credential where none belongs. Raises Refusal: CLIENT_CREDENTIALS_UNEXPECTED."""
    if caller.is_proven:
        raise Refusal(Reason.CLIENT_CREDENTIALS_UNEXPECTED, detail)


def _without_secret(credentials: Credentials) -> Credentials:
    # The application is looked up first: an unknown one is told so, whatever it presents.
    readings = tuple((name, None) for name, _ in credentials.readings)
    return Credentials(readings, "none", credentials.also)


def _check_not_expired(world: World, client: tables.Client) -> None:
    moment: str | None = client.settings["secret_expires_at"]
    if moment and world.now() >= timegm(strptime(moment, "%Y-%m-%dT%H:%M:%SZ")):
        raise Refusal(Reason.CLIENT_SECRET_EXPIRED, f"the secret of {client.client_id} expired at {moment}")


def _check_assertion(world: World, authority: Authority, client: tables.Client, assertion: str) -> None:
    keys = list(_certificate_keys(client, assertion))
    check_assertion(world, client, assertion, keys, audiences=_audiences(world, authority))


def _certificate_keys(client: tables.Client, assertion: str) -> Iterator[Key]:
    try:
        algorithm = jwts.read_header(assertion).get("alg")
    except Refusal:
        return
    if isinstance(algorithm, str) and algorithm in KEY_TYPES:
        yield from usable_keys(client.settings["certificates"], algorithm)


def _audiences(world: World, authority: Authority) -> list[str]:
    """The token endpoints of the tenant by all its names, and its issuers."""
    tenants = [authority.tenant] if authority.tenant else list_tenants(world)
    names = dict.fromkeys((authority.name, COMMON, ORGANIZATIONS, PERSONAL))
    for tenant in tenants:
        names |= dict.fromkeys((tenant.id, tenant.domain, tenant.initial_domain))
    endpoints = [
        authority.mount.url(f"/{name}{path}") for name in names for path in ("/oauth2/v2.0/token", "/oauth2/token")
    ]
    return endpoints + [issuer(authority.mount, tenant.id, version) for tenant in tenants for version in (V1, V2)]
