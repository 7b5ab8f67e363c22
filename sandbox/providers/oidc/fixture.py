"""The fixture's `oidc` section: what no schema can say of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sandbox.core.fixture_reader import Entry, Finding, Place
from sandbox.core.fixture_rules import entries, repeated, show, unknown
from sandbox.protocol.redirects import origin
from sandbox.providers.oidc.issuers import RESERVED
from sandbox.providers.oidc.misbehaving import MISBEHAVIOURS, PREFIX

_PREFIX = "oidc/"


def check_fixture(fixture: Entry) -> Iterator[Finding]:
    """The findings in issuers, subjects and clients."""
    section = fixture["oidc"]
    people = entries(fixture["identities"], "identities")
    issuers = entries(section["issuers"], "oidc", "issuers")
    clients = [(at, client) for at, client in entries(fixture["clients"], "clients") if _issuer_of(client)]
    settings = {issuer["name"]: issuer["settings"] for _, issuer in issuers}

    yield from repeated(((*at, "name"), issuer["name"]) for at, issuer in issuers)
    for at, issuer in issuers:
        yield from _name_findings((*at, "name"), issuer["name"])
    yield from _subject_findings(people)
    for at, client in clients:
        name = _issuer_of(client)
        yield from _name_findings((*at, "service"), name)
        if not section["any_issuer"]:
            known = [_PREFIX + known for known in (*settings, *map(PREFIX.__add__, MISBEHAVIOURS))]
            yield from unknown((*at, "service"), client["service"], known, "oidc/ and the name of an issuer")
        yield from _credential_findings(at, client)
        network = settings.get(name, section["settings"])["network"]
        yield from _network_findings((*at, "settings"), client["settings"], network)


def _issuer_of(client: Entry) -> str:
    """The name of the issuer at which the client is registered; empty if it is registered elsewhere."""
    service: str = client["service"]
    return service.removeprefix(_PREFIX) if service.startswith(_PREFIX) else ""


def _subject_findings(people: list[tuple[Place, Entry]]) -> Iterator[Finding]:
    logins = [((*at, "login"), person["login"]) for at, person in people if person["oidc"]["subject"] is None]
    found = repeated(logins + [((*at, "oidc", "subject"), person["oidc"]["subject"]) for at, person in people])
    # That logins differ is checked for every service.
    yield from (finding for finding in found if finding[0][-1] == "subject")


def _name_findings(at: Place, name: str) -> Iterator[Finding]:
    if name in RESERVED:
        yield at, f"is a path of another service; found {show(name)}"
    if name.startswith(PREFIX) and name.removeprefix(PREFIX) not in MISBEHAVIOURS:
        yield at, f"no issuer misbehaves so; found {show(name)}"


def _credential_findings(at: Place, client: Entry) -> Iterator[Finding]:
    settings, secret = client["settings"], client["secret"]
    method, jwks = settings["token_endpoint_auth_method"], settings["jwks"]
    keys = jwks is not None or settings["jwks_uri"] is not None
    if method in ("client_secret_basic", "client_secret_post", "client_secret_jwt") and secret is None:
        yield (*at, "secret"), f"must be text for {method}; found null"
    if method == "private_key_jwt" and not keys:
        yield (*at, "settings", "token_endpoint_auth_method"), "needs jwks or jwks_uri"
    if jwks is not None and not isinstance(jwks.get("keys"), list):
        yield (*at, "settings", "jwks"), 'must be a JWK Set: a mapping with a list of "keys"'
    # RFC 7591 section 2: both must not be there.
    if jwks is not None and settings["jwks_uri"] is not None:
        yield (*at, "settings", "jwks_uri"), "must be null where jwks is given"


def _network_findings(at: Place, settings: Mapping[str, str | None], network: list[str]) -> Iterator[Finding]:
    for key in ("jwks_uri", "backchannel_logout_uri"):
        uri = settings[key]
        if uri is not None and _origin(uri) not in network:
            yield (*at, key), f"must be in the issuer's network; found {show(uri)}"


def _origin(uri: str) -> str:
    try:
        return origin(uri)
    except ValueError:  # a host in brackets that is no address of IPv6
        return ""
