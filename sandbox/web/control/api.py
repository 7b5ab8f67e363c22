"""The operations of the control API: one table, from which its routes and its description are made.

    @operation("POST", "/clock/advance", "Let time pass", body=STEP, answers={200: CLOCK})
    def advance_clock(body: dict[str, Any]) -> dict[str, Any]: ...

A view gives what becomes the JSON of the first of its answers. Decides nothing: what an operation does is its own
module's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, TypeVar

from flask import Blueprint, Response, jsonify

from sandbox.core.refusals import Reason
from sandbox.core.schemas import Contract
from sandbox.service import read_json
from sandbox.web.control.guard import check_call
from sandbox.web.control.reading import as_object, check_body, read_query
from sandbox.web.control.shapes import Shape, complete
from sandbox.web.errors import API
from sandbox.web.sizes import MOST, largest

# A view gives JSON, nothing (None), or a response that it has made itself.
View = TypeVar("View", bound=Callable[..., Any])

_NAME = "control"


@dataclass(frozen=True)
class Operation:
    """One line of the table. `path` is a Flask rule below the base; `query` is `{name: schema}`.

    `answers` is `{status: schema, or None for no body}`, `refuses` the reasons that are its own, `also` the statuses of
    refusals that it renders itself. A body is read as JSON and held against its schema, unless a `reader` reads it,
    whose view checks it by itself; either way it is passed as `body`. `media` are the types besides JSON of its first
    answer, `takes` those of its body. `most` is the size of the largest body, in bytes.
    """

    method: str
    path: str
    summary: str
    view: Callable[..., Any]
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Shape | None = None
    answers: Mapping[int, Shape | None] = field(default_factory=dict)
    refuses: tuple[Reason, ...] = ()
    reader: Callable[[], dict[str, Any]] | None = None
    media: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    also: tuple[int, ...] = ()
    most: int = MOST

    @property
    def name(self) -> str:
        """The name of the operation, such as `add_fault`."""
        return self.view.__name__

    @property
    def tag(self) -> str:
        """The part of the API that it belongs to: the name of its module."""
        return self.view.__module__.rpartition(".")[2]

    @property
    def status(self) -> int:
        """The status of a success: the first of `answers`."""
        return next(iter(self.answers))

    def run(self, **path: Any) -> Response:
        """Read the request and answer it. Raises Refusal."""
        check_call()
        given = {**path, **read_query(self.query, self._query_contract)}
        if self.body is not None:
            given["body"] = self.reader() if self.reader else check_body(read_json(), self._body_contract, self.body)
        found = self.view(**given)
        return found if isinstance(found, Response) else answer(found, self.status)

    def perform(self, body: object, given: Mapping[str, Any]) -> Any:
        """What its view gives for this body, and these parts of the path and the query. Raises Refusal."""
        if self.body is None:
            return self.view(**given)
        read = as_object(body) if self.reader else check_body(body, self._body_contract, self.body)
        return self.view(**given, body=read)

    @cached_property
    def _query_contract(self) -> Contract:
        return Contract({"type": "object", "properties": dict(self.query)})

    @cached_property
    def _body_contract(self) -> Contract:
        return Contract(complete(self.body or {}))


OPERATIONS: list[Operation] = []


def operation(
    method: str,
    path: str,
    summary: str,
    *,
    answers: Mapping[int, Shape | None],
    query: Mapping[str, Any] | None = None,
    body: Shape | None = None,
    refuses: tuple[Reason, ...] = (),
    reader: Callable[[], dict[str, Any]] | None = None,
    media: tuple[str, ...] = (),
    takes: tuple[str, ...] = (),
    also: tuple[int, ...] = (),
    most: int = MOST,
) -> Callable[[View], View]:
    """Put a view into the table; its parameters are the path's, the query's and `body`.

    Raises ValueError for an operation that is there already.
    """

    def add(view: View) -> View:
        new = Operation(
            method, path, summary, view, query or {}, body, answers, refuses, reader, media, takes, also, most
        )
        if any(new.name == known.name or (method, path) == (known.method, known.path) for known in OPERATIONS):
            raise ValueError(f"{method} {path} or {new.name} is there already")
        OPERATIONS.append(new)
        return view

    return add


def perform(name: str, /, body: object = None, **given: Any) -> Any:
    """Do what the operation with this name does, for a page whose person would call it; what it answers as JSON.

    The caller has checked that its person may. Raises Refusal.
    """
    return _by_name()[name].perform(body, given)


def answer(content: object = None, status: int = 200) -> Response:
    """JSON, or an empty answer (204) if there is no content."""
    if content is None:
        done = Response(status=204)
        del done.headers["Content-Type"]
        return done
    response = jsonify(content)
    response.status_code = status
    return response


def make_routes() -> Blueprint:
    """The routes of all operations that are in the table by now."""
    routes = Blueprint(_NAME, __name__)
    for one in OPERATIONS:
        routes.add_url_rule(API + one.path, one.name, one.run, methods=[one.method])
        largest[f"{_NAME}.{one.name}"] = one.most
    return routes


@cache
def _by_name() -> Mapping[str, Operation]:
    return {one.name: one for one in OPERATIONS}
