"""The pytest plugin, as a project that has installed it: each test runs pytest in a process of its own."""

from __future__ import annotations

import re

import pytest

pytest_plugins = ["pytester"]

QUIET = "[pytest]\naddopts = -p no:cacheprovider -p no:randomly\nfilterwarnings = error\nxfail_strict = true"


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project that treats warnings and unknown markers as errors."""
    pytester.makeini(f"{QUIET}\nstrict_markers = true\nstrict_config = true")
    return pytester


def test_each_test_has_a_world_of_its_own_and_its_clock(project):
    project.makepyfile(
        """
        import pytest

        seen = set()

        @pytest.mark.parametrize("number", range(3))
        def test_alone(idp, number):
            assert idp.journal.requests() == []
            idp.identities.remove("emoji")
            idp.clock.freeze("2030-01-01T00:00:00Z")
            idp.login("github", "octocat")
            seen.add(idp.url)
            assert len(seen) == number + 1

        def test_worlds_go_with_their_tests(idp_server):
            assert [world.name for world in idp_server.worlds.list()] == ["default"]

        def test_the_clock_is_a_fixture(idp, idp_clock):
            before = idp_clock.freeze().now
            idp_clock.advance(minutes=11)
            assert idp.clock.now() == before + 660
        """
    )

    project.runpytest_subprocess().assert_outcomes(passed=5)


def test_a_marker_gives_the_world_its_cast_and_its_profiles(project):
    project.makefile(".yaml", people="version: 1\nidentities:\n  - login: somebody\n")
    project.makepyfile(
        """
        import pytest

        CAST = {"version": 1, "identities": [{"login": "anybody"}]}

        @pytest.mark.sandbox(fixtures="people.yaml")
        def test_a_file(idp):
            assert [one["login"] for one in idp.identities.list()] == ["somebody"]

        @pytest.mark.sandbox(fixtures=CAST, profile={"prisme": "shipped"})
        def test_a_document(idp):
            assert [one["login"] for one in idp.identities.list()] == ["anybody"]
            assert idp.fixture()["prisme"]["profile"] == "shipped"
            assert idp.fixture()["insforge"]["profile"] == "documented"
            idp.reset()
            assert idp.fixture()["prisme"]["profile"] == "shipped"

        @pytest.mark.sandbox(profile="shipped")
        class TestShipped:
            def test_all(self, idp):
                assert {idp.fixture()[slug]["profile"] for slug in ("insforge", "prisme")} == {"shipped"}
        """
    )

    project.runpytest_subprocess().assert_outcomes(passed=3)


def test_a_marker_that_makes_no_sense_is_an_error(project):
    markers = {
        "profile={'github': 'shipped'}": "github has no profile; there are",
        "fixture='people.yaml'": "it is @pytest.mark.sandbox(fixtures=None, profile=None)",
        "fixtures={'version': 2}": "FIELD_INVALID",
        "fixtures='nowhere.yaml'": "nowhere.yaml",
    }
    marked = [f"@pytest.mark.sandbox({marker})\ndef test_{n}(idp): pass" for n, marker in enumerate(markers)]
    project.makepyfile("\n".join(["import pytest", *marked]))

    run = project.runpytest_subprocess("--tb=line")

    run.assert_outcomes(errors=len(markers))
    told = [line for line in run.stdout.lines if line.startswith("E   ")]
    for line, wrong in zip(told, markers.values(), strict=True):
        assert wrong in line


def test_options_of_the_sandbox_come_from_the_conftest(project):
    project.makeconftest(
        """
        import pytest

        @pytest.fixture(scope="session")
        def idp_options():
            return {"tls": True, "approval": "always=octocat"}
        """
    )
    project.makepyfile(
        """
        import requests

        def test_it(idp):
            url = f"{idp.url}/login/oauth/authorize?client_id=Iv1.sandboxclient"
            assert url.startswith("https://")
            assert requests.get(url, allow_redirects=False, verify=idp.ca_file, timeout=10).status_code == 302
        """
    )

    project.runpytest_subprocess().assert_outcomes(passed=1)


FAILING = """
    import requests

    def test_a_code_is_good_for_an_hour(idp):
        code = idp.login("github", "octocat", client="Iv1.sandboxclient").code
        idp.clock.advance(minutes=30)
        form = {"client_id": "Iv1.sandboxclient", "client_secret": "sandbox-secret", "code": code}
        answer = requests.post(f"{idp.url}/login/oauth/access_token", form, timeout=10)
        assert "access_token" in answer.text
"""


def test_a_failing_test_shows_what_happened_in_its_world_and_no_other_does(project):
    project.makepyfile(f"{FAILING}\n    def test_passes(idp): pass\n\n    def test_fails(): assert False")

    run = project.runpytest_subprocess()

    run.assert_outcomes(passed=1, failed=2)
    text = run.stdout.str()
    assert text.count("idp-sandbox, world") == 1
    title, shown = re.findall(r"^-+ (idp-sandbox, world \S+) -+\n(.*?)^(?:=+|-+|_+) ", text, re.MULTILINE | re.DOTALL)[
        0
    ]
    assert title.startswith("idp-sandbox, world a-code-is-good-for-an-hour-")
    assert re.search(r"^login \w+: octocat at Iv1\.sandboxclient$", shown, re.MULTILINE)
    assert "> CODE_EXPIRED: the code expired" in shown
    assert "sandbox-secret" not in shown
    assert max(map(len, shown.splitlines())) <= 100


def test_a_sandbox_that_is_gone_hides_no_failure(project):
    project.makepyfile("def test_it(idp, idp_server):\n    idp_server.stop()\n    assert 1 == 2")

    run = project.runpytest_subprocess()

    run.stdout.fnmatch_lines(["*assert 1 == 2*", "no timeline: *no sandbox answers*"])


def test_who_does_not_use_it_pays_nothing(project):
    project.makepyfile(
        """
        import sys

        def test_it():
            heavy = {"flask", "sqlalchemy", "sandbox.client", "sandbox.core", "sandbox.local"}
            assert heavy & set(sys.modules) == set()
        """
    )

    project.runpytest_subprocess().assert_outcomes(passed=1)


def test_its_fixtures_and_its_marker_are_explained(project):
    project.makepyfile("def test_it(): pass")

    fixtures, markers = project.runpytest_subprocess("--fixtures"), project.runpytest_subprocess("--markers")

    fixtures.stdout.fnmatch_lines(["idp_server *", "idp -- *", "idp_clock -- *"])
    markers.stdout.fnmatch_lines(["@pytest.mark.sandbox(fixtures=None, profile=None): *"])
