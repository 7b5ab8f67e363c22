"""A target as a running server on its own core, from its start until it is let go."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.cores import family
from bench.targets.base import HOST, MissingError, Target

_PATIENCE = 60  # seconds until a server must answer
_GRACE = 10  # seconds that it has to end
_GLANCE = 0.002


@dataclass(frozen=True)
class Served:
    """A server that answers. `cold_start` is the seconds from the start of its process to its first answer."""

    target: Target
    port: int
    pid: int
    cold_start: float

    @property
    def pids(self) -> list[int]:
        """The process and its descendants as they are now."""
        return family(self.pid)


def free_port() -> int:
    """A loopback port that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serve(target: Target, core: int | None = None) -> Iterator[Served]:
    """Start a target, with all its threads and processes on one core if it is given.

    Raises MissingError if it ends or does not answer in time, with the last it has said.
    """
    port = free_port()
    with TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        command = target.command(port, Path(folder))
        with log.open("wb") as output:
            started = time.perf_counter()
            process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=output,
                preexec_fn=None if core is None else partial(os.sched_setaffinity, 0, {core}),  # noqa: PLW1509 - no thread runs
            )
        try:
            while not is_answered(port, target.ready):
                if process.poll() is not None or time.perf_counter() - started > _PATIENCE:
                    said = log.read_text("utf-8", errors="replace").strip().splitlines()[-1:]
                    raise MissingError(f"it did not start: {''.join(said) or f'status {process.returncode}'}")
                time.sleep(_GLANCE)
            yield Served(target, port, process.pid, time.perf_counter() - started)
        finally:
            end(process)


def is_answered(port: int, path: str) -> bool:
    """Whether a request is answered now; a server that is not ready yet may say so with a 5xx."""
    connection = HTTPConnection(HOST, port, timeout=_PATIENCE)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def end(process: subprocess.Popen[bytes]) -> None:
    """Let a server end by itself, and make it if it does not."""
    descendants = family(process.pid)
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        for pid in descendants[1:]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
