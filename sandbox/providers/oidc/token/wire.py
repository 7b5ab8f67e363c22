"""The shapes of the endpoints that clients call: a form in, JSON out (RFC 6749 sections 4 and 5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify, request

from sandbox.core import jwts
from sandbox.core.keys import Key
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.protocol.parameters import single_values
from sandbox.providers.oidc.login.device_rules import DeviceAnswer
from sandbox.providers.oidc.tokens import IssuedTokens

_SEVERAL = frozenset({"resource", "audience"})
_SCHEMES = ("bearer", "dpop")


def parse_form() -> dict[str, str]:
    """The parameters of a form, which is the only encoding there is (RFC 6749 section 3.2).

    Raises Refusal: BODY_MALFORMED, FIELD_REPEATED.
    """
    if request.mimetype != "application/x-www-form-urlencoded" and request.get_data(cache=True):
        raise Refusal(Reason.BODY_MALFORMED, f"the body must be a form, not {request.mimetype or 'untyped'}")
    return single_values(request.form.items(multi=True), several=_SEVERAL)


def parse_bearer() -> tuple[str, str]:
    """The access token of this request and its scheme, `bearer` or `dpop` (RFC 6750 section 2, RFC 9449 section 7.1).

    Raises Refusal: TOKEN_MISSING, FIELD_REPEATED if it is sent in two ways.
    """
    scheme, _, in_header = request.headers.get("Authorization", "").partition(" ")
    found = [(in_header.strip(), scheme.lower())] if scheme.lower() in _SCHEMES and in_header.strip() else []
    if request.method == "POST" and (in_body := request.form.get("access_token")):
        found.append((in_body, "bearer"))
    if not found:
        raise Refusal(Reason.TOKEN_MISSING, "the request has no access token")
    if len(found) > 1:
        raise Refusal(Reason.FIELD_REPEATED, "the access token was sent in two ways", "access_token")
    return found[0]


def token_answer(tokens: IssuedTokens) -> dict[str, Any]:
    """The members of the token answer; those that are None are left out."""
    return {
        "access_token": tokens.access_token,
        "issued_token_type": tokens.issued_token_type,
        "token_type": tokens.token_type,
        "expires_in": tokens.expires_in,
        "refresh_token": tokens.refresh_token,
        "scope": " ".join(tokens.scopes),
        "id_token": tokens.id_token,
    }


def render_tokens(answer: Mapping[str, Any]) -> Response:
    """The token answer (RFC 6749 section 5.1, OIDC Core section 3.1.3.3); `scope` is always there."""
    return _json(answer)


def render_userinfo(claims: dict[str, Any]) -> Response:
    """The claims as JSON."""
    return _json(claims)


def render_signed_userinfo(world: World, claims: dict[str, Any], key: Key) -> Response:
    """The claims as a JWT, for a client that registered userinfo_signed_response_alg (OIDC Core section 5.3.2)."""
    return Response(jwts.issue(world, "userinfo", claims, key), content_type="application/jwt")


def render_introspection(state: dict[str, Any]) -> Response:
    """What a token is worth."""
    return _json(state)


def render_device(answer: DeviceAnswer, verification_uri: str) -> Response:
    """The answer that starts a device login (RFC 8628 section 3.2)."""
    return _json(
        {
            "device_code": answer.device_code,
            "user_code": answer.user_code,
            "verification_uri": verification_uri,
            "verification_uri_complete": f"{verification_uri}?user_code={answer.user_code}",
            "expires_in": answer.expires_in,
            "interval": answer.interval,
        }
    )


def _json(members: Mapping[str, Any]) -> Response:
    response = jsonify({name: value for name, value in members.items() if value is not None})
    response.headers["Pragma"] = "no-cache"
    return response
