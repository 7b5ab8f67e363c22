"""Faults from Python: they end with their block, whatever happens in it, and otherwise stay until they are cleared."""

from __future__ import annotations

import pytest
import requests

from sandbox import SandboxClient, SandboxError

FAILING = {"service": "github", "operation": "access_token", "answer": {"status": 503}}


def status(idp: SandboxClient) -> int:
    return requests.post(f"{idp.url}/login/oauth/access_token", timeout=10).status_code


def test_a_fault_ends_with_its_block(idp):
    with idp.fault(**FAILING, times=None) as fault:
        assert [status(idp), status(idp), fault.hits] == [503, 503, 2]

    assert status(idp) != 503
    assert idp.faults() == []


def test_a_fault_ends_with_its_block_even_if_that_fails(idp):
    with pytest.raises(ZeroDivisionError), idp.fault(**FAILING, times=None):
        1 / 0  # noqa: B018 - what goes wrong

    assert idp.faults() == []


def test_a_fault_without_a_block_stays_until_it_is_cleared(idp):
    fault = idp.fault(**FAILING, times=None)

    assert [status(idp) for _ in range(3)] == [503] * 3
    fault.clear()
    fault.clear()
    assert status(idp) != 503


def test_a_fault_meets_as_many_calls_as_it_says(idp):
    idp.fault(**FAILING, skip=1, times=2)

    assert [status(idp) == 503 for _ in range(4)] == [False, True, True, False]


def test_all_faults_are_cleared_at_once(idp):
    idp.fault(**FAILING, times=None)
    with idp.fault("github: bad-verification-code"):
        idp.clear_faults()

    assert status(idp) != 503


def test_a_recipe_is_armed_by_its_name(idp):
    with idp.fault("github: bad-verification-code", client_id="Iv1.sandboxclient") as fault:
        code = idp.login("github", "octocat", client="Iv1.sandboxclient").code
        form = {"client_id": "Iv1.sandboxclient", "client_secret": "sandbox-secret", "code": code}
        answer = requests.post(
            f"{idp.url}/login/oauth/access_token", form, headers={"Accept": "application/json"}, timeout=10
        )

    assert fault.name == "github: bad-verification-code"
    assert answer.json()["error"] == "bad_verification_code"
    (entry,) = idp.journal.requests("github", "access_token")
    assert entry.fault == "github: bad-verification-code"


def test_the_recipes_are_told(idp):
    (recipe,) = [recipe for recipe in idp.recipes() if recipe.name == "github: bad-verification-code"]

    assert recipe.summary
    assert recipe.rule["service"] == "github"


@pytest.mark.parametrize(
    ("rule", "wrong"),
    [
        ({"recipe": "github: no-such-recipe"}, "no-such-recipe"),
        ({"service": "github"}, "must have a recipe or one action"),
        ({"service": "gitlab", "drop": {}}, "gitlab"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_what_is_wrong(idp, rule, wrong):
    with pytest.raises(SandboxError, match=wrong) as refused:
        idp.fault(**rule)

    assert (refused.value.status, refused.value.reason) == (400, "FIELD_INVALID")
