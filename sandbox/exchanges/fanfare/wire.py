"""Fanfare's shapes: headers, bodies and claims; the only place with camelCase."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Response, jsonify, request

from sandbox.core.refusals import Issue, Reason, Refusal
from sandbox.core.schemas import Contract
from sandbox.exchanges.fanfare import contract, phones
from sandbox.exchanges.fanfare.issues import json_length, length
from sandbox.exchanges.fanfare.models import Address, Consumer, Credentials, ExchangeCode, ExternalIdentity, Session
from sandbox.service import read_json

Json = dict[str, Any]

ISSUER = "consumer-app"
_MOST_CLAIMS = 10_000
_LONGEST_CANONICAL_SUBJECT = 255
_COUNTRY = "US"
_LAST_SECOND = 253_402_300_799


def parse_credentials() -> Credentials:
    """What the request presents; an empty header is none."""
    scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
    return Credentials(
        bearer=token.strip() or None if scheme.lower() == "bearer" else None,
        publishable_key=_header("X-Publishable-Key"),
        secret_key=_header("X-Secret-Key"),
        organization=_header("X-Organization-Id"),
    )


def parse_identity() -> ExternalIdentity:
    """The identity that a backend vouches for."""
    body = read_json()
    fields = _checked(contract.AUTHORIZE, body, lambda fields: _authorize_issues(fields, sent=body))
    return ExternalIdentity(
        provider=fields["provider"],
        issuer=fields["issuer"],
        subject=fields["subject"],
        canonical_subject=fields.get("canonicalSubject"),
        claims=fields.get("claims", {}),
    )


def parse_exchange_code() -> str:
    """The code to be swapped."""
    return str(_checked(contract.EXCHANGE, read_json())["exchangeCode"])


def parse_otp_request() -> tuple[Address, str | None]:
    """Where the code goes, and the name of who asks for it."""
    fields = _checked(contract.OTP_REQUEST, _read_optional(), _address_issues)
    return _address(fields), fields.get("name")


def parse_otp() -> tuple[Address, str]:
    """Where the code went, and the code."""
    fields = _checked(contract.OTP_VERIFY, read_json(), _address_issues)
    return _address(fields), fields["code"]


def parse_refresh() -> str | None:
    """The refresh token, or None if there is none."""
    token: str | None = _checked(contract.REFRESH, _read_optional()).get("refreshToken")
    return token


def render_code(code: ExchangeCode) -> Response:
    """A one-time code."""
    return jsonify(exchangeCode=code.value, expiresAt=iso(code.expires_at), resolution=code.resolution)


def render_session(session: Session) -> Response:
    """A session that begins."""
    consumer = session.consumer
    about: Json = {
        "type": "guest" if consumer.is_guest else "authenticated",
        "consumerId": consumer.id,
        "expiresAt": iso(session.expires_at),
        **_addresses(consumer),
    }
    if consumer.is_guest:
        about["guestId"] = consumer.id
    return jsonify(
        session=about,
        accessToken=session.access_token,
        refreshToken=session.refresh_token,
        refreshTokenTtlSeconds=session.refresh_ttl,
        beaconToken=session.beacon_token,
    )


def render_refreshed(session: Session) -> Response:
    """A session that goes on."""
    return jsonify(
        accessToken=session.access_token,
        refreshToken=session.refresh_token,
        refreshTokenTtlSeconds=session.refresh_ttl,
        accessTokenExpiresAt=iso(session.expires_at),
        beaconToken=session.beacon_token,
    )


def render_otp_sent() -> Response:
    """The answer to whoever asked for a code."""
    return jsonify(ok=True)


def render_logged_out() -> Response:
    """The answer to a logout: nothing at all."""
    response = Response(status=204)
    response.headers.remove("Content-Type")
    return response


def render_me(consumer: Consumer) -> Response:
    """The consumer to the consumer's own browser."""
    return jsonify(
        id=consumer.id,
        email=consumer.email,
        phone=consumer.phone,
        fullName=consumer.full_name,
        createdAt=iso(consumer.created_at),
        active={"journeys": []},
    )


def render_consumer(consumer: Consumer) -> Response:
    """The consumer to the brand's backend."""
    return jsonify(
        id=consumer.id,
        email=consumer.email,
        fullName=consumer.full_name,
        phone=consumer.phone,
        primaryExternalId=consumer.external_id,
        primarySourceVendor=consumer.vendor,
        createdAt=iso(consumer.created_at),
    )


def render_keys(keys: Iterable[Mapping[str, Any]]) -> Response:
    """A key set (RFC 7517)."""
    return jsonify(keys=[dict(key) for key in keys])


