"""A fixture file is read whole and complete, or refused with the line of each thing to mend."""

import hashlib
import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from sandbox.core import fixtures
from sandbox.core.fixture_reader import FixtureError, Problem
from sandbox.core.fixtures import Fixture, shipped
from sandbox.providers.github.fixture import expand_teams
from sandbox.services import CHECKS, SERVICES

load_fixture = partial(fixtures.load_fixture, checks=CHECKS)
parse_fixture = partial(fixtures.parse_fixture, checks=CHECKS)

SCHEMA = json.loads(shipped("schema.json").read_text("utf-8"))


def complaint(text: str) -> str:
    with pytest.raises(FixtureError) as refused:
        parse_fixture(text, "f.yaml")
    return str(refused.value)


def people(*logins: str) -> str:
    return "identities:\n" + "".join(f"- login: {login}\n" for login in logins)


def client(**changes: str) -> str:
    members = {
        "client_id": "app",
        "service": "github",
        "name": "App",
        "secret": "s",
        "redirect_uris": "[http://127.0.0.1/cb]",
        "settings": "{type: oauth-app}",
    }
    lines = [f"{key}: {value}" for key, value in (members | changes).items()]
    return "- " + "\n  ".join(lines) + "\n"


def organization(body: str) -> str:
    return f"github:\n  organizations:\n  - login: org\n    id: 9\n{body}"


UNREADABLE = {
    "empty": ("", "f.yaml: must hold one document; found 0"),
    "two documents": ("version: 1\n---\nversion: 1\n", "f.yaml: must hold one document; found 2"),
    "tab": ("version: 1\ngithub:\n\tsettings: {}\n",
        "f.yaml:3: found character that cannot start any token while scanning for the next token"),
    "open bracket": ("version: 1\nclients: [\n",
        "f.yaml:3: did not find expected node content while parsing a flow node"),
    "control character": ("version: 1\n# é\n# \x07\n", "f.yaml:3: control characters are not allowed"),
    "half a character": ("version: 1\n# \ud83d\n", "f.yaml:2: holds half a character"),
    "duplicate key": ("version: 1\ngmi: {}\ngmi: {}\n", "f.yaml:3: gmi: is already given in line 2"),
    "duplicate key below": ("version: 1\nidentities:\n- login: a\n  name: A\n  name: B\n",
        "f.yaml:5: identities[0].name: is already given in line 4"),
    "list as key": ("version: 1\ngmi:\n  ? [a]\n  : 1\n", "f.yaml:3: gmi: a key must be a word"),
    "tag": ("version: 1\nidentities:\n- login: !!python/name:os.system x\n",
        "f.yaml:3: identities[0].login: must have no YAML tag; found tag:yaml.org,2002:python/name:os.system"),
    "alias without anchor": ("version: 1\ngmi: *other\n",
        "f.yaml:2: gmi: *other stands before its anchor, or inside it"),
    "alias inside its anchor": ("version: 1\ngmi: &g\n  client: *g\n",
        "f.yaml:3: gmi.client: *g stands before its anchor, or inside it"),
    "alias bomb": ("a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"{to}: &{to} [{', '.join(10 * ['*' + of])}]\n" for of, to in ("ab", "bc", "cd", "de", "ef")),
        "f.yaml:6: f[0]: more than 200000 values, counting each use of an alias"),
    "too deep": ("[" * 10_000, "f.yaml:1: [0][0][0]: is nested more than 50 levels deep"),
}  # fmt: skip

