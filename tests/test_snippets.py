"""Snippets: their text is code of their language whatever the fixture holds, on the command line and on the page."""

from __future__ import annotations

import ast
import html
import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from sandbox import Config
from sandbox.config import ConfigError
from sandbox.service import Snippet
from sandbox.services import SERVICES
from sandbox.snippets import list_snippets, print_snippet
from sandbox.web.snippets import SUFFIXES
from sandbox.web.snippets import TEMPLATES as FOLDER
from tests.support.commands import run_here
from tests.support.process import run

SNIPPETS = {snippet.name: snippet for service in SERVICES.values() for snippet in service.snippets}
# What would end a string, a line, a comment, a command or a tag, if it were not quoted.
NASTY_ID = "x\"'`\\${id}$(touch${IFS}pwned);#-->"
NASTY_SECRET = "a\"'\n# b\n\"\"\"'''</pre><script>alert(1)</script>{{ 7 * 7 }}🦄\u2028${HOME}"
# Azure has ids of its own.
GUIDS = ["10000000-0000-4000-8000-000000000001", "10000000-0000-4000-8000-000000000002"]

every_snippet = pytest.mark.parametrize("snippet", SNIPPETS.values(), ids=SNIPPETS)


@pytest.fixture
def nasty(tmp_path: Path) -> Path:
    """A fixture whose applications are called as no one would call them."""
    web = ["/callback", "/auth/callback/x", "/login/oauth2/code/x", "/oidc/callback/", "/oauth2/callback"]
    client = {
        "name": "Nasty",
        "secret": NASTY_SECRET,
        "redirect_uris": [f"http://127.0.0.1:9999{path}" for path in web],
    }
    public = {**client, "client_id": f"{NASTY_ID}public", "secret": None}
    azure = {"spa_redirect_uris": ["http://localhost:9998/spa"], "public_client": True}
    clients = [
        {**client, "client_id": NASTY_ID, "service": "github", "settings": {"type": "github-app"}},
        {**client, "client_id": NASTY_ID, "service": "oidc/main"},
        {**public, "service": "oidc/main"},
        {**client, "client_id": GUIDS[0], "service": "azure"},
        {**public, "client_id": GUIDS[1], "service": "azure", "settings": azure},
    ]
    file = tmp_path / "cast.yaml"
    tenants = [{"id": "aaaabbbb-0000-4ccc-8ddd-eeeeffff0001", "domain": "contoso.test", "name": "Contoso"}]
    cast = {"version": 1, "identities": [], "clients": clients, "azure": {"tenants": tenants}}
    file.write_text(json.dumps(cast), encoding="utf-8")
    return file


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A fixture without any application."""
    file = tmp_path / "nobody.yaml"
    file.write_text("version: 1\nidentities: []\nclients: []\n", encoding="utf-8")
    return file


# The text


def strings(snippet: Snippet, text: str) -> set[object]:
    """The strings that the code holds, read by its language."""
    match snippet.language:
        case "python":
            return {node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)}
        case "yaml":
            return set(leaves(yaml.safe_load(text)))
        case "toml":
            return set(leaves(tomllib.loads(text)))
        case _:
            return {json.loads(literal) for literal in re.findall(r'"(?:[^"\\\n]|\\.)*"', text)}


def leaves(value: object) -> list[object]:
    if isinstance(value, dict):
        return [leaf for member in value.values() for leaf in leaves(member)]
    return [leaf for member in value for leaf in leaves(member)] if isinstance(value, list) else [value]


@pytest.mark.parametrize(
    ("snippet", "origin"),
    [
        pytest.param(snippet, origin, id=f"{snippet.name} {origin}")
        for snippet in SNIPPETS.values()
        for origin in ("http://localhost:9400", "https://localhost:9443")
        if origin.startswith("https:") or not snippet.https_only
    ],
)
def test_nothing_in_a_fixture_breaks_out_of_its_string(snippet, origin, nasty, tmp_path):
    folder = tmp_path / "a \"b' $(id)"
    text = print_snippet(Config(public_url=origin, fixtures=nasty, tls_dir=folder), snippet.name)

    if snippet.language == "shell":
        check_shell(text, tmp_path)
        return
    found = strings(snippet, text)

    assert found & {NASTY_ID, f"{NASTY_ID}public", *GUIDS, f"{origin}/oidc/main"}
    assert NASTY_SECRET in found or snippet.name in ("oidc-client-ts", "msal-browser", "resource-server")
    if origin.startswith("https:") and snippet.language in ("python", "toml"):
        assert str(folder / "ca.pem") in found


def check_shell(text: str, folder: Path) -> None:
    """The same for a shell, which runs the snippet with a curl that only shows what it was given."""
    shell = subprocess.run(
        ["sh", "-eu"],
        input=f'curl() {{ printf "<%s>" "$@"; }}\n{text}\n',
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )

    assert f"<{NASTY_ID}:{NASTY_SECRET}>" in shell.stdout
    assert not (folder / "pwned").exists()


@every_snippet
def test_a_snippet_says_why_the_fixture_has_nothing_for_it(snippet, empty):
    with pytest.raises(ConfigError, match=f"^{re.escape(snippet.name)}: the fixture has no .+"):
        print_snippet(Config(fixtures=empty), snippet.name)


@every_snippet
def test_a_snippet_begins_with_what_to_install_and_marks_what_is_for_a_sandbox_only(snippet):
    text = print_snippet(Config(), snippet.name)

    assert text.startswith(("# ", "// ", "#!/bin/sh"))
    assert "localhost:9443" in text if snippet.https_only else "localhost:9400" in text
    assert "{{" not in text
    assert not re.search(r"[ \t]$", text, re.MULTILINE)


def test_every_template_is_somebodys():
    names = {f"{snippet.name}.{SUFFIXES[snippet.language]}.j2" for snippet in SNIPPETS.values()}

    assert {path.name for path in (FOLDER / "snippets").iterdir()} == names


@pytest.mark.parametrize("name", ["msal-python", "azure-identity", "msal-node", "msal-browser"])
def test_a_library_that_refuses_http_is_not_pointed_there(name):
    with pytest.raises(ConfigError, match=rf"{name} takes https only; found http://idp\.test:9400"):
        print_snippet(Config(public_url="http://idp.test:9400"), name)

    assert '"https://localhost:9500' in print_snippet(Config(tls_port=9500), name)


# The command line


def test_the_command_prints_the_snippet_for_an_origin(tmp_path):
    shown = run(tmp_path, "snippet", "openid-client", "--origin", "https://idp.test")

    expected = print_snippet(Config(public_url="https://idp.test", tls_dir=tmp_path / "tls"), "openid-client")
    assert (shown.returncode, shown.stdout, shown.stderr) == (0, f"{expected}\n", "")


def test_the_command_lists_the_names(tmp_path):
    shown = run_here(tmp_path, "snippet")

    assert shown.stdout == list_snippets() + "\n"
    assert [line.split()[0] for line in shown.stdout.splitlines()] == list(SNIPPETS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nonsense"], "there is no snippet called 'nonsense'; there are pygithub, octokit, "),
        (["curl", "--origin", "idp.test"], "command line: public_url = 'idp.test': an http or https URL "),
        (["msal-node", "--origin", "http://localhost:9400"], "msal-node takes https only; found http://localhost:9400"),
        (["curl", "--fixtures", "nowhere.yaml"], "nowhere.yaml: cannot be read"),
    ],
)
def test_the_command_says_what_is_wrong(arguments, message, tmp_path):
    shown = run_here(tmp_path, "snippet", *arguments)

    assert (shown.returncode, shown.stdout) == (2, "")
    assert shown.stderr.startswith(f"idp-sandbox: {message}")
    assert shown.stderr.count("\n") == 1


# The page


def on_page(page: str) -> dict[str, str]:
    """The text of each snippet, as a browser would copy it."""
    found = re.findall(r'<pre [^>]*id="(\S+)-text"[^>]*><code>(.*?)</code></pre>', page, re.DOTALL)
    return {name: html.unescape(text) for name, text in found}


def test_the_home_page_leads_to_the_snippets(sandbox):
    assert 'id="snippets" href="/_sandbox/snippets"' in sandbox.get("/").text


def test_the_page_has_every_snippet_for_its_own_origin(sandbox):
    shown = on_page(sandbox.get("/_sandbox/snippets", base_url="https://localhost:9443").text)

    config = Config(public_url="https://localhost:9443")
    assert shown == {name: print_snippet(config, name) + "\n" for name in SNIPPETS}


def test_the_page_shows_the_https_origin_to_those_that_need_it(sandbox):
    page = sandbox.get("/_sandbox/snippets", base_url="http://127.0.0.1:9400").text

    shown = on_page(page)
    assert '"http://127.0.0.1:9400/oidc/main"' in shown["openid-client"]
    assert '"https://127.0.0.1:9443/' in shown["msal-python"]
    assert page.count("start the sandbox with <code>--tls</code>") == sum(one.https_only for one in SNIPPETS.values())


class TestWithANastyFixture:
    @pytest.fixture
    def config(self, nasty: Path) -> Config:
        return Config(fixtures=nasty)

    def test_the_page_shows_it_as_text(self, sandbox):
        page = sandbox.get("/_sandbox/snippets").text

        assert "<script>alert" not in page
        assert json.dumps(NASTY_SECRET, ensure_ascii=False) in on_page(page)["authlib"]


class TestWithAnEmptyFixture:
    @pytest.fixture
    def config(self, empty: Path) -> Config:
        return Config(fixtures=empty)

    def test_the_page_says_what_the_fixture_lacks(self, sandbox):
        page = sandbox.get("/_sandbox/snippets").text

        assert on_page(page) == {}
        assert page.count("Not with this fixture: the fixture has no ") == len(SNIPPETS)


class TestWhereOthersCanCall:
    @pytest.fixture
    def config(self) -> Config:
        return Config(host="0.0.0.0", allowed_hosts=("idp.test",))

    def test_the_page_tells_nothing_of_this_machine_s_folders(self, sandbox):
        page = sandbox.get("/_sandbox/snippets", base_url="https://idp.test").text

        assert '"ca.pem"' in on_page(page)["authlib"]
        assert str(Path.home()) not in page
