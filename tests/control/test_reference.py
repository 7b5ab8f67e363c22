"""The page on the control API says of every operation what the table says, and of no other."""

from __future__ import annotations

from sandbox.core.refusals import Reason
from sandbox.web.control.api import OPERATIONS
from sandbox.web.control.openapi import template
from sandbox.web.errors import WORDS
from tests.docs.markdown import code, read, rows

PAGE = "docs/control-api.md"
METHODS = ("GET ", "POST ", "PUT ", "PATCH ", "DELETE ")
Row = tuple[str, tuple[str, ...], str, str]


def documented() -> list[Row]:
    table = (cells for cells in rows(read(PAGE)) if code(cells[0]) and code(cells[0])[0].startswith(METHODS))
    return [(code(name)[0], tuple(code(query)), summary, answers) for name, query, summary, answers in table]


def test_every_operation_is_on_the_page_once_and_no_other():
    table = [
        (f"{one.method} {template(one.path)}", tuple(one.query), one.summary, ", ".join(map(str, one.answers)))
        for one in OPERATIONS
    ]

    assert sorted(documented()) == sorted(table)


def test_the_page_tells_the_status_of_every_reason():
    told = {
        Reason(word): int(cells[0])
        for cells in rows(read(PAGE))
        if cells[0].isdigit()
        for word in code(cells[1])
        if word in Reason.__members__
    }

    assert told == {reason: WORDS[reason].value for reason in told}
    named = {reason for one in OPERATIONS for reason in one.refuses if WORDS[reason] != 400}
    assert named <= told.keys()
