"""The pytest plugin: a sandbox for a test run, a world of its own for each test, and the timeline when one fails.

Loads nothing of the sandbox until a test asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sandbox.client import ClockControl, SandboxClient

_MARKER = (
    "sandbox(fixtures=None, profile=None): what the world of this test begins with. `fixtures` is a fixture file, "
    "relative to the test's folder, or a fixture document; `profile` is `documented` or `shipped`, for all services "
    "that know both, or {service: profile}."
)
_OPTIONS = {
    "url": ("URL", "A running sandbox to use; one is started in each test process if left out."),
    "token": ("TOKEN", "What the running sandbox wants to see in X-Sandbox-Token."),
    "ca_file": ("FILE", "The certificate authority of the running sandbox's https."),
}
_CLIENT = pytest.StashKey["SandboxClient"]()
# With what follows it, what the name of a world may have.
_LONGEST_NAME = 55


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--idp-sandbox-url` and its like; each is a setting of the configuration file too."""
    group = parser.getgroup("idp-sandbox")
    for name, (metavar, text) in _OPTIONS.items():
        group.addoption(f"--idp-sandbox-{name.replace('_', '-')}", metavar=metavar, help=text)
        parser.addini(f"idp_sandbox_{name}", text, default="")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture(scope="session")
def idp_options() -> dict[str, Any]:
    """The options of the sandbox that is started, as `Sandbox` takes them; a conftest.py overrides it."""
    return {}


@pytest.fixture(scope="session")
def idp_server(pytestconfig: pytest.Config, idp_options: dict[str, Any]) -> Iterator[SandboxClient]:
    """The sandbox of this test process, in its default world: the running one, or one that is started here."""
    given = {name: _option(pytestconfig, name) for name in _OPTIONS}
    if given["url"]:
        from sandbox.client import SandboxClient  # noqa: PLC0415 - see the module

        with SandboxClient(given["url"], given["token"], ca_file=given["ca_file"]) as server:
            yield server
    else:
        from sandbox.local import Sandbox  # noqa: PLC0415 - see the module

        with Sandbox(**idp_options) as sandbox:
            yield sandbox


@pytest.fixture
def idp(request: pytest.FixtureRequest, idp_server: SandboxClient) -> Iterator[SandboxClient]:
    """A world of this test's own, gone afterwards: a SandboxClient."""
    from sandbox.client import SandboxError  # noqa: PLC0415 - see the module

    start = _start(request)
    client = _open(idp_server, request.node.name, start.get("fixtures"))
    if profile := start.get("profile"):
        document = _with_profile(client.fixture(), profile)
        idp_server.worlds.delete(_world(client))
        client = _open(idp_server, request.node.name, document)
    request.node.stash[_CLIENT] = client
    yield client
    client.close()
    try:
        idp_server.worlds.delete(_world(client))
    except SandboxError as error:
        if error.status != 404:
            raise


@pytest.fixture
def idp_clock(idp: SandboxClient) -> ClockControl:
    """The clock of this test's world: `idp_clock.advance(minutes=11)`."""
    return idp.clock


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Show what happened in the world of a test that failed."""
    report = yield
    client = item.stash.get(_CLIENT, None)
    if client and report.failed and report.when != "teardown":
        report.sections.append((f"idp-sandbox, world {_world(client)}", _timeline(client)))
    return report


def _option(config: pytest.Config, name: str) -> str | None:
    return config.getoption(f"idp_sandbox_{name}") or config.getini(f"idp_sandbox_{name}") or None


def _start(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What the marker says, a file as the document that it holds."""
    marker = request.node.get_closest_marker("sandbox")
    if marker is None:
        return {}
    if marker.args or marker.kwargs.keys() - {"fixtures", "profile"}:
        raise pytest.UsageError(f"{request.node.nodeid}: it is @pytest.mark.{_MARKER.partition(':')[0]}")
    start = dict(marker.kwargs)
    if start.get("fixtures") and not isinstance(start["fixtures"], Mapping):
        from sandbox.core.fixture_reader import Reader  # noqa: PLC0415 - see the module

        file = request.path.parent / start["fixtures"]
        start["fixtures"] = Reader(file.read_text("utf-8-sig"), str(file)).read()
    return start


def _open(server: SandboxClient, test: str, fixture: Mapping[str, Any] | None) -> SandboxClient:
    from sandbox.core.ids import Ids  # noqa: PLC0415 - see the module

    # Several test processes, even of several machines, may share a server.
    words = re.sub(r"[^A-Za-z0-9]+", "-", test.removeprefix("test_")).strip("-")[:_LONGEST_NAME] or "test"
    return server.world(f"{words}-{Ids().hex(8)}", fixture)


def _world(client: SandboxClient) -> str:
    return client.url.rpartition("/")[2]


def _with_profile(document: dict[str, Any], profile: str | Mapping[str, str]) -> dict[str, Any]:
    known = [name for name, section in document.items() if isinstance(section, dict) and "profile" in section]
    wanted = dict.fromkeys(known, profile) if isinstance(profile, str) else dict(profile)
    if strange := wanted.keys() - set(known):
        raise pytest.UsageError(f"{', '.join(sorted(strange))} has no profile; there are {', '.join(known)}")
    return {**document, **{name: {**document[name], "profile": value} for name, value in wanted.items()}}


def _timeline(client: SandboxClient) -> str:
    from sandbox.client import SandboxError  # noqa: PLC0415 - see the module
    from sandbox.client.timeline import render_timeline  # noqa: PLC0415

    try:
        return render_timeline(client.journal.requests(), client.verdict())
    except SandboxError as error:
        return f"no timeline: {error}"
