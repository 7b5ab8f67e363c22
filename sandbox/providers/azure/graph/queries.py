"""The options of OData that clients use: $select, $filter, $orderby, $count, $top and $skiptoken.

Works on objects as they go over the wire, whatever they are. An option that is not here is refused, not ignored.
https://learn.microsoft.com/graph/query-parameters
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.core.refusals import Issue, Reason, Refusal
from sandbox.providers.azure.graph.filters import parse_filter

Json = dict[str, Any]

PAGE_SIZE, LARGEST_PAGE = 100, 999
_TOKEN_PREFIX = "offset:"
_ONE_OBJECT = ("$select", "$format")
_OPTIONS = ("$select", "$format", "$filter", "$orderby", "$count", "$top", "$skiptoken")


@dataclass(frozen=True)
class Query:
    """What a request asks for. `select` is empty for the usual properties; `order` is `(property, descending)`."""

    select: tuple[str, ...]
    top: int
    offset: int
    count: bool
    filter: Callable[[Json], bool] | None
    order: tuple[tuple[str, bool], ...]

    def choose(self, item: Json, usual: Collection[str]) -> Json:
        """The object with the properties that were asked for, or the usual ones; annotations stay."""
        wanted = self.select or usual
        return {name: value for name, value in item.items() if name in wanted or name.startswith("@")}


@dataclass(frozen=True)
class Page:
    """A page of a list: how many items there are in all, and the $skiptoken of the next page if there is one."""

    items: list[Json]
    total: int
    next_token: str | None


def parse_query(
    parameters: Mapping[str, str], kind: str, known: Collection[str], *, one: bool = False, advanced: bool = True
) -> Query:
    """The options of a request for objects of type `kind` with the properties `known`.

    `one` takes only what goes with a single object; `advanced` tells that the request has ConsistencyLevel: eventual.
    Raises Refusal: FIELD_INVALID, whose issue names the option, with what was received.
    """
    options = {name: value for name, value in parameters.items() if name.startswith("$")}
    for name in options:
        if name not in (_ONE_OBJECT if one else _OPTIONS):
            raise invalid("$", name)
    if options.get("$count") == "true" and not advanced:
        raise invalid("$count", "true")
    text = options.get("$filter")
    return Query(
        select=tuple(_parse_select(options.get("$select", ""), kind, known)),
        top=_parse_top(options.get("$top")),
        offset=_parse_token(options.get("$skiptoken")),
        count=options.get("$count") == "true",
        filter=parse_filter(text, known) if text is not None else None,
        order=tuple(_parse_order(options.get("$orderby", ""), kind, known)),
    )


def cut(items: list[Json], query: Query) -> Page:
    """The page of `items` that the query asks for."""
    found = [item for item in items if query.filter is None or query.filter(item)]
    for name, descending in reversed(query.order):
        found.sort(key=lambda item: str(item.get(name) or "").casefold(), reverse=descending)
    end = query.offset + query.top
    token = urlsafe_b64encode(f"{_TOKEN_PREFIX}{end}".encode()).decode() if end < len(found) else None
    return Page(found[query.offset : end], len(found), token)


def invalid(option: str, received: str, expected: str = "") -> Refusal:
    """The refusal of an option's value."""
    issue = Issue((option,), "query", expected, received)
    return Refusal(Reason.FIELD_INVALID, f"{option} cannot be {received!r}", option, issues=(issue,))


def _parse_select(text: str, kind: str, known: Collection[str]) -> Iterator[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if "*" in names:
        yield from known
        return
    spelling = {name.lower(): name for name in known}
    for name in names:
        if name.lower() not in spelling:
            raise invalid("$select", name, kind)
        yield spelling[name.lower()]


def _parse_order(text: str, kind: str, known: Collection[str]) -> Iterator[tuple[str, bool]]:
    for term in (term for term in text.split(",") if term.strip()):
        name, *direction = term.split()
        if name not in known or direction not in ([], ["asc"], ["desc"]):
            raise invalid("$orderby", name, kind)
        yield name, direction == ["desc"]


def _parse_top(text: str | None) -> int:
    if text is None:
        return PAGE_SIZE
    if not text.isascii() or not text.isdigit() or len(text) > 9 or not 1 <= int(text) <= LARGEST_PAGE:
        raise invalid("$top", text)
    return int(text)


def _parse_token(text: str | None) -> int:
    if text is None:
        return 0
    try:
        prefix, _, offset = urlsafe_b64decode(text).decode().partition(":")
        if f"{prefix}:" != _TOKEN_PREFIX or not offset.isascii() or not offset.isdigit() or len(offset) > 9:
            raise ValueError(offset)
    except ValueError as error:
        raise invalid("$skiptoken", text) from error
    return int(offset)
