"""Serving: granian for everyone.

Builds no application; that is factory.py. Tests are served from a thread by threads.py.

Granian listens at one address, with the workers of workers.py. With TLS there is a second one in a process beside the
first, on the same database, with as many; neither outlives the other.
"""

from __future__ import annotations

import multiprocessing
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from sandbox import workers
from sandbox.config import Config, ConfigError
from sandbox.core.database import TemporaryDatabase, check_database
from sandbox.factory import create_app
from sandbox.services import SERVICES

# How long its workers may delay the end of a listener, in seconds.
_PATIENCE = 6


def serve(config: Config, on_start: Callable[[], None] = lambda: None) -> None:
    """Serve until interrupted; `on_start` is called once the ports are known to be free.

    Raises ConfigError if an address cannot be listened on, or the database or the certificates cannot be used, and what
    create_app raises. Exits with status 1 if a listener ends by itself.
    """
    _check_free(config.host, config.port, "--port")
    leaf = _prepare_tls(config) if config.tls else None
    temporary = TemporaryDatabase() if config.database is None else None
    if temporary:
        config = replace(config, database=temporary.url)
    try:
        _rehearse(config)
        server = workers.listen(config, config.port)
        server.on_startup(on_start)
        if leaf is None:
            workers.run(server, config)
            return
        with _beside(partial(_serve_tls, config, leaf), on_end=server.signal_handler_interrupt):
            workers.run(server, config)
    finally:
        if temporary:
            temporary.remove()


def certificate_names(config: Config) -> tuple[str, ...]:
    """The host names and addresses that the certificate of a server must have."""
    rooms = [name for room in SERVICES.values() for name in (f"{room.slug}.localhost", *room.hosts)]
    # Nobody calls 0.0.0.0 or ::, which stand for all addresses of the machine.
    host = [] if config.host in ("0.0.0.0", "::") else [config.host.lower()]  # noqa: S104 - excluded, not bound
    # OpenSSL and Chromium take no wildcard right below the root, so the rooms' own names are spelled out.
    public = urlsplit(config.public_url or "").hostname
    return (
        "localhost",
        "*.localhost",
        "127.0.0.1",
        "::1",
        *rooms,
        *host,
        *([public] if public else []),
        *config.tls_name,
    )


def find_bind_problem(host: str, port: int) -> str | None:
    """Why nothing can listen there, in the system's words; None if something can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.strerror or str(error)
    return None


def _prepare_tls(config: Config) -> Path:
    # Imported here, so that a start without TLS does not wait for it.
    from sandbox.certificates import open_certificates  # noqa: PLC0415

    _check_free(config.host, config.tls_port, "--tls-port")
    return open_certificates(config.tls_folder, certificate_names(config)).leaf_file


def _serve_tls(config: Config, leaf: Path) -> None:
    """Serve https, in a process of its own."""
    # Ctrl+C reaches every process of a terminal; until this one can end in order, it leaves that to its parent.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server = workers.listen(config, config.tls_port, leaf)
    server.on_startup(lambda: workers.end_with_parent(server.signal_handler_interrupt))
    workers.run(server, config, "tls")


@contextmanager
def _beside(target: Callable[[], None], on_end: Callable[[], None]) -> Iterator[None]:
    """Run `target` in a process while in the block; `on_end` is called when it ends before the block does.

    Exits with status 1 if it has failed.
    """
    process = multiprocessing.Process(target=target, name="idp-sandbox-tls")
    process.start()
    ended_first = threading.Event()
    stopping = threading.Event()

    def watch() -> None:
        process.join()
        if not stopping.is_set():
            ended_first.set()
            on_end()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stopping.set()
        process.terminate()
        watcher.join(_PATIENCE)
        if watcher.is_alive():
            process.kill()
            watcher.join()
    if ended_first.is_set() and process.exitcode:
        raise SystemExit("idp-sandbox: the https listener has ended unexpectedly")


def _rehearse(config: Config) -> None:
    # Whatever is wrong with database, fixture or policy is said here: a worker could only die of it.
    try:
        check_database(str(config.database))
    except ValueError as error:
        raise ConfigError(f"database: {error}") from error
    create_app(config).extensions["sandbox"].close()


def _check_free(host: str, port: int, option: str) -> None:
    if problem := find_bind_problem(host, port):
        raise ConfigError(f"cannot listen on {host}:{port}: {problem}; choose another with {option}")
