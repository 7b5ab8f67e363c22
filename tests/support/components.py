"""Pytest plugin: the real programs that some tests drive - Chromium, PostgreSQL and Node.js.

A test asks for a program by its fixture and gets the matching marker. Where the program is missing, the test
is skipped with a message that names it; with CI=true it fails. Nothing is installed from here: that is the
part of scripts/test-components.sh.
"""

import contextlib
import itertools
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import psycopg
import pytest
from playwright.sync_api import Browser, sync_playwright

NODE_SCRIPTS = Path(__file__).parents[1] / "interop" / "node"

# --no-sandbox: root cannot have Chromium's own. The rest keep it from calling home.
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# The data lives as long as the test run, so durability would only cost time.
POSTGRES_SETTINGS = (
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "listen_addresses=",
    "shared_buffers=32MB",
)
POSTGRES_USER = "sandbox"
POSTGRES_PATIENCE = 30  # seconds to start, and to stop

MARKERS = {"chromium": "chromium_path", "nginx": "nginx", "node": "node", "postgres": "postgres_server"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by the programs its fixtures need, so that `-m "not chromium"` leaves those out."""
    for item in items:
        needed = getattr(item, "fixturenames", ())
        for marker, fixture in MARKERS.items():
            if fixture in needed:
                item.add_marker(marker)


def miss(component: str, remedy: str) -> NoReturn:
    """Skip the test for want of a component, or fail it where nothing may be skipped."""
    message = f"*** MISSING TEST COMPONENT: {component}. To get it: {remedy}"
    if os.environ.get("CI") == "true":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def free_port() -> int:
    """A loopback port that nothing listens on at this moment, for a server that is told its port.

    It is below those that the system gives to outgoing connections, one of which might take it in the meantime. Nor is
    it drawn from `random`, which is seeded alike in every process of a test run.
    """
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


# Chromium


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Where Chromium is installed."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    miss("Chromium", "sudo apt-get install chromium")


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Iterator[Browser]:
    """One browser for all tests; each test opens and closes a context of its own.

    Playwright keeps an event loop running in this thread: see tests.support.loops.
    """
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium_path, headless=True, args=list(CHROMIUM_FLAGS)) as browser,
    ):
        yield browser


# PostgreSQL


class PostgresServer:
    """A running PostgreSQL of our own, reached through a socket in its data directory."""

    def __init__(self, programs: Path, directory: Path, settings: tuple[str, ...] = ()) -> None:
        self.directory = directory
        self._numbers = itertools.count(1)
        given = [f"-c{one}" for one in (*POSTGRES_SETTINGS, f"unix_socket_directories={directory}", *settings)]
        self._command = _as_postgres_user(programs / "postgres", "-D", directory, *given)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Run it, and return once it answers."""
        log = self.directory / "server.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(self._command, cwd=self.directory, stdout=output, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + POSTGRES_PATIENCE
        while True:
            try:
                self.connect().close()
            except psycopg.OperationalError as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}") from error
                time.sleep(0.02)
            else:
                return

    def stop(self, by: signal.Signals = signal.SIGINT) -> None:
        """Shut it down: fast, which ends every connection, or as it is told; insist if that takes too long."""
        assert self._process
        self._process.send_signal(by)
        try:
            self._process.wait(POSTGRES_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(host=str(self.directory), user=POSTGRES_USER, dbname="postgres", autocommit=True)

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a new, empty database, which is dropped at the end along with its connections."""
        name = f"sandbox_{next(self._numbers)}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name}")
        try:
            yield f"postgresql+psycopg://{POSTGRES_USER}@/{name}?host={self.directory}"
        finally:
            with self.connect() as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A private PostgreSQL server, one for each test process, gone with its data at the end."""
    with running_postgres() as server:
        yield server


@contextlib.contextmanager
def running_postgres(*settings: str) -> Iterator[PostgresServer]:
    """A PostgreSQL server of one's own, which may be stopped and started again while in the block."""
    programs = _postgres_programs()
    with tempfile.TemporaryDirectory(prefix="idp-sandbox-postgres-") as name:
        directory = Path(name)
        if os.geteuid() == 0:
            shutil.chown(directory, "postgres", "postgres")
        subprocess.run(
            _as_postgres_user(
                programs / "initdb",
                f"--pgdata={directory}",
                f"--username={POSTGRES_USER}",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
            ),
            cwd=directory,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        server = PostgresServer(programs, directory, settings)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a database that all tests of this process share."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture
def postgres_database(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of an empty database for this test alone."""
    with postgres_server.database() as url:
        yield url


def _postgres_programs() -> Path:
    """The directory of the server programs; Debian keeps each version's own off the PATH."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    installed = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    if newest := max(installed, key=lambda path: float(path.parts[-3]), default=None):
        return newest.parent
    miss("PostgreSQL server", "sudo apt-get install postgresql")


def _as_postgres_user(*command: str | Path) -> list[str | Path]:
    """The command under a user that PostgreSQL accepts, as it refuses root.

    The kernel stops it with us, even if we are killed.
    """
    if sys.platform != "linux":
        return [*command]
    user = ("--reuid=postgres", "--regid=postgres", "--clear-groups") if os.geteuid() == 0 else ()
    return ["setpriv", "--pdeathsig=INT", *user, "--", *command]


# nginx


@pytest.fixture(scope="session")
def nginx() -> str:
    """Where nginx is installed; Debian has it where only root looks."""
    if found := shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin"):
        return found
    miss("nginx", "sudo apt-get install nginx-light")


# Node.js


class NodeError(Exception):
    """A script ended with an error; the text is what it wrote to stderr."""


@pytest.fixture(scope="session")
def node() -> Callable[..., Any]:
    """Run a script of tests/interop/node and return what it printed as JSON.

    `node("login.mjs", base_url, env={"CLIENT_ID": "..."})`; the variables are added to the test's own.
    """
    program = shutil.which("node")
    if program is None:
        miss("Node.js", "sudo apt-get install nodejs npm")
    if not (NODE_SCRIPTS / "node_modules").is_dir():
        miss("the packages of tests/interop/node", "npm ci --prefix tests/interop/node")

    def run(script: str, *args: str, env: dict[str, str] | None = None, timeout: float = 60) -> Any:
        finished = subprocess.run(
            [program, "--import", "./prelude.mjs", script, *args],
            cwd=NODE_SCRIPTS,
            env={**os.environ, **(env or {})},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if finished.returncode != 0:
            raise NodeError(f"{script} ended with {finished.returncode}:\n{finished.stderr}")
        return json.loads(finished.stdout)

    return run
