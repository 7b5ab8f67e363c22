"""The only source of randomness: codes, tokens, ids. With a seed the same ones come in every run.

Knows no vendor's token format beyond an alphabet and a length.
"""

from __future__ import annotations

import random
import string
import uuid

ALPHANUMERIC = string.ascii_uppercase + string.ascii_lowercase + string.digits
HEX = "0123456789abcdef"
# No vowels and no look-alikes, as RFC 8628 section 6.1 recommends for codes that people type.
USER_CODE = "BCDFGHJKLMNPQRSTVWXZ"


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
        return "".join(self._random.choices(alphabet, k=length))

    def hex(self, length: int) -> str:
        """`length` lower-case hexadecimal digits."""
        return self.text(length, HEX)

    def digits(self, length: int) -> str:
        """`length` decimal digits."""
        return self.text(length, string.digits)

    def uuid(self) -> str:
        """A random (version 4) UUID in canonical form."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))
