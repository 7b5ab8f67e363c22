"""Every room can refuse for every reason, in its vendor's words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sandbox.core.faults import arm_fault, clear_faults
from sandbox.core.refusals import Reason, Refusal, by_reason
from sandbox.services import SERVICES
from sandbox.web.errors import WORDS as OWN_WORDS

PACKAGE = Path(__file__).parent.parent / "sandbox"
OWN_FAILURES = (Reason.INTERNAL_ERROR, Reason.DATABASE_UNAVAILABLE, Reason.PROVIDER_FAILED)
DIALECTS = [
    pytest.param(words, id=f"{service.slug}-{dialect}")
    for service in SERVICES.values()
    for dialect, words in service.words.items()
] + [pytest.param(OWN_WORDS, id="own")]


@pytest.mark.parametrize("words", DIALECTS)
def test_a_dialect_has_words_for_every_reason(words):
    assert set(words) == set(Reason)


@pytest.mark.parametrize("service", SERVICES.values(), ids=lambda service: service.slug)
def test_a_room_answers_for_every_reason_and_names_the_cause(sandbox, service):
    """Wherever in a room a reason arises, there is an answer, it is no crash, and the cause stands beside it."""
    for reason in Reason:
        for root in service.roots:
            with sandbox.world() as world:
                # Each is passed by all that were armed before.
                clear_faults(world)
                arm_fault(world, service.slug, "", reason, detail="provoked")
            answer = sandbox.get(f"{root}/provoked/by/this/test", headers={"User-Agent": "test"})

            assert answer.headers["X-Sandbox-Reason"] == f"{reason}; provoked"
            assert answer.text
            assert answer.status_code >= 400
            assert (answer.status_code >= 500) <= (reason in OWN_FAILURES)


def test_every_reason_is_raised_somewhere():
    source = "\n".join(
        path.read_text() for path in PACKAGE.rglob("*.py") if path.name not in ("errors.py", "refusals.py")
    )
    raised = set(re.findall(r"Reason\.([A-Z_]+)", source))

    assert {reason.value for reason in Reason} - raised == set()


def test_a_table_names_each_reason_once():
    with pytest.raises(ValueError, match="CODE_EXPIRED has words twice"):
        by_reason([("a", list(Reason)), ("b", [Reason.CODE_EXPIRED])])


def test_a_table_without_otherwise_names_all_reasons():
    with pytest.raises(ValueError, match="no words for CLIENT_UNKNOWN, "):
        by_reason([("a", [Reason.CODE_EXPIRED])])


def test_a_refusal_says_what_it_is():
    refusal = Refusal(Reason.CODE_EXPIRED, "the code expired 3 s ago", "code")

    assert (str(refusal), refusal.field) == ("CODE_EXPIRED: the code expired 3 s ago", "code")
