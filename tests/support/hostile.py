"""Hostile values, and what is wrong with an answer to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask

# What everyone may read, and keep.
PUBLIC = ("static", "discovery", "openid-configuration", "photo", "userrealm")
SCRIPT = "<script>alert(1)</script>"
# Scripts are files of the sandbox, and have nothing inside.
OWN_SCRIPT = ' src="/_sandbox/static/[a-z-]+[.]js"></script>'

HOSTILE = {
    "nothing": "",
    "NUL": "a\0b",
    "a lone surrogate": "a\ud800b",
    "line breaks": "a\r\nX-Evil: 1\r\n\r\n" + SCRIPT,
    "a script": f"'\">{SCRIPT}{{{{7*7}}}}",
    "100,000 characters": "x" * 100_000,
    "format and SQL": "%s{0.__class__}' OR 1=1;--",
    "dots": "../../..//%2e%2e/\\",
    "odd writing": "\U0001f984\u202e\u2028\x85\x7f\x1b[31m",
}
# In JSON a member may be anything else as well.
ODD_MEMBERS = {
    "null": None,
    "true": True,
    "a number": 10**400,
    "a fraction": -1.5e300,
    "a list": ["a", {"b": []}],
    "an object": {"a": {"b": "c"}},
}

# Text that PostgreSQL holds and compares as SQLite does, and what no column takes on either: SQLite alone meets these.
# What is left is text that it cannot hold, index or put in a statement, and numbers where text is expected.
ALIKE_ON_POSTGRES = {"nothing", "line breaks", "a script", "dots", "odd writing", "a list", "an object"}

# What tells a room's refusal, where it is not `error`: one of these.
_MEMBERS = {"insforge-cloud": {"error", "message"}, "jitsudo": {"code"}}


def is_on_postgres(app: Flask) -> bool:
    return str(app.extensions["sandbox"].config.database or "").startswith("postgres")


def hostile(app: Flask, *more: dict[str, Any]) -> dict[str, Any]:
    """The hostile values and `more` of them by name; of all of them what is of interest on the database of `app`."""
    values = {name: value for some in (HOSTILE, *more) for name, value in some.items()}
    if is_on_postgres(app):
        return {name: value for name, value in values.items() if name not in ALIKE_ON_POSTGRES}
    return values


def routes(app: Flask, part: str = "1", below: tuple[str, ...] = ("/",)) -> Iterator[tuple[str, str]]:
    """Every method and path there is `below` these, with `part` for each variable.

    The sandbox's own come last, as some of them undo what was done before; on PostgreSQL without HEAD, which does what
    GET does, and without OPTIONS, which asks no table.
    """
    value = quote(part, safe="", errors="surrogatepass")
    there = {
        (method, re.sub("<[^>]+>", lambda _: value, rule.rule)): None
        for rule in app.url_map.iter_rules()
        for method in sorted(rule.methods or ())
        if not (is_on_postgres(app) and method in ("HEAD", "OPTIONS"))
    }
    for method, path in sorted(there, key=lambda route: route[1].startswith("/_sandbox/")):
        if path.startswith(below):
            yield method, path


def one_by_one(operations: Iterable[str]) -> Any:
    """Gives a test `operations`: a database and one of them on SQLite, all of them in turn on PostgreSQL.

    There a database takes longer to make than what is done with it; `in_turn` puts it back to its start instead.
    """
    names = list(operations)
    alone = [pytest.param("sqlite", [name], id=f"{name}-sqlite") for name in names]
    together = pytest.param("postgres", names, id="postgres", marks=pytest.mark.postgres)
    return pytest.mark.parametrize(("config", "operations"), [*alone, together], indirect=["config"])


def in_turn(app: Flask, operations: list[str]) -> Iterator[str]:
    """One operation after another, each in a default world that is as it was at the start."""
    for number, operation in enumerate(operations):
        if number:
            answer = app.test_client().post("/_sandbox/api/reset")
            assert answer.status_code == 204, answer.text
        yield operation


def complaint(answer: Any, path: str) -> str:
    """What is wrong with an answer to hostile input."""
    status, headers = answer.status_code, answer.headers
    is_markup = answer.mimetype in ("text/html", "image/svg+xml", "application/xml")
    reason = headers.get("X-Sandbox-Reason", "")
    is_bare = status < 400 or answer.request.method == "HEAD"
    fine = {
        # The one refusal that its vendor calls a mistake of the server.
        f"{status} {reason}": status < 500 or reason.startswith("PROVIDER_UNSUPPORTED; "),
        "a broken header": "X-Evil" not in headers and not re.search("[\r\n]", "".join(headers.values())),
        "reflected": not (is_markup and re.search(f"<script(?!{OWN_SCRIPT})", answer.text.lower())),
        "sniffed": headers["X-Content-Type-Options"] == "nosniff",
        "scripts and frames": "default-src 'none'" in headers["Content-Security-Policy"],
        "cached": "no-store" in headers["Cache-Control"] or any(word in path.lower() for word in PUBLIC),
        "not the room's words": is_bare or speaks(answer, path),
    }
    # A stream keeps its place until it is closed.
    answer.close()
    return ", ".join(problem for problem, is_fine in fine.items() if not is_fine)


def speaks(answer: Any, path: str) -> bool:
    """Whether a refusal is in the dialect of the room that `path` belongs to."""
    if path.startswith(("/oidc/", "/azure/", "/insforge-cloud/", "/fanfare/", "/jitsudo/", "/prisme/")):
        members = _MEMBERS.get(path.split("/")[1], {"error"})
        return answer.mimetype == "text/html" or bool(members & set(answer.json or ()))
    if path.startswith("/insforge/"):
        members = answer.json or {}
        return list(members)[:3] == ["error", "message", "statusCode"] and members["statusCode"] == answer.status_code
    path = path.removeprefix("/github").removeprefix("/gmi")
    if path.startswith("/api/v1"):
        return {"group", "code"} <= set(answer.json or ()) and isinstance(answer.json["code"], int)
    if path.startswith("/api"):
        return {"message", "documentation_url"} <= set(answer.json or ())
    if path in ("/login/oauth/access_token", "/login/device/code"):
        return b"error" in answer.data
    is_page = path.startswith(("/login", "/settings", "/avatars"))
    return answer.mimetype in ("text/html", "text/html" if is_page else "application/problem+json")


def complaints(calls: Iterator[tuple[str, str, Any]]) -> list[str]:
    """All that is wrong, as lines that say what was called."""
    found = ((name, path, complaint(answer, path)) for name, path, answer in calls)
    return [f"{name} {path[:80]}: {problem}" for name, path, problem in found if problem]
