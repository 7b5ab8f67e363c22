"""Identities, clients, issuers and tenants at run time: entries of the lists in a world's fixture document.

Each change makes a new document, which is checked as a whole and then becomes the world's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.core.refusals import Reason, Refusal
from sandbox.service import current_house
from sandbox.web.control.api import operation
from sandbox.web.control.fixture import current, open_document, save_document
from sandbox.web.control.reading import read_object
from sandbox.web.control.shapes import COUNT, OBJECT, TEXT, Shape, entry_schema, fixture_schema, list_of, record

_SERVICE = {**TEXT, "description": "Where the entry belongs, if its key alone does not tell."}
_VERSION = {
    "version": {
        "type": "string",
        "description": "What the entry must still be: the first 16 digits of the SHA-256 of its JSON with sorted keys.",
    }
}
_PAGE: Mapping[str, Shape] = {
    "search": {**TEXT, "description": "What some text in the entry holds, whatever its case."},
    "limit": {"type": "integer", "minimum": 1, "maximum": 1000},
    "offset": {"type": "integer", "minimum": 0, "maximum": 1_000_000},
}
Entry = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """One kind of entries: what they are called, the list in the fixture where that is not a room's, and their key."""

    plural: str
    singular: str
    key: str
    shape: Shape
    everywhere: bool


@dataclass(frozen=True)
class Shelf:
    """A list of entries in a document, where it is there, and the service that it belongs to, if it belongs to one."""

    entries: list[Entry]
    path: tuple[str, ...]
    key: str
    service: str | None


KINDS = (
    Kind("identities", "identity", "login", fixture_schema("identity"), True),
    Kind("clients", "client", "client_id", fixture_schema("client"), True),
    Kind("issuers", "issuer", "name", entry_schema("issuers"), False),
    Kind("tenants", "tenant", "id", entry_schema("tenants"), False),
)


def _shelves(kind: Kind, document: Mapping[str, Any]) -> Iterator[Shelf]:
    if kind.everywhere:
        yield Shelf(document[kind.plural], (kind.plural,), kind.key, None)
        return
    for service in current_house().services.values():
        if key := service.lists.get(kind.plural):
            path = (service.slug, kind.plural)
            yield Shelf(document[service.slug][kind.plural], path, key, service.slug)


def _service_of(shelf: Shelf, entry: Entry) -> str | None:
    return shelf.service or entry.get("service")


def _render(shelf: Shelf, entry: Entry) -> Entry:
    return {"service": shelf.service, **entry} if shelf.service else entry


def _find(kind: Kind, document: Mapping[str, Any], key: str, service: str | None) -> tuple[Shelf, int]:
    """Where the entry is. Raises Refusal: OBJECT_UNKNOWN, FIELD_INVALID if there are several."""
    found = [
        (shelf, place)
        for shelf in _shelves(kind, document)
        for place, entry in enumerate(shelf.entries)
        if entry[shelf.key] == key and service in (None, _service_of(shelf, entry))
    ]
    if not found:
        raise Refusal(Reason.OBJECT_UNKNOWN, f"there is no {kind.singular} {key!r}", kind.key)
    if len(found) > 1:
        services = ", ".join(str(_service_of(shelf, shelf.entries[place])) for shelf, place in found)
        raise Refusal(Reason.FIELD_INVALID, f"{services} have {kind.singular} {key!r}; name the service", "service")
    return found[0]


def _add(kind: Kind, body: Entry) -> Entry:
    document = open_document()
    shelves = list(_shelves(kind, document))
    if not kind.everywhere:
        body = dict(body)
        service = body.pop("service", None if len(shelves) > 1 else shelves[0].service)
        shelves = [shelf for shelf in shelves if shelf.service == service]
        if not shelves:
            raise Refusal(Reason.FIELD_INVALID, f"a {kind.singular} belongs to a service; name it", "service")
    [shelf] = shelves
    key, service = body.get(shelf.key), _service_of(shelf, body)
    if any(entry[shelf.key] == key and _service_of(shelf, entry) == service for entry in shelf.entries):
        raise Refusal(Reason.OBJECT_ALREADY_EXISTS, f"there is {_article(kind)} {key!r} already", shelf.key)
    shelf.entries.append(body)
    return _saved(document, shelf, len(shelf.entries) - 1)


def version_of(entry: Mapping[str, Any]) -> str:
    """What tells an entry, as it is answered, from what it becomes by a change."""
    text = json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _find_as_it_was(
    kind: Kind, document: Entry, key: str, service: str | None, version: str | None
) -> tuple[Shelf, int]:
    shelf, place = _find(kind, document, key, service)
    if version is not None and version != version_of(_render(shelf, shelf.entries[place])):
        raise Refusal(Reason.FIELD_INVALID, f"{kind.singular} {key!r} was changed since that version", "?version")
    return shelf, place


