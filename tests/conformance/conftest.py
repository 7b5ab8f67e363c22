"""Fixtures of the certification checklists: relying parties at the issuer `conformance`, and a server of a client's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.listener import Listener
from tests.conformance.relying_party import RelyingParty
from tests.conftest import HouseClient


@pytest.fixture
def rp(sandbox: HouseClient) -> RelyingParty:
    """The first static client of a certification."""
    return RelyingParty(sandbox)


@pytest.fixture
def second(sandbox: HouseClient) -> RelyingParty:
    """The second one, with another id."""
    return RelyingParty(sandbox, client_id="conformance-client-2")


@pytest.fixture
def other_browser(sandbox: HouseClient) -> HouseClient:
    """A browser in which nobody is signed in."""
    return sandbox.application.test_client()  # type: ignore[return-value]


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A web server of a client's own."""
    with Listener() as listener:
        yield listener
