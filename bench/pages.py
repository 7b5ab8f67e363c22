"""How long the sandbox's own pages take, in a world that has seen much.

    python bench/pages.py [ROUNDS] [--entries 10000] [--identities 1000]

Prints the server time of each page in milliseconds, median and best, and for how much of it the processor was at work,
which is what counts on a busy machine; judges nothing. The application is called without a network between.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert

from sandbox import Config, create_app
from sandbox.core import tables
from sandbox.core.fixtures import shipped

REFUSED_EVERY, PENDING_EVERY = 10, 25
CAST = (
    "/_sandbox/people",
    "/_sandbox/people?q=person-0500",
    "/_sandbox/people/one?login=alice",
    "/_sandbox/clients",
)
SIGN_IN = (
    "/login/oauth/authorize?client_id=gmi-console",
    "/oidc/main/authorize?client_id=oidc-client&response_type=code&redirect_uri=http://127.0.0.1:9999/callback",
)
PERSON = """
  - login: person-{n:04}
    name: Person {n}
    emails: [{{email: mail-{n:04}@many.test, primary: true, verified: true}}]
"""
# Rows that are inserted at once.
BATCH = 1_000


def fill(app: Flask, entries: int) -> None:
    """Give the default world so many requests, copied from a login of each kind."""
    client = app.test_client()
    logins = [log_in(client, exchange=exchange) for exchange in ("gmi", "jitsudo", "prisme")]
    with app.extensions["sandbox"].world() as world:
        rows = world.store.list(tables.JournalEntry, order=("id",))
        models = [[row for row in rows if row.flow == flow] for flow in logins]
        copies: list[dict[str, Any]] = []
        for number in range(entries):
            if len(copies) >= entries - len(rows):
                break
            copies += copy_flow(models[number % len(models)], number)
        for start in range(0, len(copies), BATCH):
            world.store.session.execute(
                insert(tables.JournalEntry), [{"world": world.name, **row} for row in copies[start : start + BATCH]]
            )


def log_in(client: FlaskClient, **asked: Any) -> str:
    """Sign somebody in up to a session; returns the id of the flow."""
    body = {"identity": "octocat" if asked["exchange"] == "gmi" else "alice", "until": "session", **asked}
    answer = client.post("/_sandbox/api/login", json=body)
    if answer.status_code != 200:
        raise RuntimeError(answer.text)
    return str(answer.json["flow"])


def write_cast(folder: Path, identities: int) -> Path:
    """The shipped cast with others added, so many people in all, as a fixture file."""
    text = shipped("default.yaml").read_text("utf-8")
    present = text.partition("\nclients:\n")[0].count("\n  - login: ")
    people = "".join(PERSON.format(n=n) for n in range(present, identities))
    file = folder / "cast.yaml"
    file.write_text(text.replace("\nclients:\n", f"{people}\nclients:\n", 1), "utf-8")
    return file


def copy_flow(model: list[Any], number: int) -> list[dict[str, Any]]:
    """The requests of a flow once more, as another: some refused at the end, some given up after the first."""
    copies = [{name: value for name, value in row._mapping.items() if name not in ("world", "id")} for row in model]
    for copy in copies:
        copy["flow"] = f"flow-{number}"
    if number % PENDING_EVERY == 0:
        return copies[:1]
    if number % REFUSED_EVERY == 0:
        copies[-1] |= {"reason": "CODE_EXPIRED", "detail": "the code expired", "status": 400, "facts": {}}
    return copies


def pages(app: Flask) -> list[str]:
    """The path of every own page that needs nothing, and those of one login and its list."""
    fixed = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("own.") and not rule.arguments and "GET" in (rule.methods or ())
    ]
    left_out = ("/_sandbox/health", "/_sandbox/flows/events", "/_sandbox/openapi.json")
    filters = [f"/_sandbox/flows?{query}" for query in ("outcome=refused", "outcome=pending", "client_id=gmi-console")]
    own = sorted(path for path in fixed if path not in left_out)
    return [*own, *filters, "/_sandbox/flows/flow-3", *CAST, *SIGN_IN]


def measure(client: FlaskClient, path: str, rounds: int) -> tuple[int, list[tuple[float, float]]]:
    """The status of a page, and the seconds of each round after a first that is not counted: of time, and of work."""
    taken = []
    status = client.get(path).status_code
    for _ in range(rounds):
        started, worked = time.perf_counter(), time.process_time()
        client.get(path)
        taken.append((time.perf_counter() - started, time.process_time() - worked))
    return status, taken


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("rounds", nargs="?", type=int, default=15)
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--identities", type=int, default=1_000)
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        app = create_app(Config(fixtures=write_cast(Path(folder), given.identities)))
    try:
        fill(app, given.entries)
        load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
        print(f"{given.entries} entries, {given.identities} identities, {os.cpu_count()} cores{load}")
        client = app.test_client()
        for path in pages(app):
            status, taken = measure(client, path, given.rounds)
            times, works = [[seconds * 1e3 for seconds in column] for column in zip(*taken, strict=True)]
            line = f"median {statistics.median(times):7.1f} ms   best {min(times):7.1f} ms"
            print(f"{path:45} {status}  {line}   processor {statistics.median(works):7.1f} ms")
    finally:
        app.extensions["sandbox"].close()


if __name__ == "__main__":
    main()
