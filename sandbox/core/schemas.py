"""JSON Schema in, neutral issues out: what a room renders in its vendor's dialect.

Compiles each schema once, at first use; holds no vendor's words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from sandbox.core.refusals import Issue

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError


class Contract:
    """One request schema of a vendor (JSON Schema 2020-12, an object), ready to be held against bodies."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = schema

    @cached_property
    def _validator(self) -> Draft202012Validator:
        # Imported at first use: it costs as much as the web framework, and no start-up needs it.
        from jsonschema import Draft202012Validator, FormatChecker  # noqa: PLC0415

        return Draft202012Validator(self.schema, format_checker=FormatChecker())

    def issues(self, body: object) -> tuple[Issue, ...]:
        """Everything wrong with `body`, top-level members in the order in which the schema lists them."""
        order = {name: place for place, name in enumerate(self.schema.get("properties", {}))}
        found = [issue for error in self._validator.iter_errors(body) for issue in _issues(error)]
        return tuple(sorted(found, key=lambda issue: order.get(str(issue.path[0]), -1) if issue.path else -1))


def _issues(error: ValidationError) -> Iterator[Issue]:
    path, keyword, expected = tuple(error.absolute_path), str(error.validator), cast(Any, error.validator_value)
    if keyword == "required":
        # Reported at the object, once for each absent member, which only the message names; it belongs to that member.
        yield from (
            Issue((*path, name), keyword, True, None) for name in expected if error.message.startswith(repr(name))
        )
    else:
        yield Issue(path, keyword, expected, error.instance)
