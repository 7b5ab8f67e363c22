"""The only calls that leave the process: to origins that an issuer's settings name, and to nothing else.

A client's metadata may hold any URL. Without this list the sandbox could be made to call what its machine can reach
and the client cannot (server-side request forgery, RFC 9700 section 4.18 and OIDC Core section 6.2).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from sandbox.core.refusals import Reason, Refusal
from sandbox.protocol.redirects import origin

# Seconds to connect and to wait for each part of the answer, and the most that is read of it.
_TIMEOUT = 5
_MAX_BYTES = 100_000


def fetch(url: str, network: Collection[str]) -> str:
    """What a GET of `url` answers. Raises Refusal: OUTSIDE_ADDRESS_REFUSED unless its origin is in `network`, and if
    it cannot be had.
    """
    return _call("GET", url, network)


def fetch_json(url: str, network: Collection[str]) -> dict[str, Any]:
    """The JSON object at `url`. Raises Refusal: OUTSIDE_ADDRESS_REFUSED."""
    try:
        document = json.loads(fetch(url, network))
    except (ValueError, RecursionError) as error:
        raise _refused(url, f"has no JSON: {error}") from error
    if not isinstance(document, dict):
        raise _refused(url, "has no JSON object")
    return document


def post_form(url: str, network: Collection[str], form: Mapping[str, str]) -> None:
    """POST a form to `url`; any 2xx is success. Raises Refusal: OUTSIDE_ADDRESS_REFUSED."""
    _call("POST", url, network, form)


def is_allowed(url: str, network: Collection[str]) -> bool:
    """Whether the origin of `url` is in the list."""
    try:
        parts = urlsplit(url)
    except ValueError:  # a host in brackets that is no address of IPv6
        return False
    return "@" not in parts.netloc and "\\" not in url and origin(url) in network


def _call(method: str, url: str, network: Collection[str], form: Mapping[str, str] | None = None) -> str:
    # Imported here: most sandboxes never call anyone.
    import requests  # noqa: PLC0415

    if not is_allowed(url, network):
        raise _refused(url, f"is not in this issuer's network ({', '.join(network) or 'which is empty'})")
    try:
        # A redirect could lead anywhere.
        with requests.request(method, url, data=form, timeout=_TIMEOUT, allow_redirects=False, stream=True) as response:
            if not 200 <= response.status_code < 300:
                raise _refused(url, f"answered {response.status_code}")
            body: bytes = response.raw.read(_MAX_BYTES, decode_content=True)
            return body.decode("utf-8", "replace")
    except (requests.RequestException, OSError, ValueError) as error:
        raise _refused(url, f"cannot be reached: {type(error).__name__}") from error


def _refused(url: str, why: str) -> Refusal:
    return Refusal(Reason.OUTSIDE_ADDRESS_REFUSED, f"{url} {why}")
