"""The only source of randomness: codes, tokens, ids. With a seed the same ones come in every run.

Knows no vendor's token format beyond an alphabet and a length.
"""

from __future__ import annotations

import random
import string
import uuid
from functools import cache

ALPHANUMERIC = string.ascii_uppercase + string.ascii_lowercase + string.digits
HEX = "0123456789abcdef"
# No I, L, O and U: what ULIDs are written in.
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# No vowels and no look-alikes, as RFC 8628 section 6.1 recommends for codes that people type.
USER_CODE = "BCDFGHJKLMNPQRSTVWXZ"


@cache
def _letters(alphabet: str) -> bytes:
    """The letter of this alphabet that each byte stands for."""
    return bytes(ord(alphabet[byte % len(alphabet)]) for byte in range(256))


class Ids:
    """A stream of unguessable ids, or of reproducible ones when `seed` is given (then never a secret).

    `past` and `listener` tell the streams of one seed apart: what a kept database has seen already must not come again,
    and neither what another process draws for the same database.
    """

    def __init__(self, seed: int | None = None, past: int = 0, listener: str = "") -> None:
        stream = f"{seed}/{past}/{listener}" if listener else f"{seed}/{past}"
        self._random: random.Random = random.SystemRandom() if seed is None else random.Random(stream)  # noqa: S311 - reproducible on request

    def text(self, length: int, alphabet: str = ALPHANUMERIC) -> str:
        """`length` characters of `alphabet`."""
        # The system is asked once, not for each character. A byte does not stand for each letter equally often; to
        # guess one takes 5.9 bits of the 5.95 that there could be.
        return self._random.randbytes(length).translate(_letters(alphabet)).decode()

    def hex(self, length: int) -> str:
        """`length` lower-case hexadecimal digits."""
        return self.text(length, HEX)

    def digits(self, length: int) -> str:
        """`length` decimal digits."""
        return self.text(length, string.digits)

    def chance(self, probability: float) -> bool:
        """True as often as that: never at 0, always at 1, where nothing is drawn."""
        return probability >= 1 or (probability > 0 and self._random.random() < probability)

    def uuid(self) -> str:
        """A random (version 4) UUID in canonical form."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def uuid7(self, epoch: int) -> str:
        """A version 7 UUID of that epoch second in canonical form (RFC 9562 section 5.7)."""
        bits = epoch * 1000 << 80 | self._random.getrandbits(80)
        bits = bits & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62
        return str(uuid.UUID(int=bits))

    def ulid(self, epoch: int) -> str:
        """A ULID of that epoch second: 26 characters of Crockford's base 32, the first ten of them its time."""
        bits = epoch * 1000 << 80 | self._random.getrandbits(80)
        return "".join(CROCKFORD[bits >> shift & 31] for shift in range(125, -1, -5))
