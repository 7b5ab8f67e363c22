"""The shapes of GitHub's login endpoints: parameters in, and answers in form, JSON or XML as Accept asks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from flask import Response, request

from sandbox.core.refusals import Refusal
from sandbox.providers.github.login.parameters import AuthorizeParameters, DeviceAnswer, TokenParameters
from sandbox.providers.github.tokens import IssuedTokens
from sandbox.service import current_mount, read_json


def parse_authorize() -> AuthorizeParameters:
    """The authorization request of this HTTP request."""
    query = request.args
    return AuthorizeParameters(
        client_id=query.get("client_id", ""),
        redirect_uri=query.get("redirect_uri") or None,
        scope=query.get("scope") or None,
        state=query.get("state"),
        code_challenge=query.get("code_challenge"),
        code_challenge_method=query.get("code_challenge_method"),
        login=query.get("login") or None,
        prompt=query.get("prompt") or None,
        allow_signup=query.get("allow_signup", "true").lower() != "false",
    )


def parse_parameters() -> Mapping[str, str]:
    """The parameters of a token request, from JSON, form and query alike; the body wins over the query.

    Members of a JSON body that are no strings (`repository_id: 1`) are none of this endpoint's and left out. Raises
    Refusal: BODY_MALFORMED.
    """
    parameters = request.args.to_dict()
    if request.mimetype.endswith("json") and request.get_data(cache=True).strip():
        body = read_json()
        members = body.items() if isinstance(body, dict) else ()
        return parameters | {name: value for name, value in members if isinstance(value, str)}
    return parameters | request.form.to_dict()


def parse_token(parameters: Mapping[str, str]) -> TokenParameters:
    """The token request among these parameters; without grant_type it is the authorization code grant."""
    return TokenParameters(
        grant_type=parameters.get("grant_type") or "authorization_code",
        code=parameters.get("code", ""),
        redirect_uri=parameters.get("redirect_uri") or None,
        code_verifier=parameters.get("code_verifier") or None,
        refresh_token=parameters.get("refresh_token", ""),
        device_code=parameters.get("device_code", ""),
    )


def render_tokens(tokens: IssuedTokens) -> Response:
    """The token answer; `scope` is always there and comma-separated, because clients split it unasked."""
    body: dict[str, object] = {"access_token": tokens.access_token}
    if tokens.refresh_token is not None:
        body |= {
            "expires_in": tokens.expires_in,
            "refresh_token": tokens.refresh_token,
            "refresh_token_expires_in": tokens.refresh_token_expires_in,
        }
    body |= {"scope": ",".join(tokens.scopes), "token_type": "bearer"}
    # The vendor documents the members of its XML answer in the opposite order.
    return negotiate(dict(reversed(body.items())) if _wants_xml() else body)


def render_device(answer: DeviceAnswer, verification_uri: str) -> Response:
    """The answer that starts a device login."""
    return negotiate(
        {
            "device_code": answer.device_code,
            "expires_in": answer.expires_in,
            "interval": answer.interval,
            "user_code": answer.user_code,
            "verification_uri": verification_uri,
        }
    )


def render_error(refusal: Refusal, error: str, description: str, uri: str | None, status: int) -> Response:
    """An error of the token and device endpoints; octokit needs all three members."""
    body: dict[str, object] = {"error": error, "error_description": description, "error_uri": uri}
    if refusal.retry_after is not None:
        body["interval"] = refusal.retry_after
    return negotiate({name: value for name, value in body.items() if value is not None}, status)


def issuer(wanted: bool) -> str | None:
    """The `iss` of a callback (RFC 9207), or None where the application has it switched off."""
    return current_mount().url("/login/oauth") if wanted else None


def negotiate(body: Mapping[str, object], status: int = 200) -> Response:
    """`body` as the Accept header asks: JSON, XML, and a form for everyone else, `*/*` included."""
    if _wants_json():
        return Response(json.dumps(body), status, content_type="application/json; charset=utf-8")
    if _wants_xml():
        members = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in body.items())
        return Response(f"<OAuth>{members}</OAuth>", status, content_type="application/xml; charset=utf-8")
    form = urlencode({name: str(value) for name, value in body.items()})
    return Response(form, status, content_type="application/x-www-form-urlencoded; charset=utf-8")


def _wants_json() -> bool:
    return "json" in request.headers.get("Accept", "").lower()


def _wants_xml() -> bool:
    return not _wants_json() and "xml" in request.headers.get("Accept", "").lower()
