"""Several processes of the program on one database, and clients that call them in turn as a load balancer would."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import requests

from tests.support.components import free_port
from tests.support.oidc import CALLBACK, CLIENT, SECRET
from tests.support.person import query
from tests.support.process import PATIENCE, PROGRAMS, ROOT, environment

PUBLIC_URL = "https://idp.example.test"
# What steers a sandbox that others can reach, as the public URL says of these.
TOKEN = "a-token-of-tests"
_BASIC = {"Authorization": f"Basic {b64encode(f'{CLIENT}:{SECRET}'.encode()).decode()}"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class Answer:
    """What one process has answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Farm:
    """The processes, by their numbers. All carry the same public URL."""

    def __init__(self, folder: Path, database: str, count: int) -> None:
        self._folder, self._database = folder, database
        self.ports = [free_port() for _ in range(count)]
        self.processes = [self._spawn(number) for number in range(count)]

    def await_health(self) -> None:
        """Return once each process answers, and not with an error."""
        deadline = time.monotonic() + 2 * PATIENCE
        for number in range(len(self.ports)):
            while not self._is_healthy(number):
                assert time.monotonic() < deadline, self.complaints(number)
                time.sleep(0.05)

    def origin(self, number: int) -> str:
        return f"http://127.0.0.1:{self.ports[number]}"

    def kill(self, number: int) -> None:
        """End a process without a chance to do anything more."""
        self.processes[number].kill()
        self.processes[number].wait(PATIENCE)

    def start(self, number: int) -> None:
        """Start a process again that has ended."""
        self.processes[number] = self._spawn(number)

    def complaints(self, number: int) -> str:
        return (self._folder / f"stderr-{number}").read_text()

    def end(self) -> None:
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            process.wait(PATIENCE)

    def _spawn(self, number: int) -> subprocess.Popen[bytes]:
        options = ["--port", str(self.ports[number]), "--public-url", PUBLIC_URL, "--approval", "always=alice"]
        options += ["--control-token", TOKEN]
        with (self._folder / f"stderr-{number}").open("ab") as stderr:
            return subprocess.Popen(
                [PROGRAMS / "idp-sandbox", "serve", "--database", self._database, *options],
                cwd=ROOT,
                env=environment(self._folder),
                stdout=subprocess.DEVNULL,
                stderr=stderr,
            )

    def _is_healthy(self, number: int) -> bool:
        assert self.processes[number].poll() is None, self.complaints(number)
        try:
            return requests.get(f"{self.origin(number)}/_sandbox/health", timeout=PATIENCE).ok
        except requests.ConnectionError:
            return False


@contextmanager
def running_farm(folder: Path, database: str, count: int) -> Iterator[Farm]:
    """`count` processes, started at once, from their first answers until the block ends."""
    farm = Farm(folder, database, count)
    with ExitStack() as stack:
        stack.callback(farm.end)
        farm.await_health()
        yield farm


class Caller:
    """A client with a connection to each process, which lasts. One thread may use it at a time."""

    def __init__(self, farm: Farm) -> None:
        self._farm = farm
        self._connections: dict[int, http.client.HTTPConnection] = {}

    def call(
        self, number: int, method: str, path: str, body: str | None = None, headers: Mapping[str, str] = {}
    ) -> Answer:
        """Raises OSError or HTTPException if the process gives no answer."""
        number %= len(self._farm.ports)
        connection = self._connections.get(number)
        if connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", self._farm.ports[number], timeout=PATIENCE)
            self._connections[number] = connection
        try:
            connection.request(method, path, body, {"Host": PUBLIC_URL.partition("//")[2], **headers})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        except (OSError, http.client.HTTPException):
            connection.close()
            del self._connections[number]
            raise

    def authorize(self, number: int) -> Answer:
        asked = {"client_id": CLIENT, "redirect_uri": CALLBACK, "response_type": "code", "scope": "openid"}
        return self.call(number, "GET", f"/oidc/main/authorize?{urlencode(asked)}")

    def code(self, number: int) -> str:
        """A code that this process has issued."""
        answer = self.authorize(number)
        assert answer.status == 302, answer
        return query(answer.headers["Location"])["code"]

    def redeem(self, number: int, code: str) -> Answer:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        return self.call(number, "POST", "/oidc/main/token", urlencode(form), {**_BASIC, **_FORM})

    def userinfo(self, number: int, access_token: str) -> Answer:
        return self.call(number, "GET", "/oidc/main/userinfo", headers={"Authorization": f"Bearer {access_token}"})

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()


def in_threads(farm: Farm, count: int, work: Callable[[int, Caller], None]) -> None:
    """Do the work in so many threads, each with a number and a caller of its own; what one raises is raised here."""
    raised: list[BaseException] = []

    def run(number: int) -> None:
        caller = Caller(farm)
        try:
            work(number, caller)
        except BaseException as error:
            raised.append(error)
        finally:
            caller.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]
