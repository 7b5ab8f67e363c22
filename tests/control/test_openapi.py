"""The description of the control API: valid, complete, and true of what a live sandbox answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import validate
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from sandbox import Config, create_app
from sandbox.core.refusals import Reason
from sandbox.web.control.api import OPERATIONS, Operation, operation
from sandbox.web.control.openapi import template
from sandbox.web.control.shapes import schema

DESCRIPTION = "/_sandbox/openapi.json"
EXAMPLES = 5
TOKEN = "a-token-of-this-test"
HEADERS = {"X-Sandbox-Token": TOKEN}

# Without a body and a query nothing of a call can be wrong.
CALLS = [
    pytest.param(one, mode, id=f"{one.name}-{mode.value}")
    for one in OPERATIONS
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or one.body is not None or one.query
]


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Flask]:
    """A sandbox that the calls of this module may leave in any state."""
    app = create_app(Config(random_seed=1, control_token=TOKEN))
    yield app
    app.extensions["sandbox"].close()


@pytest.fixture(scope="module")
def description(fuzzed: Flask) -> Any:
    return schemathesis.openapi.from_wsgi(DESCRIPTION, fuzzed)


@pytest.mark.parametrize(("one", "mode"), CALLS)
def test_no_call_that_fits_or_fails_the_description_gets_an_answer_outside_it(
    fuzzed: Flask, description: Any, one: Operation, mode: GenerationMode
) -> None:
    described = description[template(one.path)][one.method]
    fuzzed.test_client().post("/_sandbox/api/reset", headers=HEADERS)

    answered: set[int] = set()

    @settings(
        # What reads a whole fixture is slow to draw, and held against the fixture checker elsewhere.
        max_examples=EXAMPLES - 2 if one.reader else EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=described.as_strategy(generation_mode=mode))
    def call(case: Any) -> None:
        # It would be real time.
        (case.query or {}).pop("wait", None)
        response = case.call(headers=HEADERS)
        answered.add(response.status_code)
        case.validate_response(
            response,
            checks=[
                not_a_server_error,
                status_code_conformance,
                content_type_conformance,
                response_schema_conformance,
            ],
        )

    call()
    # A call that nobody lets in would try nothing.
    assert answered - {401, 403, 421}


def test_the_description_is_openapi(sandbox: Any) -> None:
    described = sandbox.get(DESCRIPTION).json

    validate(described)
    assert described["openapi"].startswith("3.1.")


def test_the_description_has_each_operation_and_no_other(sandbox: Any) -> None:
    paths = sandbox.get(DESCRIPTION).json["paths"]
    described = {
        (method.upper(), path, one["operationId"]) for path, ways in paths.items() for method, one in ways.items()
    }

    assert described == {(one.method, template(one.path), one.name) for one in OPERATIONS}


def test_the_description_tells_where_this_world_has_its_api(sandbox: Any) -> None:
    assert sandbox.get(DESCRIPTION).json["servers"] == [{"url": "http://localhost/_sandbox/api"}]
    assert sandbox.get(f"/w/t1{DESCRIPTION}").json["servers"] == [{"url": "http://localhost/w/t1/_sandbox/api"}]


def test_an_identity_is_described_as_the_schema_of_fixtures_does(sandbox: Any) -> None:
    schemas = sandbox.get(DESCRIPTION).json["components"]["schemas"]

    assert "login" in schemas["FixtureIdentity"]["properties"]
    assert schemas["FixtureIdentity"]["required"] == ["login"]
    services = [one["properties"]["service"]["const"] for one in schemas["EntryOfTenants"]["anyOf"]]
    assert sorted(services) == ["azure", "jitsudo"]


def test_the_page_shows_every_operation(sandbox: Any) -> None:
    page = sandbox.get("/_sandbox/docs", headers={"Accept": "text/html"}).text

    for one in OPERATIONS:
        assert f"<code>{one.method} {template(one.path)}</code>" in page
        assert one.summary in page.replace("&#39;", "'")
    assert re.findall("<script[^>]*>", page) == ['<script src="/_sandbox/static/own.js">']


def test_an_operation_is_in_the_table_once() -> None:
    with pytest.raises(ValueError, match="is there already"):
        operation("GET", "/clock", "Again", answers={204: None})(lambda: None)
    with pytest.raises(ValueError, match="schema called Clock"):
        schema("Clock", {"type": "object"})


def test_every_reason_of_an_operation_is_a_reason() -> None:
    assert all(isinstance(reason, Reason) for one in OPERATIONS for reason in one.refuses)
