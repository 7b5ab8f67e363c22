"""Where users may be sent back to: a list of addresses and patterns, of which none means anywhere.

`*` stands for anything but `.` and `/`, `**` for anything, `?` for one character, `[a-z]` for one of several.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from sandbox.core.refusals import Reason, Refusal
from sandbox.exchanges.insforge.refusals import invalid
from sandbox.protocol.redirects import is_safe

_TOKEN = re.compile(r"\*\*|\*|\?|\[[^\[\]/]+\]|[^*?\[]+|\[")
_ONE = "[^./]"


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
    return _compile(pattern).fullmatch(uri) is not None


def _compile(pattern: str) -> re.Pattern[str]:
    steps = []
    for token in _TOKEN.findall(pattern):
        if token == "**":
            steps.append(".*")
        elif token == "*":
            steps.append(f"{_ONE}*")
        elif token == "?":
            steps.append(_ONE)
        elif token.startswith("[") and len(token) > 1:
            inside = token[1:-1].replace("\\", "\\\\").replace("[", "\\[")
            steps.append(f"[{'^' + inside[1:] if inside[0] in '!^' else inside}]")
        else:
            steps.append(re.escape(token))
    try:
        return re.compile("".join(steps))
    except re.error:
        return re.compile(re.escape(pattern))
