"""The sequence diagram: what is in it, for eyes and for ears, and that words stay words."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, fromstring

import pytest

from sandbox.web.pages.diagram import Leg, Participant, draw
from tests.support.hostile import HOSTILE

BROWSER, APPLICATION = Participant("browser", "Browser", "a person"), Participant("application", "Application", "web")
PROVIDER, EXCHANGE = Participant("/p", "Provider", "provider"), Participant("/e", "Exchange", "exchange")
ALL = (BROWSER, APPLICATION, PROVIDER, EXCHANGE)


def leg(number: int = 1, **given: object) -> Leg:
    told: dict[str, object] = {
        "number": str(number),
        "source": "application",
        "target": "/e",
        "name": "token",
        "line": "POST /token",
        "answer": "200 OK",
        "tone": "good",
        "href": f"#leg-{number}",
        **given,
    }
    return Leg(**told)  # type: ignore[arg-type]


def drawn(*legs: Leg, columns: tuple[Participant, ...] = ALL, title: str = "A login") -> Element:
    return fromstring(draw(columns, legs, title, "What became of it."))


def hops(svg: Element) -> list[Element]:
    return list(svg.iter("a"))


def words(svg: Element, kind: str) -> list[str]:
    return [element.text or "" for element in svg.iter("text") if element.get("class") == kind]


def edges(svg: Element, kind: str) -> Iterator[tuple[float, float]]:
    for line in svg.iter("line"):
        if line.get("class") == f"hop-arrow {kind}":
            yield float(line.get("x1", "")), float(line.get("x2", ""))


def test_each_participant_has_a_column_in_the_order_given() -> None:
    svg = drawn(leg())

    places = [float(line.get("x1", "")) for line in svg.iter("line") if line.get("class") == "diagram-life"]
    assert words(svg, "diagram-name") == ["Browser", "Application", "Provider", "Exchange"]
    assert places == sorted(places)
    assert len(set(places)) == len(ALL)


def test_a_request_points_from_its_caller_and_its_answer_back() -> None:
    svg = drawn(leg(source="browser", target="/p"))

    [(begin, end)], [(back_begin, back_end)] = edges(svg, "hop-ask"), edges(svg, "hop-answer")
    assert begin < end
    assert back_begin > back_end
    assert words(svg, "hop-name") == ["token"]
    assert words(svg, "hop-status") == ["200 OK"]


def test_a_refusal_has_its_colour_the_vendors_word_and_the_true_cause() -> None:
    svg = drawn(leg(tone="bad", answer="400 Bad Request", error="invalid_grant", reason="CODE_EXPIRED"))

    assert [row.get("class") for row in svg.iter("g") if "hop" in row.get("class", "")] == ["hop hop-bad"]
    assert words(svg, "hop-status") == ["400 Bad Request invalid_grant"]
    assert words(svg, "hop-reason") == ["CODE_EXPIRED"]


def test_a_redirect_goes_on_to_the_application_with_what_it_carries() -> None:
    svg = drawn(leg(source="browser", target="/p", onward="application", brings="with code, state"))

    [(begin, end)] = edges(svg, "hop-onward")
    assert begin < end
    assert words(svg, "hop-brings") == ["with code, state"]


def test_each_leg_leads_to_its_detail_and_is_told_as_a_sentence() -> None:
    svg = drawn(leg(1), leg(2, tone="bad", reason="CODE_EXPIRED", times=3))

    assert [hop.get("href") for hop in hops(svg)] == ["#leg-1", "#leg-2"]
    assert hops(svg)[1].get("aria-label") == "2. Application to Exchange: token, 3 times, 200 OK CODE_EXPIRED"


def test_the_diagram_has_a_title_and_a_description() -> None:
    svg = drawn(leg(), title="Octocat's login")

    named = {element.get("id"): element.text for element in svg if element.get("id")}
    assert [named[name] for name in svg.get("aria-labelledby", "").split()] == [
        "Octocat's login",
        "What became of it.",
    ]


def test_a_tall_diagram_repeats_its_heads_at_the_end() -> None:
    assert words(drawn(*map(leg, range(1, 4))), "diagram-name").count("Exchange") == 1
    assert words(drawn(*map(leg, range(1, 30))), "diagram-name").count("Exchange") == 2


def test_every_leg_has_room_of_its_own() -> None:
    svg = drawn(leg(1, source="browser", onward="application"), leg(2), leg(3))

    areas = [element for element in svg.iter("rect") if element.get("class") == "hop-area"]
    ends = [float(area.get("y", "")) + float(area.get("height", "")) for area in areas]
    assert all(end <= float(area.get("y", "")) for end, area in zip(ends, areas[1:], strict=False))
    assert ends[-1] <= float(svg.get("height", ""))


def test_what_is_too_long_for_its_arrow_is_cut() -> None:
    svg = drawn(leg(line="GET /" + "x" * 5_000))

    [line] = words(svg, "hop-line")
    assert line.endswith("…")
    assert len(line) < 100


def test_wide_letters_take_the_room_of_two() -> None:
    [latin], [wide] = words(drawn(leg(name="x" * 500)), "hop-name"), words(drawn(leg(name="漢" * 500)), "hop-name")

    assert len(wide) < 0.6 * len(latin)


def test_no_attribute_holds_a_style_or_a_script() -> None:
    svg = drawn(leg(onward="application", brings="with code"))

    names = {name for element in svg.iter() for name in element.attrib}
    assert not {name for name in names if name == "style" or name.startswith("on")}


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_hostile_words_are_text_and_keep_to_their_place(value: str) -> None:
    evil = leg(name=value, line=value, answer=value, error=value, reason=value, brings=value, onward="browser")
    columns = (BROWSER, APPLICATION, Participant("/e", value, value))

    text = draw(columns, [evil], value, value)

    svg = fromstring(text)
    assert {element.tag for element in svg.iter()} <= {
        *("svg", "title", "desc", "line", "polygon", "a", "rect", "circle", "g", "text")
    }
    assert "<script" not in text
    assert not set("\0\u202e\x1b\x7f") & set(text)


def test_without_a_leg_there_are_only_heads() -> None:
    assert hops(drawn()) == []
