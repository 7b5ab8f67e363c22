"""What an examination says: one finding each.

Prints nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """What `check` has `found`, and as a `remedy` what to type; "" if there is nothing to do.

    OK says that all is well or none of the sandbox's business, WARN that some client may stumble, FAIL that the
    sandbox cannot work like that.
    """

    check: str
    status: Literal["OK", "WARN", "FAIL"]
    found: str
    remedy: str = ""
