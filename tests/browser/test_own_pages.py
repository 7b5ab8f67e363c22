"""Every own page as its readers see it: light and dark, wide and narrow, with something in it.

The pictures are kept in tests/artefacts, for people to look at.
"""

from __future__ import annotations

import pytest
from flask import Flask

from tests.support.lived_in import live_in
from tests.support.looks import SIZES, look
from tests.support.own_addresses import OWN, addresses

# Of what has no look: files, streams, and where a browser only passes.
UNSEEN = {
    f"{OWN}/health",
    f"{OWN}/static/<name>",
    f"{OWN}/flows/events",
    f"{OWN}/flows/<flow>/<kind>",
    f"{OWN}/fixture/file",
    f"{OWN}/worlds/snapshot",
    f"{OWN}/try/<id>/back",
}


def own_routes(app: Flask) -> set[str]:
    """What there is for people to open, by its rule."""
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    return {rule.rule for rule in rules if rule.endpoint.startswith("own.")} - UNSEEN


@pytest.mark.parametrize("size", SIZES)
def test_every_own_page_is_fit_to_be_seen(app, sandbox, live, visit, size):
    pages = addresses(live_in(sandbox))
    assert set(pages) == own_routes(app)

    page = visit(live.origin, viewport=SIZES[size])
    for named in pages.values():
        for name, address in named.items():
            page.goto(f"{live.origin}{address}")
            look(page, f"{name}-{size}")
