"""JSON Schema violations come out as neutral issues, in the schema's order."""

from __future__ import annotations

import pytest

from sandbox.core.refusals import Issue
from sandbox.core.schemas import Contract

CONTRACT = Contract(
    {
        "type": "object",
        "properties": {
            "provider": {"type": "string", "minLength": 1},
            "code": {"type": "string", "minLength": 1},
            "user": {"type": "object", "required": ["name"], "properties": {"tags": {"items": {"type": "string"}}}},
        },
        "required": ["code", "provider"],
    }
)


@pytest.mark.parametrize(
    ("body", "issues"),
    [
        ({"provider": "p", "code": "c", "more": 1}, ()),
        (
            {},
            (Issue(("provider",), "required", True, None), Issue(("code",), "required", True, None)),
        ),
        ({"provider": "p", "code": ""}, (Issue(("code",), "minLength", 1, ""),)),
        (
            {"provider": 1, "code": None},
            (Issue(("provider",), "type", "string", 1), Issue(("code",), "type", "string", None)),
        ),
        (
            {"provider": "p", "code": "c", "user": {"tags": ["a", 2]}},
            (Issue(("user", "name"), "required", True, None), Issue(("user", "tags", 1), "type", "string", 2)),
        ),
        ([], (Issue((), "type", "object", []),)),
    ],
)
def test_issues_are_neutral(body, issues):
    assert CONTRACT.issues(body) == issues


def test_an_issue_names_its_field_in_dots():
    assert Issue(("user", "tags", 1), "type", "string", 2).field == "user.tags.1"
