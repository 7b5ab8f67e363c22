"""Looks at a page as its readers would: its picture is kept, and what a picture cannot show is checked.

The pictures are in tests/artefacts, for people to look at. axe-core checks WCAG 2.2 at the levels A and AA.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.support.components import NODE_SCRIPTS, miss

ARTEFACTS = Path(__file__).parents[1] / "artefacts"
SIZES = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 360, "height": 740}}
SCHEMES = ("light", "dark")

_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_AUDIT = """async rules => {
  const found = await axe.run(document, {runOnly: {type: "tag", values: rules}, resultTypes: ["violations"]});
  const tell = one => one.nodes.slice(0, 3).map(node => node.html.slice(0, 200)).join(" | ");
  return found.violations.map(one => `${one.id}: ${tell(one)}`);
}"""
# What moves without anybody having done anything (Web Vitals' cumulative layout shift).
_SHIFT = """() => new Promise(done => {
  let sum = 0;
  const add = entry => { if (!entry.hadRecentInput) sum += entry.value; };
  new PerformanceObserver(list => list.getEntries().forEach(add)).observe({type: "layout-shift", buffered: true});
  requestAnimationFrame(() => requestAnimationFrame(() => done(sum)));
})"""


def keep(page: Page, name: str) -> None:
    """Save a picture of the whole page, which must not be wider than the window."""
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True, animations="disabled")
    too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert too_wide <= 0, f"{name} is {too_wide} px wider than the window"


def look(page: Page, name: str, *, grows: bool = False) -> None:
    """The same, and everybody can use it, and nothing moves while it loads; one that `grows` tells what comes later."""
    assert grows or page.evaluate(_SHIFT) < 0.01, f"{name} moves while it loads"
    keep(page, name)
    found = audit(page)
    assert not found, f"{name}: {found}"


def audit(page: Page) -> list[str]:
    """What axe-core finds wrong with a page, and where."""
    page.evaluate(_axe())
    found: list[Any] = page.evaluate(_AUDIT, _RULES)
    return found


@cache
def _axe() -> str:
    file = NODE_SCRIPTS / "node_modules" / "axe-core" / "axe.min.js"
    if not file.is_file():
        miss("the packages of tests/interop/node", "npm ci --prefix tests/interop/node")
    return file.read_text("utf-8")
