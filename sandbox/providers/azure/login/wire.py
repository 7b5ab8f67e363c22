"""The shapes of Entra ID's login endpoints: parameters in, tokens and errors out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from flask import Response, g, request

from sandbox.core.clock import Clock
from sandbox.core.refusals import Reason, Refusal
from sandbox.protocol.parameters import single_values
from sandbox.providers.azure.authorities import V1
from sandbox.providers.azure.login.answers import encode_client_info
from sandbox.providers.azure.login.parameters import AuthorizeParameters, DeviceAnswer, TokenParameters
from sandbox.providers.azure.login.vocabulary import Words
from sandbox.providers.azure.tokens import IssuedTokens
from sandbox.service import current_house, current_mount, current_world

JSON = "application/json; charset=utf-8"
_VENDOR = "https://login.microsoftonline.com"
_CORRELATION = re.compile(r"[A-Za-z0-9-]{1,64}")
# What a person at a second factor would be told apart by; clients hand it back in `claims`.
_POLICY = "c1a1a1a1-0000-4000-8000-00000000ca01"


# Requests


def parse_authorize(version: str) -> AuthorizeParameters:
    """The authorization request of this HTTP request, in the query or in a form. Raises Refusal: FIELD_REPEATED."""
    given = parse_form() if request.method == "POST" else single_values(request.args.items(multi=True))
    names = AuthorizeParameters.__dataclass_fields__.keys() - {"client_info", "version"}
    return AuthorizeParameters(
        **{name: given.get(name) for name in names}, client_info=given.get("client_info") == "1", version=version
    )


def parse_form() -> dict[str, str]:
    """The parameters of a posted form. Raises Refusal: FIELD_REPEATED."""
    return single_values(request.form.items(multi=True))


def parse_query() -> dict[str, str]:
    """The parameters of a query, or of a form that was posted instead. Raises Refusal: FIELD_REPEATED."""
    return single_values([*request.args.items(multi=True), *request.form.items(multi=True)])


def parse_token(form: Mapping[str, str], version: str) -> TokenParameters:
    """The token request among these parameters."""
    names = TokenParameters.__dataclass_fields__.keys() - {"origin", "version"}
    given = {name: form.get(name) for name in names}
    return TokenParameters(**given, origin=request.headers.get("Origin") or None, version=version)


# Answers


def render_json(body: Mapping[str, object], status: int = 200) -> Response:
    """A JSON answer as Entra ID writes it."""
    return render_text(json.dumps(body), status)


def render_text(text: str, status: int = 200) -> Response:
    """JSON that is written already."""
    return Response(text, status, content_type=JSON)


def render_tokens(issued: IssuedTokens, version: str, *, with_account: bool) -> Response:
    """The answer of the token endpoint; version 1.0 writes numbers as text, and names the resource."""
    body: dict[str, object] = {"token_type": "Bearer"}
    if issued.scope is not None:
        body["scope"] = issued.scope
    numbers = {"expires_in": issued.expires_in, "ext_expires_in": issued.expires_in}
    if version == V1:
        numbers |= {"expires_on": issued.expires_on, "not_before": issued.not_before}
        body |= {name: str(number) for name, number in numbers.items()}
        body["resource"] = issued.resource
    else:
        body |= numbers
    body["access_token"] = issued.access_token
    body |= {
        name: value
        for name, value in (("refresh_token", issued.refresh_token), ("id_token", issued.id_token))
        if value is not None
    }
    if with_account and issued.account:
        body["client_info"] = encode_client_info(issued.account)
    return render_json(body)


def render_device(answer: DeviceAnswer, verification_uri: str, version: str) -> Response:
    """The answer that begins a device login; there is no verification_uri_complete."""
    message = (
        f"To sign in, use a web browser to open the page {verification_uri} and enter the code {answer.user_code} "
        "to authenticate."
    )
    times: dict[str, int | str] = {"expires_in": answer.expires_in, "interval": answer.interval}
    if version == V1:
        times = {name: str(seconds) for name, seconds in times.items()}
    uri = "verification_url" if version == V1 else "verification_uri"
    codes = {"user_code": answer.user_code, "device_code": answer.device_code, uri: verification_uri}
    return render_json({**codes, **times, "message": message})


def describe_error(words: Words, text: str) -> dict[str, object]:
    """The members that every error has. https://learn.microsoft.com/entra/identity-platform/reference-error-codes"""
    trace, correlation, moment = trace_id(), correlation_id(), _moment()
    return {
        "error_description": f"AADSTS{words.number}: {text} Trace ID: {trace} Correlation ID: {correlation} "
        f"Timestamp: {moment}",
        "error_codes": [words.number],
        "timestamp": moment,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"{_base()}/error?code={words.number}",
    }


def render_error(words: Words, error: str, text: str, refusal: Refusal) -> Response:
    """A JSON error."""
    body: dict[str, object] = {"error": error, **describe_error(words, text)}
    if words.suberror:
        body["suberror"] = words.suberror
    if refusal.reason in (Reason.MFA_REQUIRED, Reason.MFA_ENROLMENT_REQUIRED):
        # https://learn.microsoft.com/entra/identity-platform/claims-challenge
        challenge = {"access_token": {"polids": {"essential": True, "values": [_POLICY]}}}
        body["claims"] = json.dumps(challenge, separators=(",", ":"))
    answer = render_json(body, words.status)
    answer.headers["x-ms-clitelem"] = f"1,{words.number},0,,"
    if refusal.retry_after is not None:
        answer.headers["Retry-After"] = str(refusal.retry_after)
    return answer


def trace_id() -> str:
    """The id of this request, a GUID."""
    if "azure_trace_id" not in g:
        g.azure_trace_id = current_house().ids.uuid()
    return str(g.azure_trace_id)


def correlation_id() -> str:
    """The id by which the client finds this request again: its own, or a new GUID."""
    if "azure_correlation_id" not in g:
        sent = request.headers.get("client-request-id") or request.values.get("client-request-id") or ""
        g.azure_correlation_id = sent if _CORRELATION.fullmatch(sent) else current_house().ids.uuid()
    return str(g.azure_correlation_id)


def _base() -> str:
    # What came for a host that is not ours leads to the vendor, and not back there.
    return current_mount().url("") if "world" in g else _VENDOR


def _moment() -> str:
    # A request for a host or world that is not there has no clock.
    now = current_world().now() if "world" in g else Clock().now()
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
