"""Runs the program as its users do: as a process of its own, talked to over HTTP and stopped by a signal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
PATIENCE = 20  # seconds to start, and to stop, on a busy machine


@dataclass
class Served:
    """A running server: where it answers, what it has printed, and the folder of its files.

    `tls_origin` is where it speaks https, if it does; a client must trust `ca_file` then.
    """

    process: subprocess.Popen[bytes]
    origin: str
    folder: Path
    tls_origin: str | None = None

    @property
    def ca_file(self) -> str:
        return str(self.folder / "tls" / "ca.pem")

    @property
    def printed(self) -> str:
        return (self.folder / "stdout").read_text()

    @property
    def complained(self) -> str:
        return (self.folder / "stderr").read_text()

    @property
    def temporary_files(self) -> list[str]:
        """What the program keeps where temporary files go."""
        return [path.name for path in (self.folder / "tmp").glob("idp-sandbox-*")]

    def stop(self, by: signal.Signals = signal.SIGINT) -> int:
        """Stop it as a person at a terminal would; returns its exit status."""
        self.process.send_signal(by)
        return self.process.wait(PATIENCE)


def environment(folder: Path, **variables: str) -> dict[str, str]:
    """The environment of a run: no option of the person who tests, and temporary files and certificates kept apart."""
    (folder / "tmp").mkdir(exist_ok=True)
    own = {name: value for name, value in os.environ.items() if not name.startswith("IDP_SANDBOX_")}
    return {**own, "TMPDIR": str(folder / "tmp"), "IDP_SANDBOX_TLS_DIR": str(folder / "tls"), **variables}


def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    return subprocess.run(
        [PROGRAMS / "idp-sandbox", *arguments],
        cwd=folder,
        env=environment(folder, **variables),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def run_pytest(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the tests of a folder as their owner would, who has none of this project's configuration."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "-c", os.devnull, "."],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def children(pid: int) -> list[int]:
    """The processes that a process has started and that have not ended (Linux)."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextmanager
def serving(folder: Path, port: int, *command: str, tls_port: int | None = None, **variables: str) -> Iterator[Served]:
    """Run a command that serves on `port`, and https on `tls_port`, from its first answer until the block ends."""
    with (folder / "stdout").open("wb") as stdout, (folder / "stderr").open("wb") as stderr:
        process = subprocess.Popen(
            [PROGRAMS / command[0], *command[1:]],
            cwd=ROOT,
            env=environment(folder, **variables),
            stdout=stdout,
            stderr=stderr,
        )
    tls_origin = f"https://localhost:{tls_port}" if tls_port else None
    server = Served(process, f"http://127.0.0.1:{port}", folder, tls_origin)
    try:
        _await_health(server)
        yield server
    finally:
        if process.poll() is None:
            server.stop()


def _await_health(server: Served) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            requests.get(f"{server.origin}/_sandbox/health", timeout=PATIENCE).raise_for_status()
            if server.tls_origin:
                health = f"{server.tls_origin}/_sandbox/health"
                requests.get(health, timeout=PATIENCE, verify=server.ca_file).raise_for_status()
        except requests.ConnectionError as error:
            if server.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start:\n{server.complained}") from error
            time.sleep(0.02)
        else:
            return
