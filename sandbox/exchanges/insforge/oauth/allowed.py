"""Where users may be sent back to: a list of addresses and patterns, of which none means anywhere.

`*` stands for anything but `.` and `/`, `**` for anything, `?` for one character, `[a-z]` for one of several. In the
host none of them stands for what would end it, but for a `**` that ends the pattern.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from sandbox.core.refusals import Reason, Refusal
from sandbox.exchanges.insforge.refusals import invalid
from sandbox.protocol.redirects import is_safe

_TOKEN = re.compile(r"\*\*+|\*|\?|\[[^\[\]/]+\]|.", re.DOTALL)
_AUTHORITY = re.compile(r"[^/]*//[^/]*")
# What a wildcard does not stand for: one of any kind in the host, and the short ones anywhere.
_ENDS_HOST, _SEPARATORS = frozenset("/?#@\\"), frozenset("./")
# Which characters a step takes, and whether it takes any number of them.
Step = tuple[Callable[[str], object], bool]


def check_redirect_uri(uri: str, allowed: Iterable[str]) -> None:
    """Refuse an address that nobody may be sent to, or that the list does not have.

    Raises Refusal: REDIRECT_URI_INVALID, REDIRECT_URI_MISMATCH.
    """
    # A fragment is the application's own matter: what is added goes before it.
    if not is_safe(uri.partition("#")[0]) or any(char <= " " or char == "\\" for char in uri):
        raise invalid("redirect_uri: Invalid url", "redirect_uri", Reason.REDIRECT_URI_INVALID)
    patterns = list(allowed)
    if patterns and not any(_matches(uri, pattern) for pattern in patterns):
        raise Refusal(Reason.REDIRECT_URI_MISMATCH, f"none of {len(patterns)} allowed redirect URLs matches", uri)


def _matches(uri: str, pattern: str) -> bool:
    if uri.rstrip("/") == pattern.rstrip("/"):
        return True
    # A pattern is for the same kind of address: nothing in it stands for a scheme.
    if urlsplit(uri).scheme.lower() != pattern.partition(":")[0].lower():
        return False
    try:
        steps = _steps(pattern)
    except re.error:
        return False
    return _fits(steps, uri)


def _steps(pattern: str) -> list[Step]:
    """What a pattern takes, step by step. Raises re.error for a set of characters that is none."""
    authority = _AUTHORITY.match(pattern)
    host_ends = authority.end() if authority else 0
    steps: list[Step] = []
    for token in _TOKEN.finditer(pattern):
        stops = _ENDS_HOST if token.start() < host_ends else frozenset()
        if token[0].startswith("**"):
            steps.append((_but(stops if token.end() < len(pattern) else frozenset()), True))
        elif token[0] in "*?":
            steps.append((_but(stops | _SEPARATORS), token[0] == "*"))
        elif len(token[0]) > 1:
            steps.append((_one_of(token[0][1:-1], stops), False))
        else:
            steps.append((token[0].__eq__, False))
    return steps


def _but(stops: frozenset[str]) -> Callable[[str], object]:
    return lambda char: char not in stops


def _one_of(inside: str, stops: frozenset[str]) -> Callable[[str], object]:
    safe = inside.replace("\\", "\\\\").replace("[", "\\[")
    listed = re.compile(f"[{'^' + safe[1:] if safe[0] in '!^' else safe}]")
    return lambda char: char not in stops and listed.fullmatch(char)


def _fits(steps: list[Step], text: str) -> bool:
    """Whether the steps take the whole text. All ways are tried at once: a regular expression could take for ever."""
    # Bit n stands for having taken all steps before the nth; a repeated step may be left out.
    repeated = sum(1 << n for n, (_, repeats) in enumerate(steps) if repeats)
    takers: dict[str, int] = {}
    at = _skip(1, repeated)
    for char in text:
        if char not in takers:
            takers[char] = sum(1 << n for n, (takes, _) in enumerate(steps) if takes(char))
        here = at & takers[char]
        at = _skip((here & ~repeated) << 1 | here & repeated, repeated)
        if not at:
            return False
    return bool(at >> len(steps) & 1)


def _skip(at: int, repeated: int) -> int:
    # A `**` before or after a `*` makes two steps in a row that may be left out.
    while (more := at | (at & repeated) << 1) != at:
        at = more
    return at
