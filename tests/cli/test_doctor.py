"""The doctor: what it finds wrong with a machine and a configuration, and what it says to type."""

from __future__ import annotations

import json
import socket
import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sandbox import Config, create_app
from sandbox.certificates import open_authority, open_certificates
from sandbox.cli import cli
from sandbox.config import PREFIX
from sandbox.server import certificate_names
from sandbox.services import SERVICES
from sandbox.trust import VARIABLES
from tests.support.components import free_port
from tests.support.process import Served, serving

Found = dict[str, Any]
Doctor = Callable[..., dict[str, Found]]
LOOPBACK = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]
ELSEWHERE = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 0))]


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What each host name leads to; no name is looked up in any network."""
    known: dict[str, Any] = {"localhost": LOOPBACK, **{f"{slug}.localhost": LOOPBACK for slug in SERVICES}}

    def look_up(name: str, *_: object, **__: object) -> Any:
        if name[0].isdigit():
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (name, _[0] if _ else 0))]
        if name not in known:
            raise socket.gaierror(-2, "Name or service not known")
        return known[name]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return known


@pytest.fixture
def examined(tmp_path: Path, hosts: object, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs it with options, on a free port and with a folder of its own."""
    for name in (*VARIABLES, "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(f"{PREFIX}TLS_DIR", str(tmp_path / "tls"))
    monkeypatch.setenv(f"{PREFIX}PORT", str(free_port()))
    monkeypatch.setenv(f"{PREFIX}TLS_PORT", str(free_port()))
    return lambda *options: CliRunner().invoke(cli, ["doctor", *options])


@pytest.fixture
def doctor(examined: Callable[..., Result]) -> Doctor:
    """`doctor("--tls")["port"]` is what it found there; its exit status must fit what it says."""

    def doctor(*options: str) -> dict[str, Found]:
        ended = examined(*options, "--json")
        answer = json.loads(ended.stdout)
        failed = any(check["status"] == "FAIL" for check in answer["checks"])
        assert (ended.exit_code, answer["ok"]) == ((1, False) if failed else (0, True))
        return {check["check"]: check for check in answer["checks"]}

    return doctor


@pytest.fixture
def stranger() -> Iterator[int]:
    """The port of something that listens and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


# A machine on which all is well


def test_nothing_is_wrong_where_nothing_is(doctor):
    found = doctor()

    assert {check["status"] for check in found.values()} == {"OK"}
    assert {"python", "packages", "programs", "fixture", "port", "database", "CA", "localhost"} <= set(found)
    assert "click" in found["packages"]["found"]


def test_each_finding_is_a_line_with_its_status(examined):
    lines = examined().stdout.splitlines()

    assert len(lines) >= 8
    assert all(line.startswith("OK   ") for line in lines)


def test_it_makes_nothing(doctor, tmp_path):
    doctor("--tls", "--database", f"sqlite:///{tmp_path / 'new.db'}")

    assert list(tmp_path.iterdir()) == []


# Options and fixture


def test_an_impossible_option_is_found(doctor):
    found = doctor("--port", "0")

    assert found["options"]["status"] == "FAIL"
    assert "port = '0'" in found["options"]["found"]


def test_a_broken_fixture_is_found_with_its_line(doctor, tmp_path):
    (tmp_path / "cast.yaml").write_text("version: 1\nnonsense: 1\nother: 1\n")

    found = doctor("--fixtures", str(tmp_path / "cast.yaml"))["fixture"]

    assert found["status"] == "FAIL"
    assert "cast.yaml:2: nonsense: " in found["found"]
    assert found["found"].endswith("(and 1 more)")
    assert found["remedy"].startswith("idp-sandbox fixtures check ")


# The port


def test_a_sandbox_that_runs_is_found(doctor, live):
    found = doctor("--port", str(live.port))["port"]

    assert found["status"] == "OK"
    assert "a sandbox answers" in found["found"]


def test_whoever_else_has_the_port_is_found(doctor, stranger):
    found = doctor("--port", str(stranger))["port"]

    assert found["status"] == "FAIL"
    assert "no sandbox" in found["found"]
    assert f"-iTCP:{stranger}" in found["remedy"]


def test_an_address_of_another_machine_is_found(doctor):
    found = doctor("--host", "192.0.2.1")["port"]

    assert (found["status"], found["remedy"]) == ("FAIL", "idp-sandbox serve --port 9500")


# The database


def test_a_database_of_a_sandbox_is_known_by_its_tables(doctor, tmp_path):
    url = f"sqlite:///{tmp_path / 'kept.db'}"
    create_app(Config(database=url)).extensions["sandbox"].close()

    assert doctor("--database", url)["database"]["found"].endswith("its tables are there")

    with sqlite3.connect(tmp_path / "kept.db") as kept:
        kept.execute("ALTER TABLE worlds RENAME COLUMN settings TO other")
    kept.close()
    found = doctor("--database", url)["database"]
    assert found["status"] == "FAIL"
    assert "worlds.settings" in found["found"]


@pytest.mark.parametrize(
    ("database", "status", "found"),
    [
        ("sqlite:///{folder}/new.db", "OK", "is made at the first start"),
        ("sqlite:///{folder}/absent/new.db", "FAIL", "is no folder that can be written to"),
        ("sqlite:///{folder}", "FAIL", "cannot be opened"),
        ("sqlite://", "FAIL", "an in-memory SQLite cannot be served"),
        ("mysql://localhost/x", "FAIL", "unknown kind of database: mysql"),
        ("nonsense", "FAIL", "nonsense"),
        ("postgresql+psycopg://me:pw@/x?host={folder}", "FAIL", "me:***@/x"),
    ],
)
def test_each_database_is_examined(doctor, tmp_path, database, status, found):
    answer = doctor("--database", database.format(folder=tmp_path))["database"]

    assert (answer["status"], bool(answer["remedy"])) == (status, status == "FAIL")
    assert found in answer["found"]
    assert ":pw@" not in answer["found"]


def test_a_database_of_postgresql_is_examined(doctor, postgres_database):
    assert doctor("--database", postgres_database)["database"]["found"].endswith("made at the first start")

    create_app(Config(database=postgres_database)).extensions["sandbox"].close()

    assert doctor("--database", postgres_database)["database"]["found"].endswith("its tables are there")


# TLS


def test_a_ca_that_nothing_trusts_is_found(doctor, tmp_path):
    open_authority(tmp_path / "tls")

    found = doctor("--tls")

    assert found["CA"]["status"] == "OK"
    assert found["trust"]["status"] == "WARN"
    assert found["trust"]["remedy"] == 'eval "$(idp-sandbox ca --tls-dir {} --env)"'.format(tmp_path / "tls")
    assert doctor()["trust"]["status"] == "OK"


def test_the_variables_that_lead_to_the_ca_are_named(doctor, tmp_path, monkeypatch):
    authority = open_authority(tmp_path / "tls")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))

    assert doctor("--tls")["trust"] == {
        "check": "trust",
        "status": "OK",
        "found": "SSL_CERT_FILE lead to the CA",
        "remedy": "",
    }


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_variable_that_leads_elsewhere_is_found(doctor, tmp_path, monkeypatch, content):
    open_authority(tmp_path / "tls")
    other = tmp_path / "other.pem"
    if content is not None:
        other.write_bytes(content)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))

    found = doctor()["trust"]

    assert found["status"] == "WARN"
    assert f"REQUESTS_CA_BUNDLE={other}" in found["found"]


def test_the_certificate_is_found_with_its_names_and_its_end(doctor, tmp_path):
    assert "none for these names" not in str(doctor())
    open_certificates(tmp_path / "tls", certificate_names(Config()))

    assert "good until 20" in doctor()["certificate"]["found"]
    assert "none for these names" in doctor("--tls-name", "other.test")["certificate"]["found"]


@pytest.mark.parametrize("name", ["ca.pem", "ca-key.pem"])
def test_a_damaged_ca_is_found(doctor, tmp_path, name):
    open_authority(tmp_path / "tls")
    (tmp_path / "tls" / name).write_text("damaged")

    found = doctor()["CA"]

    assert found["status"] == "FAIL"
    assert found["remedy"].startswith("rm -f ")


def test_a_ca_without_its_key_is_found(doctor, tmp_path):
    open_authority(tmp_path / "tls")
    (tmp_path / "tls" / "ca-key.pem").unlink()

    assert "ca-key.pem is missing" in doctor()["CA"]["found"]


def test_a_key_that_others_can_read_is_found(doctor, tmp_path):
    open_authority(tmp_path / "tls")
    (tmp_path / "tls" / "ca-key.pem").chmod(0o644)

    assert doctor()["CA"]["remedy"].startswith("chmod 600 ")


def test_a_ca_that_has_ended_is_found_and_left_alone(doctor, tmp_path, monkeypatch):
    monkeypatch.setattr("sandbox.certificates._CA_LIFE", timedelta(hours=1))
    before = open_authority(tmp_path / "tls").ca_file.read_bytes()

    assert doctor()["CA"]["status"] == "FAIL"
    assert (tmp_path / "tls" / "ca.pem").read_bytes() == before


def test_whoever_else_has_the_port_of_https_is_found(doctor, live, tmp_path):
    open_authority(tmp_path / "tls")

    found = doctor("--tls", "--tls-port", str(live.port))["https port"]

    assert found["status"] == "FAIL"
    assert "no certificate of this CA" in found["found"]


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[Served]:
    port, tls_port = free_port(), free_port()
    options = ("--port", str(port), "--tls", "--tls-port", str(tls_port))
    with serving(tmp_path, port, "idp-sandbox", "serve", *options, tls_port=tls_port) as server:
        yield server


def test_a_sandbox_that_serves_https_is_found(secure, doctor):
    port = str(secure.tls_origin).rpartition(":")[2]

    assert "a certificate of this CA" in doctor("--tls", "--tls-port", port)["https port"]["found"]
    astray = doctor("--tls", "--tls-port", port, "--tls-name", "other.test")["https port"]
    assert (astray["status"], astray["found"].endswith("does not have other.test")) == ("WARN", True)


# Names


def test_a_name_below_localhost_that_is_not_found_is_said(doctor, hosts):
    del hosts["github.localhost"]

    found = doctor()["localhost"]

    assert found["status"] == "WARN"
    assert found["remedy"] == "echo '127.0.0.1 github.localhost' | sudo tee -a /etc/hosts"


def test_a_name_below_localhost_that_leads_away_is_said(doctor, hosts):
    hosts["github.localhost"] = ELSEWHERE

    assert doctor()["localhost"]["status"] == "FAIL"


def test_vendor_names_that_lead_here_are_said(doctor, hosts):
    hosts |= {host: ELSEWHERE for service in SERVICES.values() for host in service.hosts}
    assert doctor()["vendor names"]["status"] == "OK"

    github = dict.fromkeys(SERVICES["github"].hosts, LOOPBACK)
    hosts |= github
    assert "--tls-port 443" in doctor()["vendor names"]["remedy"]

    hosts["api.github.com"] = ELSEWHERE
    assert "api.github.com" in doctor()["vendor names"]["remedy"]


# In between


def test_a_proxy_that_would_be_asked_for_localhost_is_found(doctor, monkeypatch):
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", "http://proxy.test:3128")

    assert doctor()["proxy"]["status"] == "WARN"

    monkeypatch.setenv("no_proxy", "localhost, .test")
    assert "proxy" not in doctor()


def test_a_package_that_is_missing_or_too_old_is_found(doctor, monkeypatch):
    needed = ["click>=8.5,<9", "rich>=900", "PyYAML<1", "absent-package>=1", 'other>=1; extra == "test"']
    monkeypatch.setattr("sandbox.doctor.machine.requires", lambda name: needed)

    found = doctor()["packages"]

    assert found["status"] == "FAIL"
    for name in ("rich ", "PyYAML ", "absent-package is missing"):
        assert name in found["found"]
    assert not [name for name in ("click", "other") if name in found["found"]]