MISSHAPEN = {
    "not a mapping": ("- version: 1\n", "f.yaml:1: must be a mapping; found a list"),
    "version missing": ("# nothing yet\n\ngmi: {}\n", 'f.yaml:3: "version" is missing'),
    "version unknown": ("version: 2\n", "f.yaml:1: version: must be 1; found 2"),
    "section unknown": ("version: 1\nokta: {}\n",
        f"f.yaml:2: okta: is not a known key; known are {', '.join(SCHEMA['properties'])}"),
    "key misspelt": ("version: 1\nidentities:\n- login: alice\n  name: Alice\n  pasword: x\n",
        'f.yaml:5: identities[0].pasword: is not a known key (did you mean "password"?)'),
    "key missing": ("version: 1\nidentities:\n- login: alice\n- name: Bob\n  purpose: none\n",
        'f.yaml:4: identities[1]: "login" is missing'),
    "two keys missing": ("version: 1\ngithub:\n  organizations:\n  - name: Org\n",
        'f.yaml:4: github.organizations[0]: "id" is missing\nf.yaml:4: github.organizations[0]: "login" is missing'),
    "value misspelt": ("version: 1\nclients:\n" + client(settings="{type: oauth_app}"),
        'f.yaml:8: clients[0].settings.type: must be "oauth-app" or "github-app"; found "oauth_app" '
        '(did you mean "oauth-app"?)'),
    "null among values": (
        "version: 1\nidentities:\n- login: a\n  emails:\n  - email: a@b.test\n    visibility: hidden\n",
        'f.yaml:6: identities[0].emails[0].visibility: must be "public" or "private" or null; found "hidden"'),
    "number for text": ("version: 1\nidentities:\n- login: a\n  gmi: {otp_code: 246810}\n",
        "f.yaml:4: identities[0].gmi.otp_code: must be text or null; found 246810; put it in quotes"),
    "fraction": ("version: 1\ngmi: {max_api_keys: 2.5}\n",
        "f.yaml:2: gmi.max_api_keys: must be a whole number; found 2.5"),
    "word for truth": ("version: 1\nidentities:\n- login: a\n  deactivated: no\n",
        'f.yaml:4: identities[0].deactivated: must be true or false; found "no"'),
    "number too large": ("version: 1\ngmi:\n  max_api_keys: 1e9\n",
        "f.yaml:3: gmi.max_api_keys: must be at most 10000; found 1000000000"),
    "text too short": ("version: 1\ngmi:\n  secret: hunter2\n",
        "f.yaml:3: gmi.secret: must be at least 32 characters long; found 7"),
    "list too short": ("version: 1\nazure: {tenants: []}\n",
        "f.yaml:2: azure.tenants: must be at least 1 in number; found 0"),
    "service unknown": ("version: 1\nclients:\n" + client(service="okta"),
        "f.yaml:4: clients[0].service: must be github, azure, insforge-cloud, or oidc/ followed by the name of an "
        'issuer; found "okta"'),
    "setting unknown to the service": ("version: 1\nclients:\n" + client(service="azure", settings="{trustd: true}"),
        'f.yaml:8: clients[0].settings.trustd: is not a known key (did you mean "trusted"?)'),
    "long value": ("version: 1\n" + people("a" * 200),
        "f.yaml:3: identities[0].login: must be 1 to 39 ASCII letters, digits and hyphens, not starting with a hyphen; "
        f'found "{76 * "a"}...'),
    "several at once, by line": ("version: 1\ngmi:\n  max_api_keys: many\n  secrt: x\n\n\n\n\n\nclients: none\n",
        'f.yaml:3: gmi.max_api_keys: must be a whole number; found "many"\n'
        'f.yaml:4: gmi.secrt: is not a known key (did you mean "secret"?)\n'
        'f.yaml:10: clients: must be a list; found "none"'),
    "behind an alias": (
        "version: 1\nidentities:\n- login: a\n  github: &same\n    id: x\n- login: b\n  github: *same\n",
        'f.yaml:5: identities[0].github.id: must be a whole number or null; found "x"\n'
        'f.yaml:5: identities[1].github.id: must be a whole number or null; found "x"'),
}  # fmt: skip