def access_claims(consumer: Consumer, session_id: str, issued_at: int, expires_at: int) -> Json:
    """What an access token says."""
    return {
        "consumerId": consumer.id,
        "organizationId": consumer.organization,
        "sessionId": session_id,
        **_addresses(consumer),
        **({"isGuest": True} if consumer.is_guest else {}),
        "iat": issued_at,
        "exp": expires_at,
        "iss": ISSUER,
        "sub": consumer.id,
    }


def refresh_claims(consumer: Consumer, session_id: str, token_id: str, issued_at: int, expires_at: int) -> Json:
    """What a refresh token says; `token_id` tells apart those of one second."""
    return {
        "consumerId": consumer.id,
        "organizationId": consumer.organization,
        "sessionId": session_id,
        "type": "refresh",
        "jti": token_id,
        "iat": issued_at,
        "exp": expires_at,
    }


def beacon_claims(consumer: Consumer, session_id: str, issued_at: int, expires_at: int) -> Json:
    """What a beacon token says."""
    return {
        "organizationId": consumer.organization,
        "consumerId": consumer.id,
        "sessionId": session_id,
        "type": "beacon",
        "iat": issued_at,
        "exp": expires_at,
    }


def read_access_claims(claims: Mapping[str, Any]) -> str | None:
    """The session that an access token names, or None if the token is none."""
    session_id = claims.get("sessionId")
    is_access = claims.get("iss") == ISSUER and "type" not in claims
    return session_id if is_access and isinstance(session_id, str) else None


def iso(epoch: int) -> str:
    """A moment in ISO 8601, in whole seconds."""
    return datetime.fromtimestamp(min(epoch, _LAST_SECOND), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _header(name: str) -> str | None:
    return request.headers.get(name, "").strip() or None


def _read_optional() -> object:
    """The body, which may be missing where it has no member that must be there."""
    return read_json() if request.get_data(cache=True).strip() else {}


def _checked(schema: Contract, body: object, check: Any = None) -> Json:
    """The body if it meets the contract; `check` finds what is wrong with one that does.

    Raises Refusal: BODY_MALFORMED, FIELD_MISSING, FIELD_INVALID.
    """
    fields = _as_object(body)
    if isinstance(fields, dict) and "claims" in fields:
        fields["claims"] = _as_object(fields["claims"])
    try:
        issues = schema.issues(fields) or tuple(check(fields) if check else ())
    except RecursionError as error:
        raise Refusal(Reason.BODY_MALFORMED, "the body is nested too deeply") from error
    if issues or not isinstance(fields, dict):
        absent = all(issue.keyword == "required" for issue in issues)
        raise Refusal(
            Reason.FIELD_MISSING if absent else Reason.FIELD_INVALID,
            "; ".join(f"{issue.field or 'the body'} fails {issue.keyword}" for issue in issues),
            issues[0].field,
            issues=issues,
        )
    return fields


def _as_object(value: object) -> object:
    # An array is an object to the vendor's library: one without any of the members.
    return {} if isinstance(value, list) else dict(value) if isinstance(value, dict) else value


def _authorize_issues(fields: Json, *, sent: Any) -> Iterable[Issue]:
    """The lengths, which come after the schema; claims are as long as they were sent."""
    for name in ("provider", "issuer", "subject", "canonicalSubject"):
        if fields.get(name) == "":
            yield Issue((name,), "minLength", 1, 0)
    canonical = length(fields.get("canonicalSubject", ""))
    if canonical > _LONGEST_CANONICAL_SUBJECT:
        yield Issue(("canonicalSubject",), "maxLength", _LONGEST_CANONICAL_SUBJECT, canonical)
    claims = json_length(sent.get("claims", {}))
    if claims > _MOST_CLAIMS:
        yield Issue(("claims",), "maxLength", _MOST_CLAIMS, claims)


def _address_issues(fields: Json) -> Iterable[Issue]:
    if "email" not in fields and "phone" not in fields:
        yield Issue((), "check", None, fields)
    elif "email" not in fields and _phone(fields) is None:
        yield Issue(("phone",), "check", None, fields["phone"])


def _address(fields: Json) -> Address:
    """Where a code goes; the e-mail address if there are both."""
    if "email" in fields:
        return Address("email", fields["email"].lower())
    return Address("phone", _phone(fields) or "")


def _phone(fields: Json) -> str | None:
    return phones.to_e164(fields["phone"], fields.get("defaultCountry", _COUNTRY))


def _addresses(consumer: Consumer) -> Json:
    known = {"email": consumer.email, "phone": consumer.phone}
    return {name: value for name, value in known.items() if value}
