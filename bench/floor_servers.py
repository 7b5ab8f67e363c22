"""Servers that check nothing: a WSGI callable, and two Flask views. Measured by floor.py.

Imports nothing of the benchmark or of the sandbox, so that a start is theirs alone.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

if TYPE_CHECKING:
    from flask import Flask
    from flask.typing import ResponseReturnValue

CALLBACK = "http://127.0.0.1:9999/callback"
DATABASE = "BENCH_FLOOR_DATABASE"
CLAIMS = {"iss": "http://127.0.0.1", "sub": "alice", "aud": "oidc-client", "email": "alice@example.test"}
SCHEMA = """
    PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
    CREATE TABLE IF NOT EXISTS codes (code TEXT PRIMARY KEY, spent INTEGER);
    CREATE TABLE IF NOT EXISTS journal (id INTEGER PRIMARY KEY, line TEXT);
"""
_turn, _own = threading.Lock(), threading.local()


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def _tokens() -> dict[str, str]:
    return {name: jwt.encode(CLAIMS, _key(), "RS256") for name in ("access_token", "id_token")}


def _database() -> sqlite3.Connection:
    database: sqlite3.Connection | None = getattr(_own, "database", None)
    if database is None:
        database = _own.database = sqlite3.connect(os.environ[DATABASE], isolation_level=None)
        database.executescript(SCHEMA)
    return database


def _note(change: str, code: str, line: str) -> None:
    with _turn:
        database = _database()
        database.execute("BEGIN IMMEDIATE")
        database.execute(change, (code,))
        database.execute("INSERT INTO journal (line) VALUES (?)", (line,))
        database.execute("COMMIT")


def bare(environ: Mapping[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """A WSGI callable that gives out the state as the code, and two tokens for any code."""
    keeps = DATABASE in os.environ
    if environ["REQUEST_METHOD"] == "GET":
        code = parse_qs(environ["QUERY_STRING"])["state"][0]
        if keeps:
            _note("INSERT OR IGNORE INTO codes (code) VALUES (?)", code, environ["QUERY_STRING"])
        start("302 Found", [("Location", f"{CALLBACK}?code={code}"), ("Content-Length", "0")])
        return [b""]
    form = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode()
    if keeps:
        _note("UPDATE codes SET spent = 1 WHERE code = ? AND spent IS NULL", parse_qs(form)["code"][0], form)
    body = json.dumps(_tokens()).encode()
    start("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def flask() -> Flask:
    """The same as two views, with a database that nobody asks."""
    # The others do without.
    from flask import Flask, jsonify, redirect, request  # noqa: PLC0415
    from flask_sqlalchemy import SQLAlchemy  # noqa: PLC0415

    app = Flask("floor")
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    SQLAlchemy(app)

    @app.get("/authorize")
    def authorize() -> ResponseReturnValue:
        return redirect(f"{CALLBACK}?code={request.args['state']}")

    @app.post("/token")
    def token() -> ResponseReturnValue:
        return jsonify(_tokens()) if request.form["code"] else ("", 400)

    return app