CONTRADICTORY = {
    "login twice, whatever its case": ("version: 1\n" + people("alice", "bob", "Alice"),
        "f.yaml:5: identities[2].login: is already taken by identities[0].login"),
    "organization called like an identity": ("version: 1\n" + people("ORG") + organization(""),
        "f.yaml:6: github.organizations[0].login: is already taken by identities[0].login"),
    "user id twice": (
        "version: 1\nidentities:\n- login: a\n  github: {id: 7}\n- login: b\n  github:\n    id: 7\n",
        "f.yaml:7: identities[1].github.id: is already taken by identities[0].github.id"),
    "organization with a user's id": (
        "version: 1\nidentities:\n- login: a\n  github: {id: 9}\n" + organization(""),
        "f.yaml:8: github.organizations[0].id: is already taken by identities[0].github.id"),
    "client_id twice": ("version: 1\nclients:\n" + client() + client(),
        "f.yaml:9: clients[1].client_id: is already taken by clients[0].client_id"),
    "address twice": ("version: 1\nidentities:\n- login: a\n  emails:\n"
        "  - {email: a@b.test, primary: true}\n  - {email: A@b.test}\n",
        "f.yaml:6: identities[0].emails[1].email: is already taken by identities[0].emails[0].email"),
    "no primary address": ("version: 1\nidentities:\n- login: a\n  emails:\n  - {email: a@b.test}\n",
        "f.yaml:4: identities[0].emails: one address must be primary; found none"),
    "two primary addresses": ("version: 1\nidentities:\n- login: a\n  emails:\n"
        "  - {email: a@b.test, primary: true}\n  - {email: b@b.test, primary: true}\n",
        "f.yaml:6: identities[0].emails[1].primary: only one address may be primary; identities[0].emails[0] is"),
    "member is nobody": ("version: 1\n" + people("alice") + organization("    members: [{login: alcie}]\n"),
        'f.yaml:8: github.organizations[0].members[0].login: must be the login of an identity; found "alcie" '
        '(did you mean "alice"?)'),
    "member twice": (
        "version: 1\n" + people("alice") + organization("    members:\n    - login: alice\n    - login: alice\n"),
        "f.yaml:10: github.organizations[0].members[1].login: is already taken by "
        "github.organizations[0].members[0].login"),
    "team member of no member": (
        "version: 1\n" + people("zoe") + organization("    teams:\n    - {slug: t, id: 1, name: T, members: [zoe]}\n"),
        'f.yaml:9: github.organizations[0].teams[0].members[0]: must be a member of org; found "zoe"'),
    "team member twice": (
        "version: 1\n" + people("a1") + organization("    members: [{login: a1}]\n    teams:\n"
                                                     "    - {slug: t, id: 1, name: T, members: [a1, a1]}\n"),
        "f.yaml:10: github.organizations[0].teams[0].members[1]: is already taken by "
        "github.organizations[0].teams[0].members[0]"),
    "team slug twice": (
        "version: 1\n" + organization("    teams:\n    - {slug: t, id: 1, name: T}\n    - {slug: t, id: 2, name: U}\n"),
        "f.yaml:8: github.organizations[0].teams[1].slug: is already taken by github.organizations[0].teams[0].slug"),
    "team id within a count": (
        "version: 1\n" + organization("    teams:\n    - {slug: t, id: 1, name: T, count: 5}\n"
                                      "    - {slug: u, id: 5, name: U}\n"),
        "f.yaml:8: github.organizations[0].teams[1].id: is already taken by github.organizations[0].teams[0].id"),
    "team id in another organization": (
        "version: 1\n" + organization("    teams: [{slug: t, id: 1, name: T}]\n  - login: other\n    id: 10\n"
                                      "    teams: [{slug: t, id: 1, name: T}]\n"),
        "f.yaml:9: github.organizations[1].teams[0].id: is already taken by github.organizations[0].teams[0].id"),
    "parent is no team": (
        "version: 1\n" + organization("    teams:\n    - {slug: t, id: 1, name: T, parent: core}\n"),
        "f.yaml:7: github.organizations[0].teams[0].parent: must be the slug of a team of this organization; "
        'found "core"'),
    "parents in a circle": (
        "version: 1\n" + organization("    teams:\n    - {slug: t, id: 1, name: T, parent: u}\n"
                                      "    - {slug: u, id: 2, name: U, parent: t}\n"),
        'f.yaml:7: github.organizations[0].teams[0].parent: leads in a circle, by way of "t"\n'
        'f.yaml:8: github.organizations[0].teams[1].parent: leads in a circle, by way of "u"'),
    "owner is nobody": ("version: 1\nclients:\n" + client(settings="{type: oauth-app, owner: org}"),
        'f.yaml:8: clients[0].settings.owner: must be the login of an identity or organization; found "org"'),
    "OAuth app with two callbacks": (
        "version: 1\nclients:\n" + client(redirect_uris="\n  - http://a.test/\n  - http://b.test/"),
        "f.yaml:9: clients[0].redirect_uris[1]: an OAuth app has one callback; only a GitHub App may have more"),
    "GMI without its client": ("version: 1\ngmi:\n  client: ap\nclients:\n" + client(),
        'f.yaml:3: gmi.client: must be the client_id of a GitHub OAuth app; found "ap" (did you mean "app"?)'),
    "GMI with a GitHub App": (
        "version: 1\nclients:\n" + client(settings="{type: github-app}") + "gmi:\n  client: app\n",
        'f.yaml:10: gmi.client: must be the client_id of a GitHub OAuth app; found "app"'),
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "told"),
    [pytest.param(*case, id=name) for name, case in (UNREADABLE | MISSHAPEN | CONTRADICTORY).items()],
)
def test_a_broken_text_is_refused(text: str, told: str):
    assert complaint(text) == told


