"""$filter, in the forms that clients send: eq, ne, in, startsWith, endsWith, contains, isof, joined by and, or and not.

https://learn.microsoft.com/graph/filter-query-parameter
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any

from sandbox.core.refusals import Issue, Reason, Refusal

Test = Callable[[dict[str, Any]], bool]

_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<word>[A-Za-z0-9_.@-]+)|(?P<mark>[(),]))")
_FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": str.__contains__,
}
_DEEPEST = 20


def parse_filter(text: str, known: Collection[str]) -> Test:
    """The test that a filter is; `known` are the properties it may name. Raises Refusal: FIELD_INVALID."""
    parser = _Parser(text, known)
    test = parser.either(0)
    if parser.peek():
        raise parser.wrong()
    return test


class _Parser:
    def __init__(self, text: str, known: Collection[str]) -> None:
        self.text = text
        self.known = known
        self.tokens: list[str] = []
        place = 0
        while match := _TOKEN.match(text, place):
            self.tokens.append(match[match.lastgroup or 0])
            place = match.end()
        if text[place:].strip():
            raise self.wrong()
        self.tokens.reverse()

    def wrong(self) -> Refusal:
        issue = Issue(("$filter",), "query", "", self.text)
        return Refusal(Reason.FIELD_INVALID, f"$filter cannot be {self.text!r}", "$filter", issues=(issue,))

    def peek(self) -> str:
        return self.tokens[-1] if self.tokens else ""

    def take(self, *wanted: str) -> str:
        token = self.tokens.pop() if self.tokens else ""
        if not token or (wanted and token not in wanted):
            raise self.wrong()
        return token

    def either(self, depth: int) -> Test:
        tests = [self.both(depth)]
        while self.peek() == "or":
            self.take()
            tests.append(self.both(depth))
        return lambda item: any(test(item) for test in tests)

    def both(self, depth: int) -> Test:
        tests = [self.term(depth)]
        while self.peek() == "and":
            self.take()
            tests.append(self.term(depth))
        return lambda item: all(test(item) for test in tests)

    def term(self, depth: int) -> Test:
        if depth > _DEEPEST:
            raise self.wrong()
        word = self.take()
        if word == "not":
            test = self.term(depth + 1)
            return lambda item: not test(item)
        if word == "(":
            test = self.either(depth + 1)
            self.take(")")
            return test
        if self.peek() == "(":
            return self.function(word.lower())
        return self.comparison(self.property(word))

    def function(self, name: str) -> Test:
        self.take("(")
        if name == "isof":
            kind = f"#{self.literal(self.take())}"
            self.take(")")
            return lambda item: item.get("@odata.type", "").lower() == kind
        if name not in _FUNCTIONS:
            raise self.wrong()
        member = self.property(self.take())
        self.take(",")
        part, test = self.literal(self.take()), _FUNCTIONS[name]
        self.take(")")
        return lambda item: isinstance(item.get(member), str) and test(item[member].lower(), str(part))

    def comparison(self, member: str) -> Test:
        operator = self.take("eq", "ne", "in")
        if operator != "in":
            value = self.literal(self.take())
            return lambda item: (_folded(item.get(member)) == value) is (operator == "eq")
        self.take("(")
        values = [self.literal(self.take())]
        while self.take(",", ")") == ",":
            values.append(self.literal(self.take()))
        return lambda item: _folded(item.get(member)) in values

    def property(self, word: str) -> str:
        if word not in self.known:
            raise self.wrong()
        return word

    def literal(self, word: str) -> str | bool | None:
        """A value, text without case, as the directory compares it."""
        if word in ("true", "false", "null"):
            return {"true": True, "false": False}.get(word)
        if not word.startswith("'"):
            raise self.wrong()
        return word[1:-1].replace("''", "'").lower()


def _folded(value: object) -> object:
    return value.lower() if isinstance(value, str) else value