def _replace(
    kind: Kind, key: str, service: str | None, change: Entry, *, merge: bool, version: str | None = None
) -> Entry:
    document = open_document()
    shelf, place = _find_as_it_was(kind, document, key, service, version)
    if shelf.service:
        change = {name: value for name, value in change.items() if name != "service"}
    new = _merge(shelf.entries[place], change) if merge else {shelf.key: key, **change}
    if new.get(shelf.key) != key:
        raise Refusal(Reason.FIELD_INVALID, f"the {shelf.key} of an entry does not change", shelf.key)
    shelf.entries[place] = new
    return _saved(document, shelf, place)


def _saved(document: Entry, shelf: Shelf, place: int) -> Entry:
    saved: Any = save_document(document, (*shelf.path, place))
    for step in shelf.path:
        saved = saved[step]
    return _render(shelf, saved[place])


def _merge(target: Any, patch: Any) -> Any:
    """A merge patch (RFC 7396): null removes a member."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merge(merged.get(name), value)
    return merged


def _holds(value: Any, text: str) -> bool:
    if isinstance(value, dict):
        return any(_holds(member, text) for member in value.values())
    if isinstance(value, list):
        return any(_holds(member, text) for member in value)
    return isinstance(value, str) and text in value.casefold()


def _matches(entry: Entry, text: str) -> bool:
    """Whether some text in the entry holds this one, which is in folded case."""
    # A look at all of it at once is quick, and spares most entries the other.
    whole = text.isalnum() and text not in json.dumps(entry, ensure_ascii=False).casefold()
    return not whole and _holds(entry, text)


def _register(kind: Kind) -> None:
    def list_entries(
        service: str | None = None, search: str = "", limit: int = 1000, offset: int = 0
    ) -> dict[str, Any]:
        text = search.casefold()
        found = [
            (shelf, entry)
            for shelf in _shelves(kind, current())
            for entry in shelf.entries
            if service in (None, _service_of(shelf, entry)) and (not text or _matches(entry, text))
        ]
        shown = [_render(shelf, entry) for shelf, entry in found[offset : offset + limit]]
        return {kind.plural: shown, "total": len(found)}

    def add_entry(body: Entry) -> Entry:
        return _add(kind, body)

    def get_entry(service: str | None = None, **at: str) -> Entry:
        shelf, place = _find(kind, current(), at[kind.key], service)
        return _render(shelf, shelf.entries[place])

    def replace_entry(body: Entry, service: str | None = None, version: str | None = None, **at: str) -> Entry:
        return _replace(kind, at[kind.key], service, body, merge=False, version=version)

    def change_entry(body: Entry, service: str | None = None, version: str | None = None, **at: str) -> Entry:
        return _replace(kind, at[kind.key], service, body, merge=True, version=version)

    def delete_entry(service: str | None = None, version: str | None = None, **at: str) -> None:
        document = open_document()
        shelf, place = _find_as_it_was(kind, document, at[kind.key], service, version)
        del shelf.entries[place]
        # Who still names the entry is elsewhere in the document: nothing of that is in the request.
        save_document(document, (*shelf.path, len(shelf.entries)))

    _describe(kind, (list_entries, add_entry, get_entry, replace_entry, change_entry, delete_entry))


def _article(kind: Kind) -> str:
    return f"{'an' if kind.singular[0] in 'aeiou' else 'a'} {kind.singular}"


def _describe(kind: Kind, views: tuple[Callable[..., Any], ...]) -> None:
    """Put the six operations of this kind into the table."""
    path, one = f"/{kind.plural}", f"/{kind.plural}/<path:{kind.key}>"
    by_service = {} if kind.plural == "identities" else {"service": _SERVICE}
    listing = record({kind.plural: list_of(kind.shape), "total": COUNT})
    for view in views:
        view.__name__ = view.__name__.replace("entries", kind.plural).replace("entry", kind.singular)
    wrong = (Reason.FIELD_INVALID, Reason.OBJECT_UNKNOWN)
    listed, added, read, replaced, changed, deleted = views
    operation("GET", path, f"List the {kind.plural}", answers={200: listing}, query={**by_service, **_PAGE})(listed)
    operation(
        "POST",
        path,
        f"Add {_article(kind)}",
        body=kind.shape,
        answers={201: kind.shape},
        refuses=(*wrong, Reason.OBJECT_ALREADY_EXISTS),
        reader=read_object,
    )(added)
    operation(
        "GET",
        one,
        f"Read {_article(kind)}",
        answers={200: kind.shape},
        query=by_service,
        refuses=wrong,
    )(read)
    shared: dict[str, Any] = {"query": {**by_service, **_VERSION}, "refuses": wrong}
    operation(
        "PUT",
        one,
        f"Replace {_article(kind)}",
        body=kind.shape,
        answers={200: kind.shape},
        reader=read_object,
        **shared,
    )(replaced)
    operation(
        "PATCH",
        one,
        f"Change {_article(kind)} by a merge patch",
        body=OBJECT,
        takes=("application/merge-patch+json",),
        answers={200: kind.shape},
        reader=read_object,
        **shared,
    )(changed)
    operation("DELETE", one, f"Delete {_article(kind)}", answers={204: None}, **shared)(deleted)


for _kind in KINDS:
    _register(_kind)