@pytest.mark.parametrize(
    ("data", "told"),
    [
        pytest.param(b"version: 1\n# caf\xe9\n", ":2: is not UTF-8", id="Latin-1"),
        pytest.param(b"#" * 5_000_001, ": is larger than 5000000 bytes", id="too large"),
        pytest.param(None, ": cannot be read: No such file or directory", id="absent"),
    ],
)
def test_a_file_that_is_no_text_is_refused(tmp_path, data: bytes | None, told: str):
    path = tmp_path / "cast.yaml"
    if data is not None:
        path.write_bytes(data)

    with pytest.raises(FixtureError) as refused:
        load_fixture(path)

    assert str(refused.value) == f"{path}{told}"


def test_a_problem_can_be_taken_apart():
    with pytest.raises(FixtureError) as refused:
        parse_fixture("version: 1\ngmi:\n  secret: short\n", "f.yaml")
    problem = Problem("f.yaml", 3, "gmi.secret", "must be at least 32 characters long; found 5")

    assert refused.value.problems == (problem,)


@pytest.mark.parametrize(
    "uri",
    ["http://127.0.0.1:9/cb", "https://a.test", "http://[::1]:8/?a=1", "com.example:/cb", "my-app://cb", "dataset://x"],
)
def test_a_redirect_uri_is_accepted(uri: str):
    (app,) = parse_fixture("version: 1\nclients:\n" + client(redirect_uris=f"['{uri}']"), "f.yaml").clients

    assert app["redirect_uris"] == [uri]


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("/callback", "must be an absolute URI without a fragment"),
        ("app.example/callback", "must be an absolute URI without a fragment"),
        ("https://app.example/#top", "must be an absolute URI without a fragment"),
        ("https://app.example/a b", "must be an absolute URI without a fragment"),
        (r"https://app.example\n", "must be an absolute URI without a fragment"),
        (r"https:\\\\app.example", "must be an absolute URI without a fragment"),
        *(
            (case(uri), "must not use javascript:, data:, vbscript:, blob: or file:")
            for uri in (
                "javascript:alert(1)",
                "data:text/html,x",
                "vbscript:x",
                "blob:https://a.test/1",
                "file:///etc/passwd",
            )
            for case in (str.lower, str.upper)
        ),
        ("https:app.example", "must name a host"),
        ("HTTP:///callback", "must name a host"),
        ("http://:80/callback", "must name a host"),
        ("http://app.example:99999/", "Port out of range 0-65535"),
        ("http://[::1/", "Invalid IPv6 URL"),
    ],
)
def test_a_redirect_uri_is_refused(uri: str, told: str):
    told_all = complaint("version: 1\nclients:\n" + client(redirect_uris=f'["{uri}"]'))

    assert told_all.startswith(f"f.yaml:7: clients[0].redirect_uris[0]: {told}")


