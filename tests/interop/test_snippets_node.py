"""The snippets for Node.js, to the letter: each is run against a live sandbox, and signs somebody in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox import Config
from sandbox.certificates import Certificates
from sandbox.core.fixtures import shipped
from sandbox.threads import ThreadServer
from tests.support.components import NODE_SCRIPTS, free_port
from tests.support.forms import submit
from tests.support.person import Person
from tests.support.snippets import Program, program, snippet


@pytest.fixture
def folder(node: object, tmp_path: Path) -> Path:
    """A folder in which the libraries are installed."""
    (tmp_path / "node_modules").symlink_to(NODE_SCRIPTS / "node_modules")
    return tmp_path


@contextmanager
def run(text: str, folder: Path, ca: Certificates) -> Iterator[Program]:
    """Run a snippet as it says that it is to be started."""
    (folder / "login.mjs").write_text(text, encoding="utf-8")
    command = ["node", "--import", str(NODE_SCRIPTS / "prelude.mjs"), "login.mjs"]
    with program(command, folder, NODE_EXTRA_CA_CERTS=str(ca.ca_file)) as running:
        yield running


def sign_in(name: str, person: Person, server: ThreadServer, ca: Certificates, folder: Path) -> str:
    """Run the snippet, sign in where it says, and paste the address; returns what it says then."""
    with run(snippet(name, server, ca), folder, ca) as login:
        login.type(person.sign_in(login.wait_for(r"^Open (\S+)")))
        return login.finish()


def test_openid_client(server, ca, alice, folder):
    assert "email: 'alice@contoso.test'" in sign_in("openid-client", alice, server, ca, folder)


def test_octokit(server, ca, folder):
    with Person.at_a_browser("octocat", ca_file=ca.ca_file) as octocat:
        assert sign_in("octokit", octocat, server, ca, folder).endswith("octocat\n")


def test_msal_node(live_tls, ca, alice, folder):
    assert sign_in("msal-node", alice, live_tls, ca, folder).endswith("alice@contoso.test\n")


class TestWebServer:
    """It listens where the redirect URI of its client is."""

    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        """The shipped cast, but for the port of redirect URIs, which may be taken."""
        cast = shipped("default.yaml").read_text(encoding="utf-8")
        fixtures = tmp_path / "cast.yaml"
        fixtures.write_text(cast.replace("127.0.0.1:9999/", f"127.0.0.1:{free_port()}/"), encoding="utf-8")
        return Config(fixtures=fixtures)

    def test_auth_js(self, server, ca, alice, folder, config):
        with run(snippet("auth.js", server, ca, config.fixtures), folder, ca) as shop:
            page = alice.get(shop.wait_for(r"^Open (\S+)"))
            callback = alice.sign_in(submit(alice, page, "").headers["Location"])
            home = alice.follow(callback)

            assert alice.get(home).json()["email"] == "alice@contoso.test"

    def test_passport(self, server, ca, alice, folder, config):
        with run(snippet("passport", server, ca, config.fixtures), folder, ca) as shop:
            callback = alice.sign_in(alice.follow(shop.wait_for(r"^Open (\S+)")))

            assert alice.get(callback).json()["displayName"] == "Alice Liddell"
