"""Phone numbers as people write them, to E.164.

Knows the calling codes of some countries, and no numbering plan: a national number is taken for complete.
"""

from __future__ import annotations

import re

_SPACING = re.compile(r"[\s().\-/]+")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_NATIONAL = re.compile(r"[0-9]{6,14}")
# https://www.itu.int/pub/T-SP-E.164D
_CALLING_CODES = {
    "AT": "43", "AU": "61", "BE": "32", "BR": "55", "CA": "1", "CH": "41", "CN": "86", "CZ": "420", "DE": "49",
    "DK": "45", "ES": "34", "FI": "358", "FR": "33", "GB": "44", "GR": "30", "HK": "852", "IE": "353", "IL": "972",
    "IN": "91", "IT": "39", "JP": "81", "KR": "82", "MX": "52", "NL": "31", "NO": "47", "NZ": "64", "PL": "48",
    "PT": "351", "RO": "40", "SE": "46", "SG": "65", "TR": "90", "TW": "886", "UA": "380", "US": "1", "ZA": "27",
}  # fmt: skip
# Where the first 0 of a national number belongs to it.
_KEEPS_ZERO = {"IT"}


def to_e164(number: str, country: str) -> str | None:
    """The number in E.164, or None if it is none; `country` (ISO 3166-1) is where a national one is from."""
    bare = _SPACING.sub("", number)
    if bare.startswith("+"):
        return bare if _E164.fullmatch(bare) else None
    code = _CALLING_CODES.get(country.upper())
    if code is None or not _NATIONAL.fullmatch(bare):
        return None
    national = bare if country.upper() in _KEEPS_ZERO else bare.lstrip("0")
    # A number of North America is often written with its calling code.
    full = f"+{national}" if code == "1" and len(national) == 11 and national[0] == "1" else f"+{code}{national}"
    return full if _E164.fullmatch(full) else None