@pytest.mark.parametrize("login", ["-a", "a_b", "a" * 40, "", "é", r"octocat\n", "a b"])
def test_a_login_is_refused(login: str):
    assert complaint(f'version: 1\nidentities:\n- login: "{login}"\n').startswith(
        "f.yaml:3: identities[0].login: must be 1 to 39 ASCII letters"
    )


@pytest.mark.parametrize(
    ("written", "name"),
    [("no", "no"), ("007", "007"), ("2011-01-25", "2011-01-25"), ("12:30", "12:30"), ("~", None), ("", None)],
)
def test_a_word_means_what_it_means_in_json_or_is_text(written: str, name: str | None):
    (person,) = parse_fixture(f"version: 1\nidentities:\n- login: a\n  name: {written}\n", "f.yaml").identities

    assert person["name"] == name


@pytest.mark.parametrize("written", ["7", "7.0", "70e-1"])
def test_a_whole_number_is_one_however_it_is_written(written: str):
    number = parse_fixture(f"version: 1\ngmi: {{max_api_keys: {written}}}", "f.yaml").sections["gmi"]["max_api_keys"]

    assert (number, type(number)) == (7, int)


def test_an_alias_repeats_its_anchor():
    text = "version: 1\nidentities:\n- login: a\n  github: &g {company: C}\n- login: b\n  github: *g\n"

    first, second = parse_fixture(text, "f.yaml").identities

    assert first["github"] == second["github"]
    assert first["github"] is not second["github"]


def test_the_smallest_fixture_has_every_section():
    fixture = parse_fixture("version: 1", "f.yaml")

    switches = {"require_user_agent": True, "token_endpoint_cors": False, "hourly_token_limit": False}
    lives = {"access_token_ttl": 3600, "refresh_token_ttl": 2592000, "auth_token_ttl": 300}
    gmi = {"client": None, "secret": "sandbox-gmi-secret-for-local-use-only", "max_api_keys": 20}
    github = {"organizations": [], "settings": switches | {"refresh_token_ttl": 15897600}}
    digest = hashlib.sha256(b"version: 1").hexdigest()
    oidc, azure, cloud, insforge = (fixture.sections[name] for name in ("oidc", "azure", "insforge-cloud", "insforge"))
    sections = {name: fixture.sections[name] for name in SERVICES} | {"github": github, "gmi": gmi | lives}
    whole = {"version": 1, "identities": [], "clients": [], "faults": [], **sections}
    assert fixture == Fixture("f.yaml", digest, (), (), sections, document=whole)
    assert (oidc["any_issuer"], oidc["issuers"]) == (True, [])
    assert [(tenant["domain"], tenant["groups"]) for tenant in azure["tenants"]] == [("contoso.test", [])]
    assert (cloud["kid"], cloud["projects"]) == ("insforge-key-2025-08-13", [])
    assert (insforge["project_id"], insforge["oauth"], insforge["custom_oauth"]) == ("sandbox-project", [], [])


