"""A sequence diagram as SVG: who called whom, what came back, and where somebody said no.

Knows no journal and no colour: it is given words and places, and a style sheet has the rest. What it writes is safe
whatever the words are, because the tree is written out as XML.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring

from markupsafe import Markup

# Lengths are in pixels, at the size at which text can be read.
_GUTTER, _EDGE = 44, 8
_WIDTH, _NARROWEST, _WIDEST = 956, 178, 300
_HEAD, _HEAD_HEIGHT, _TOP = 152, 46, 62
_ROW, _HOP, _ARROW = 92, 38, 7
# A repeated head below as many rows helps who has lost the upper one.
_TALL = 6
_LETTER = 6.7
_SMALL_LETTER = 6.2
_SMALL = frozenset(("hop-line", "hop-brings", "diagram-kind"))
_WIDE = frozenset("WF")


@dataclass(frozen=True)
class Participant:
    """A column: `key` is what legs name it by, `kind` a word that its head shows below the title."""

    key: str
    title: str
    kind: str


@dataclass(frozen=True)
class Leg:
    """A request and its answer, from `source` to `target`, which are keys of participants.

    `name` is what was asked for and `line` the request itself; `answer` is the status in words, `tone` `good`, `bad` or
    `wait`, `error` the vendor's word for a refusal and `reason` its true cause. An answer that sends the browser on has
    `onward`, the key of whom to, and `brings`, what it carries. `href` is where the leg is told in full, `times` how
    often the same came in a row.
    """

    number: str
    source: str
    target: str
    name: str
    line: str
    answer: str
    tone: str
    href: str
    error: str = ""
    reason: str = ""
    onward: str = ""
    brings: str = ""
    times: int = 1


def draw(participants: Sequence[Participant], legs: Sequence[Leg], title: str, description: str) -> Markup:
    """The diagram, with `title` and `description` for who does not see it."""
    return _Drawing(participants, legs).draw(title, description)


class _Drawing:
    def __init__(self, participants: Sequence[Participant], legs: Sequence[Leg]) -> None:
        self._participants = participants
        self._legs = legs
        room = (_WIDTH - _GUTTER - _EDGE) / max(len(participants), 1)
        self._column = min(max(room, _NARROWEST), _WIDEST)
        self._at = {one.key: _GUTTER + self._column * (n + 0.5) for n, one in enumerate(participants)}
        self.width = _GUTTER + self._column * len(participants) + _EDGE

    def draw(self, title: str, description: str) -> Markup:
        heights = [_ROW + (_HOP if leg.onward else 0) for leg in self._legs]
        foot = _TOP + 8 + sum(heights) + 10
        is_tall = len(self._legs) > _TALL
        height = foot + (_HEAD_HEIGHT + 8 if is_tall else 4)
        root = Element(
            "svg",
            {
                "class": "diagram",
                "viewBox": f"0 0 {self.width:g} {height:g}",
                "width": f"{self.width:g}",
                "height": f"{height:g}",
                "role": "group",
                "aria-labelledby": "diagram-title diagram-description",
            },
        )
        SubElement(root, "title", id="diagram-title").text = _clean(title)
        SubElement(root, "desc", id="diagram-description").text = _clean(description)
        for one in self._participants:
            x = f"{self._at[one.key]:g}"
            SubElement(root, "line", {"class": "diagram-life", "x1": x, "x2": x, "y1": f"{_TOP - 12}", "y2": f"{foot}"})
        y = _TOP + 8.0
        for leg, tall in zip(self._legs, heights, strict=True):
            self._leg(root, leg, y, tall)
            y += tall
        for top in (4, foot) if is_tall else (4,):
            for one in self._participants:
                self._head(root, one, top)
        return Markup(tostring(root, encoding="unicode"))  # noqa: S704 - every text in it is escaped by the writer

    def _head(self, root: Element, one: Participant, top: float) -> None:
        x, wide = self._at[one.key], min(_HEAD, self._column - 14)
        head = SubElement(root, "g", {"class": f"diagram-head diagram-{_word(one.kind)}"})
        place = {"x": f"{x - wide / 2:g}", "y": f"{top:g}", "width": f"{wide:g}", "height": f"{_HEAD_HEIGHT}"}
        SubElement(head, "rect", {**place, "rx": "8"})
        _write(head, "diagram-name", one.title, (x, top + 20), wide - 12)
        _write(head, "diagram-kind", one.kind, (x, top + 36), wide - 12)

    def _leg(self, root: Element, leg: Leg, y: float, tall: float) -> None:
        row = SubElement(root, "g", {"class": f"hop hop-{_word(leg.tone)}"})
        area = {"x": "1", "y": f"{y:g}", "width": f"{self.width - 2:g}", "height": f"{tall:g}", "rx": "8"}
        SubElement(row, "rect", {"class": "hop-ground", **area})
        self._pieces(SubElement(row, "g", {"aria-hidden": "true"}), leg, y)
        # A link over all of it, which is told as one sentence instead of its pieces.
        said = self._say(leg)
        link = SubElement(row, "a", {"class": "hop-link", "href": leg.href, "aria-label": said})
        SubElement(link, "title").text = said
        SubElement(link, "rect", {"class": "hop-area", **area})

    def _pieces(self, hop: Element, leg: Leg, y: float) -> None:
        SubElement(hop, "circle", {"class": "hop-dot", "cx": "22", "cy": f"{y + 27:g}", "r": "13"})
        _write(hop, "hop-number", leg.number, (22, y + 31), 26)
        there, back, on = y + 27, y + 68, y + 106
        begin, end = self._at[leg.source], self._at[leg.target]
        middle, room = (begin + end) / 2, abs(end - begin) - 18
        repeated = f", {leg.times} times" if leg.times > 1 else ""
        _arrow(hop, "hop-ask", begin, end, there)
        _write(hop, "hop-name", leg.name + repeated, (middle, there - 7), room)
        _write(hop, "hop-line", leg.line, (middle, there + 13), room)
        _arrow(hop, "hop-answer", end, begin, back)
        _write(hop, "hop-status", " ".join(filter(None, (leg.answer, leg.error))), (middle, back - 6), room)
        _write(hop, "hop-reason", leg.reason, (middle, back + 14), room)
        if leg.onward:
            end = self._at[leg.onward]
            _arrow(hop, "hop-onward", begin, end, on)
            _write(hop, "hop-brings", leg.brings, ((begin + end) / 2, on - 6), abs(end - begin) - 18)

    def _say(self, leg: Leg) -> str:
        titles = {one.key: one.title for one in self._participants}
        to = titles.get(leg.target, leg.target)
        said = [f"{leg.number}. {titles.get(leg.source, leg.source)} to {to}: {leg.name}"]
        if leg.times > 1:
            said.append(f"{leg.times} times")
        said.append(" ".join(filter(None, (leg.answer, leg.error, leg.reason))))
        if leg.onward:
            said.append(f"then to {titles.get(leg.onward, leg.onward)} {leg.brings}".strip())
        return _clean(", ".join(said))


def _arrow(hop: Element, kind: str, begin: float, end: float, y: float) -> None:
    way = 1 if end > begin else -1
    line = {"x1": f"{begin:g}", "x2": f"{end - way * _ARROW:g}", "y1": f"{y:g}", "y2": f"{y:g}"}
    SubElement(hop, "line", {"class": f"hop-arrow {kind}", **line})
    base = end - way * (_ARROW + 2)
    points = f"{end:g},{y:g} {base:g},{y - 4.5:g} {base:g},{y + 4.5:g}"
    SubElement(hop, "polygon", {"class": f"hop-tip {kind}", "points": points})


def _write(parent: Element, kind: str, text: str, place: tuple[float, float], room: float) -> None:
    """Write what there is room for, with its middle at this place."""
    whole = _clean(text)
    if not whole:
        return
    x, y = place
    element = SubElement(parent, "text", {"class": kind, "x": f"{x:g}", "y": f"{y:g}", "text-anchor": "middle"})
    element.text = _fit(whole, room, _SMALL_LETTER if kind in _SMALL else _LETTER)


def _fit(text: str, room: float, letter: float) -> str:
    """As much of a text as there is room for; a letter is some pixels wide, an East Asian one twice as many."""
    left = room
    for at, character in enumerate(text):
        left -= letter * (2 if unicodedata.east_asian_width(character) in _WIDE else 1)
        if left < 0:
            return f"{text[: max(at - 1, 0)].rstrip()}\N{HORIZONTAL ELLIPSIS}"
    return text


def _clean(text: str) -> str:
    """The text in one line and without what would turn the direction of what follows, or is no XML."""
    shown = "".join(" " if one.isspace() else one for one in text if _is_shown(one))
    return " ".join(shown.split())[:500]


def _is_shown(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Cn", "Co")


def _word(text: str) -> str:
    return "".join(one for one in text.lower() if "a" <= one <= "z")
