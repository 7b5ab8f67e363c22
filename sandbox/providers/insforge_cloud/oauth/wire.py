"""The shapes of the OAuth server: JSON or a form in, JSON out."""

from __future__ import annotations

from flask import Response, jsonify, request

from sandbox.core.refusals import Reason, Refusal
from sandbox.protocol.parameters import single_values
from sandbox.protocol.redirects import with_query
from sandbox.providers.insforge_cloud.oauth.rules import DeviceAnswer
from sandbox.providers.insforge_cloud.oauth.tokens import IssuedTokens
from sandbox.service import read_json


def parse_authorize() -> dict[str, str]:
    """The parameters of an authorization request. Raises Refusal: FIELD_REPEATED."""
    return single_values(request.args.items(multi=True))


def parse_body() -> dict[str, str]:
    """The parameters of a token request: JSON as documented, and a form as RFC 6749 has it.

    Raises Refusal: BODY_MISSING, BODY_MALFORMED, FIELD_INVALID, FIELD_REPEATED.
    """
    if request.mimetype == "application/x-www-form-urlencoded":
        return single_values(request.form.items(multi=True))
    body = read_json()
    if not isinstance(body, dict):
        raise Refusal(Reason.BODY_MALFORMED, "the body is JSON, but not an object")
    for name, value in body.items():
        if not isinstance(value, str | None):
            raise Refusal(Reason.FIELD_INVALID, f"{name} must be text", name)
    return {name: value for name, value in body.items() if value}


def render_tokens(tokens: IssuedTokens) -> Response:
    """The token answer."""
    return jsonify(
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
        token_type="Bearer",
        expires_in=tokens.expires_in,
        scope=" ".join(tokens.scopes),
    )


def render_device(answer: DeviceAnswer, verification_uri: str) -> Response:
    """The answer that starts a device login."""
    return jsonify(
        device_code=answer.device_code,
        user_code=answer.user_code,
        verification_uri=verification_uri,
        verification_uri_complete=with_query(verification_uri, {"user_code": answer.user_code}),
        expires_in=answer.expires_in,
        interval=answer.interval,
    )
