"""The only calls that leave the process: to origins that a room's settings name, and to nothing else.

A client's metadata may hold any URL, and so may an outside issuer's. Without this list the sandbox could be made to
call what its machine can reach and they cannot (server-side request forgery, RFC 9700 section 4.18 and OIDC Core
section 6.2).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sandbox.core.clock import elapsed_us, tick
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.turns import given_up
from sandbox.protocol.redirects import origin

if TYPE_CHECKING:
    import requests

# Seconds to connect and to wait for each part of the answer, and the most that is read of it.
TIMEOUT = 5
_MAX_BYTES = 100_000


def fetch(url: str, network: Collection[str], *, failed: Reason = Reason.OUTSIDE_ADDRESS_REFUSED) -> str:
    """What a GET of `url` answers.

    Raises Refusal: OUTSIDE_ADDRESS_REFUSED unless its origin is in `network`; `failed` if it cannot be had.
    """
    return _call("GET", url, network, failed)


def fetch_json(
    url: str, network: Collection[str], *, failed: Reason = Reason.OUTSIDE_ADDRESS_REFUSED
) -> dict[str, Any]:
    """The JSON object at `url`. Raises Refusal: OUTSIDE_ADDRESS_REFUSED, `failed`."""
    try:
        document = json.loads(fetch(url, network, failed=failed))
    except (ValueError, RecursionError) as error:
        raise Refusal(failed, f"{url} has no JSON: {error}") from error
    if not isinstance(document, dict):
        raise Refusal(failed, f"{url} has no JSON object")
    return document


def post_form(url: str, network: Collection[str], form: Mapping[str, str]) -> None:
    """POST a form to `url`; any 2xx is success. Raises Refusal: OUTSIDE_ADDRESS_REFUSED."""
    _call("POST", url, network, Reason.OUTSIDE_ADDRESS_REFUSED, form)


def is_allowed(url: str, network: Collection[str]) -> bool:
    """Whether the origin of `url` is in the list."""
    try:
        parts = urlsplit(url)
    except ValueError:  # a host in brackets that is no address of IPv6
        return False
    return "@" not in parts.netloc and "\\" not in url and origin(url) in network


def check_allowed(url: str, network: Collection[str]) -> None:
    """Refuse what may not be called. Raises Refusal: OUTSIDE_ADDRESS_REFUSED."""
    if not is_allowed(url, network):
        known = ", ".join(network) or "which is empty"
        raise Refusal(Reason.OUTSIDE_ADDRESS_REFUSED, f"{url} is not in the network that may be called ({known})", url)


def read_body(response: requests.Response) -> bytes:
    """The body of a streamed answer, as far as the limit. Raises OSError if it comes too slowly, or breaks off."""
    from urllib3.exceptions import HTTPError  # noqa: PLC0415

    started, body = tick(), b""
    while len(body) < _MAX_BYTES:
        try:
            # One part at a time: a server that goes on for ever, byte by byte, would keep each wait short.
            part: bytes = response.raw.read1(_MAX_BYTES - len(body), decode_content=True)
        except (HTTPError, HTTPException) as error:
            raise OSError(f"the answer broke off: {error}") from error
        if not part:
            break
        body += part
        if elapsed_us(started) > TIMEOUT * 1_000_000:
            raise TimeoutError(f"the answer was not there after {TIMEOUT} s")
    return body


def _call(
    method: str, url: str, network: Collection[str], failed: Reason, form: Mapping[str, str] | None = None
) -> str:
    # Imported here: most sandboxes never call anyone.
    import requests  # noqa: PLC0415

    check_allowed(url, network)
    try:
        # A redirect could lead anywhere.
        with (
            given_up(),
            requests.request(method, url, data=form, timeout=TIMEOUT, allow_redirects=False, stream=True) as response,
        ):
            if not 200 <= response.status_code < 300:
                raise Refusal(failed, f"{url} answered {response.status_code}")
            return read_body(response).decode("utf-8", "replace")
    except (requests.RequestException, OSError, ValueError) as error:
        raise Refusal(failed, f"{url} cannot be reached: {type(error).__name__}") from error
