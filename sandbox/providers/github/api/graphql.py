"""The GraphQL API: one route, for what a login asks about people and organizations, and bounds on a query's size.

The types are in contract.py, their values in graphql_wire.py. The library is imported at the first call, since no
start needs it. https://docs.github.com/graphql
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from flask import Response

from sandbox.core.refusals import Reason, Refusal
from sandbox.providers.github.api.access import get_caller, read_body
from sandbox.providers.github.api.contract import QUERY, SDL
from sandbox.providers.github.api.graphql_wire import FieldError, render_root
from sandbox.providers.github.api.wire import render_json
from sandbox.service import current_world

if TYPE_CHECKING:
    from graphql import DocumentNode, ExecutionResult, GraphQLError, GraphQLSchema

MAX_TOKENS = 5_000
MAX_FIELDS = 1_000
MAX_DEPTH = 25


def run_query() -> Response:
    """Answer a query; what is wrong with the query itself is told with status 200."""
    caller, world = get_caller(), current_world()
    body: dict[str, Any] = read_body(QUERY)
    result = _execute(body["query"], body.get("variables"), body.get("operationName"), render_root(world, caller))
    if result.errors:
        world.entry.refusal = _cause(result.errors[0])
    return render_json(_render_result(result))


def _execute(
    query: str, variables: dict[str, Any] | None, operation: str | None, root: dict[str, Any]
) -> ExecutionResult:
    from graphql import ExecutionResult, GraphQLError, execute_sync, parse, validate  # noqa: PLC0415

    schema = _schema()
    try:
        document = parse(query, max_tokens=MAX_TOKENS)
        _check_size(document)
    except GraphQLError as error:
        return ExecutionResult(None, [error])
    if errors := validate(schema, document):
        return ExecutionResult(None, errors)
    result = execute_sync(schema, document, root, variable_values=variables, operation_name=operation)
    for cause in [error.original_error for error in result.errors or ()]:
        # Anything else is a defect, which no query can be blamed for.
        if cause and not isinstance(cause, FieldError | GraphQLError):
            raise cause
    return result


@cache
def _schema() -> GraphQLSchema:
    from graphql import build_schema  # noqa: PLC0415

    return build_schema(SDL)


def _check_size(document: DocumentNode) -> None:
    from graphql import (  # noqa: PLC0415
        FragmentDefinitionNode,
        FragmentSpreadNode,
        GraphQLError,
        OperationDefinitionNode,
    )

    fragments = {
        node.name.value: node.selection_set for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    waiting = [(node.selection_set, 1) for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    fields = 0
    while waiting:
        selection_set, depth = waiting.pop()
        fields += len(selection_set.selections)
        if fields > MAX_FIELDS or depth > MAX_DEPTH:
            raise GraphQLError(f"Query is too complex: it may select {MAX_FIELDS} fields, nested {MAX_DEPTH} deep")
        for node in selection_set.selections:
            # A fragment counts each time it is spread, since that is what it costs.
            inner = (
                fragments.get(node.name.value)
                if isinstance(node, FragmentSpreadNode)
                else getattr(node, "selection_set", None)
            )
            if inner:
                waiting.append((inner, depth + 1))


def _cause(error: GraphQLError) -> Refusal:
    if isinstance(error.original_error, FieldError):
        return Refusal(error.original_error.reason, error.message)
    return Refusal(Reason.FIELD_INVALID, error.message, "query")


def _render_result(result: ExecutionResult) -> dict[str, Any]:
    answer: dict[str, Any] = {} if result.data is None else {"data": result.data}
    if result.errors:
        answer["errors"] = [_render_error(error) for error in result.errors]
    return answer


def _render_error(error: GraphQLError) -> dict[str, Any]:
    kind = {"type": error.original_error.kind} if isinstance(error.original_error, FieldError) else {}
    return {**kind, **error.formatted}
