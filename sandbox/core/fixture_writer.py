"""Writes a fixture, or an entry of one, as YAML for people: short, and read by fixture_reader.py as the same value.

Every loader of YAML reads the same, whatever its version: what any of them could take for something else is in quotes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from sandbox.core.fixture_schema import defaults_left_out

_WIDTH = 110
# A key of more than 1,024 characters, as they are written, needs a mark of its own.
_LONGEST_KEY = 150
# A word that is no number, date or special value in any version of YAML, in a flow or outside.
_PLAIN = re.compile(r"[A-Za-z/][\w./@+-]*(?:[: ](?=[\w./@+-])[\w./@+-]+|:(?=/)[\w./@+-]+)*", re.ASCII)
_SPECIAL = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null"])
_NUMBER_IN_SOME = re.compile(r"[a-z]?[0-9._+:e-]*", re.IGNORECASE)
# JSON's texts are YAML's too, but for these.
_NOT_IN_YAML = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")


def write_yaml(value: Any) -> str:
    """The value as YAML: lists and mappings that fit in a line are in one."""
    if isinstance(value, dict | list) and value:
        return "".join(f"{line}\n" for line in _block(value))
    return f"{_flow(value)}\n"


def write_document(document: Mapping[str, Any], *, defaults: bool = True) -> str:
    """A complete fixture document as a file; without `defaults` keys that have theirs are left out."""
    shown = document if defaults else defaults_left_out(document)
    return "\n".join(write_yaml({key: value}) for key, value in shown.items() if value or key == "version" or defaults)


@lru_cache(maxsize=4096)
def _scalar(text: str) -> str:
    special = text.lower() in _SPECIAL or _NUMBER_IN_SOME.fullmatch(text)
    if len(text) < _WIDTH and _PLAIN.fullmatch(text) and not special:
        return text
    return _NOT_IN_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))


def _flow(value: Any) -> str:
    if isinstance(value, str):
        return _scalar(value)
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_key(key)} {_flow(member)}' for key, member in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    text = json.dumps(value)
    # Without a point an exponent is text to YAML 1.1.
    return text.replace("e", ".0e") if isinstance(value, float) and "." not in text else text


def _key(key: str) -> str:
    return f"{_scalar(key)}:" if len(key) <= _LONGEST_KEY else f"? {_scalar(key)} :"


def _fits(value: Any) -> bool:
    """Whether a value is read easily in one line."""
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return all(not isinstance(member, dict | list) or not member for member in members)


def _block(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, member in value.items():
            if len(key) > _LONGEST_KEY:
                yield f"? {_scalar(key)}"
            yield from _member(f"{_scalar(key)}:" if len(key) <= _LONGEST_KEY else ":", member, "  ")
    else:
        for member in value:
            if isinstance(member, dict) and member and not _in_line(member, 4):
                first, *more = _block(member)
                yield f"- {first}"
                yield from (f"  {line}" for line in more)
            else:
                yield from _member("-", member, "  ")


def _member(head: str, value: Any, indent: str) -> Iterator[str]:
    if not isinstance(value, dict | list) or not value or _in_line(value, len(head)):
        yield f"{head} {_flow(value)}"
        return
    yield head
    yield from (f"{indent}{line}" for line in _block(value))


def _in_line(value: Any, before: int) -> bool:
    return _fits(value) and before + len(_flow(value)) < _WIDTH - 20
