"""Takes any text apart that may be a JWT, however broken, and says what is wrong with its form.

Verifies nothing.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from dataclasses import dataclass, field
from typing import Any

# Nothing that a token says is nested more deeply, and pages and JSON writers have a limit.
_DEEPEST = 40
_MOST_DIGITS = 300
_PREFIX = re.compile(r"(?:authorization:\s*)?(?:bearer|dpop|token)\s+", re.IGNORECASE)
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")


@dataclass
class Parts:
    """A token taken apart. `header` and `claims` are None where they cannot be read; `problems` says why.

    `signed` is what the signature is of. `is_encrypted` marks five parts (RFC 7516), of which only the header is read.
    """

    header: dict[str, Any] | None = None
    claims: dict[str, Any] | None = None
    signed: bytes = b""
    signature: bytes | None = None
    is_encrypted: bool = False
    problems: list[str] = field(default_factory=list)

    @property
    def is_jwt(self) -> bool:
        """Whether there is a header, without which there is nothing to tell."""
        return self.header is not None


def tidy(text: str) -> str:
    """A token as it was meant: without what stands before it in a header, and without spaces and quotes."""
    text = _PREFIX.sub("", text.strip().strip("\"'"), count=1)
    return "".join(text.split())


def take_apart(token: str) -> Parts:
    """The parts of what may be a JWT in compact form (RFC 7515 section 7.1, RFC 7516 section 7.1)."""
    found = Parts()
    sections = token.split(".")
    if len(sections) == 1:
        return found
    found.header = _read_object(sections[0], "the header", found.problems)
    found.is_encrypted = len(sections) == 5
    if found.is_encrypted:
        return found
    if len(sections) != 3:
        found.problems.append(f"It has {len(sections)} parts, and a signed JWT has 3: header, claims, signature.")
    found.claims = _read_object(sections[1], "the claims", found.problems)
    if len(sections) >= 3:
        found.signed = ".".join(sections[:2]).encode("utf-8", "replace")
        found.signature = _decode(sections[2], "the signature", found.problems)
    return found


def _read_object(section: str, what: str, problems: list[str]) -> dict[str, Any] | None:
    raw = _decode(section, what, problems)
    if raw is None:
        return None
    said: list[str] = []

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            names = [name for name, _ in pairs]
            twice = sorted({name for name in names if names.count(name) > 1}) if len(names) < 1000 else ["a member"]
            said.append(
                f"{_clean(twice[0])} comes more than once in {what}: verifiers disagree about which one counts."
            )
        return members

    try:
        value = json.loads(raw.decode(), object_pairs_hook=collect, parse_constant=str, parse_int=_integer)
    except RecursionError:
        problems.append(f"{_capital(what)} are nested too deeply to be read.".replace("header are", "header is"))
        return None
    except ValueError:
        problems.append(f"{_capital(what)} {'is' if what.endswith('r') else 'are'} no JSON.")
        return None
    problems.extend(said[:3])
    if not isinstance(value, dict):
        problems.append(f"{_capital(what)} {'is' if what.endswith('r') else 'are'} JSON, but no object.")
        return None
    try:
        return {_clean(name): _plain(member, 1) for name, member in value.items()}
    except ValueError:
        problems.append(f"{_capital(what)} {'is' if what.endswith('r') else 'are'} nested too deeply to be read.")
        return None


def _decode(section: str, what: str, problems: list[str]) -> bytes | None:
    text = section.rstrip("=")
    if text != section:
        problems.append(f"{_capital(what)} ends in =, which a JWT leaves out.")
    if not _BASE64URL.fullmatch(text):
        if not re.fullmatch(r"[A-Za-z0-9+/]*", text):
            problems.append(f"{_capital(what)} cannot be decoded: there is a character that base64url does not have.")
            return None
        problems.append(f"{_capital(what)} is in base64 with + and /, where a JWT has base64url with - and _.")
        text = text.replace("+", "-").replace("/", "_")
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        problems.append(f"{_capital(what)} cannot be decoded: it breaks off in the middle of a character.")
        return None


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= _MOST_DIGITS else f"{digits[:20]}…({len(digits)} digits)"


def _plain(value: Any, depth: int) -> Any:
    """The same value as every page and every JSON writer takes it. Raises ValueError if it is nested too deeply."""
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if depth == _DEEPEST and isinstance(value, dict | list):
        raise ValueError("nested too deeply")
    if isinstance(value, dict):
        return {_clean(name): _plain(member, depth + 1) for name, member in value.items()}
    return [_plain(member, depth + 1) for member in value] if isinstance(value, list) else value


def _clean(text: str) -> str:
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _capital(what: str) -> str:
    return what[0].upper() + what[1:]
