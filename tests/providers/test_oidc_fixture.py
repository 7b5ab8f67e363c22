"""The fixture's `oidc` section: which names an issuer may have, and what a client needs to prove itself."""

from __future__ import annotations

import pytest

from sandbox.core.fixture_reader import FixtureError
from sandbox.core.fixtures import parse_fixture, shipped
from sandbox.providers.oidc.fixture import check_fixture


def complaint(text: str) -> str:
    with pytest.raises(FixtureError) as refused:
        parse_fixture(f"version: 1\n{text}", "f.yaml", (check_fixture,))
    return "\n".join(line.split(": ", 1)[1] for line in str(refused.value).splitlines())


def client(service: str = "oidc/main", secret: str = "null", **settings: str) -> str:
    inside = ", ".join(f"{key}: {value}" for key, value in settings.items())
    head = f"client_id: app, service: {service}, name: App, secret: {secret}, redirect_uris: []"
    return f"clients: [{{{head}, settings: {{{inside}}}}}]\n"


WRONG = {
    "issuer twice": ("oidc: {issuers: [{name: a}, {name: a}]}",
        "oidc.issuers[1].name: is already taken by oidc.issuers[0].name"),
    "issuer with a reserved name": ("oidc: {issuers: [{name: userinfo}]}",
        'oidc.issuers[0].name: is a path of another service; found "userinfo"'),
    "client of a reserved name": (client("oidc/token"),
        'clients[0].service: is a path of another service; found "token"'),
    "client of no issuer": (client("oidc/mian") + "oidc: {any_issuer: false, issuers: [{name: main}]}",
        'clients[0].service: must be oidc/ and the name of an issuer; found "oidc/mian" (did you mean "oidc/main"?)'),
    "client of an issuer that misbehaves as none does": (client("oidc/~rude"),
        'clients[0].service: no issuer misbehaves so; found "~rude"'),
    "subject twice": ("identities: [{login: a, oidc: {subject: x}}, {login: b, oidc: {subject: x}}]",
        "identities[1].oidc.subject: is already taken by identities[0].oidc.subject"),
    "subject like a login": ("identities: [{login: a}, {login: b, oidc: {subject: a}}]",
        "identities[1].oidc.subject: is already taken by identities[0].login"),
    "no secret": (client(token_endpoint_auth_method="client_secret_post"),
        "clients[0].secret: must be text for client_secret_post; found null"),
    "no keys": (client(token_endpoint_auth_method="private_key_jwt"),
        "clients[0].settings.token_endpoint_auth_method: needs jwks or jwks_uri"),
    "keys are no set": (client(jwks="{kty: RSA}"),
        'clients[0].settings.jwks: must be a JWK Set: a mapping with a list of "keys"'),
    "keys twice": (client(jwks="{keys: []}", jwks_uri='"https://a.test/jwks"')
        + "oidc: {settings: {network: ['https://a.test']}}",
        "clients[0].settings.jwks_uri: must be null where jwks is given"),
    "keys elsewhere": (client(jwks_uri='"https://a.test/jwks"'),
        'clients[0].settings.jwks_uri: must be in the issuer\'s network; found "https://a.test/jwks"'),
    "keys at no address": (client(jwks_uri='"https://[/jwks"'),
        'clients[0].settings.jwks_uri: must be in the issuer\'s network; found "https://[/jwks"'),
    "logout elsewhere": (client(backchannel_logout_uri='"http://b.test:1/"')
        + "oidc: {issuers: [{name: main, settings: {network: ['http://b.test']}}]}",
        'clients[0].settings.backchannel_logout_uri: must be in the issuer\'s network; found "http://b.test:1/"'),
}  # fmt: skip


@pytest.mark.parametrize(("text", "told"), WRONG.values(), ids=WRONG.keys())
def test_a_section_that_contradicts_itself_is_refused(text: str, told: str):
    assert complaint(text) == told


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(client("oidc/anything"), id="any issuer"),
        pytest.param(client(token_endpoint_auth_method="none"), id="public"),
        pytest.param(client(), id="public without saying so"),
        pytest.param(client(token_endpoint_auth_method="private_key_jwt", jwks="{keys: []}"), id="keys"),
        pytest.param(
            client(jwks_uri='"https://a.test:8443/jwks"')
            + "oidc: {issuers: [{name: main, settings: {network: ['https://a.test:8443']}}]}",
            id="network of the issuer",
        ),
        pytest.param(client("github", "s", type="oauth-app"), id="client of another service"),
    ],
)
def test_a_section_may_say_this(text: str):
    assert parse_fixture(f"version: 1\n{text}", "f.yaml", (check_fixture,))


def test_the_shipped_cast_is_right():
    assert parse_fixture(shipped("default.yaml").read_text("utf-8"), "default.yaml", (check_fixture,))
