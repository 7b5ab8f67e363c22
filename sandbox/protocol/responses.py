"""How an authorization endpoint answers: response types, response modes, and the answer itself.

OAuth 2.0 Multiple Response Type Encoding Practices, OAuth 2.0 Form Post Response Mode, and RFC 9207. Renders nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from sandbox.core.refusals import Reason, Refusal
from sandbox.protocol.authorization import ReturnAddress
from sandbox.protocol.redirects import with_query

RESPONSE_TYPES = ("code", "id_token", "id_token token", "code id_token", "code token", "code id_token token", "token")
RESPONSE_MODES = ("query", "fragment", "form_post")


@dataclass(frozen=True)
class AuthorizationResponse:
    """What goes back to the client, and how. Parameters that are None are left out."""

    redirect_uri: str
    mode: str
    parameters: Mapping[str, str]

    @property
    def location(self) -> str:
        """The URL of a redirect that carries the parameters; form_post has none."""
        if self.mode == "fragment":
            return f"{self.redirect_uri}#{urlencode(self.parameters, quote_via=quote, errors='replace')}"
        return with_query(self.redirect_uri, self.parameters)


def respond(address: ReturnAddress, parameters: Mapping[str, str | None]) -> AuthorizationResponse:
    """The answer to `address`, with its state."""
    present = {name: value for name, value in {**parameters, "state": address.state}.items() if value is not None}
    return AuthorizationResponse(address.redirect_uri, address.response_mode, present)


def parse_response_type(value: str | None) -> str:
    """The response type with its words in the usual order; they come in any.

    Raises Refusal: FIELD_MISSING, RESPONSE_TYPE_UNSUPPORTED.
    """
    if not value:
        raise Refusal(Reason.FIELD_MISSING, "the request has no response_type", "response_type")
    words = sorted(value.split())
    for known in RESPONSE_TYPES:
        if sorted(known.split()) == words:
            return known
    raise Refusal(Reason.RESPONSE_TYPE_UNSUPPORTED, f"no response_type is called {value!r}", "response_type")


def default_mode(response_type: str) -> str:
    """Tokens travel in the fragment, which no server log sees; a code alone in the query."""
    return "query" if response_type == "code" else "fragment"


def parse_response_mode(value: str | None, response_type: str) -> str:
    """The response mode to use.

    Raises Refusal: RESPONSE_MODE_UNSUPPORTED, also for tokens in a query (Multiple Response Types section 3).
    """
    if not value:
        return default_mode(response_type)
    if value not in RESPONSE_MODES:
        raise Refusal(Reason.RESPONSE_MODE_UNSUPPORTED, f"no response_mode is called {value!r}", "response_mode")
    if value == "query" and default_mode(response_type) != "query":
        raise Refusal(
            Reason.RESPONSE_MODE_UNSUPPORTED, f"response_mode query cannot carry {response_type}", "response_mode"
        )
    return value
