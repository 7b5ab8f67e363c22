"""Fanfare's validation issues, to the letter: what valibot 1 says of each kind of mistake."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.core.refusals import Reason
from sandbox.exchanges.fanfare import contract
from sandbox.exchanges.fanfare.issues import stringify
from tests.support.fanfare import BAD_JSON, EXTERNAL, IDENTITY, SK, authorize, bearer, check_refused, page

R = Reason


def send(sandbox: Any, body: Any) -> Any:
    # As text: the client takes a body of None for none.
    return sandbox.post(f"{EXTERNAL}/authorize", data=json.dumps(body), headers=bearer(SK))


def step(body: Any, key: str, origin: str = "value") -> dict[str, Any]:
    value = {"value": body[key]} if origin == "value" else {}
    return {"type": "object", "origin": origin, "input": body, "key": key, **value}


def missing(body: Any, key: str) -> dict[str, Any]:
    return {
        "kind": "schema",
        "type": "object",
        "expected": f'"{key}"',
        "received": "undefined",
        "message": f'Invalid key: Expected "{key}" but received undefined',
        "path": [step(body, key, "key")],
    }


def wrong(path: list[dict[str, Any]], value: Any, received: str, kind: str = "string") -> dict[str, Any]:
    expected = {"string": "string", "object": "Object"}[kind]
    return {
        "kind": "schema",
        "type": kind,
        "input": value,
        "expected": expected,
        "received": received,
        "message": f"Invalid type: Expected {expected} but received {received}",
        "path": path,
    }


def bad_length(body: Any, key: str, kind: str, requirement: int, received: int) -> dict[str, Any]:
    expected = f"{'>=' if kind == 'min_length' else '<='}{requirement}"
    return {
        "kind": "validation",
        "type": kind,
        "input": body[key],
        "expected": expected,
        "received": str(received),
        "message": f"Invalid length: Expected {expected} but received {received}",
        "path": [step(body, key)],
        "requirement": requirement,
    }


def check_issues(answer: Any, issues: list[dict[str, Any]]) -> None:
    assert (answer.status_code, list(answer.json)) == (400, ["error", "issues"])
    assert answer.json == {"error": "validation_error", "issues": issues}
    assert contract.Contract(contract.INVALID).issues(answer.json) == ()


def test_each_missing_member_is_an_issue(sandbox):
    body = {"issuer": "x"}

    answer = send(sandbox, body)

    check_issues(answer, [missing(body, "provider"), missing(body, "subject")])
    assert answer.headers["X-Sandbox-Reason"].startswith("FIELD_MISSING; ")


def test_wrong_types_are_told_in_the_order_of_the_schema(sandbox):
    body = {"claims": "x", "subject": None, "issuer": True, "provider": 5}

    check_issues(
        send(sandbox, body),
        [
            wrong([step(body, "provider")], 5, "5"),
            wrong([step(body, "issuer")], True, "true"),
            wrong([step(body, "subject")], None, "null"),
            wrong([step(body, "claims")], "x", '"x"', "object"),
        ],
    )


def test_a_claim_of_the_wrong_type_is_two_steps_deep(sandbox):
    claims = {"fullName": ["a"], "email": {"a": 1}, "more": 5}
    body = {**IDENTITY, "claims": claims}
    way = [step(body, "claims"), step(claims, "email")]

    check_issues(
        send(sandbox, body),
        [
            wrong(way, {"a": 1}, "Object"),
            wrong([step(body, "claims"), step(claims, "fullName")], ["a"], "Array"),
        ],
    )


@pytest.mark.parametrize(("body", "received"), [(None, "null"), ("x", '"x"'), (5, "5"), (False, "false")])
def test_a_body_that_is_no_object_has_no_path(sandbox, body, received):
    check_issues(send(sandbox, body), [wrong([], body, received, "object")])


def test_an_array_counts_as_an_object(sandbox):
    check_issues(send(sandbox, [1]), [missing([1], name) for name in ("provider", "issuer", "subject")])
    assert send(sandbox, {**IDENTITY, "claims": [1]}).status_code == 200


def test_an_empty_text_is_too_short(sandbox):
    body = {"provider": "", "issuer": "", "subject": "", "canonicalSubject": ""}

    check_issues(send(sandbox, body), [bad_length(body, name, "min_length", 1, 0) for name in body])


def test_lengths_are_looked_at_after_types(sandbox):
    body = {"provider": "", "issuer": 5, "subject": "x"}

    check_issues(send(sandbox, body), [wrong([step(body, "issuer")], 5, "5")])


@pytest.mark.parametrize("text", ["x" * 256, "\U0001f984" * 128])
def test_a_canonical_subject_is_too_long(sandbox, text):
    """A character beyond U+FFFF counts twice, as in JavaScript."""
    body = {**IDENTITY, "canonicalSubject": text}

    check_issues(send(sandbox, body), [bad_length(body, "canonicalSubject", "max_length", 255, 256)])
    assert authorize(sandbox, canonicalSubject=text[:-1]).json["resolution"] == "created"


def test_claims_are_too_long(sandbox):
    fits = {"note": "x" * (10_000 - len('{"note":""}'))}
    claims = {"note": fits["note"] + "x"}
    body = {**IDENTITY, "claims": claims}

    assert send(sandbox, {**IDENTITY, "claims": fits}).status_code == 200
    check_issues(send(sandbox, body), [bad_length(body, "claims", "max_length", 10_000, 10_001)])


def test_an_array_of_claims_is_too_long_as_well(sandbox):
    body = {**IDENTITY, "claims": ["x" * (10_001 - len('[""]'))]}

    assert send(sandbox, {**IDENTITY, "claims": ["x" * (10_000 - len('[""]'))]}).status_code == 200
    check_issues(send(sandbox, body), [bad_length(body, "claims", "max_length", 10_000, 10_001)])


def test_any_text_is_an_email_claim(sandbox):
    assert authorize(sandbox, claims={"email": "no address"}).status_code == 200


@pytest.mark.parametrize("path", ["/auth/otp/request", "/auth/otp/verify"])
@pytest.mark.parametrize("email", ["x", "", "a@b", "a b@c.de", "ä@c.de", "a@b.co\n"])
def test_an_address_for_codes_must_be_one(sandbox, path, email):
    body = {"email": email, "code": "123456"}
    issue = {
        "kind": "validation",
        "type": "email",
        "input": email,
        "expected": "",
        "received": f'"{email}"',
        "message": f'Invalid email: Received "{email}"',
        "path": [step(body, "email")],
    }

    check_issues(sandbox.post(path, json=body, headers=page()), [issue])


def check(path: list[dict[str, Any]], value: Any, received: str) -> dict[str, Any]:
    return {
        "kind": "validation",
        "type": "check",
        "input": value,
        "expected": "",
        "received": received,
        "message": f"Invalid input: Received {received}",
        "path": path,
    }


def test_a_code_needs_an_address(sandbox):
    body = {"name": "A Fan"}

    check_issues(sandbox.post("/auth/otp/request", json=body, headers=page()), [check([], body, "Object")])
    check_issues(sandbox.post("/auth/otp/request", headers=page()), [check([], {}, "Object")])


@pytest.mark.parametrize("phone", ["", "12", "+0123456789", "+1234567890123456", "call me"])
def test_a_phone_number_must_be_one(sandbox, phone):
    body = {"phone": phone}

    answer = sandbox.post("/auth/otp/request", json=body, headers=page())

    check_issues(answer, [check([step(body, "phone")], phone, f'"{phone}"')])


def test_a_national_number_needs_a_country_that_is_known(sandbox):
    body = {"phone": "2125550100", "defaultCountry": "XX"}

    assert sandbox.post("/auth/otp/request", json=body, headers=page()).json["issues"][0]["type"] == "check"


def test_a_verification_needs_its_code(sandbox):
    body = {"email": "x"}
    answer = sandbox.post("/auth/otp/verify", json=body, headers=page())

    assert [issue["received"] for issue in answer.json["issues"]] == ["undefined", '"x"']


@pytest.mark.parametrize("path", [f"{EXTERNAL}/exchange", "/auth/refresh"])
def test_a_token_must_be_a_text(sandbox, path):
    name = "refreshToken" if path.endswith("refresh") else "exchangeCode"
    body = {name: 5}

    answer = sandbox.post(path, json=body, headers=page())

    check_issues(answer, [wrong([step(body, name)], 5, "5")])


@pytest.mark.parametrize("text", ["{", "", " ", "{'a': 1}", '{"a": NaN}', '"\\ud800"', "\xff"])
def test_what_is_no_json_is_told_shortly(sandbox, text):
    answer = sandbox.post(f"{EXTERNAL}/authorize", data=text, headers=bearer(SK))

    check_refused(sandbox, answer, R.BODY_MALFORMED if text.strip() else R.BODY_MISSING, BAD_JSON)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-0.0, "0"),
        (1.0, "1"),
        (1.5, "1.5"),
        (-1.5e300, "-1.5e+300"),
        (1e21, "1e+21"),
        (1e20, "100000000000000000000"),
        (12345678901234567890, "12345678901234567000"),
        (1e-6, "0.000001"),
        (1.5e-7, "1.5e-7"),
        (10**400, "Infinity"),
        (-(10**400), "-Infinity"),
        ('say "hi"', '"say "hi""'),
    ],
)
def test_values_are_named_as_javascript_names_them(value, text):
    assert stringify(value) == text


@pytest.mark.parametrize("depth", [40, 300, 700, 900, 930, 950, 970, 1000, 5000])
@pytest.mark.parametrize("place", ["provider", "claims", "unknown"])
def test_depth_breaks_nothing(sandbox, place, depth):
    deep = "[" * depth + "]" * depth
    claims = f'{{"a": {deep}}}'
    value = claims if place == "claims" else deep
    text = f'{{"issuer": "i", "subject": "s", "{place}": {value}' + (
        "}" if place == "provider" else ', "provider": "p"}'
    )

    answer = sandbox.post(f"{EXTERNAL}/authorize", data=text, headers=bearer(SK))

    assert answer.status_code in ((400,) if place == "provider" else (200, 400))
