"""The logins per second as a chart of horizontal bars: SVG without script or font, legible on light and dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

WIDTH, LABEL, RIGHT = 760, 190, 150
ROW, BAR, GAP, TOP = 26, 16, 22, 44
OURS = "idp-sandbox"
_PAIRS = {
    "oidc": "OpenID Connect, id_token and access token signed",
    "oidc-opaque": "OpenID Connect, id_token signed",
    "azure": "Azure",
    "github": "GitHub",
}
_STYLE = """
    text { font: 13px system-ui, sans-serif; fill: #1f2328 }
    .title { font-weight: 600 } .quiet { fill: #59636e; font-size: 12px }
    .own { fill: #0969da } .other { fill: #8c959f }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 } .quiet { fill: #9198a1 }
      .own { fill: #4493f8 } .other { fill: #6e7681 }
    }"""


def draw(document: Mapping[str, Any], run: str = "flows-8") -> str:
    """The SVG of a report's document; targets that were not measured are left out."""
    targets = [target for target in document["targets"] if "runs" in target and run in target["runs"]]
    most = max((target["runs"][run]["rate"] for target in targets), default=1.0) or 1.0
    parts, y = [], TOP
    for pair, heading in _PAIRS.items():
        rows = sorted((target for target in targets if target["pair"] == pair), key=lambda t: -t["runs"][run]["rate"])
        if rows:
            parts.append(f'<text class="title" x="0" y="{y}">{heading}</text>')
            parts += [_bar(row, run, y + 10 + number * ROW, most) for number, row in enumerate(rows)]
            y += 10 + len(rows) * ROW + GAP
    return _frame(parts, y, run, targets)


def _bar(target: Mapping[str, Any], run: str, y: int, most: float) -> str:
    figure, own = target["runs"][run], target["package"] == OURS
    length = max(1.0, (WIDTH - LABEL - RIGHT) * figure["rate"] / most)
    about = f"{figure['rate']:,.0f}/s, p99 {figure['flow_ms'].get('p99', 0):,.0f} ms"
    name, middle = f"{OURS}: {target['name']}" if own else target["name"], y + BAR - 4
    return (
        f'<text x="{LABEL - 8}" y="{middle}" text-anchor="end">{escape(name)}</text>'
        f'<rect class="{"own" if own else "other"}" x="{LABEL}" y="{y}" width="{length:.1f}" height="{BAR}" rx="2"/>'
        f'<text class="quiet" x="{LABEL + length + 8:.1f}" y="{middle}">{about}</text>'
    )


def _frame(parts: Sequence[str], height: int, run: str, targets: Sequence[Mapping[str, Any]]) -> str:
    clients = run.rpartition("-")[2]
    told = ", ".join(f"{target['name']} {target['runs'][run]['rate']:,.0f}" for target in targets)
    lines = "\n  ".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        f'role="img" aria-labelledby="title description">\n'
        f'  <title id="title">Logins per second on one core</title>\n'
        f'  <desc id="description">{escape(told)}</desc>\n'
        f"  <style>{_STYLE}\n  </style>\n"
        f'  <text class="quiet" x="0" y="16">Complete logins per second on one core, {clients} clients at once</text>\n'
        f"  {lines}\n</svg>\n"
    )