@pytest.mark.parametrize(
    ("service", "key", "value"),
    [
        ("github", "device_flow", True),
        ("oidc/any", "trusted", False),
        ("azure", "audience", "AzureADMyOrg"),
        ("insforge-cloud", "device_flow", True),
    ],
)
def test_the_settings_of_a_client_are_those_of_its_service(service: str, key: str, value: object):
    settings = {"settings": "{type: oauth-app}"} if service == "github" else {"settings": "{}"}

    (app,) = fixtures.parse_fixture("version: 1\nclients:\n" + client(service=service, **settings), "f.yaml").clients

    assert app["settings"][key] == value


def test_an_application_of_github_needs_its_settings_and_others_do_not():
    def read(service: str) -> fixtures.Fixture:
        text = client(service=service).replace("  settings: {type: oauth-app}\n", "")
        return parse_fixture(f"version: 1\nclients:\n{text}", "f.yaml")

    assert read("oidc/main").clients[0]["settings"]
    with pytest.raises(FixtureError, match=r'f\.yaml:3: clients\[0\]: "settings" is missing'):
        read("github")


def test_a_count_stands_for_numbered_teams():
    text = "version: 1\n" + organization("    teams:\n    - {slug: crew, id: 50, name: Crew, count: 3}\n")

    (entry,) = parse_fixture(text, "f.yaml").sections["github"]["organizations"][0]["teams"]
    teams = expand_teams(entry)

    shared = {"description": None, "parent": None, "members": []}
    assert teams == [
        {"slug": "crew-1", "id": 50, "name": "Crew 1"} | shared,
        {"slug": "crew-2", "id": 51, "name": "Crew 2"} | shared,
        {"slug": "crew-3", "id": 52, "name": "Crew 3"} | shared,
    ]


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path):
    plain, marked = tmp_path / "plain.yaml", tmp_path / "marked.yaml"
    plain.write_bytes(b"version: 1\n")
    marked.write_bytes(b"\xef\xbb\xbfversion: 1\n")

    assert load_fixture(marked).digest == load_fixture(plain).digest


def test_a_schema_of_ones_own_is_used_and_its_defaults_are_checked(tmp_path):
    own = tmp_path / "schema.json"
    own.write_text(json.dumps(SCHEMA).replace('"null"], "default": null', '"null"], "default": "nobody"'))

    with pytest.raises(FixtureError, match=r'^f\.yaml:2: gmi\.client: must be .*; found "nobody"$'):
        parse_fixture("version: 1\ngmi: {}", "f.yaml", schema=own)


def test_a_wheel_carries_its_own_files(tmp_path, monkeypatch):
    monkeypatch.setattr(fixtures, "_PACKAGE", tmp_path / "sandbox")
    packaged = tmp_path / "sandbox" / "_fixtures" / "default.yaml"
    packaged.parent.mkdir(parents=True)
    packaged.touch()

    assert [shipped("default.yaml"), shipped("other")] == [packaged, tmp_path / "fixtures" / "other"]


# The schema


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            yield schema
        # What a client's settings are depends on its service; each of them is an object of its own.
        for part in (part for key, part in schema.items() if key not in ("if", "then")):
            yield from objects(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from objects(part)


def test_the_schema_is_one():
    Draft202012Validator.check_schema(SCHEMA)


def test_every_object_is_closed():
    assert [part for part in objects(SCHEMA) if part.get("additionalProperties") is not False] == []


def test_every_property_is_explained():
    properties = [(name, rule) for part in objects(SCHEMA) for name, rule in part["properties"].items()]

    assert [name for name, rule in properties if not (rule.get("title") and rule.get("description"))] == []


def test_every_property_is_required_or_has_a_default():
    """But for a fault: what it leaves out is the recipe's to say, and nobody reads it from the fixture."""
    others = {**SCHEMA, "$defs": {name: part for name, part in SCHEMA["$defs"].items() if name != "fault"}}
    lacking = [
        name
        for part in objects(others)
        for name, rule in part["properties"].items()
        if name not in part.get("required", []) and "default" not in rule
    ]

    assert lacking == ["$schema"]
