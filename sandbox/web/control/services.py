"""What is emulated, where each service lives, and what its operations are called."""

from __future__ import annotations

from typing import Any

from flask import current_app

from sandbox.service import Service, current_house, current_mount
from sandbox.web.control.api import operation
from sandbox.web.control.shapes import TEXT, list_of, schema

_OPERATION = {
    "type": "object",
    "required": ["operation", "method", "path"],
    "additionalProperties": False,
    "properties": {
        "operation": {**TEXT, "description": "As faults and the journal name it."},
        "method": TEXT,
        "path": TEXT,
        "story": {**TEXT, "description": "What it does in a login, and why that is safe."},
    },
}
_WAY = {
    "type": "object",
    "required": ["provider", "via"],
    "additionalProperties": False,
    "properties": {"provider": TEXT, "via": {**TEXT, "description": "Tells several ways from one provider apart."}},
}
_SERVICE = schema(
    "Service",
    {
        "type": "object",
        "required": ["slug", "title", "kind", "summary", "base_url", "ways", "operations"],
        "additionalProperties": False,
        "properties": {
            "slug": TEXT,
            "title": TEXT,
            "kind": {"enum": ["provider", "exchange"]},
            "summary": TEXT,
            "base_url": TEXT,
            "ways": {"type": "array", "items": _WAY, "description": "How people come to a session of an exchange."},
            "operations": list_of(_OPERATION),
        },
    },
)
_NO_METHODS = {"HEAD", "OPTIONS"}


@operation(
    "GET",
    "/services",
    "List the services and their operations",
    answers={
        200: {
            "type": "object",
            "required": ["services"],
            "properties": {"services": list_of(_SERVICE)},
        }
    },
)
def get_services() -> dict[str, Any]:
    """`{"services": [...]}`, providers first."""
    mount = current_mount()
    return {
        "services": [
            {
                "slug": service.slug,
                "title": service.title,
                "kind": service.kind,
                "summary": service.summary,
                "base_url": mount.at(service.slug, by_prefix=service.by_prefix).url(service.base_path),
                "ways": [{"provider": way.provider, "via": way.name} for way in service.ways],
                "operations": _operations(service),
            }
            for service in current_house().services.values()
        ]
    }


def _operations(service: Service) -> list[dict[str, str]]:
    rules = (rule for rule in current_app.url_map.iter_rules() if rule.endpoint.startswith(f"{service.slug}."))
    return [
        _operation(service, rule.endpoint.rpartition(".")[2], method, rule.rule.removeprefix(f"/{service.slug}"))
        for rule in rules
        for method in sorted((rule.methods or set()) - _NO_METHODS)
    ]


def _operation(service: Service, name: str, method: str, path: str) -> dict[str, str]:
    told = {"story": service.stories[name]} if name in service.stories else {}
    return {"operation": name, "method": method, "path": path, **told}
