"""Looks at a page as its readers would, in light and in dark: its picture is kept, and what that hides is checked.

The pictures are in tests/artefacts, for people to look at. axe-core checks WCAG 2.2 at the levels A and AA.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from playwright.sync_api import Page

from tests.support.components import NODE_SCRIPTS, miss

ARTEFACTS = Path(__file__).parents[1] / "artefacts"
SIZES = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 360, "height": 740}}

_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Those that look at colours.
_COLOURS = ["color-contrast", "link-in-text-block"]
# Not its text, which may tell the time.
_SHOWN = """() => [...document.body.querySelectorAll("*")]
  .filter(one => one.checkVisibility({visibilityProperty: true, opacityProperty: true}))
  .map(one => one.tagName)"""
_AUDIT = """async ([type, values]) => {
  const found = await axe.run(document, {runOnly: {type, values}, resultTypes: ["violations"]});
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
    """The same in light and in dark, and everybody can use it, and nothing moves while it loads.

    One that `grows` tells what comes later. The page is loaded once, and then seen by daylight and at night: it has to
    show the same, wherefore only what concerns colours is asked twice.
    """
    assert grows or page.evaluate(_SHIFT) < 0.01, f"{name} moves while it loads"
    page.evaluate(_axe())
    shown = []
    for scheme, rules in (("light", ["tag", _RULES]), ("dark", ["rule", _COLOURS])):
        page.emulate_media(color_scheme=scheme)
        keep(page, f"{name}-{scheme}")
        found = page.evaluate(_AUDIT, rules)
        assert not found, f"{name}-{scheme}: {found}"
        shown.append(page.evaluate(_SHOWN))
    assert shown[0] == shown[1], f"{name} shows something else in the dark"


@cache
def _axe() -> str:
    file = NODE_SCRIPTS / "node_modules" / "axe-core" / "axe.min.js"
    if not file.is_file():
        miss("the packages of tests/interop/node", "npm ci --prefix tests/interop/node")
    return file.read_text("utf-8")
