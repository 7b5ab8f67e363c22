"""What `serve` needs: a fixture without problems, a free port, and a database."""

from __future__ import annotations

import http.client
import json
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from sandbox.config import Config
from sandbox.core.database import check_database, engine_options
from sandbox.core.fixture_reader import FixtureError
from sandbox.core.fixtures import load_fixture, shipped
from sandbox.core.tables import Base
from sandbox.doctor.findings import Finding
from sandbox.doctor.machine import own_version
from sandbox.server import find_bind_problem
from sandbox.services import CHECKS

_PATIENCE = 2  # seconds


def examine(config: Config) -> Iterator[Finding]:
    """Fixture, port and database."""
    yield _fixture(config)
    yield _port(config)
    yield _database(config)


def reachable(host: str) -> str:
    """The address at which what listens on `host` can be called: 0.0.0.0 and :: stand for all."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - replaced, not bound


def listens(host: str, port: int) -> bool:
    """Whether anything takes connections there."""
    try:
        socket.create_connection((reachable(host), port), _PATIENCE).close()
    except OSError:
        return False
    return True


def _fixture(config: Config) -> Finding:
    path = config.fixtures or shipped("default.yaml")
    try:
        fixture = load_fixture(path, CHECKS)
    except FixtureError as error:
        more = f" (and {len(error.problems) - 1} more)" if len(error.problems) > 1 else ""
        return Finding("fixture", "FAIL", f"{error.problems[0]}{more}", f"idp-sandbox fixtures check {path}")
    found = f"{len(fixture.identities)} identities, {len(fixture.clients)} clients"
    return Finding("fixture", "OK", f"{config.fixtures or 'the shipped cast'}: {found}")


def _port(config: Config) -> Finding:
    place = f"{config.host}:{config.port}"
    if not listens(config.host, config.port):
        problem = find_bind_problem(config.host, config.port)
        if problem is None:
            return Finding("port", "OK", f"{place} is free")
        return Finding("port", "FAIL", f"cannot listen on {place}: {problem}", "idp-sandbox serve --port 9500")
    version = _answers(config)
    if version is None:
        remedy = f"lsof -nP -iTCP:{config.port} -sTCP:LISTEN  # says who; or: idp-sandbox serve --port 9500"
        return Finding("port", "FAIL", f"something that is no sandbox listens on {place}", remedy)
    if version != own_version():
        found = f"a sandbox of version {version} answers at {place}, and this is {own_version()}"
        return Finding("port", "WARN", found, "stop that one, and start it again: idp-sandbox serve")
    return Finding("port", "OK", f"a sandbox answers at {place} already (version {version})")


def _answers(config: Config) -> str | None:
    """The version of the sandbox that answers; None for anything else."""
    connection = http.client.HTTPConnection(reachable(config.host), config.port, timeout=_PATIENCE)
    try:
        connection.request("GET", "/_sandbox/health", headers={"Host": f"localhost:{config.port}"})
        health = json.loads(connection.getresponse().read(10_000))
        return str(health["version"]) if health["status"] == "ok" else None
    except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError):
        return None
    finally:
        connection.close()


def _database(config: Config) -> Finding:
    if config.database is None:
        try:
            return Finding("database", "OK", f"a temporary file in {tempfile.gettempdir()}, gone at the end")
        except FileNotFoundError:
            return Finding("database", "FAIL", "no folder for temporary files can be written", "export TMPDIR=FOLDER")
    try:
        new = _new_file(config.database)
        if new:
            return new
        check_database(config.database)
        return _schema(config.database)
    except (ValueError, SQLAlchemyError) as error:
        remedy = "idp-sandbox serve  # without --database it keeps nothing"
        return Finding("database", "FAIL", str(error).splitlines()[0], remedy)


def _new_file(url: str) -> Finding | None:
    """What is to be said of a SQLite file that is not there; connecting would make it."""
    try:
        parsed = make_url(url)
    except ArgumentError:  # which check_database explains
        return None
    if parsed.get_backend_name() != "sqlite" or not parsed.database or Path(parsed.database).exists():
        return None
    folder = Path(parsed.database).parent
    if folder.is_dir() and os.access(folder, os.W_OK):
        return Finding("database", "OK", f"{parsed.database} is made at the first start")
    return Finding("database", "FAIL", f"{folder} is no folder that can be written to", f"mkdir -p {folder}")


def _schema(url: str) -> Finding:
    shown = make_url(url).render_as_string(hide_password=True)
    engine = create_engine(url, **engine_options(url))
    try:
        inspector = inspect(engine)
        there = set(inspector.get_table_names())
        if "worlds" not in there:
            return Finding("database", "OK", f"{shown} is reached; the tables are made at the first start")
        missing = [
            f"{table.name}.{name}"
            for table in Base.metadata.sorted_tables
            for name in {column.name for column in table.columns}
            - ({column["name"] for column in inspector.get_columns(table.name)} if table.name in there else set())
        ]
    finally:
        engine.dispose()
    if missing:
        found = f"{shown} is of another version: it has no {min(missing)}"
        return Finding("database", "FAIL", found, "idp-sandbox serve --database URL  # of an empty one")
    return Finding("database", "OK", f"{shown} is reached, and its tables are there")
