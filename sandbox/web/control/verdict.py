"""The verdict over HTTP: as JSON, or as JUnit's XML, which every CI shows."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from flask import Response

from sandbox.core.findings import ERROR, Finding
from sandbox.core.redaction import xml_text
from sandbox.core.verdict import KINDS, Verdict, judge
from sandbox.service import current_world
from sandbox.web.control.addresses import is_own
from sandbox.web.control.api import operation
from sandbox.web.control.shapes import TEXT, Shape, list_of, schema

FINDING = schema(
    "Finding",
    {
        "type": "object",
        "required": ["code", "severity", "flow", "entry", "text", "spec"],
        "properties": {
            "code": {"enum": list(KINDS)},
            "severity": {"enum": ["error", "warning", "note"]},
            "flow": TEXT,
            "entry": {"type": "integer", "description": "The id of the request that shows it."},
            "text": TEXT,
            "spec": {"type": "string", "description": "The section at stake."},
        },
    },
)
VERDICTS = schema(
    "Verdicts",
    {
        "type": "object",
        "required": ["clients"],
        "properties": {
            "clients": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["client_id", "service", "flows", "passed", "findings"],
                    "properties": {
                        "client_id": TEXT,
                        "service": TEXT,
                        "flows": {"type": "integer"},
                        "passed": {"type": "boolean", "description": "Whether no finding is an error."},
                        "findings": list_of(FINDING),
                    },
                },
            }
        },
    },
)
# What was noticed is no case of its own, but told where it might have been overlooked.
_PASSED, _OVERLOOKED = "bad-token-refused", "bad-token-accepted"
_QUERY: dict[str, Shape] = {"client_id": TEXT, "format": {"enum": ["json", "junit"], "default": "json"}}


@operation(
    "GET",
    "/verdict",
    "Judge the clients by their logins",
    query=_QUERY,
    answers={200: VERDICTS},
    media=("application/xml",),
)
def get_verdict(*, client_id: str | None = None, format: str | None = None) -> Response | dict[str, Any]:  # noqa: A002 - as the query calls it
    """`format=junit` is a test report: a suite for each client, a case for each kind of finding."""
    verdicts = judge(current_world().store, is_own, client_id=client_id)
    if format == "junit":
        return Response(render_junit(verdicts), content_type="application/xml; charset=utf-8")
    return {"clients": [_document(verdict) for verdict in verdicts]}


def render_junit(verdicts: list[Verdict]) -> bytes:
    """The verdicts as a JUnit report; an error fails a case, anything less is told in its output."""
    root = Element("testsuites", name="idp-sandbox")
    total = failed = 0
    for verdict in verdicts:
        suite = SubElement(root, "testsuite", name=xml_text(f"{verdict.service}: {verdict.client_id}"))
        failures = sum(_add_case(suite, verdict, kind, title) for kind, title in KINDS.items() if kind != _PASSED)
        suite.attrib |= {"tests": str(len(suite)), "failures": str(failures), "errors": "0", "skipped": "0"}
        total, failed = total + len(suite), failed + failures
    root.attrib |= {"tests": str(total), "failures": str(failed), "errors": "0"}
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def _add_case(suite: Element, verdict: Verdict, kind: str, title: str) -> bool:
    """Add the case of one kind; returns whether it failed."""
    name = xml_text(f"{verdict.service}.{verdict.client_id}")
    case = SubElement(suite, "testcase", classname=name, name=f"{title} ({kind})", time="0")
    kinds = (kind, _PASSED) if kind == _OVERLOOKED else (kind,)
    found = [finding for finding in verdict.findings if finding.code in kinds]
    errors = [finding for finding in found if finding.severity == ERROR]
    if errors:
        failure = SubElement(case, "failure", message=xml_text(errors[0].text), type=kind)
        failure.text = "\n".join(map(_line, errors))
    if rest := [finding for finding in found if finding.severity != ERROR]:
        SubElement(case, "system-out").text = "\n".join(map(_line, rest))
    return bool(errors)


def _line(finding: Finding) -> str:
    place = f"flow {finding.flow}, request {finding.entry}"
    return xml_text(f"{finding.severity}: {finding.text} [{finding.spec}; {place}]")


def _document(verdict: Verdict) -> dict[str, object]:
    findings = [asdict(finding) for finding in verdict.findings]
    about = {"client_id": verdict.client_id, "service": verdict.service, "flows": verdict.flows}
    return {**about, "passed": verdict.passed, "findings": findings}
