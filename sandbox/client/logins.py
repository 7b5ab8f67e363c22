"""What a login without a browser is asked for, read off an authorization request.

Sends nothing.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

_OWN_MEMBER = {
    "client_id": "client",
    "redirect_uri": "redirect_uri",
    "scope": "scope",
    "state": "state",
    "nonce": "nonce",
}


def read_request(url: str) -> dict[str, Any]:
    """The members of a login that the authorization request at `url` means; what has none is in `parameters`."""
    given = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    own = {member: given.pop(name) for name, member in _OWN_MEMBER.items() if name in given}
    return {**own, **({"parameters": given} if given else {})}
