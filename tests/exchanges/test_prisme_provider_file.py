"""The file of a gateway of one's own, `authProviders.config.yml`: read as it is, and refused with line and key."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox import Config, create_app
from sandbox.core.fixtures import FixtureError, shipped
from tests.support.prisme import EXCHANGE, exchange, forge, nobody

FILE = """\
# As the vendor's guide on single sign-on shows it, for two providers.
providers:
  google:
    type: oidc
    name: Google
    icon: https://static.example.test/google.svg
    config:
      client_id: ${CLIENT_ID}
      client_secret: "${CLIENT_SECRET}"
      authorization_endpoint: http://localhost/oidc/main/authorize
      token_endpoint: http://localhost/oidc/main/token
      jwks_uri: http://localhost/oidc/main/jwks
      issuer: http://localhost/oidc/main
      scopes: [openid, email, profile]
      allowTokenExchange: true
      well_known: passed over
    attributesMapping:
      email: email
      firstName: given_name
  custom:
    type: oidc
    config: &common
      client_id: other-client
      authorization_endpoint: https://idp.example.test/authorize
      token_endpoint: https://idp.example.test/token
      jwks_uri: https://idp.example.test/jwks
  corporate:
    type: saml
    config: {idp_metadata_filepath: ./metadata.xml, issuer: prisme, entryPoint: https://idp.example.test/saml}
"""
VARIABLES = {"CLIENT_ID": "oidc-client", "CLIENT_SECRET": "sandbox-secret"}
Make = Callable[..., Any]


@pytest.fixture
def with_file(tmp_path: Path, make_sandbox: Make) -> Make:
    """A sandbox on the shipped cast with this file of providers beside its fixture."""

    def make(text: str) -> Any:
        section = f"auth_providers_file: authProviders.config.yml\n  variables: {json.dumps(VARIABLES)}"
        cast = (
            shipped("default.yaml")
            .read_text("utf-8")
            .replace("  profile: documented\n  providers:", f"  {section}\n  providers:")
        )
        (tmp_path / "cast.yaml").write_text(cast, "utf-8")
        (tmp_path / "authProviders.config.yml").write_text(text, "utf-8")
        return make_sandbox(Config(fixtures=tmp_path / "cast.yaml", approval="always=alice"))

    return make


def test_the_file_of_a_real_gateway_is_loaded(with_file):
    sandbox = with_file(FILE)

    listed = sandbox.get("/v2/login/providers").json["providers"]
    google = exchange(sandbox, forge(sandbox), "google")
    by_browser = sandbox.get(sandbox.get(sandbox.get("/v2/login?provider=google").location).location)

    assert [(one["slug"], one["type"]) for one in listed] == [
        ("azure", "oidc"),
        ("custom", "oidc"),
        ("closed", "oidc"),
        ("google", "oidc"),
        ("corporate", "saml"),
    ]
    assert listed[3]["icon"] == "https://static.example.test/google.svg"
    assert (google.status_code, google.json["firstName"]) == (200, "Ada")
    assert by_browser.location == "http://localhost/"
    # The file wins over the fixture: this slug has no allowTokenExchange there.
    assert exchange(sandbox, forge(sandbox), "custom").status_code == 403
    assert exchange(sandbox, forge(sandbox), "corporate").status_code == 403


def test_addresses_outside_are_not_called_unless_the_network_has_them(with_file):
    sandbox = with_file(FILE.replace("http://localhost/oidc/main/jwks", "https://idp.example.test/jwks"))

    answer = exchange(sandbox, forge(sandbox), "google")

    assert answer.headers["X-Sandbox-Reason"].startswith("OUTSIDE_ADDRESS_REFUSED; ")
    assert answer.json == {"error": "AuthenticationError", "message": "Invalid JWT"}


BROKEN = {
    "reserved slug": (
        FILE.replace("google:", "prismeai:"),
        ":3: providers.prismeai: is reserved for local accounts, which it would lock into a second factor",
    ),
    "no client": (
        FILE.replace("      client_id: other-client\n", ""),
        ':22: providers.custom.config: "client_id" is missing',
    ),
    "type": (FILE.replace("type: saml", "type: ldap"), ":28: providers.corporate.type: must be one of"),
    "no type": (FILE.replace("    type: saml\n", ""), ':27: providers.corporate: "type" is missing'),
    "switch": (
        FILE.replace("allowTokenExchange: true", "allowTokenExchange: sure"),
        ':15: providers.google.config.allowTokenExchange: must be true or false; found "sure"',
    ),
    "keys": (
        FILE.replace("jwks_uri: https://idp.example.test/jwks", "jwks_uri: {k1: no PEM}"),
        ":26: providers.custom.config.jwks_uri.k1: must be an RSA public key in PEM: ",
    ),
    "address with a line end": (
        FILE.replace("https://idp.example.test/authorize", '"https://idp.example.test/\\r\\nX: y"'),
        ":24: providers.custom.config.authorization_endpoint: must be an http or https URL; found ",
    ),
    "address in brackets": (
        FILE.replace("https://idp.example.test/authorize", '"http://[idp/"'),
        ":24: providers.custom.config.authorization_endpoint: must be an http or https URL; found ",
    ),
    "address of a script": (
        FILE.replace("https://idp.example.test/authorize", '"javascript:alert(1)"'),
        ":24: providers.custom.config.authorization_endpoint: must be an http or https URL; found ",
    ),
    "no address": (
        FILE.replace("https://idp.example.test/token", "oidc/main"),
        ':25: providers.custom.config.token_endpoint: must be an http or https URL; found "oidc/main"',
    ),
    "keys in a file": (
        FILE.replace("https://idp.example.test/jwks", "file:///etc/hosts"),
        ':26: providers.custom.config.jwks_uri: must be an http or https URL; found "file:///etc/hosts"',
    ),
    "too large": (FILE + "#" * 5_000_000, ": is larger than 5000000 bytes"),
    "variable": (
        FILE.replace("${CLIENT_ID}", "${NOWHERE}"),
        ":8: providers.google.config.client_id: ${NOWHERE} has no value in prisme.variables",
    ),
    "no providers": ("other: {}\n", ':1: "providers" is missing'),
    "a list": ("[]\n", ":1: must be a mapping; found a list"),
    "not YAML": ("providers: [\n", ":2: did not find expected node content"),
    "empty": ("", ": must hold one document; found 0"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_refused_with_line_and_key(with_file, tmp_path, case):
    text, complaint = BROKEN[case]

    with pytest.raises(FixtureError) as refused:
        with_file(text)

    told = str(refused.value)
    assert told.startswith(f"{tmp_path}/cast.yaml:")
    assert f"prisme.auth_providers_file: {tmp_path}/authProviders.config.yml{complaint}" in told


def test_a_file_that_is_not_there_is_refused(tmp_path, make_sandbox):
    (tmp_path / "cast.yaml").write_text("version: 1\nprisme:\n  auth_providers_file: nowhere.yml\n", "utf-8")

    with pytest.raises(
        FixtureError, match=r"cast\.yaml:3: prisme\.auth_providers_file: .*nowhere\.yml: cannot be read"
    ):
        make_sandbox(Config(fixtures=tmp_path / "cast.yaml"))


def test_a_path_that_no_file_has_is_refused(tmp_path, make_sandbox):
    (tmp_path / "cast.yaml").write_text('version: 1\nprisme:\n  auth_providers_file: "a\\0b"\n', "utf-8")

    with pytest.raises(FixtureError, match=r"cast\.yaml:3: prisme\.auth_providers_file: .*: cannot be read"):
        make_sandbox(Config(fixtures=tmp_path / "cast.yaml"))


def test_a_file_that_is_no_text_is_refused(with_file, tmp_path):
    cast = tmp_path / "cast.yaml"
    cast.write_text("version: 1\nprisme: {auth_providers_file: providers.yml}\n", "utf-8")
    (tmp_path / "providers.yml").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(FixtureError, match=r"providers\.yml: is not UTF-8"):
        create_app(Config(fixtures=cast))


SECTIONS = {
    "reserved slug": (
        "providers: [{slug: prismeai, issuer: oidc/main, client: c}]",
        "prisme.providers[0].slug: is reserved for local accounts",
    ),
    "unknown client": (
        "providers: [{slug: s, issuer: azure/contoso.test, client: zzz}]",
        'prisme.providers[0].client: must be a client_id at azure; found "zzz"',
    ),
    "unknown organization": (
        "providers: [{slug: s, issuer: 'https://idp.test', client: c, organization: o}]",
        'prisme.providers[0].organization: must be the slug of an organization; found "o"',
    ),
    "user twice": (
        "users: [{email: a@b.test}, {email: a@b.test}]",
        "prisme.users[1].email: is already taken by prisme.users[0].email",
    ),
    "organization twice": (
        "organizations: [{slug: o}, {slug: o}]",
        "prisme.organizations[1].slug: is already taken by prisme.organizations[0].slug",
    ),
    "no origin": ("network: [idp.test]", "prisme.network[0]: must be an origin such as https://localhost:8443"),
}


@pytest.mark.parametrize("case", SECTIONS)
def test_what_no_schema_can_say_of_the_section(tmp_path, make_sandbox, case):
    text, complaint = SECTIONS[case]
    (tmp_path / "cast.yaml").write_text(f"version: 1\nprisme:\n  {text}\n", "utf-8")

    with pytest.raises(FixtureError) as refused:
        make_sandbox(Config(fixtures=tmp_path / "cast.yaml"))

    assert complaint in str(refused.value)


def test_without_a_section_there_are_no_providers(tmp_path, make_sandbox):
    (tmp_path / "cast.yaml").write_text("version: 1\n", "utf-8")
    sandbox = make_sandbox(Config(fixtures=tmp_path / "cast.yaml"))

    assert sandbox.get("/v2/login/providers").json["providers"] == []
    assert nobody(sandbox).post(EXCHANGE, json={"provider": "custom", "subject_token": "x"}).status_code == 403


def test_a_file_that_has_changed_is_read_again(with_file):
    names = [
        {one["slug"]: one.get("name") for one in with_file(text).get("/v2/login/providers").json["providers"]}["google"]
        for text in (FILE, FILE.replace("name: Google", "name: Another"))
    ]

    assert names == ["Google", "Another"]
