"""One served sandbox for a whole test run: four processes log in at it at once, each test in a world of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox import SandboxClient
from tests.support.components import free_port
from tests.support.process import Served, serving

pytest_plugins = ["pytester"]

FIFTY_LOGINS = """
    import pytest
    import requests

    FORM = {"client_id": "Iv1.sandboxclient", "client_secret": "sandbox-secret"}

    @pytest.mark.parametrize("number", range(50))
    def test_a_login(idp, number):
        began = idp.clock.read()
        assert (began.frozen, began.offset) == (False, 0)
        assert (idp.faults(), idp.journal.requests(), len(idp.identities.list())) == ([], [], 22)

        if number % 2:
            idp.clock.freeze("2030-01-01T00:00:00Z")
            idp.identities.remove("emoji")
            idp.fault(service="github", operation="access_token", answer={"status": 503}, times=None)
        code = idp.login("github", "octocat", client="Iv1.sandboxclient").code
        answer = requests.post(f"{idp.url}/login/oauth/access_token", {**FORM, "code": code}, timeout=60)

        assert answer.status_code == (503 if number % 2 else 200)
        assert ("access_token=gho_" in answer.text) is not bool(number % 2)
        idp.assert_requested("github", "access_token", times=1)
        assert len(idp.flows()) == 1
"""


@pytest.fixture
def served(tmp_path) -> Iterator[Served]:
    """The program, as it is served to everybody."""
    port = free_port()
    with serving(tmp_path, port, "idp-sandbox", "serve", "--port", str(port)) as served:
        yield served


@pytest.fixture
def fifty_logins(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with fifty tests, each a login."""
    pytester.makeini("[pytest]\naddopts = -p no:cacheprovider\nfilterwarnings = error")
    pytester.makepyfile(FIFTY_LOGINS)
    return pytester


def test_four_workers_share_a_server_and_never_meet(served, fifty_logins):
    with SandboxClient(served.origin) as server:
        run = fifty_logins.runpytest_subprocess("-n", "4", "--idp-sandbox-url", served.origin)

        run.assert_outcomes(passed=50)
        assert [world.name for world in server.worlds.list()] == ["default"]
        assert server.journal.requests() == []


def test_the_server_may_be_named_in_the_configuration(served, pytester):
    pytester.makeini(f"[pytest]\nidp_sandbox_url = {served.origin}\naddopts = -p no:cacheprovider")
    pytester.makepyfile(f"def test_it(idp): assert idp.url.startswith({served.origin!r})")

    pytester.runpytest_subprocess().assert_outcomes(passed=1)
