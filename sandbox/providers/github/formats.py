"""What GitHub's tokens look like: a prefix for the kind, 30 random characters, and a checksum of them.

Issues nothing: a token is remembered by core.tokens.
"""

from __future__ import annotations

import re
import string
import zlib

from sandbox.core.ids import Ids

PERSONAL = "ghp_"
OAUTH_APP = "gho_"
GITHUB_APP_USER = "ghu_"
INSTALLATION = "ghs_"
REFRESH = "ghr_"

_RANDOM_LENGTH = 30
_CHECKSUM_LENGTH = 6
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_TOKEN = re.compile(rf"gh[pousr]_([0-9A-Za-z]{{{_RANDOM_LENGTH}}})([0-9A-Za-z]{{{_CHECKSUM_LENGTH}}})", re.ASCII)


def make_token(ids: Ids, prefix: str) -> str:
    """A new token of the kind that `prefix` names."""
    text = ids.text(_RANDOM_LENGTH)
    return f"{prefix}{text}{checksum(text)}"


def has_valid_checksum(token: str) -> bool:
    """Whether this could be a token of GitHub's, as secret scanners tell."""
    match = _TOKEN.fullmatch(token)
    return match is not None and checksum(match[1]) == match[2]


def checksum(text: str) -> str:
    """The CRC-32 of a token without its prefix, in base 62, padded with zeros."""
    rest, digits = zlib.crc32(text.encode()), ""
    while rest:
        rest, digit = divmod(rest, len(_BASE62))
        digits = _BASE62[digit] + digits
    return digits.rjust(_CHECKSUM_LENGTH, "0")
