"""The fixture's `jitsudo` section: what no schema can say of it."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.core.fixture_reader import Entry, Finding, Place
from sandbox.core.fixture_rules import entries, repeated, show, unknown
from sandbox.exchanges.jitsudo.models import SLUG, parse_duration
from sandbox.protocol.outgoing import is_allowed

_LONGEST = 315_360_000


def check_fixture(fixture: Entry) -> Iterator[Finding]:
    """Ids, slugs, domains and keys are given once; clients are registered; outside issuers are in the network."""
    section = fixture[SLUG]
    tenants = entries(section["tenants"], SLUG, "tenants")
    domains = _each(tenants, "domains")
    yield from _duration_findings((SLUG, "jwt_ttl"), section["jwt_ttl"])
    for name in ("id", "slug"):
        yield from repeated(((*at, name), tenant[name]) for at, tenant in tenants)
    yield from _domain_findings(domains)
    yield from repeated(((*at, "key"), key["key"]) for at, key in _each(tenants, "api_keys"))
    policies = _each(tenants, "policies")
    yield from repeated(((*at, "id"), policy["id"]) for at, policy in policies)
    yield from repeated(((*at, "id"), rule["id"]) for at, rule in _each(policies, "rules"))
    yield from repeated(((*at, "master"), True) for at, tenant in tenants if tenant["master"])
    providers = [((*at, "oidc"), tenant["oidc"]) for at, tenant in tenants]
    for at, provider in [((SLUG, "global_provider"), section["global_provider"]), *providers]:
        if provider is not None:
            yield from _provider_findings(fixture, at, provider)


def _each(parents: list[tuple[Place, Entry]], name: str) -> list[tuple[Place, Entry]]:
    """The entries of a list that each of the parents has."""
    return [entry for at, parent in parents for entry in entries(parent[name], *at, name)]


def _domain_findings(domains: list[tuple[Place, Entry]]) -> Iterator[Finding]:
    """A tenant has a domain once, and of all that have it one may have proven it."""
    owned = [((*at, "domain"), (at[2], domain["domain"])) for at, domain in domains]
    proven = [((*at, "domain"), domain["domain"]) for at, domain in domains if domain["verified"]]
    yield from dict.fromkeys([*repeated(owned), *repeated(proven)])


def _duration_findings(at: Place, text: str) -> Iterator[Finding]:
    if not 1 <= parse_duration(text) <= _LONGEST:
        yield at, f"must be 1s to {_LONGEST}s; found {show(text)}"


def _provider_findings(fixture: Entry, at: Place, provider: Entry) -> Iterator[Finding]:
    issuer: str = provider["issuer"]
    if "://" in issuer:
        if not is_allowed(issuer, fixture[SLUG]["network"]):
            yield (*at, "issuer"), f"must be in jitsudo.network; found {show(issuer)}"
        return
    # Every issuer has clients of its own, the tenants of Azure share theirs.
    service = issuer if issuer.startswith("oidc/") else issuer.partition("/")[0]
    known = [client["client_id"] for client in fixture["clients"] if client["service"] == service]
    yield from unknown((*at, "client"), provider["client"], known, f"a client_id at {service}")
