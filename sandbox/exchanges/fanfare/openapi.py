"""The description of the Consumer API (OpenAPI 3.1) as this room serves it, put together from the contract."""

from __future__ import annotations

from typing import Any

from sandbox.exchanges.fanfare import contract
from sandbox.exchanges.fanfare.contract import Operation, Schema

Json = dict[str, Any]


def describe(server: str) -> Json:
    """The whole document; `server` is the address below which the paths are."""
    return {
        "openapi": "3.1.0",
        "info": {"description": "Consumer API for Fanfare", "title": "Fanfare Consumer API", "version": "1.0.0"},
        "servers": [{"description": "Sandbox", "url": server}],
        "security": [],
        "paths": {path: _path(path, operation) for path, operation in contract.OPERATIONS.items()},
        "components": {
            "securitySchemes": {
                "BearerAuth": {"type": "http", "scheme": "bearer"},
                "PublishableKeyAuth": {"type": "apiKey", "in": "header", "name": "X-Publishable-Key"},
            }
        },
    }


def _path(path: str, operation: Operation) -> Json:
    method, name, purpose, body, status, description, answer = operation
    described: Json = {
        "tags": ["Auth" if path.startswith("/auth") else "Consumers"],
        "description": purpose,
        "operationId": name,
    }
    if "{id}" in path:
        described["parameters"] = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    if body:
        described["requestBody"] = {"content": _content(dict(body.schema))}
    described["responses"] = {
        str(status): {**({"content": _content(answer)} if answer else {}), "description": description},
        **{
            code: {"content": _content(schema), "description": text}
            for code, (text, schema) in contract.REFUSALS.items()
        },
    }
    return {method: described}


def _content(schema: Schema) -> Json:
    return {"application/json": {"schema": schema}}
